"""Orbits of atoms in one frame: what of them is measured, and what of it is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray

from crystalnet.crystallography.scattering import form_factor
from crystalnet.crystallography.waves import plane_waves
from crystalnet.solving.flipping.map_atoms import Site
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.search.arrangement import Arrangement
from crystalnet.solving.search.group_fit import GroupFit
from crystalnet.solving.search.occupations import Occupation


@dataclass(frozen=True, eq=False)
class Atom:
    """An orbit of atoms of one element."""

    number: int
    site: Site


class AtomOrbits:
    """The atoms of one content in one frame, beside the measured intensities."""

    def __init__(
        self,
        reflections: Reflections,
        fit: GroupFit,
        counts: Mapping[int, int],
        nearer: float,
    ) -> None:
        """Prepare.

        Args:
            counts: atoms of each atomic number in the primitive cell.
            nearer: share of the distance that atoms must keep in the end which they must keep.
        """
        self._reflections, self._fit = reflections, fit
        self._counts, self._nearer = counts, nearer
        g_squared = reflections.lines.g_squared[reflections.unique]
        self._form = {z: form_factor(z, g_squared / 4) for z in counts}
        areas = reflections.expected @ reflections.lines.weight
        # Electrons in what is measured, by Wilson's statistics.
        self._scale = float(np.sqrt(reflections.lines.target.sum() / areas))

    def left(self, atoms: Sequence[Atom]) -> dict[int, int]:
        """How many atoms of each element have no place yet."""
        left = dict(self._counts)
        for each in atoms:
            left[each.number] -= each.site.multiplicity
        return {number: count for number, count in left.items() if count}

    def fitted(self, atoms: list[Atom]) -> list[Atom]:
        """Their coordinates after least squares, however near they come to each other."""
        end = self._fit.refine(self.arrangement(atoms), apart=False)
        if end is None:
            return atoms
        return [
            replace(each, site=replace(each.site, parameters=values))
            for each, values in zip(atoms, end.parameters, strict=True)
        ]

    def keeps(self, atom: Atom, others: Sequence[Atom]) -> bool:
        """Whether an orbit keeps its distance from itself and from others."""
        orbits = [self._orbit(each) for each in (atom, *others)]
        limits = [
            self._nearer * self._fit.least(atom.number, each.number) for each in (atom, *others)
        ]
        return bool(self._fit.distances.keeps(orbits, limits)[0])

    def _orbit(self, atom: Atom) -> Float[ndarray, "1 points 3"]:
        return self._fit.group.positions[atom.site.place].orbit(atom.site.parameters[None])

    def _amplitude(self, atoms: Sequence[Atom]) -> Complex[ndarray, " hkl"]:
        """Structure factors of all reflections in electrons."""
        change = self._fit.frame.cell @ np.linalg.inv(self._fit.lattice.primitive)
        total = np.zeros(len(self._reflections.hkl), dtype=np.complex128)
        for atom in atoms:
            x = self._orbit(atom)[0] @ change
            total += self._form[atom.number] * plane_waves(self._reflections.hkl, x).sum(axis=1)
        return total

    def difference(self, atoms: Sequence[Atom]) -> Float[ndarray, "n m k"]:
        """What is measured, with the phases of some atoms, less these atoms."""
        computed = self._amplitude(atoms)
        missing: ndarray = np.zeros(len(computed))
        for number, count in self.left(atoms).items():
            missing = missing + count * self._form[number] ** 2
        power = self._reflections.power(computed) + self._reflections.power(np.sqrt(missing) + 0j)
        modulus = self._reflections.shared(power) / self._scale
        phase = computed / np.maximum(np.abs(computed), 1e-300)
        return self._reflections.map(modulus * phase - computed)

    def residual(self, atoms: Sequence[Atom]) -> float:
        """The weighted R factor of the intensities."""
        return self._fit.residual(self.arrangement(atoms))

    def arrangement(self, atoms: Sequence[Atom]) -> Arrangement:
        """As the search has them."""
        places = tuple((each.site.place, each.number) for each in atoms)
        parameters = tuple(each.site.parameters for each in atoms)
        return Arrangement(Occupation(self._fit.group, places), parameters, np.inf)
