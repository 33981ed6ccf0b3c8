"""The sources of structures: symmetry, charge flipping, known ones, elements exchanged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from pymatgen.core import Composition, Element

from crystalnet.crystallography.crystal import Crystal
from crystalnet.predicting.learned import known_in, prototypes_of
from crystalnet.retrieval.known import Known
from crystalnet.solving.attempt import Attempt
from crystalnet.solving.candidate import Structure
from crystalnet.solving.flipping.flipped_structures import flipped_structures
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.ranking import in_rank_order
from crystalnet.solving.search.analogues import analogues
from crystalnet.solving.search.exchange import exchanged
from crystalnet.solving.search.known_structures import known_structures
from crystalnet.solving.search.symmetric_search import search
from crystalnet.solving.symmetry.conventional import space_group_of


def by_symmetry(attempt: Attempt, order: int) -> None:
    """Go through the Wyckoff positions of a lattice, the likeliest contents first.

    Of lattices that are less likely these alone, and only if nothing has explained the pattern.
    """
    lattice = attempt.lattices[order]
    contents = attempt.contents(lattice)
    together = attempt.plan.together
    for start in range(0, len(contents) if order == 0 else min(len(contents), 1), together):
        if attempt.budget.over() or ((order or start) and attempt.explained()):
            break
        some = contents[start : start + together]
        effort = attempt.effort_for(order + start // together)
        work = int(effort * attempt.settings.search.work)
        what = f"{lattice.system} {lattice.centring}: {', '.join(map(_formula, some))}"
        attempt.budget.doing = f"{what} by symmetry"
        crystals = search(
            attempt.measured,
            some,
            lattice,
            number=attempt.space_group,
            work=work,
            seed=attempt.seed,
            budget=attempt.budget,
            settings=attempt.settings,
        )
        attempt.take((Structure(crystal, lattice) for crystal in crystals), lattice)
        attempt.progress(
            f"{lattice.system} {lattice.centring}: {len(crystals)} structures of "
            f"{', '.join(map(_formula, some))} by symmetry"
        )


def by_flipping(attempt: Attempt, order: int) -> None:
    """Make maps of the likeliest contents of a lattice, and take atoms from them."""
    lattice = attempt.lattices[order]
    contents = attempt.contents(lattice)
    maps = math.ceil(attempt.effort_for(order) * attempt.settings.flipping.maps)
    if not contents or not maps or attempt.budget.over():
        return
    likely = contents[: attempt.settings.flipping.contents if order == 0 else 1]
    what = f"{lattice.system} {lattice.centring}: {', '.join(map(_formula, likely))}"
    attempt.budget.doing = f"{what} by charge flipping"
    crystals = flipped_structures(
        attempt.measured, likely, lattice, maps=maps, number=attempt.space_group, seed=attempt.seed,
        budget=attempt.budget, settings=attempt.settings,
    )  # fmt: skip
    attempt.take((Structure(crystal, lattice) for crystal in crystals), lattice)
    attempt.progress(f"{what}: {len(crystals)} structures by charge flipping")


def by_analogy(attempt: Attempt, order: int) -> None:
    """Take known structures, as they are and with the elements of the likeliest formulas."""
    for system in attempt.lattices[order].crystal_systems:
        known = known_in(system)
        if known is not None and not attempt.budget.over():
            _by_analogy(attempt, attempt.lattices[order], system, known)


def exchange(attempt: Attempt) -> None:
    """Exchange elements of the best structures where the pattern agrees better for it.

    Elements with nearly as many electrons stand on each other's sites in whatever is found
    first; with all else in place the small differences tell.
    """
    best = in_rank_order(attempt.found, attempt.settings.ranking)[: attempt.plan.exchanged]
    for each in best:
        if attempt.budget.over():
            break
        structure = each.structure
        attempt.budget.doing = f"exchange of elements in {_formula_of(structure.crystal)}"
        better = exchanged(structure.crystal, attempt.measured, structure.lattice, attempt.settings)
        if better is not None:
            attempt.take([replace(structure, crystal=better)], structure.lattice)


def _by_analogy(attempt: Attempt, lattice: IndexedLattice, system: str, known: Known) -> None:
    attempt.budget.doing = f"known structures in {lattice.system} {lattice.centring}"
    if attempt.known.amounts is None:
        found = known_structures(
            attempt.measured, attempt.known, lattice, known, attempt.budget,
            attempt.settings.analogues, attempt.settings.agreement,
        )  # fmt: skip
        _take_known(attempt, found, lattice, "as they are")
    for formula in _formulas(attempt, lattice):
        if attempt.budget.over() or (attempt.known.amounts is None and attempt.explained()):
            break
        library = prototypes_of(system, tuple(sorted(formula.values())))
        if library is not None:
            found = analogues(attempt.measured, formula, lattice, library, known, attempt.settings)
            _take_known(attempt, found, lattice, f"with the elements of {_formula(formula)}")


def _take_known(
    attempt: Attempt, found: Sequence[tuple[Crystal, str]], lattice: IndexedLattice, how: str
) -> None:
    taken = attempt.take(
        (
            Structure(crystal, lattice, name)
            for crystal, name in found
            if attempt.space_group in (None, space_group_of(crystal)[0])
        ),
        lattice,
    )
    attempt.progress(
        f"{lattice.system} {lattice.centring}: {taken} structures from known ones {how}"
    )


def _formulas(attempt: Attempt, lattice: IndexedLattice) -> list[dict[int, int]]:
    """Of the likeliest contents of a cell, each once; that which is known, if it is."""
    if attempt.known.amounts is not None:
        return [dict(zip(attempt.known.elements, attempt.known.amounts, strict=True))]
    formulas: list[dict[int, int]] = []
    for counts in attempt.contents(lattice):
        unit = math.gcd(*counts.values())
        formula = {z: count // unit for z, count in counts.items()}
        if formula not in formulas:
            formulas.append(formula)
    return formulas[: attempt.settings.analogues.formulas]


def _formula_of(crystal: Crystal) -> str:
    numbers, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    return _formula(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))


def _formula(counts: Mapping[int, int]) -> str:
    cell = Composition({Element.from_Z(z): n for z, n in counts.items()})
    return str(cell.formula).replace(" ", "")
