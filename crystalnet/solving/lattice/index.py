"""Indexing: the lattice of a crystal from the positions of its powder lines.

Low lines are given small indices in every way there is, which makes as many parameters as the kind
of lattice has (one if it is cubic, two if it is trigonal); every start is compared with the first
lines at once, and the best are refined with more and more lines and scored (`score`).
"""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds import KINDS, kind_of
from crystalnet.solving.lattice.lines import Lines
from crystalnet.solving.lattice.score import LatticeFit, fit_lattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.ties import tied

# The largest shares of lines, and of intensity, that may stay unexplained.
UNEXPLAINED = 0.1
# By how much (natural logarithm) lines must be more probable with a lattice than anywhere.
EVIDENCE = 3.0
# Lattices that differ by less than this share in every edge are one.
SAME = 5e-3
# Scores, and logarithms of volumes, that differ by no more than this are equal.
SAME_SCORE, SAME_VOLUME = 1e-6, 1e-6


def index(
    peaks: MeasuredPeaks,
    systems: Sequence[str] = tuple(KINDS),
    tolerance: float = 0.05,
    most: int = 10,
) -> list[IndexedLattice]:
    """Lattices that explain the positions of peaks, the most probable first.

    Where several lattices explain all peaks equally, how frequent each is among crystals decides.
    Up to 10 % of the lines, of up to 10 % of the intensity, may be those of impurities. Some
    lattices have the same lines (say cubic I and a P of 1 / sqrt 2 its edge, up to N = 6): all are
    returned.

    Args:
        peaks: a measured pattern's.
        systems: those to try.
        tolerance: what 99 of 100 errors of position stay within, in degrees 2-theta.
        most: lattices returned.

    Raises:
        CrystalNetError: for too few significant peaks, or if no lattice fits.
    """
    lines = Lines.of(peaks, tolerance)
    kinds = [kind_of(system) for system in systems]
    tried = [kind for kind in kinds if len(lines.q) >= kind.fewest_lines]
    if not tried:
        needed = " or ".join(f"{each.fewest_lines} for a {each.system} lattice" for each in kinds)
        raise CrystalNetError(
            f"{len(lines.q)} significant peaks; want at least {needed}, so measure a wider range"
        )
    fits: list[LatticeFit] = []
    for kind in tried:
        for centring in kind.centrings:
            for start in kind.starts(centring, lines):
                fit = fit_lattice(kind.system, centring, start, lines)
                if fit is not None and _acceptable(fit, lines):
                    fits.append(fit)
    lattices = _distinct([fit for fit in fits if fit.score > EVIDENCE], most)
    if not lattices:
        names = " or ".join(kind.system for kind in tried)
        raise CrystalNetError(
            f"no {names} lattice fits the {len(lines.q)} first significant peaks "
            f"within {tolerance} degrees 2-theta; check wavelength and positions, or give the "
            "lattice"
        )
    return lattices


def with_peaks(
    lattices: Sequence[IndexedLattice],
    peaks: MeasuredPeaks,
    tolerance: float = 0.05,
    unexplained: float = UNEXPLAINED,
) -> list[IndexedLattice]:
    """Given lattices refined against peaks, the one whose absences fit best first.

    Args:
        tolerance: of the positions, in degrees 2-theta.
        unexplained: lattices that leave more than this share of the intensity are left out.

    Raises:
        CrystalNetError: if none stays.
    """
    lines = Lines.of(peaks, tolerance)
    fits = []
    for each in lattices:
        start = kind_of(each.system).parameters_of(each.edges)
        fit = fit_lattice(each.system, each.centring, start, lines)
        if fit is not None and lines.share[~fit.explained].sum() <= unexplained:
            fits.append(fit)
    if not fits:
        edges = ", ".join(sorted({_told(each) for each in lattices}))
        raise CrystalNetError(
            f"no lattice of {edges} A explains the {len(lines.q)} first significant peaks; check "
            "the edges and the wavelength"
        )
    return [fit.lattice() for fit in _in_order(fits)]


def _told(lattice: IndexedLattice) -> str:
    names = kind_of(lattice.system).edges
    return ", ".join(f"{n} = {edge:g}" for n, edge in zip(names, lattice.edges, strict=True))


def _acceptable(fit: LatticeFit, lines: Lines) -> bool:
    stray = ~fit.explained
    return bool(
        stray.sum() <= max(1, UNEXPLAINED * len(stray)) and lines.share[stray].sum() <= UNEXPLAINED
    )


def _in_order(fits: Sequence[LatticeFit]) -> list[LatticeFit]:
    """The most probable first; of equals the one of the smallest cell, then the first tried."""
    score = np.array([-fit.score for fit in fits])
    volume = np.array([np.log(np.linalg.det(fit.lattice().primitive)) for fit in fits])
    return [fits[k] for k in np.lexsort((tied(volume, SAME_VOLUME), tied(score, SAME_SCORE)))]


def _distinct(fits: list[LatticeFit], most: int) -> list[IndexedLattice]:
    """The best fits, without those whose primitive cell another has."""
    kept: list[IndexedLattice] = []
    metrics: list[ndarray] = []
    for fit in _in_order(fits):
        lattice = fit.lattice()
        metric = lattice.primitive @ lattice.primitive.T
        scale = np.abs(metric).max()
        if all(np.abs(metric - other).max() > 2 * SAME * scale for other in metrics):
            kept.append(lattice)
            metrics.append(metric)
        if len(kept) == most:
            break
    return kept
