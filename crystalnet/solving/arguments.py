"""What people give for lattices, elements, formulas, numbers: as it is meant, or one clear line."""

import re
from collections.abc import Iterable, Sequence
from numbers import Integral

import numpy as np
from pymatgen.core import Lattice

from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import closes
from crystalnet.solving.lattice.kinds import KINDS
from crystalnet.solving.settings import USUAL

# Edges of a given lattice in A.
EDGES = (0.5, 100.0)


def symbols(elements: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """Symbols of elements, one each, from a list of them or from "Si,O".

    Raises:
        CrystalNetError: for something else.
    """
    if elements is None:
        return None
    if isinstance(elements, str):
        return tuple(re.split(r"\s*[,;]\s*|\s+", elements.strip()))
    found = tuple(elements) if isinstance(elements, Iterable) else ()
    if not all(isinstance(each, str) for each in found) or not isinstance(elements, Iterable):
        raise CrystalNetError(f"the elements {elements!r}; want symbols such as Si,O")
    return found


def edges(lattice: float | str | Iterable[float] | None) -> tuple[float, ...] | None:
    """Edges in A, from one number, several, or "4.91,5.40".

    Raises:
        CrystalNetError: for something else.
    """
    if lattice is None:
        return None
    try:
        if isinstance(lattice, str):
            return tuple(float(each) for each in lattice.split(","))
        return tuple(float(each) for each in np.atleast_1d(np.asarray(lattice)).tolist())
    except (TypeError, ValueError):
        raise CrystalNetError(
            f"the lattice {lattice!r}; want numbers in A, such as 10.5 or 4.91,5.40"
        ) from None


def edges_wanted() -> str:
    """What a lattice of each system is given by, in words."""
    by_names: dict[tuple[str, ...], list[str]] = {}
    for kind in KINDS.values():
        by_names.setdefault(kind.edges, []).append(kind.system)
    return "; ".join(f"{', '.join(names)} ({', '.join(of)})" for names, of in by_names.items())


def composition(
    formula: str | None, elements: Sequence[str] | None, complete: bool
) -> KnownComposition:
    """What is known of a composition, from what a user says.

    Raises:
        CrystalNetError: for a formula and elements at once, or either that cannot be read.
    """
    if formula is not None and elements is not None:
        raise CrystalNetError(
            f"the formula {formula!r} and the elements {list(elements)} at once; give one of them"
        )
    if formula is not None:
        return KnownComposition.from_formula(formula)
    if elements is not None:
        return KnownComposition.from_elements(elements, complete)
    return KnownComposition((), complete=False)


def a_number(name: str, value: object, kind: type) -> None:
    """Refuse what is no number of a kind.

    Raises:
        CrystalNetError: for something else.
    """
    if isinstance(value, bool) or not isinstance(value, kind):
        wanted = "a whole number" if kind is Integral else "a number"
        raise CrystalNetError(f"the {name} is {value!r}; want {wanted}")


def one_of(name: str, value: str | None, known: Sequence[str]) -> None:
    """Refuse a word that is none of those known.

    Raises:
        CrystalNetError: for another one.
    """
    if value is not None and value not in known:
        raise CrystalNetError(f"the {name} {value!r}; want {' or '.join(known)}")


def check_lattice(lattice: Sequence[float]) -> None:
    """Refuse edges and angles that no lattice of some system has.

    Raises:
        CrystalNetError: with what is wanted of each.
    """
    if not all(EDGES[0] < length < EDGES[1] for length in lattice[:3]):
        raise CrystalNetError(
            f"the lattice {list(lattice)}; want lengths of {EDGES[0]} to {EDGES[1]:.0f} A"
        )
    given = [(kind, kind.free(lattice)) for kind in KINDS.values()]
    cells = [kind.cell(free) for kind, free in given if free is not None]
    cells = [cell for cell in cells if closes(*cell[3:])]
    if not cells:
        raise CrystalNetError(
            f"the lattice {list(lattice)}; want {edges_wanted()}, in A and degrees, or the whole "
            "cell a, b, c, alpha, beta, gamma"
        )
    volume = min(float(Lattice.from_parameters(*cell).volume) for cell in cells)
    if volume > USUAL.lattices.largest_given:
        raise CrystalNetError(
            f"the lattice {list(lattice)} has {volume:.0f} A^3; want at most "
            f"{USUAL.lattices.largest_given:.0f}: larger cells are not solved"
        )
