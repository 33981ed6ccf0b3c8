"""The space groups that a map has, and its origin in each.

A map of flipping is in P1 and anywhere. It is compared with itself, turned and shifted: of each
rotation all shifts at once, by one transform (as L. Palatinus and A. van der Lee do, doi
10.1107/S0021889808028185), and the origin of a group is where all its operations agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.solving.flipping.reflections import Reflections
from crystalnet.solving.symmetry.frames import Frame


@dataclass(frozen=True, eq=False)
class FramedMap:
    """A map made symmetric by a group.

    Attributes:
        frame: the group and its axes.
        amplitude: structure factors about the group's origin, made equal where it makes them so.
        agreement: correlation of the map with itself under the operations, 1 at best.
    """

    frame: Frame
    amplitude: Complex[ndarray, " hkl"]
    agreement: float


class MapSymmetry:
    """What a map has of symmetry."""

    def __init__(
        self,
        reflections: Reflections,
        amplitude: Complex[ndarray, " hkl"],
        primitive: Float[ndarray, "3 3"],
    ) -> None:
        """Take a map.

        Args:
            amplitude: its structure factors.
            primitive: rows of the cell in A.
        """
        self._reflections, self._amplitude = reflections, amplitude
        self._primitive = primitive
        self._square = float((np.abs(amplitude) ** 2).sum())
        self._correlations: dict[bytes, Float[ndarray, "n m k"]] = {}
        self._points = points_of(reflections.shape)

    def agreement(self, frame: Frame) -> tuple[float, Float[ndarray, " 3"]]:
        """How well the map agrees with itself under a group, and the group's origin in the map."""
        turns, shifts = primitive_operations(frame, self._primitive)
        shape = np.array(self._reflections.shape)
        total = np.zeros(len(self._points))
        for turn, shift in zip(turns, shifts, strict=True):
            if (turn == np.eye(3)).all():
                continue
            # What is at s + x goes to s + R x + t.
            moved = self._points - np.rint(
                (self._points / shape) @ turn.T * shape - shift * shape
            ).astype(np.int64)
            i, j, k = (moved % shape).T
            total += self._correlation(turn)[i, j, k]
        others = max(len(turns) - 1, 1)
        best = int(np.rint(total / others * 1e6).argmax())
        return float(total[best] / others), self._points[best] / shape

    def framed(self, frame: Frame, origin: Float[ndarray, " 3"], agreement: float) -> FramedMap:
        """The map about an origin, with the mean of what the operations make of it."""
        turns, shifts = primitive_operations(frame, self._primitive)
        hkl = self._reflections.hkl
        about = self._amplitude * np.exp(-2j * np.pi * (hkl @ origin))
        total = np.zeros_like(about)
        for turn, shift in zip(turns, shifts, strict=True):
            total += self._reflections.turned(about, turn) * np.exp(2j * np.pi * (hkl @ shift))
        return FramedMap(frame, total / len(turns), agreement)

    def _correlation(self, turn: Int[ndarray, "3 3"]) -> Float[ndarray, "n m k"]:
        """Of the map with itself turned, for every shift."""
        if turn.tobytes() not in self._correlations:
            turned = self._reflections.turned(self._amplitude, turn)
            product = self._amplitude * np.conj(turned)
            self._correlations[turn.tobytes()] = self._reflections.map(product) / self._square
        return self._correlations[turn.tobytes()]

    def likely(self, frames: Sequence[Frame], share: float, most: int) -> list[FramedMap]:
        """The groups that the map has best, the larger ones of those that agree alike first.

        Args:
            share: of the best agreement, from which on a group is taken.
            most: groups returned.
        """
        found = [(frame, *self.agreement(frame)) for frame in frames]
        best = max((each[1] for each in found if len(each[0].group.rotations) > 1), default=1.0)
        found = [
            (frame, agreement, origin)
            for frame, agreement, origin in found
            if agreement > share * best or len(frame.group.rotations) == 1
        ]
        # A group has the agreement of its subgroups, or less.
        worth = [
            round(agreement * np.log1p(len(frame.group.rotations)), 6)
            for frame, agreement, _ in found
        ]
        order = sorted(range(len(found)), key=lambda i: -worth[i])[:most]
        return [self.framed(found[i][0], found[i][2], found[i][1]) for i in order]


def primitive_operations(
    frame: Frame, primitive: Float[ndarray, "3 3"]
) -> tuple[Int[ndarray, "operations 3 3"], Float[ndarray, "operations 3"]]:
    """Rotations and translations of a frame's group in a primitive cell."""
    change = frame.cell @ np.linalg.inv(primitive)
    back = np.linalg.inv(change)
    turns = np.rint(change.T @ frame.group.rotations @ back.T).astype(np.int64)
    return turns, frame.group.translations @ change


def points_of(shape: tuple[int, ...]) -> Int[ndarray, "points 3"]:
    """The points of a grid of some shape, the last index running fastest."""
    return np.indices(shape).reshape(3, -1).T
