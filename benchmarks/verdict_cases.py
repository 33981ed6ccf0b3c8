"""Cases for the verdict: patterns as they are measured, and right and wrong things told of them.

Simulated are test crystals of all seven systems: a Cu K-alpha doublet, pseudo-Voigt peaks whose
width grows with the angle, anomalous dispersion, a displaced and textured sample, thermal motion,
background with a hump, counting noise, each of random degree. The measured ones are those of the
repository.
"""

import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gemmi
import numpy as np
from pymatgen.core import Element

from benchmarks.decoding import DATA
from benchmarks.flawed_patterns import textured
from benchmarks.structures_by_system import SYMMETRIC, known_lattice, unseen
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import (
    PowderPattern,
    lorentz_polarisation,
    powder_pattern,
)
from crystalnet.crystallography.scattering import form_factor
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.pattern.peak_shape import PeakShape
from crystalnet.solving.pattern.radiation import KEV, Radiation, radiation
from crystalnet.solving.symmetry.symmetrise import symmetrised
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

MEASURED = DATA / "measured_patterns"
# What is told of a pattern, in the order in which cases are taken: half of it is wrong.
TOLD = (
    "right", "neighbour", "distant", "ratio", "wavelength", "unrelated", "elements", "lattice",
    "nothing",
)  # fmt: skip
# A that atoms of neighbouring molecules or layers are apart at most, and some more: the largest van
# der Waals radius of a nonmetal is 2.04, of iodine (S. Alvarez, doi 10.1039/c3dt50599e).
REACH = 5.0
NOBLE = {2, 10, 18, 36, 54, 86}
ANODES = {"CuKa": ("CoKa", "FeKa", "MoKa", "CrKa"), "MoKa": ("AgKa", "CuKa", "CoKa", "FeKa")}


@dataclass(frozen=True)
class Pattern:
    """A pattern and the crystal that it is of.

    Attributes:
        name: the file, or the crystal's number.
        truth: its atoms; of measured patterns those of the database.
        anode: that it was measured with.
        profile: 2-theta in degrees and counts.
        lattice: its system and free parameters, where they are given.
    """

    name: str
    truth: Crystal
    anode: str
    profile: np.ndarray
    lattice: tuple[str, tuple[float, ...]] | None = None


# Systems whose lattices are given: they take longest to find.
GIVEN = ("monoclinic", "triclinic")


def measured() -> Iterator[Pattern]:
    """The patterns of the repository."""
    table = embedded_crystals().set_index("material_id")
    for name in ("manifest.json", "manifest_seven_systems.json"):
        for each in json.loads((MEASURED / name).read_bytes()):
            number = each.get("material_id", each.get("mp_candidate"))
            if number in table.index:
                truth = crystals_of(table.loc[[number]].reset_index())[0]
                anode = "MoKa" if each["wavelength_A"] < 1 else "CuKa"
                yield Pattern(each["file"], truth, anode, np.loadtxt(MEASURED / each["file"]))


def simulated(each: int, skip: int, largest: int = 20) -> Iterator[Pattern]:
    """Test crystals of all systems, in turn."""
    drawn = unseen(list(KINDS), each + skip, 1, largest)
    for system, crystal in itertools.islice(drawn, skip * len(KINDS), None):
        if not NOBLE & set(crystal.atomic_numbers.tolist()):
            seed = int("".join(c for c in crystal.material_id if c.isdigit()))
            generator = np.random.default_rng(seed)
            even = symmetrised(crystal, SYMMETRIC) or crystal
            profile = as_measured(even, radiation("CuKa"), generator)
            lattice = None
            if system in GIVEN:
                found, _ = known_lattice(crystal, np.random.default_rng(5))
                lattice = found.system, found.edges
            yield Pattern(crystal.material_id, crystal, "CuKa", profile, lattice)


def in_a_vacuum(crystal: Crystal) -> bool:
    """Whether steps from atom to atom that are no longer than `REACH` stay in a molecule or layer.

    Some entries of the tables are such cells, which no powder has: in crystals molecules and layers
    touch each other.
    """
    one, other, image, _ = crystal.to_structure().get_neighbor_list(REACH)
    # A walk through all atoms that can be reached gives each its cell; what does not close is a
    # translation that the steps make.
    cell: dict[int, np.ndarray] = {0: np.zeros(3, dtype=np.int64)}
    left = [0]
    while left:
        here = left.pop()
        for there, step in zip(other[one == here].tolist(), image[one == here], strict=True):
            if there not in cell:
                cell[there] = cell[here] + step.astype(np.int64)
                left.append(there)
    if len(cell) < len(crystal.atomic_numbers):
        return True
    places = np.array([cell[atom] for atom in range(len(cell))])
    closed = places[one] + image - places[other]
    return bool(np.linalg.matrix_rank(closed) < 3)


def as_measured(crystal: Crystal, beam: Radiation, generator: np.random.Generator) -> np.ndarray:
    """2-theta in degrees and counts of a laboratory's powder, with all that is usual in them."""
    x = np.arange(5.0, generator.uniform(65, 120), 0.02)
    first = beam.alpha_1 or beam.wavelength
    pattern = powder_pattern(crystal, first, (x[0], x[-1]))
    s_squared = 1 / (2 * pattern.d_spacing) ** 2
    area = _intensities(crystal, pattern, first)
    area *= np.exp(-2 * generator.uniform(0.3, 1.5) * s_squared)
    area *= textured(crystal, pattern, float(np.exp(generator.normal(0, 0.1))))
    shift = generator.normal(0, 0.03) + generator.normal(0, 0.05) * np.cos(
        np.radians(pattern.two_theta / 2)
    )
    width = generator.uniform(0.06, 0.2) ** 2
    shape = PeakShape(beam, 0.02, np.array([0, 0.5 * width, width]), generator.uniform(0.2, 0.9))
    peaks = shape.shapes(x, pattern.two_theta + shift) @ area
    peaks *= 10 ** generator.uniform(3, 4.5) / peaks.max()
    hump = np.exp(-(((x - generator.uniform(18, 32)) / 6) ** 2)) * generator.uniform(0, 0.05)
    level = generator.uniform(0.005, 0.05) * (1 + 2 * np.exp(-(x - 5) / 12)) + hump
    counts = generator.poisson(peaks + level * peaks.max())
    return np.column_stack([x, counts])


def _intensities(crystal: Crystal, pattern: PowderPattern, wavelength: float) -> np.ndarray:
    """Of each peak, with anomalous dispersion, which `powder_pattern` leaves out."""
    sphere = pattern.sphere
    hkl = sphere.hkl(np.arange(len(sphere.g_squared)))
    friedel = np.zeros((2, len(hkl)), dtype=complex)
    for z in np.unique(crystal.atomic_numbers).tolist():
        x = crystal.frac_coords[crystal.atomic_numbers == z]
        waves = np.exp(2j * np.pi * (hkl @ x.T)).sum(axis=1)
        real, imaginary = gemmi.cromer_liberman(z=z, energy=1000 * KEV / wavelength)
        form = form_factor(z, sphere.g_squared / 4) + real + 1j * imaginary
        friedel += form * np.array([waves, waves.conj()])
    power = (np.abs(friedel) ** 2).mean(axis=0)
    power *= lorentz_polarisation(sphere.g_squared * (wavelength / 2) ** 2)
    return np.array([power[a:b].sum() for a, b in zip(pattern.first, pattern.stop, strict=True)])


def told(pattern: Pattern, kind: str, others: list[Crystal]) -> dict[str, Any] | None:
    """What `solve` is told of a pattern; None where this kind makes no sense for it.

    Args:
        others: crystals of which unrelated formulas are taken.
    """
    seed = sum(map(ord, pattern.name + kind))
    generator = np.random.default_rng(seed)
    numbers, counts = np.unique(pattern.truth.atomic_numbers, return_counts=True)
    unit = dict(zip(numbers.tolist(), (counts // np.gcd.reduce(counts)).tolist(), strict=True))
    question: dict[str, Any] = {"wavelength": pattern.anode, "formula": _formula(unit)}
    if kind == "wavelength":
        question["wavelength"] = str(generator.choice(ANODES[pattern.anode]))
    elif kind == "elements":
        question = {"wavelength": pattern.anode, "elements": [_symbol(z) for z in unit]}
    elif kind == "nothing":
        question = {"wavelength": pattern.anode}
    elif kind == "lattice":
        question["scaled"] = float(generator.choice([0.94, 0.97, 1.03, 1.06]))
    elif kind != "right":
        wrong = _wrong(unit, kind, others, generator)
        if wrong is None or _ratios(wrong) == _ratios(unit):
            return None
        question["formula"] = _formula(wrong)
    return question


def _wrong(
    unit: dict[int, int], kind: str, others: list[Crystal], generator: np.random.Generator
) -> dict[int, int] | None:
    if kind == "unrelated":
        other = others[int(generator.integers(len(others)))]
        numbers, counts = np.unique(other.atomic_numbers, return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    if kind == "ratio":
        if len(unit) < 2:
            return None
        z = int(generator.choice(list(unit)))
        return {**unit, z: unit[z] + int(generator.choice([1, 2] if unit[z] < 2 else [-1, 1]))}
    z = int(generator.choice(list(unit)))
    near = [z - 1, z + 1]
    far = [other for other in range(3, 84) if 6 <= abs(other - z) <= 25]
    choice = [
        other
        for other in (near if kind == "neighbour" else far)
        if 3 <= other <= 83 and other not in unit and other not in NOBLE
    ]
    if not choice:
        return None
    taken = int(generator.choice(choice))
    return {taken if each == z else each: count for each, count in unit.items()}


def _ratios(unit: dict[int, int]) -> dict[int, int]:
    divisor = math.gcd(*unit.values())
    return {z: count // divisor for z, count in sorted(unit.items())}


def _formula(unit: dict[int, int]) -> str:
    return "".join(f"{_symbol(z)}{count}" for z, count in unit.items())


def _symbol(z: int) -> str:
    return str(Element.from_Z(z).symbol)


def scaled(edges: tuple[float, ...], names: tuple[str, ...], by: float) -> tuple[float, ...]:
    """Lengths of a lattice too long or too short by a factor; angles stay."""
    return tuple(
        value * by if len(name) == 1 else value for name, value in zip(names, edges, strict=True)
    )
