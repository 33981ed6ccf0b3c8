"""Candidate structures of a pattern and a composition: known ones with other elements.

Every prototype of the same kind of formula is put into every lattice that explains the lines, with
the elements in every order that the amounts admit; its pattern is compared with the observed one,
without the scale of either. What agrees best is built from the member of the prototype that is
chemically nearest. No truth is looked at: only training crystals, the pattern and the formula.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA
from crystalnet.crystallography.scale_free import merge_peaks
from crystalnet.errors import CrystalNetError
from crystalnet.retrieval.chemistry import nearest_member
from crystalnet.retrieval.fitted import FittedMatch, Observed
from crystalnet.retrieval.lattices import TWO_NUMBERS, lattices, merged_share
from crystalnet.retrieval.match import Match
from crystalnet.retrieval.metrics import distortions, in_every_setting, stretched, volumes
from crystalnet.retrieval.prototypes import (
    Member,
    Prototype,
    PrototypeLibrary,
    atoms_of,
    reduced,
)
from crystalnet.settings import CrystalSystem

# What a candidate loses for chemistry that is far from its member's (an element of distance 1)
# and for a volume away from the sum of atomic volumes (by a factor e). Chosen on validation.
CHEMISTRY = 0.006
VOLUME = 0.02
# Distances beyond this are as far as can be.
_FARTHEST = 4.0
# Volumes by the sum of atomic volumes, and the change of shape, that are considered.
_VOLUMES = (0.55, 1.8)
_SHAPE = 0.16
# Lattices tried for each prototype: those of the nearest shape.
_LATTICES = 6
# Peaks of a pattern that are looked at.
_PEAKS = 120


@dataclass(frozen=True, eq=False)
class Candidate:
    """A guess of the structure.

    Attributes:
        crystal: in the setting of the library's crystals.
        agreement: cosine between the square roots of the intensities, at most 1.
        score: the agreement less what chemistry and volume cost; candidates are ranked by it.
        prototype_of: the training crystal whose structure it is.
    """

    crystal: Crystal
    agreement: float
    score: float
    prototype_of: str


def candidates(
    library: PrototypeLibrary,
    q: Float[ndarray, " peaks"],
    intensity: Float[ndarray, " peaks"],
    formula: dict[int, int],
    atomic_volumes: Float[ndarray, " numbers"],
    count: int = 10,
    wavelength: float = MO_K_ALPHA,
    lattice: Float[ndarray, "3 3"] | None = None,
) -> list[Candidate]:
    """The best candidates, in order of their score; none if no lattice explains the lines.

    Args:
        q: 1 / d of the peaks in 1/A, ascending.
        intensity: any scale.
        formula: amounts by atomic number.
        atomic_volumes: A^3 an atom by atomic number.
        count: at most so many.
        wavelength: A, for the Lorentz-polarisation factor.
        lattice: rows a, b, c in A of the primitive cell, where it is known; no other is tried.

    Raises:
        CrystalNetError: for a lattice that is not of the library's system.
    """
    elements, amounts, _ = reduced(atoms_of(formula))
    formula_volume = float(atomic_volumes[elements] @ amounts)
    q, intensity = merge_peaks(q[:_PEAKS], intensity[:_PEAKS], merged_share(library.system))
    ascending = tuple(sorted(amounts.tolist()))
    orders = [
        tuple(elements[list(order)].tolist())
        for order in itertools.permutations(range(len(elements)))
        if tuple(amounts[list(order)].tolist()) == ascending
    ]
    prototypes = library.of(ascending)
    lines = _Lines(library.system, q, intensity, wavelength, formula_volume)
    if lattice is not None:
        fits = lines.fits(prototypes, orders, _only(library.system, lattice))
    elif library.system == "cubic" or library.system in TWO_NUMBERS:
        fits = lines.fits(prototypes, orders, lattices(library.system, q, formula_volume))
    else:
        fits = lines.fits_of_any_lattice(prototypes, orders, 4 * count)
    fits.sort(key=lambda fit: fit[0], reverse=True)
    ranked = []
    for agreement, cost, chosen, prototype, lattice_of in fits[: 4 * count]:
        far, member = nearest_member(prototype.members, chosen)
        score = agreement - cost - CHEMISTRY * min(far / len(chosen), _FARTHEST)
        ranked.append((score, agreement, chosen, member, lattice_of))
    ranked.sort(key=lambda each: each[0], reverse=True)
    return [
        Candidate(
            _substituted(library, member, chosen, lattice_of),
            agreement,
            score,
            member.crystal.material_id,
        )
        for score, agreement, chosen, member, lattice_of in ranked[:count]
    ]


def _only(
    system: CrystalSystem, lattice: Float[ndarray, "3 3"]
) -> Float[ndarray, "settings numbers"]:
    found = in_every_setting(lattice, system)
    if not len(found):
        raise CrystalNetError(
            f"the lattice {lattice.round(4).tolist()} (A) is not {system}, or not in usual axes"
        )
    return found


# Agreement, what its volume costs, the elements in the prototype's order, numbers of the lattice.
_Fit = tuple[float, float, tuple[int, ...], Prototype, Float[ndarray, " numbers"]]


@dataclass(frozen=True, eq=False)
class _Lines:
    """The lines of a pattern, against prototypes with elements in several orders.

    Attributes:
        q: of merged lines, 1/A.
        formula_volume: A^3.
    """

    system: CrystalSystem
    q: Float[ndarray, " lines"]
    intensity: Float[ndarray, " lines"]
    wavelength: float
    formula_volume: float

    def fits(
        self,
        prototypes: Sequence[Prototype],
        orders: Sequence[tuple[int, ...]],
        found: Float[ndarray, "lattices numbers"],
    ) -> list[_Fit]:
        """Each prototype in the lattices found that are nearest to its own."""
        fits: list[_Fit] = []
        every = volumes(found, self.system)
        for prototype in prototypes if len(found) else []:
            own = prototype.numbers[None]
            ratio = every / volumes(own, self.system) * prototype.volume
            ratio /= self.formula_volume * prototype.units
            near = np.flatnonzero((ratio > _VOLUMES[0]) & (ratio < _VOLUMES[1]))
            shape = distortions(found[near], prototype.numbers, self.system)
            nearest = np.argsort(shape, kind="stable")
            for index in near[nearest[shape[nearest] < _SHAPE]][:_LATTICES]:
                match = self._match(prototype, found[index])
                cost = VOLUME * abs(float(np.log(ratio[index])))
                fits += [(match.agreement(o), cost, o, prototype, found[index]) for o in orders]
        return fits

    def fits_of_any_lattice(
        self, prototypes: Sequence[Prototype], orders: Sequence[tuple[int, ...]], count: int
    ) -> list[_Fit]:
        """The prototypes that are most alike at first sight, each in a lattice fitted to it."""
        observed = Observed.of(self.q, self.intensity)
        alike = []
        for prototype in prototypes:
            ratio = self.formula_volume * prototype.units / prototype.volume
            match = FittedMatch(prototype, self.system, ratio, observed, self.wavelength)
            for order in orders:
                made = match.intensities(order)
                alike.append((*match.likeness(made), made, match, prototype, order))
        alike.sort(key=lambda each: each[0], reverse=True)
        fits: list[_Fit] = []
        for _, factor, made, match, prototype, order in alike[:count]:
            numbers = match.fitted(made, factor)
            volume, own = volumes(np.stack([numbers, prototype.numbers]), self.system)
            ratio = volume / own * prototype.volume / (self.formula_volume * prototype.units)
            agreement = self._match(prototype, numbers).agreement(order)
            cost = VOLUME * abs(float(np.log(ratio)))
            fits.append((agreement, cost, order, prototype, numbers))
        return fits

    def _match(self, prototype: Prototype, numbers: Float[ndarray, " numbers"]) -> "Match":
        return Match(prototype, numbers, self.q**2, self.intensity, self.wavelength)


def _substituted(
    library: PrototypeLibrary,
    member: Member,
    elements: tuple[int, ...],
    numbers: Float[ndarray, " numbers"],
) -> Crystal:
    """A member with other elements in another lattice of its system."""
    crystal = member.crystal
    changed = stretched(crystal.lattice, numbers, library.system)
    new = dict(zip(member.elements, elements, strict=True))
    numbers_of: Int[ndarray, " atoms"] = np.array([new[z] for z in crystal.atomic_numbers.tolist()])
    name = f"{crystal.material_id}, substituted"
    return Crystal(name, changed, numbers_of, crystal.frac_coords)
