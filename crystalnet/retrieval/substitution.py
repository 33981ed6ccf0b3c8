"""Training crystals with the elements of other training crystals: more of what can be learnt from.

A crystal takes the elements of another of the same kind of formula (AB3, say), each in the place of
one of its own of the same amount, and its cell the volume that those elements take. So patterns,
compositions and densities without end follow from known arrangements, and none of them is needed
to be stable. What must not be learnt is refused: a formula and space group of a crystal that is
kept out.
"""

from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Composition

from crystalnet.crystallography.crystal import Crystal
from crystalnet.retrieval.prototypes import amounts_of, reduced

_TRIES = 8


def substitute(
    crystals: Sequence[Crystal],
    groups: Sequence[int],
    volumes: Float[ndarray, " numbers"],
    kept_out: Collection[tuple[str, int]],
    count: int,
    seed: int,
) -> list[tuple[Crystal, str, int]]:
    """New crystals, with their reduced formulas, and which crystal's arrangement each has.

    Args:
        crystals: training crystals alone.
        groups: their space groups by number.
        volumes: A^3 an atom by atomic number.
        kept_out: reduced formulas and space groups that none may have.
        count: how many are wanted; a few less come where kinds of formula have one member.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    kinds: dict[tuple[int, ...], list[int]] = {}
    parts = [reduced(crystal.atomic_numbers) for crystal in crystals]
    for index, crystal in enumerate(crystals):
        kinds.setdefault(amounts_of(crystal.atomic_numbers), []).append(index)
    made: list[tuple[Crystal, str, int]] = []
    for number in range(count):
        index = int(rng.integers(len(crystals)))
        elements, amounts, _ = parts[index]
        alike = kinds[amounts_of(crystals[index].atomic_numbers)]
        for _ in range(_TRIES):
            other_elements, other_amounts, _ = parts[alike[int(rng.integers(len(alike)))]]
            new = _assigned(elements, amounts, other_elements, other_amounts, rng)
            formula = Composition(
                {z: int(n) for z, n in zip(new.tolist(), amounts.tolist(), strict=True)}
            ).reduced_formula
            same = set(new.tolist()) == set(elements.tolist())
            if not same and (formula, groups[index]) not in kept_out:
                crystal = _with_elements(crystals[index], elements, new, volumes)
                made.append((_named(crystal, f"substitute-{number}"), formula, index))
                break
    return made


def _assigned(
    elements: ndarray,
    amounts: ndarray,
    others: ndarray,
    other_amounts: ndarray,
    rng: np.random.Generator,
) -> ndarray:
    """For each element, one of the others of the same amount, drawn."""
    new = np.empty_like(elements)
    for amount in np.unique(amounts):
        new[amounts == amount] = rng.permutation(others[other_amounts == amount])
    return new


def _with_elements(
    crystal: Crystal, elements: ndarray, new: ndarray, volumes: Float[ndarray, " numbers"]
) -> Crystal:
    place = np.searchsorted(elements, crystal.atomic_numbers)
    numbers = new[place]
    ratio = volumes[numbers].sum() / volumes[crystal.atomic_numbers].sum()
    return Crystal(
        crystal.material_id, crystal.lattice * ratio ** (1 / 3), numbers, crystal.frac_coords
    )


def _named(crystal: Crystal, name: str) -> Crystal:
    return Crystal(name, crystal.lattice, crystal.atomic_numbers, crystal.frac_coords)
