"""The lattices to solve a pattern in: about those that were given, or from its peaks alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice, System, conventional_lattices
from crystalnet.solving.lattice.index import index, with_peaks
from crystalnet.solving.pattern.measured import MeasuredPeaks

# Peaks above which share of the strongest are to be explained, within how many degrees: first all
# of them, then without those that impurities may have.
TRIALS = ((0.0, 0.05), (0.05, 0.05), (0.05, 0.1), (0.1, 0.1))
# What is given as a lattice is right to this share: edges are often rounded.
GIVEN_WITHIN = 0.01
# How near its lines are to the peaks, in degrees, and what share of the intensity may be of others:
# more of either if the crystal is distorted, or not alone.
GIVEN_TRIALS = ((0.05, 0.1), (0.1, 0.1), (0.3, 0.1), (0.05, 0.5))


def given_lattices(
    system: System, lattice: Sequence[float], peaks: MeasuredPeaks
) -> list[IndexedLattice]:
    """Lattices of about the edges that were given, refined by the peaks, for each centring.

    Raises:
        CrystalNetError: if none within 1 % explains the peaks.
    """
    reason: CrystalNetError | None = None
    scales = np.linspace(1 - GIVEN_WITHIN, 1 + GIVEN_WITHIN, 41)
    for tolerance, others in GIVEN_TRIALS:
        for scale in sorted(scales, key=lambda s: abs(s - 1)):
            edges = [float(scale) * edge for edge in lattice]
            try:
                return with_peaks(conventional_lattices(system, *edges), peaks, tolerance, others)
            except CrystalNetError as error:
                reason = reason or error
    assert reason is not None
    raise reason


def find_lattices(peaks: MeasuredPeaks, systems: Sequence[System]) -> list[IndexedLattice]:
    """Lattices from peaks; where none fits them all, from the stronger ones.

    Raises:
        CrystalNetError: if none fits the strongest either.
    """
    reason: CrystalNetError | None = None
    for share, tolerance in TRIALS:
        strong = peaks.intensity >= share * peaks.intensity.max()
        some = replace(peaks, two_theta=peaks.two_theta[strong], intensity=peaks.intensity[strong])
        try:
            return index(some, tuple(systems), tolerance)
        except CrystalNetError as error:
            reason = reason or error
    assert reason is not None
    raise reason
