"""Lattices about edges that somebody gives."""

from collections.abc import Sequence

import numpy as np

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.lattice.distinct import in_score_order
from crystalnet.solving.lattice.kinds import kind_of
from crystalnet.solving.lattice.lines import Lines
from crystalnet.solving.lattice.score import refined_lattices, score_lattice
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL, LatticeSettings


def given_lattices(
    systems: Sequence[str],
    lattice: Sequence[float],
    peaks: MeasuredPeaks,
    settings: LatticeSettings = USUAL.lattices,
) -> list[IndexedLattice]:
    """Lattices of about the edges that were given, refined by the peaks, for each centring.

    Args:
        systems: kinds of lattice.
        lattice: the free cell parameters of each, in A and degrees, or a, b, c, or all six.

    Raises:
        CrystalNetError: if none within 1 % explains the peaks.
    """
    free = {system: kind_of(system).free(lattice) for system in systems}
    given = {system: edges for system, edges in free.items() if edges is not None}
    reason: CrystalNetError | None = None
    scales = np.linspace(1 - settings.given_within, 1 + settings.given_within, 41)
    for tolerance, others in settings.given_trials:
        for scale in sorted(scales, key=lambda s: abs(s - 1)):
            try:
                every = [
                    lattice
                    for system, edges in given.items()
                    for lattice in conventional_lattices(system, *_scaled(system, edges, scale))
                ]
                return with_peaks(every, peaks, tolerance, others, settings)
            except CrystalNetError as error:
                reason = reason or error
    assert reason is not None
    raise reason


def _scaled(system: str, edges: Sequence[float], scale: float) -> list[float]:
    """Edges that are longer by a factor; angles stay."""
    return [
        float(scale) * edge if len(name) == 1 else edge
        for name, edge in zip(kind_of(system).edges, edges, strict=True)
    ]


def with_peaks(
    lattices: Sequence[IndexedLattice],
    peaks: MeasuredPeaks,
    tolerance: float = 0.05,
    unexplained: float = USUAL.lattices.unexplained,
    settings: LatticeSettings = USUAL.lattices,
) -> list[IndexedLattice]:
    """Given lattices refined against peaks, the one whose absences fit best first.

    Args:
        tolerance: of the positions, in degrees 2-theta.
        unexplained: lattices that leave more than this share of the intensity are left out.

    Raises:
        CrystalNetError: if none stays.
    """
    lines = Lines.of(peaks, tolerance, settings)
    fits = []
    for each in lattices:
        start = kind_of(each.system).parameters_of(each.edges)[None]
        for parameters, zero in zip(
            *refined_lattices(each.system, each.centring, start, lines, settings), strict=True
        ):
            fit = score_lattice(
                each.system, each.centring, parameters, float(zero), lines, settings
            )
            if fit is not None and lines.share[~fit.explained].sum() <= unexplained:
                fits.append(fit)
    if not fits:
        edges = ", ".join(sorted({_told(each) for each in lattices}))
        raise CrystalNetError(
            f"no lattice of {edges} explains the {len(lines.q)} first significant peaks; check "
            "the edges and the wavelength"
        )
    return [fit.lattice() for fit in in_score_order(fits)]


def _told(lattice: IndexedLattice) -> str:
    names = kind_of(lattice.system).edges
    return ", ".join(
        f"{n} = {edge:g}" + (" A" if len(n) == 1 else " degrees")
        for n, edge in zip(names, lattice.edges, strict=True)
    )
