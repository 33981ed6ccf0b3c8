"""Densities from a pattern and a composition: a network and known structures, ranked together."""
