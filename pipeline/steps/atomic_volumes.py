"""Fit the volume of each element in crystals, for `crystalnet.solving.search.cell_contents`.

Non-negative least squares of the cell volumes of the embedded crystals, relative to each; test and
validation crystals of the paper's split are left out. Run from the root of the repository:

    python -m pipeline.steps.atomic_volumes
"""

import json
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Element
from scipy.optimize import nnls

from crystalnet.crystallography.crystal import Crystal
from crystalnet.files import atomic_write
from crystalnet.solving.search.cell_contents import VOLUMES
from pipeline.crystal_tables import CRYSTAL_COLUMNS, crystals_of
from pipeline.sources import DATA, STRUCTURES_FILE
from pipeline.tables import read_table

# Passes of reweighting, and the relative error beyond which a crystal counts for less.
PASSES, OUTLIER = 20, 0.15


def main() -> None:
    table = read_table(DATA / STRUCTURES_FILE, CRYSTAL_COLUMNS)
    crystals = crystals_of(table[~table["split"].isin(["val", "test"])])
    share, volume = shares_of(crystals)
    fitted = atomic_volumes(share, volume)
    rounded = {
        str(Element.from_Z(z).symbol): round(float(fitted[z]), 2) for z in np.flatnonzero(fitted)
    }
    with atomic_write(VOLUMES) as temporary:
        temporary.write_text(json.dumps(rounded, indent=1) + "\n")
    ratio = share @ fitted / volume
    within = [float(np.mean(np.abs(np.log(ratio)) < np.log(1 + w))) for w in (0.1, 0.2, 0.3)]
    print(
        f"{len(crystals)} crystals, {len(rounded)} elements; within 10, 20, 30 %: "
        + ", ".join(f"{100 * share:.1f} %" for share in within)
    )


def shares_of(
    crystals: Sequence[Crystal],
) -> tuple[Float[ndarray, "crystals elements"], Float[ndarray, " crystals"]]:
    """Which share of the atoms of each crystal is of each element, and A^3 an atom."""
    share = np.zeros((len(crystals), 119))
    volume = np.empty(len(crystals))
    for row, crystal in enumerate(crystals):
        np.add.at(share[row], crystal.atomic_numbers, 1 / len(crystal.atomic_numbers))
        volume[row] = crystal.volume / len(crystal.atomic_numbers)
    return share, volume


def atomic_volumes(
    share: Float[ndarray, "crystals elements"], volume: Float[ndarray, " crystals"]
) -> Float[ndarray, " elements"]:
    """Volumes in A^3 whose means by the shares of the elements are those of the crystals.

    Args:
        share: of the atoms of each crystal.
        volume: per atom, in A^3.
    """
    weight = 1 / volume
    for _ in range(PASSES):
        fitted, _ = nnls(share * weight[:, None], volume * weight)
        error = np.abs(share @ fitted / volume - 1)
        weight = 1 / volume / np.sqrt(np.maximum(1, error / OUTLIER))
    return np.asarray(fitted)


if __name__ == "__main__":
    main()
