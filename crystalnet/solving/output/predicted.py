"""What a predicted pattern leaves behind: densities for other programs, and a summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Lattice

from crystalnet.crystallography.crystal import Crystal
from crystalnet.errors import CrystalNetError
from crystalnet.predicting.guesses import Origin
from crystalnet.solving.output import SUMMARY, check_folder
from crystalnet.solving.output.maps import DensityMap, write_ccp4, write_chgcar, write_cube
from crystalnet.solving.output.summary import write_json

# What is written of each density, under its number.
CUBE, CCP4, CHGCAR = "density-{:02d}.cube", "density-{:02d}.ccp4", "density-{:02d}.CHGCAR"


@dataclass(frozen=True, eq=False)
class PredictedDensity:
    """One guess of the density.

    Attributes:
        rank: its place, from 1.
        likely_ssim: the SSIM that guesses like it have had with the truth, on validation crystals.
        origin: of the network, or free atoms at the places of a known structure with other
            elements.
        density: valence electrons in e/A^3 at the fractional coordinates i/n of the cell.
        lattice: rows a, b, c in A of the primitive cell; None where no lattice is known.
        crystal: the known structure with other elements, or the atoms read from the network's
            guess; None where the guess holds none or there is no lattice.
        agreement: of the known structure's pattern with the measured one, at most 1; None for a
            guess of the network.
        analogue_of: the known structure, a Materials Project id; None for a guess of the network.
    """

    rank: int
    likely_ssim: float
    origin: Origin
    density: Float[ndarray, "n n n"]
    lattice: Float[ndarray, "3 3"] | None
    crystal: Crystal | None
    agreement: float | None
    analogue_of: str | None

    @property
    def mapped(self) -> DensityMap:
        """As files of densities take it; in a cube of 1 A where no lattice is known."""
        lattice = np.eye(3) if self.lattice is None else self.lattice
        return DensityMap(f"{self.rank} {self.origin}", lattice, self.density, self.crystal)


def write_predicted(
    folder: Path | str, densities: Sequence[PredictedDensity], told: Mapping[str, Any]
) -> list[Path]:
    """Write densities; the summary comes last, so it stands for all.

    What an earlier prediction left in the folder is removed.

    Returns:
        the summary and the files of each density.

    Raises:
        CrystalNetError: if the folder cannot be written to.
    """
    folder = Path(folder)
    check_folder(folder)
    try:
        for name in (SUMMARY, "density-[0-9][0-9].*"):
            for old in folder.glob(name):
                old.unlink()
        entries, written = [], []
        for each in densities:
            mapped = each.mapped
            files = {CUBE: write_cube, CCP4: write_ccp4}
            if each.crystal is not None:
                files[CHGCAR] = write_chgcar
            names = [name.format(each.rank) for name in files]
            for name, write in zip(names, files.values(), strict=True):
                write(folder / name, mapped)
                written.append(folder / name)
            entries.append(_entry(each, names))
        told = {"version": version("crystalnet"), **told}
        write_json(folder / SUMMARY, {"told": told, "densities": entries})
    except OSError as error:
        raise CrystalNetError(f"{folder}: cannot be written to ({error.strerror})") from None
    return [folder / SUMMARY, *written]


def _entry(each: PredictedDensity, names: Sequence[str]) -> dict[str, Any]:
    volume = None if each.lattice is None else float(Lattice(each.lattice).volume)
    return {
        "rank": each.rank,
        "likely_ssim": round(each.likely_ssim, 4),
        "origin": each.origin,
        "agreement": each.agreement,
        "lattice_A": each.lattice,
        "electrons": None if volume is None else float(each.density.mean()) * volume,
        "analogue_of": each.analogue_of,
        "files": list(names),
    }
