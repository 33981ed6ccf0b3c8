"""What a source of crystals and a source of densities are, whatever stands behind them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.resampling import electron_count
from crystalnet.errors import CrystalNetError
from pipeline.crystal_tables import CRYSTAL_COLUMNS
from pipeline.sources.identity import COPIED, Tolerance, refuse_another

CRYSTAL_SOURCE_COLUMNS = (*CRYSTAL_COLUMNS, "source", "has_mp_charge_density")


@dataclass(frozen=True, eq=False)
class DensityRecord:
    """The density of one crystal.

    Attributes:
        material_id: the crystal's.
        density: float32, e/A^3, at the fractional coordinates i/g of each axis.
        electrons: the density's integral over the cell.
        provenance: what is known of its making: file, checksum, method, and `grid_electrons`,
            the mean of the grid's values times the volume.
    """

    material_id: str
    density: Float[ndarray, "g g g"]
    electrons: float
    provenance: dict[str, str | float]


@dataclass(frozen=True)
class DensityFailure:
    """A crystal whose density cannot be had, and why."""

    material_id: str
    reason: str


class CrystalSource(Protocol):
    """Where crystals come from.

    Attributes:
        name: as params.yaml has it.
        left_out: after `crystals`, why those crystals that it had to leave out are not there.
    """

    name: str
    left_out: dict[str, str]

    def crystals(self) -> pd.DataFrame:
        """One row per crystal, with the columns CRYSTAL_SOURCE_COLUMNS."""


class DensitySource(Protocol):
    """Where densities come from.

    Attributes:
        name: dft, iam, chgcar or materials_project.
        label: what captions call the densities.
        licence: under which they may be passed on.
    """

    name: str
    label: str
    licence: str

    def available(self) -> frozenset[str] | None:
        """The material ids that have a density; None where any crystal can have one."""

    def densities(
        self, crystals: Sequence[Crystal], grid: int
    ) -> Iterator[DensityRecord | DensityFailure]:
        """The densities of the crystals, in their order, on grid^3 points.

        Files of the user's own are mended, so what is wrong with them is an error; what a service
        does not have is a `DensityFailure`, and its crystal is left out.

        Raises:
            CrystalNetError: naming the crystal that has none, or whose density is damaged.
        """


def density_record(
    crystal: Crystal,
    density: Float[ndarray, "g g g"],
    electrons: float,
    provenance: dict[str, str | float],
    *,
    of: Crystal,
    tolerance: Tolerance = COPIED,
) -> DensityRecord:
    """The one door from a density to its crystal: a record of the right crystal, looked at.

    Args:
        of: the cell and atoms that the density was made for, compared with the crystal's.
        tolerance: of that comparison.

    Raises:
        AnotherCrystal: if the density is of another cell or other atoms.
        CrystalNetError: for values that are not finite, or zero everywhere.
    """
    refuse_another(crystal, of, tolerance)
    if not np.isfinite(density).all():
        raise CrystalNetError(
            f"{crystal.material_id}: {int((~np.isfinite(density)).sum())} of {density.size} "
            "values of its density are not finite; leave it out or restore its file"
        )
    if not density.any():
        raise CrystalNetError(
            f"{crystal.material_id}: its density is zero everywhere; leave it out or restore its "
            "file"
        )
    grid_electrons = electron_count(density, of.volume)
    return DensityRecord(
        crystal.material_id,
        density.astype(np.float32),
        electrons,
        {**provenance, "grid_electrons": grid_electrons},
    )


def refuse_lost_electrons(record: DensityRecord, tolerance: float) -> None:
    """Refuse a density whose grid does not hold the electrons of its cell.

    Raises:
        CrystalNetError: if the two differ by more than `tolerance`, relative.
    """
    on_grid = float(record.provenance["grid_electrons"])
    if not abs(on_grid - record.electrons) <= tolerance * abs(record.electrons):
        raise CrystalNetError(
            f"{record.material_id}: {on_grid:.6f} electrons on the grid of "
            f"{record.density.shape[0]}^3 points, {record.electrons:.6f} in the cell; want at most "
            f"{tolerance:g} relative between them: choose a finer grid or `resample: exact`, or "
            "restore the density's file"
        )
