"""Scores of predicted densities: arrays in, numbers out."""
