"""Orbits with places, and occupations of which only samples are known."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.search.occupations import Occupation


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Orbits with values of their free coordinates.

    Attributes:
        occupation: the orbits.
        parameters: of each orbit.
        residual: weighted R factor of the intensities.
    """

    occupation: Occupation
    parameters: tuple[Float[ndarray, " _"], ...]
    residual: float


@dataclass(frozen=True, eq=False)
class Draft:
    """An occupation with several free orbits, of which only random samples are known.

    Attributes:
        crowded: whether atoms are too near in all of them.
        residual: of the best of them.
        usable: of each orbit the samples whose atoms keep their distance.
        rows: of each orbit the sample, for each of the best ones.
    """

    occupation: Occupation
    crowded: bool
    residual: float
    usable: list[Int[ndarray, " _"]]
    rows: Int[ndarray, "orbits best"]


def pinned(occupation: Occupation) -> list[int]:
    """How many of its last coordinates each orbit gives for the origin: the first one does."""
    polar = len(occupation.group.polar)
    return [polar * (orbit == 0) for orbit in range(len(occupation.places))]
