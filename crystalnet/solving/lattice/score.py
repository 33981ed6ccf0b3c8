"""How well a lattice explains the positions of powder lines, and its edges by least squares.

The score is a logarithm of probabilities. A line of the lattice is seen or not, and what share of a
family is seen is unknown beforehand: were all shares equally probable, a family of n lines of which
k are seen would count 1 / ((n + 1) binomial(n, k)), and to see all or none is more probable than
that. The error of a line that is explained is normal; one that is not explained lies anywhere.
That is what makes the smallest cell whose lines are all there come first, whereas de Wolff's M_N,
which goes with it, knows only the mean error and the number of lines.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from crystalnet.solving.lattice.absences import chance_of_absences
from crystalnet.solving.lattice.cells import IndexedLattice, lattice_lines, primitive_lattice
from crystalnet.solving.lattice.compiled import CENTRINGS, determinant, refined
from crystalnet.solving.lattice.kinds import KINDS, kind_of
from crystalnet.solving.lattice.kinds.lattice_kind import POINTS, Centring
from crystalnet.solving.lattice.lines import SAME_PLACE, Lines
from crystalnet.solving.settings import USUAL, LatticeSettings
from crystalnet.solving.ties import in_order

# Figures of merit: the number of lines, and mean errors (1/A^2, degrees) below which none is told.
MOST_MERITED, EXACT_Q, EXACT_ANGLE = 20, 1e-9, 1e-5


@dataclass(frozen=True, eq=False)
class LatticeFit:
    """A lattice fitted to lines.

    Attributes:
        parameters: of its kind, in 1/A^2.
        zero_shift: degrees 2-theta.
        score: logarithm of how probable the lines are, relative to lines anywhere.
        width: standard deviation of the errors of the lines explained, in degrees.
        m_n: de Wolff's figure of merit.
        f_n: Smith and Snyder's.
        explained: which lines are.
    """

    system: str
    centring: Centring
    parameters: Float[ndarray, " parameters"]
    zero_shift: float
    score: float
    width: float
    m_n: float
    f_n: float
    explained: Bool[ndarray, " lines"]

    def lattice(self) -> IndexedLattice:
        """As users see it."""
        kind = kind_of(self.system)
        edges = kind.standard(self.centring, kind.edges_of(self.parameters))
        return IndexedLattice(
            self.system,
            self.centring,
            edges,
            primitive_lattice(self.system, self.centring, *edges),
            self.m_n,
            self.f_n,
            min(MOST_MERITED, int(self.explained.sum())),
            int((~self.explained).sum()),
            self.zero_shift,
        )


def refined_lattices(
    system: str,
    centring: Centring,
    starts: Float[ndarray, "starts parameters"],
    lines: Lines,
    settings: LatticeSettings = USUAL.lattices,
) -> tuple[Float[ndarray, "kept parameters"], Float[ndarray, " kept"]]:
    """Parameters and zero shifts in degrees by least squares, with more and more lines.

    Those are left out that have far more lines than are seen, or explain too few to be fitted.
    """
    kind = kind_of(system)
    parameters, zeros, good = refined(
        starts,
        kind.metric,
        kind.laue,
        CENTRINGS[centring],
        lines.q,
        lines.two_theta,
        lines.wavelength,
        lines.sigma,
        settings.zero_sigma,
        settings.start_error,
        np.array(settings.used),
        np.array(settings.windows) * lines.sigma,
        settings.most_predicted,
    )
    return parameters[good], zeros[good]


def score_lattice(
    system: str,
    centring: Centring,
    parameters: Float[ndarray, " parameters"],
    zero: float,
    lines: Lines,
    settings: LatticeSettings = USUAL.lattices,
) -> LatticeFit | None:
    """The score of a lattice as it is; None if it has far more lines than are seen."""
    kind = kind_of(system)
    hkl, q = lattice_lines(system, centring, parameters, lines.q[-1] * 1.05)
    if not 2 <= len(q) <= settings.most_predicted * max(len(lines.q), 8):
        return None
    order, predicted, seen, error = _near(hkl, q, zero, lines)
    hkl, q = hkl[order], q[order]
    explained = np.abs(error) <= settings.window_sigmas * lines.sigma
    # One line of the lattice explains one line, the nearest, of two as near the first.
    nearest = in_order(np.abs(error), SAME_PLACE)
    _, once = np.unique(seen[nearest], return_index=True)
    single = np.zeros(len(seen), dtype=bool)
    single[nearest[once]] = True
    explained &= single
    # The lattice's lines between the ends of the range.
    inside = (predicted >= lines.first) & (predicted <= lines.last + lines.sigma)
    hit = np.zeros(len(predicted), dtype=bool)
    hit[seen[explained]] = True
    inside |= hit
    # Relative to lines anywhere, at the density seen.
    spacing = (lines.last - lines.first) / len(lines.q)
    squared = error[explained] ** 2
    width = np.sqrt((squared.sum() + lines.sigma**2) / (len(squared) + 1))
    width = np.clip(width, settings.smallest_sigma * lines.sigma, 2 * lines.sigma)
    normal = np.log(spacing / (np.sqrt(2 * np.pi) * width)) - squared / (2 * width**2)
    stray = np.log(settings.impurities) - settings.strong * lines.share[~explained]
    families = kind.families(centring, hkl[inside])
    unseen = np.where(kind.often_unseen(centring), settings.often_unseen, settings.rarely_unseen)
    near = settings.tolerance_sigmas * lines.sigma
    absences = chance_of_absences(
        families, unseen, settings.all_seen, predicted[inside], hit[inside], near
    )
    score = normal.sum() + stray.sum() + absences
    score -= zero**2 / (2 * settings.zero_sigma**2) + settings.parameter_cost * len(parameters)
    score += _prior(centring, system, parameters, settings)
    merits = _merits(q, predicted, seen, zero, explained, lines)
    return LatticeFit(
        system, centring, parameters, zero, float(score), float(width), *merits, explained
    )


def _prior(
    centring: Centring,
    system: str,
    parameters: Float[ndarray, " parameters"],
    settings: LatticeSettings,
) -> float:
    """Logarithm of how frequent lattices of that centring and volume are among crystals."""
    kind = kind_of(system)
    volume = 1 / np.sqrt(determinant(kind.metric @ parameters)) / POINTS[centring]
    usual = kind.frequencies[centring]
    if not usual.least <= volume <= settings.largest:
        return float(np.log(settings.beyond))
    standard = (np.log(volume) - usual.mean) / usual.deviation
    known = usual.share * np.exp(-(standard**2) / 2) / (np.sqrt(2 * np.pi) * usual.deviation)
    kinds = sum(len(kind.centrings) for kind in KINDS.values())
    other = 1 / (kinds * np.log(settings.largest / usual.least))
    return float(np.log((1 - settings.unusual) * known + settings.unusual * other))


def _near(
    hkl: Int[ndarray, "predicted 3"], q: Float[ndarray, " predicted"], zero: float, lines: Lines
) -> tuple[
    Int[ndarray, " predicted"],
    Float[ndarray, " predicted"],
    Int[ndarray, " lines"],
    Float[ndarray, " lines"],
]:
    """The lattice's lines by 2-theta, their places, the nearest to each measured one, and how far.

    Positions are in degrees. Lines at one place are in the order of their indices, whatever the
    last bits of their angles say.
    """
    angle = lines.angle(q) + zero
    order = np.argsort(angle, kind="stable")
    place = np.cumsum(np.diff(angle[order], prepend=angle[order[0]]) > SAME_PLACE)
    order = order[np.lexsort((*hkl[order].T, place))]
    predicted = angle[order]
    measured = lines.two_theta
    right = np.clip(np.searchsorted(predicted, measured), 1, len(predicted) - 1)
    left = right - 1
    lower = measured - predicted[left] <= predicted[right] - measured + SAME_PLACE
    seen = np.searchsorted(place, place[np.where(lower, left, right)])
    return order, predicted, seen, measured - predicted[seen]


def _merits(
    q: Float[ndarray, " predicted"],
    predicted: Float[ndarray, " predicted"],
    seen: Int[ndarray, " lines"],
    zero: float,
    explained: Bool[ndarray, " lines"],
    lines: Lines,
) -> tuple[float, float]:
    """M_N and F_N over the first N lines explained (`IndexedLattice`).

    M_N = Q_N / (2 mean |error of Q| lines up to Q_N); F_N = N / (mean |error of 2-theta| lines).
    """
    first = np.flatnonzero(explained)[:MOST_MERITED]
    if len(first) == 0:
        return 0.0, 0.0
    corrected = (2 * np.sin(np.radians((lines.two_theta - zero) / 2)) / lines.wavelength) ** 2
    of_q = np.abs(corrected[first] - q[seen[first]]).mean()
    of_angle = np.abs(lines.two_theta[first] - predicted[seen[first]]).mean()
    # Lines at one place are one.
    places = np.diff(predicted[: seen[first[-1]] + 1], prepend=-np.inf) > SAME_PLACE
    possible = int(places.sum())
    m_n = corrected[first[-1]] / (2 * max(of_q, EXACT_Q) * possible)
    return float(m_n), float(len(first) / (max(of_angle, EXACT_ANGLE) * possible))
