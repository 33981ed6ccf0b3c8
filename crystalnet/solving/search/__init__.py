"""Structures from the pattern and symmetry alone."""
