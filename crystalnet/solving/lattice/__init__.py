"""Peaks to lattices: indexing."""
