"""Preferred orientation of the grains of a powder, by March and Dollase.

W. A. Dollase, J. Appl. Cryst. 19, 267 (1986), doi 10.1107/S0021889886089458.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float
from numpy import ndarray

# Directions of small indices, of both signs one: grains cleave and grow along planes of these.
ONE = (1, 0, -1)
LOW_INDICES = tuple(each for each in product(ONE, ONE, ONE) if each > (0, 0, 0))


@dataclass(frozen=True, eq=False)
class Texture:
    """Grains that lie with the planes of one direction in the surface of the sample, or across it.

    Attributes:
        direction: hkl of these planes.
        cosine_squared: of the angle between it and each reflection. Where symmetry makes
            reflections one, each of them is a member.
    """

    direction: tuple[int, int, int]
    cosine_squared: Float[ndarray, "members reflections"]

    @classmethod
    def about(
        cls,
        direction: tuple[int, int, int],
        lattice: Float[ndarray, "3 3"],
        vectors: Float[ndarray, "members reflections 3"],
    ) -> "Texture":
        """About a direction hkl.

        Args:
            lattice: rows a, b, c in A of the cell that the direction is given in.
            vectors: of the reflections in reciprocal space, 1/A, none of them zero.
        """
        axis = np.array(direction) @ np.linalg.inv(lattice).T
        cosine = vectors @ axis / np.linalg.norm(vectors, axis=-1) / np.linalg.norm(axis)
        return cls(direction, np.minimum(cosine**2, 1.0))

    def factor(self, march: float) -> Float[ndarray, " reflections"]:
        """What intensities are multiplied by: the mean over members; over all directions it is 1.

        Args:
            march: r; below 1 for plates, above 1 for needles, 1 for no texture.
        """
        return np.asarray((self._base(march) ** -1.5).sum(axis=0) / len(self.cosine_squared))

    def slope(self, march: float) -> Float[ndarray, " reflections"]:
        """The derivative of the factor by r."""
        c = self.cosine_squared
        slope = -1.5 * self._base(march) ** -2.5 * (2 * march * c - (1 - c) / march**2)
        return np.asarray(slope.sum(axis=0) / len(c))

    def _base(self, march: float) -> Float[ndarray, "members reflections"]:
        c = self.cosine_squared
        return np.asarray(march**2 * c + (1 - c) / march)
