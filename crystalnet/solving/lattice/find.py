"""The lattices to solve a pattern in: about those that were given, or from its peaks alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice, conventional_lattices
from crystalnet.solving.lattice.index import index, with_peaks
from crystalnet.solving.lattice.kinds import KINDS, kind_of, lattices_of
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.settings import USUAL, LatticeSettings


def index_lattice(
    two_theta: Sequence[float] | Float[ndarray, " peaks"],
    wavelength: float | str,
    intensity: Sequence[float] | Float[ndarray, " peaks"] | None = None,
    systems: str | Sequence[str] | None = None,
) -> list[IndexedLattice]:
    """The lattices that explain the positions of powder peaks, the likeliest first.

    How it is done, and what `figure_of_merit` is: `crystalnet.solving.lattice.index`.

        >>> from crystalnet import index_lattice
        >>> best = index_lattice([27.37, 31.70, 45.45, 53.87, 56.47], 1.5406, systems="cubic")[0]
        >>> best.system, best.centring, round(best.a, 2)
        ('cubic', 'F', 5.64)
        >>> best.primitive.round(2)
        array([[0.  , 2.82, 2.82],
               [2.82, 0.  , 2.82],
               [2.82, 2.82, 0.  ]])

    Args:
        two_theta: degrees, in any order; all peaks of the range that they span.
        wavelength: A, or a name such as "CuKa1".
        intensity: areas on any scale; strong peaks must be explained, weak ones may be of
            something else. Without it all are equal.
        systems: crystal systems such as "cubic", one or several; None is for all seven. Trigonal
            crystals may have a hexagonal lattice: both are tried for them.

    Returns:
        Lattices with their centring, cell parameters, and rows a, b, c in A of the primitive cell.

    Raises:
        CrystalNetError: for positions that are no angles, a system that is not known, too few
            peaks, or where no lattice fits.
    """
    places = _numbers("two_theta", two_theta)
    areas = np.ones_like(places) if intensity is None else _numbers("intensity", intensity)
    if not len(places) or not ((places > 0) & (places < 180)).all():
        raise CrystalNetError(
            f"peaks at {places.tolist()} degrees 2-theta; want some, between 0 and 180"
        )
    wanted = tuple(KINDS) if systems is None else systems
    named = [wanted] if isinstance(wanted, str) else wanted
    tried = list(dict.fromkeys(kind for each in named for kind in lattices_of(each)))
    # A list ends with its last peak, which must count.
    margin = USUAL.peaks.margin
    ends = (max(0.0, float(places.min()) - margin), min(180.0, float(places.max()) + margin))
    peaks = MeasuredPeaks(places, areas, radiation(wavelength).wavelength, ends)
    return find_lattices(peaks, tried)


def _numbers(name: str, values: Sequence[float] | ndarray) -> Float[ndarray, " values"]:
    try:
        found: ndarray = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty((0, 0))
    if found.ndim != 1:
        raise CrystalNetError(f"{name} is {values!r}; want a list of numbers, one for each peak")
    return found


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
                return with_peaks(every, peaks, tolerance, others)
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


def find_lattices(
    peaks: MeasuredPeaks, systems: Sequence[str], settings: LatticeSettings = USUAL.lattices
) -> list[IndexedLattice]:
    """Lattices from peaks; where none fits them all, from the stronger ones, or on less evidence.

    Raises:
        CrystalNetError: if none fits the strongest either.
    """
    reason: CrystalNetError | None = None
    for share, tolerance, weak in (
        *((*trial, False) for trial in settings.trials),
        (*settings.trials[0], True),
    ):
        strong = peaks.intensity >= share * peaks.intensity.max()
        some = replace(peaks, two_theta=peaks.two_theta[strong], intensity=peaks.intensity[strong])
        try:
            return index(some, tuple(systems), tolerance, weak=weak, settings=settings)
        except CrystalNetError as error:
            reason = reason or error
    assert reason is not None
    raise reason
