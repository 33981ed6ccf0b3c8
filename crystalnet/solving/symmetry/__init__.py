"""Space groups: Wyckoff positions, conventional cells, distances."""
