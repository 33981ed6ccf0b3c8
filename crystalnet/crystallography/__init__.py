"""Patterns, compositions, densities and rotations of crystals."""
