"""Simulated peaks of crystals to index, and which lattice of theirs is right."""

import numpy as np
from pymatgen.core import Lattice

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.pattern.measured import MeasuredPeaks
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

CU_K_ALPHA = 1.54184
WEAKEST, RESOLUTION = 0.5, 0.05
# Crystals of each system at most, so that each has a number of its own.
EACH = 1000
SYSTEMS = (
    "cubic", "trigonal", "hexagonal", "tetragonal", "orthorhombic", "monoclinic", "triclinic",
)  # fmt: skip


def chosen(number: int, split: str) -> list[tuple[int, str, Crystal]]:
    """So many crystals of each system, drawn; a number that is each one's own comes first."""
    table = embedded_crystals().query("split == @split").sort_values("material_id")
    table = table.sample(frac=1, random_state=1)
    return [
        (EACH * place + one, system, crystal)
        for place, system in enumerate(SYSTEMS)
        for one, crystal in enumerate(
            crystals_of(table[table["crystal_system"] == system].head(number))
        )
    ]


def simulated(
    crystal: Crystal,
    wavelength: float,
    limits: tuple[float, float],
    error: float,
    generator: np.random.Generator,
) -> MeasuredPeaks:
    """Peaks as a laboratory would list them."""
    pattern = powder_pattern(crystal, wavelength, limits)
    # Peaks that are not resolved are one at their centre of gravity.
    start = np.flatnonzero(np.diff(pattern.two_theta, prepend=-1.0) >= RESOLUTION)
    intensity = np.add.reduceat(pattern.intensity, start)
    two_theta = np.add.reduceat(pattern.intensity * pattern.two_theta, start) / intensity
    strong = intensity >= WEAKEST / 100 * intensity.max()
    two_theta = two_theta[strong] + generator.normal(0, error, strong.sum())
    return MeasuredPeaks(np.clip(two_theta, *limits), intensity[strong], wavelength, limits)


def hidden(crystal: Crystal, wavelength: float, limits: tuple[float, float]) -> bool:
    """Whether the indices of the peaks left generate only a part of the reciprocal lattice."""
    pattern = powder_pattern(crystal, wavelength, limits)
    strong = np.flatnonzero(pattern.intensity >= WEAKEST)
    of_peak = [
        pattern.sphere.hkl(np.arange(pattern.first[i], pattern.stop[i])) for i in strong[:40]
    ]
    hkl = np.concatenate(of_peak)
    triples = np.random.default_rng(0).integers(len(hkl), size=(1000, 3))
    determinants = np.rint(np.linalg.det(hkl[triples].astype(float))).astype(int)
    return int(np.gcd.reduce(determinants)) > 1


def place_of(crystal: Crystal, found: list[list[np.ndarray]]) -> int:
    """The place of the right lattice, from 0, among cells or choices of them; 999 if none is."""
    places = (place for place, cells in enumerate(found) if any(right(c, crystal) for c in cells))
    return next(places, 999)


def right(cell: np.ndarray, crystal: Crystal) -> bool:
    """Whether the cells are of one lattice; Niggli cells of nearly symmetric ones may differ."""
    one, other = Lattice(cell), Lattice(crystal.lattice)
    if abs(one.volume / other.volume - 1) > 0.04:
        return False
    return one.find_mapping(other, ltol=0.01, atol=0.5, skip_rotation_matrix=True) is not None
