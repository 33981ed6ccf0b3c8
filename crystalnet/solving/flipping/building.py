"""Atoms for the sites of a map, heavy ones first, what is missing from difference maps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from jaxtyping import Complex, Float
from numpy import ndarray

from crystalnet.crystallography.scattering import form_factor
from crystalnet.crystallography.waves import plane_waves
from crystalnet.solving.flipping.map_atoms import Site, SiteFinder
from crystalnet.solving.flipping.map_symmetry import FramedMap
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.search.group_search import Arrangement, GroupSearch
from crystalnet.solving.search.occupations import Occupation
from crystalnet.solving.settings import FlippingSettings
from crystalnet.solving.symmetry.contacts import NEAR, covalent_radius


@dataclass(frozen=True, eq=False)
class Atom:
    """An orbit of atoms of one element."""

    number: int
    site: Site


class Builder:
    """Builds structures of one content in one frame."""

    def __init__(
        self,
        reflections: Reflections,
        search: GroupSearch,
        counts: Mapping[int, int],
        settings: FlippingSettings,
    ) -> None:
        """Prepare.

        Args:
            counts: atoms of each atomic number in the primitive cell.
        """
        self._reflections, self._search = reflections, search
        self._counts = dict(sorted(counts.items(), reverse=True))
        self._settings = settings
        self._radius = NEAR * settings.nearer
        self._finder = SiteFinder(search.frame, search.lattice.primitive, settings.on_special)
        self._most = settings.peaks * sum(counts.values())
        g_squared = reflections.lines.g_squared[reflections.unique]
        self._form = {z: form_factor(z, g_squared / 4) for z in counts}
        areas = reflections.expected @ reflections.lines.weight
        # Electrons in what is measured, by Wilson's statistics.
        self._scale = float(np.sqrt(reflections.lines.target.sum() / areas))

    def build(self, framed: FramedMap) -> list[Arrangement]:
        """Refined structures: atoms of the map alone, or light ones from difference maps."""
        sites = self._finder.sites(self._reflections.map(framed.amplitude), self._most)
        least = self._settings.heavy * max(self._counts)
        heavy = tuple(z for z in self._counts if z >= least)
        found = []
        for some in {heavy: None, tuple(self._counts): None}:
            atoms = self._filled(sites, [], some)
            end = self._completed(self._fitted(atoms)) if atoms else None
            found += [] if end is None else [end]
            if end is not None and end.residual < self._settings.perfect:
                break
        return found

    def _completed(self, atoms: list[Atom]) -> Arrangement | None:
        """With what is missing, the heaviest element first; then each light one once more."""
        atoms = self._exchanged(self._with_missing(atoms))
        if self._left(atoms) or self._residual(atoms) > self._settings.hopeless:
            return None
        for number in list(self._counts)[:0:-1]:
            others = [each for each in atoms if each.number != number]
            again = self._with_missing(others) if others else others
            if not self._left(again):
                atoms = min(atoms, self._exchanged(again), key=self._residual)
        return self._search.refine(self._arrangement(atoms))

    def _with_missing(self, atoms: list[Atom]) -> list[Atom]:
        for number in self._counts:
            for _ in range(self._settings.rounds):
                if not atoms or not self._left(atoms).get(number):
                    break
                sites = self._finder.sites(self._difference(atoms), self._most)
                more = self._filled(sites, atoms, (number,))
                if len(more) == len(atoms):
                    return atoms
                atoms = self._sound(self._fitted(more))
        return atoms

    def _sound(self, atoms: list[Atom]) -> list[Atom]:
        """Without those that least squares has moved too near to others that came before."""
        kept: list[Atom] = []
        for each in atoms:
            kept += [each] if self._keeps(each, kept) else []
        return kept

    def _fitted(self, atoms: list[Atom]) -> list[Atom]:
        """Their coordinates after least squares, however near they come to each other."""
        end = self._search.refine(self._arrangement(atoms), apart=False)
        if end is None:
            return atoms
        return [
            replace(each, site=replace(each.site, parameters=values))
            for each, values in zip(atoms, end.parameters, strict=True)
        ]

    def _exchanged(self, atoms: list[Atom]) -> list[Atom]:
        """With elements on each other's sites, as long as that helps."""
        least = self._residual(atoms)
        while True:
            trials = swaps(atoms)
            residuals = [round(self._residual(each), 6) for each in trials]
            if not trials or min(residuals) > least - self._settings.gain:
                return atoms
            least, atoms = min(residuals), trials[residuals.index(min(residuals))]

    def _left(self, atoms: Sequence[Atom]) -> dict[int, int]:
        """How many atoms of each element have no place yet."""
        left = dict(self._counts)
        for each in atoms:
            left[each.number] -= each.site.multiplicity
        return {number: count for number, count in left.items() if count}

    def _filled(
        self, sites: Sequence[Site], atoms: Sequence[Atom], numbers: Sequence[int]
    ) -> list[Atom]:
        """Atoms on the highest sites, the heaviest element on the highest."""
        found, used = list(atoms), set[int]()
        for number in numbers:
            left = self._left(found).get(number, 0)
            for index, site in enumerate(sites):
                if not left:
                    break
                if index in used or site.multiplicity > left:
                    continue
                atom = Atom(number, site)
                if self._keeps(atom, found):
                    found.append(atom)
                    used.add(index)
                    left -= site.multiplicity
        return found

    def _keeps(self, atom: Atom, others: Sequence[Atom]) -> bool:
        """Whether an orbit keeps its distance from itself and from others."""
        orbits = [self._orbit(each) for each in (atom, *others)]
        radii = [self._radius * covalent_radius(each.number) for each in (atom, *others)]
        return bool(self._search.distances.keeps(orbits, radii)[0])

    def _orbit(self, atom: Atom) -> Float[ndarray, "1 points 3"]:
        return self._search.group.positions[atom.site.place].orbit(atom.site.parameters[None])

    def _amplitude(self, atoms: Sequence[Atom]) -> Complex[ndarray, " hkl"]:
        """Structure factors of all reflections in electrons."""
        change = self._search.frame.cell @ np.linalg.inv(self._search.lattice.primitive)
        total = np.zeros(len(self._reflections.hkl), dtype=np.complex128)
        for atom in atoms:
            x = self._orbit(atom)[0] @ change
            total += self._form[atom.number] * plane_waves(self._reflections.hkl, x).sum(axis=1)
        return total

    def _difference(self, atoms: Sequence[Atom]) -> Float[ndarray, "n m k"]:
        """What is measured, with the phases of some atoms, less these atoms."""
        computed = self._amplitude(atoms)
        missing: ndarray = np.zeros(len(computed))
        for number, count in self._left(atoms).items():
            missing = missing + count * self._form[number] ** 2
        power = self._reflections.power(computed) + self._reflections.power(np.sqrt(missing) + 0j)
        modulus = self._reflections.shared(power) / self._scale
        phase = computed / np.maximum(np.abs(computed), 1e-300)
        return self._reflections.map(modulus * phase - computed)

    def _residual(self, atoms: Sequence[Atom]) -> float:
        return self._search.residual(self._arrangement(atoms))

    def _arrangement(self, atoms: Sequence[Atom]) -> Arrangement:
        places = tuple((each.site.place, each.number) for each in atoms)
        parameters = tuple(each.site.parameters for each in atoms)
        return Arrangement(Occupation(self._search.group, places), parameters, np.inf)


def swaps(atoms: list[Atom]) -> list[list[Atom]]:
    """Every exchange of the elements of two orbits of as many atoms."""
    every = []
    for i, j in combinations(range(len(atoms)), 2):
        one, other = atoms[i], atoms[j]
        if one.number != other.number and one.site.multiplicity == other.site.multiplicity:
            swapped = list(atoms)
            swapped[i], swapped[j] = Atom(other.number, one.site), Atom(one.number, other.site)
            every.append(swapped)
    return every
