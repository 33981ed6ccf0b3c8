"""Structure factors in a powder CIF as what a powder shows of them: multiplicity times |F|^2."""

from pathlib import Path

import gemmi
import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.errors import CrystalNetError

# Items that hold structure factors, measured ones first, and the power that makes |F|^2 of them.
_FACTORS = {
    "_refln_F_squared_meas": 1,
    "_refln_F_meas": 2,
    "_refln_F_squared_calc": 1,
    "_refln_F_calc": 2,
}
_HKL = ("_refln_index_h", "_refln_index_k", "_refln_index_l")


def reflections(path: Path, block: gemmi.cif.Block) -> Float[ndarray, "reflections 2"] | None:
    """Spacing in A and multiplicity times |F|^2 of each reflection; None without structure factors.

    The Lorentz-polarisation factor, which hangs on the wavelength, is still to be multiplied. Rows
    of equivalent reflections are averaged.

    Raises:
        CrystalNetError: if neither a column nor hkl and symmetry say the multiplicities, or neither
            a column nor hkl and cell the spacings.
    """
    item = next((each for each in _FACTORS if np.isfinite(_column(block, each)).sum() > 1), None)
    if item is None:
        return None
    values = _column(block, item)
    squared = np.maximum(values, 0) if _FACTORS[item] == 1 else values**2
    known = np.isfinite(squared)
    hkl = np.column_stack([_column(block, name, len(values)) for name in _HKL])
    indexed = bool(np.isfinite(hkl[known]).all())
    structure = gemmi.make_small_structure_from_block(block)
    group = structure.spacegroup
    spacing = _column(block, "_refln_d_spacing", len(values))
    if not np.isfinite(spacing[known]).all():
        if not indexed or not structure.cell.is_crystal():
            raise CrystalNetError(
                f"{path}: {item} without spacings; give _refln_d_spacing, or _refln_index_h, _k, "
                "_l and the cell"
            )
        spacing = np.full(len(values), np.nan)
        spacing[known] = [structure.cell.calculate_d(each) for each in _indices(hkl[known])]
    multiplicity = _column(block, "_refln_symmetry_multiplicity", len(values))
    if not np.isfinite(multiplicity[known]).all():
        if not indexed or group is None:
            raise CrystalNetError(
                f"{path}: {item} without multiplicities; give _refln_symmetry_multiplicity, or "
                "_refln_index_h, _k, _l and the space group"
            )
        families = [_family(each, group.operations()) for each in _indices(hkl[known])]
        _, first, of = np.unique(
            [max(family) for family in families], axis=0, return_index=True, return_inverse=True
        )
        of = of.ravel()
        mean = np.bincount(of, squared[known]) / np.bincount(of)
        sizes = np.array([len(families[row]) for row in first])
        return np.column_stack([spacing[known][first], sizes * mean])
    return np.column_stack([spacing[known], (multiplicity * squared)[known]])


def _indices(hkl: Float[ndarray, "reflections 3"]) -> list[list[int]]:
    whole: Int[ndarray, "reflections 3"] = np.rint(hkl).astype(int)
    return [[int(index) for index in row] for row in whole]


def _family(hkl: list[int], operations: gemmi.GroupOps) -> set[tuple[int, ...]]:
    """All reflections that a powder shows as one, those of Friedel's law included."""
    turned = {tuple(op.apply_to_hkl(hkl)) for op in operations.sym_ops}
    return turned | {tuple(-index for index in each) for each in turned}


def _column(block: gemmi.cif.Block, item: str, rows: int = 0) -> Float[ndarray, " rows"]:
    """The numbers of an item, NaN for what is none; all NaN if there are not `rows` of them."""
    values = np.array(
        [gemmi.cif.as_number(value) for value in block.find_values(item)], dtype=float
    )
    return values if not rows or len(values) == rows else np.full(rows, np.nan)
