"""Atoms for the sites of a map, heavy ones first, what is missing from difference maps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crystalnet.solving.flipping.atom_orbits import Atom, AtomOrbits
from crystalnet.solving.flipping.map_atoms import Site, SiteFinder
from crystalnet.solving.flipping.map_symmetry import FramedMap
from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.search.arrangement import Arrangement
from crystalnet.solving.search.exchange import best_exchange
from crystalnet.solving.search.group_fit import GroupFit
from crystalnet.solving.settings import FlippingSettings


class Builder:
    """Builds structures of one content in one frame."""

    def __init__(
        self,
        reflections: Reflections,
        fit: GroupFit,
        counts: Mapping[int, int],
        settings: FlippingSettings,
    ) -> None:
        """Prepare.

        Args:
            counts: atoms of each atomic number in the primitive cell.
        """
        self._reflections, self._fit = reflections, fit
        self._counts = dict(sorted(counts.items(), reverse=True))
        self._settings = settings
        self._atoms = AtomOrbits(reflections, fit, self._counts, settings.nearer)
        self._finder = SiteFinder(fit.frame, fit.lattice.primitive, settings)
        self._most = settings.peaks * sum(counts.values())

    def build(self, framed: FramedMap) -> list[Arrangement]:
        """Refined structures: atoms of the map alone, or light ones from difference maps."""
        sites = self._finder.sites(self._reflections.map(framed.amplitude), self._most)
        least = self._settings.heavy * max(self._counts)
        heavy = tuple(z for z in self._counts if z >= least)
        found = []
        for some in {heavy: None, tuple(self._counts): None}:
            atoms = self._filled(sites, [], some)
            end = self._completed(self._atoms.fitted(atoms)) if atoms else None
            found += [] if end is None else [end]
            if end is not None and end.residual < self._settings.perfect:
                break
        return found

    def _completed(self, atoms: list[Atom]) -> Arrangement | None:
        """With what is missing, the heaviest element first; then each light one once more."""
        atoms = self._exchanged(self._with_missing(atoms))
        if self._atoms.left(atoms) or self._atoms.residual(atoms) > self._settings.hopeless:
            return None
        for number in list(self._counts)[:0:-1]:
            others = [each for each in atoms if each.number != number]
            again = self._with_missing(others) if others else others
            if not self._atoms.left(again):
                atoms = min(atoms, self._exchanged(again), key=self._atoms.residual)
        return self._fit.refine(self._atoms.arrangement(atoms))

    def _with_missing(self, atoms: list[Atom]) -> list[Atom]:
        for number in self._counts:
            for _ in range(self._settings.rounds):
                if not atoms or not self._atoms.left(atoms).get(number):
                    break
                sites = self._finder.sites(self._atoms.difference(atoms), self._most)
                more = self._filled(sites, atoms, (number,))
                if len(more) == len(atoms):
                    return atoms
                atoms = self._sound(self._atoms.fitted(more))
        return atoms

    def _sound(self, atoms: list[Atom]) -> list[Atom]:
        """Without those that least squares has moved too near to others that came before."""
        kept: list[Atom] = []
        for each in atoms:
            kept += [each] if self._atoms.keeps(each, kept) else []
        return kept

    def _exchanged(self, atoms: list[Atom]) -> list[Atom]:
        """With elements on each other's sites, as long as that helps."""
        best = best_exchange(self._fit, self._atoms.arrangement(atoms), self._settings.gain)
        return [
            replace(atom, number=number)
            for atom, number in zip(atoms, best.occupation.numbers, strict=True)
        ]

    def _filled(
        self, sites: Sequence[Site], atoms: Sequence[Atom], numbers: Sequence[int]
    ) -> list[Atom]:
        """Atoms on the highest sites, the heaviest element on the highest."""
        found, used = list(atoms), set[int]()
        for number in numbers:
            left = self._atoms.left(found).get(number, 0)
            for index, site in enumerate(sites):
                if not left:
                    break
                if index in used or site.multiplicity > left:
                    continue
                atom = Atom(number, site)
                if self._atoms.keeps(atom, found):
                    found.append(atom)
                    used.add(index)
                    left -= site.multiplicity
        return found
