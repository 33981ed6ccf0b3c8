"""The structures of training crystals, without their elements and their scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.retrieval.metrics import forms, lattice_numbers
from crystalnet.settings import CrystalSystem

# Reflections of a prototype, about.
_REFLECTIONS = 400
# Shells that tell prototypes apart, and how coarsely: in units of the root of the atoms.
_SIGNATURE_SHELLS = 25
_COARSENESS = 0.12
Amounts = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Member:
    """A crystal of a prototype: the crystal, and its elements in the order of the prototype."""

    crystal: Crystal
    elements: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Prototype:
    """One arrangement of atoms.

    Attributes:
        units: formula units in the primitive cell.
        forms: what q^2 is linear in (see `metrics`), one row a shell.
        shell: of each reflection, one of each Friedel pair.
        sums: of exp(2 pi i hkl . x) over the atoms of each element.
        volume: A^3 of the primitive cell of its first member.
        numbers: of that cell (see `metrics`).
        members: the crystals that have it.
    """

    units: int
    forms: Int[ndarray, "shells numbers"]
    shell: Int[ndarray, " reflections"]
    sums: Complex[ndarray, "elements reflections"]
    volume: float
    numbers: Float[ndarray, " numbers"]
    members: list[Member] = field(default_factory=list)


class PrototypeLibrary:
    """The prototypes of a crystal system by the amounts in their formula, such as (1, 1, 3).

    Args:
        system: of all crystals.
        crystals: training crystals alone, in the setting in which guesses are wanted. Those whose
            lattice is not of the system are left out.
    """

    def __init__(self, system: CrystalSystem, crystals: Sequence[Crystal]) -> None:
        self.system = system
        self.left_out: list[str] = []
        self._by_amounts: dict[Amounts, dict[tuple[object, ...], Prototype]] = {}
        for crystal in crystals:
            if not self._add(crystal):
                self.left_out.append(crystal.material_id)

    def of(self, amounts: Amounts) -> list[Prototype]:
        """All prototypes of such a formula; the amounts ascend."""
        return list(self._by_amounts.get(amounts, {}).values())

    def __len__(self) -> int:
        return sum(len(each) for each in self._by_amounts.values())

    def _add(self, crystal: Crystal) -> bool:
        lattice = lattice_numbers(crystal.lattice, self.system)
        if lattice is None:
            return False
        numbers, axes = lattice
        half = _half_sphere(crystal.lattice)
        shells, shell = np.unique(forms(half @ axes.T, self.system), axis=0, return_inverse=True)
        shell = shell.reshape(-1)
        elements, amounts, units = reduced(crystal.atomic_numbers)
        sums = np.array(
            [
                np.exp(2j * np.pi * half @ crystal.frac_coords[of_element].T).sum(axis=1)
                for of_element in (crystal.atomic_numbers == z for z in elements)
            ]
        )
        first = np.argsort(shells @ numbers)[:_SIGNATURE_SHELLS]
        coarse = _COARSENESS * np.sqrt(len(crystal.atomic_numbers))
        signatures = [_signature(each, shell, first, coarse) for each in sums]
        order = sorted(range(len(elements)), key=lambda i: (amounts[i], signatures[i]))
        relation = _signature(np.arange(1, len(order) + 1) @ sums[order], shell, first, 3 * coarse)
        # Of six numbers, those after the third can be of either sign.
        shape = np.rint(np.log(numbers[1:3] / numbers[0]) / 0.16).astype(int).tobytes()
        key = (axes.tobytes(), units, shape, relation, *(signatures[i] for i in order))
        group = self._by_amounts.setdefault(tuple(int(amounts[i]) for i in order), {})
        prototype = group.get(key)
        if prototype is None:
            prototype = Prototype(units, shells, shell, sums[order], crystal.volume, numbers)
            group[key] = prototype
        prototype.members.append(Member(crystal, tuple(int(elements[i]) for i in order)))
        return True


def reduced(
    atomic_numbers: Int[ndarray, " atoms"],
) -> tuple[Int[ndarray, " elements"], Int[ndarray, " elements"], int]:
    """Elements, their amounts in the reduced formula, and the formula units."""
    elements, counts = np.unique(atomic_numbers, return_counts=True)
    units = int(np.gcd.reduce(counts))
    return elements, counts // units, units


def amounts_of(atomic_numbers: Int[ndarray, " atoms"]) -> tuple[int, ...]:
    """The amounts of the reduced formula, ascending: what kind of formula it is."""
    return tuple(sorted(reduced(atomic_numbers)[1].tolist()))


def atoms_of(formula: Mapping[int, int]) -> Int[ndarray, " atoms"]:
    """The atomic numbers of a formula unit, from amounts by atomic number."""
    return np.repeat(list(formula), list(formula.values())).astype(np.int64)


def _signature(
    sums: Complex[ndarray, " reflections"],
    shell: Int[ndarray, " reflections"],
    shells: Int[ndarray, " chosen"],
    coarse: float,
) -> bytes:
    """Root mean square of a sum in some shells, coarsely: nothing of the origin is in it."""
    mean = np.bincount(shell, np.abs(sums) ** 2) / np.bincount(shell)
    steps: ndarray = np.rint(np.sqrt(mean[shells]) / coarse).astype(np.int16)
    return steps.tobytes()


def _half_sphere(lattice: Float[ndarray, "3 3"]) -> Int[ndarray, "reflections 3"]:
    """About _REFLECTIONS reflections, one of each Friedel pair: all within a radius."""
    volume = abs(np.linalg.det(lattice))
    radius = (3 * 2 * _REFLECTIONS / (4 * np.pi * volume)) ** (1 / 3)
    # |h| <= |a| |g|, and the same of the other axes.
    highest = np.floor(np.linalg.norm(lattice, axis=1) * radius).astype(int)
    each = [np.arange(-most, most + 1) for most in highest]
    hkl = np.stack(np.meshgrid(*each, indexing="ij"), axis=-1).reshape(-1, 3)
    # Of hkl and -hkl, the one whose first index that is not 0 is positive.
    hkl = hkl[hkl @ np.array([1 << 30, 1 << 15, 1]) > 0]
    inside = ((hkl @ np.linalg.inv(lattice).T) ** 2).sum(axis=1) <= radius**2
    half: ndarray = hkl[inside]
    return half
