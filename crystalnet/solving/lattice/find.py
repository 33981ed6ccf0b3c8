"""The lattices to solve a pattern in, from its peaks alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.distinct import distinct
from crystalnet.solving.lattice.index import fits_of, kinds_for
from crystalnet.solving.lattice.kinds import KINDS, lattices_of
from crystalnet.solving.lattice.lines import Lines
from crystalnet.solving.lattice.score import LatticeFit
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

    How it is done, and what the figures of merit are: `crystalnet.solving.lattice.index`.

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


def find_lattices(
    peaks: MeasuredPeaks,
    systems: Sequence[str] = tuple(KINDS),
    settings: LatticeSettings = USUAL.lattices,
    most: int = 10,
) -> list[IndexedLattice]:
    """The lattices that explain the positions of peaks, the most probable first.

    Where none explains them all, from the stronger ones or with larger errors, or on less evidence.
    Where several explain all peaks equally, how frequent each is among crystals decides. Some
    lattices have the same lines (say cubic I and a P of 1 / sqrt 2 its edge, up to N = 6): all are
    returned.

    Args:
        systems: kinds of lattice to try.
        most: lattices returned.

    Raises:
        CrystalNetError: for too few significant peaks, or if no lattice fits the strongest either.
    """
    first: tuple[Lines, list[LatticeFit]] | None = None
    done: set[tuple[int, float]] = set()
    for share, tolerance in settings.trials:
        strong = peaks.intensity >= share * peaks.intensity.max(initial=0.0)
        some = replace(peaks, two_theta=peaks.two_theta[strong], intensity=peaks.intensity[strong])
        lines = Lines.of(some, tolerance, settings)
        # Stronger lines that are all lines say nothing new.
        if first is not None and (
            (len(lines.q), tolerance) in done or not kinds_for(lines, systems)
        ):
            continue
        done.add((len(lines.q), tolerance))
        fits = fits_of(lines, systems, settings)
        first = first or (lines, fits)
        evident = [fit for fit in fits if fit.score > settings.evidence]
        if evident:
            return distinct(evident, most, settings)
    assert first is not None
    lines, fits = first
    enough = settings.weak[0] - settings.weak[1] * len(lines.q)
    evident = [fit for fit in fits if fit.score > enough]
    if not evident:
        raise CrystalNetError(_nothing(lines, systems, settings))
    return distinct(evident, most, settings)


def _nothing(lines: Lines, systems: Sequence[str], settings: LatticeSettings) -> str:
    """What was tried in vain, and what to measure."""
    names = " or ".join(kind.system for kind in kinds_for(lines, systems))
    lowest, highest = lines.two_theta[[0, -1]]
    (_, closest), (share, farthest) = settings.trials[0], settings.trials[-1]
    return (
        f"no {names} lattice fits the {len(lines.q)} first significant peaks, {lowest:.2f} to "
        f"{highest:.2f} degrees 2-theta, within {closest:g} degrees, nor those of "
        f"{100 * share:g} % of the strongest and more within {farthest:g}; check wavelength and "
        "zero point, measure the low angles with an internal standard, take out lines of other "
        "phases, or give the lattice"
    )
