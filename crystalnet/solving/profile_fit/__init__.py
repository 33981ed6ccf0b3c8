"""A model fitted to the measured profile, point by point: Le Bail of a lattice, Rietveld of atoms.

Both share lines (`lines`), their shape (`line_shapes`, `widths`) and what is beside them
(`profile_model`); Le Bail leaves the area of every line open, Rietveld has it from atoms
(`structure_model`).
"""
