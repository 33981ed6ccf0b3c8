"""All of a profile but the areas of its lines: background, places, widths."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.pattern.peak_shape import ALPHA_2
from crystalnet.solving.profile_fit.line_shapes import (
    VALUE,
    add_slopes,
    add_up,
    fill,
    room,
    shared_out,
)
from crystalnet.solving.profile_fit.lines import Lines
from crystalnet.solving.profile_fit.points import ProfilePoints
from crystalnet.solving.profile_fit.slopes import LineColumns
from crystalnet.solving.profile_fit.widths import NAMES, widths
from crystalnet.solving.settings import FitSettings

BACKGROUND, LATTICE, WIDTH = "background ", "lattice ", "width "
ZERO, DISPLACEMENT, SKEW = "zero", "displacement", "asymmetry"


@dataclass(frozen=True, eq=False)
class Shapes:
    """Lines of area 1 a degree on the points.

    Attributes:
        start, offset, numbers: as `line_shapes.fill` writes them.
        width: full, at half maximum, in degrees.
        slopes: what each line's place (of both parts of a doublet), width, share and skew change
            by with the parameters.
    """

    start: Int[ndarray, " lines"]
    offset: Int[ndarray, " lines_1"]
    numbers: Float[ndarray, "6 numbers"]
    width: Float[ndarray, " lines"]
    slopes: tuple[ndarray, ndarray, ndarray, ndarray, ndarray]

    def columns(self, chosen: Int[ndarray, " some"]) -> LineColumns:
        """Some of the lines, each alone."""
        return LineColumns(self.start, self.offset, self.numbers[VALUE], chosen)


@dataclass(frozen=True, eq=False)
class Drawn:
    """All lines together, without background, and each of them with area 1."""

    y: Float[ndarray, " points"]
    shapes: Shapes


class ProfileModel:
    """What Le Bail's and Rietveld's methods have in common.

    The calculated point is background + sum of areas times line shapes. The background is the one
    found between the peaks and a sum of Chebyshev polynomials. Lines are at Bragg's angle plus
    zero + displacement * cos theta, both in degrees; their asymmetry is S = asymmetry / tan 2theta.

    Attributes:
        points: what is fitted.
        lines: of the lattice or the structure.
        settings: of the fit.
        polynomials: Chebyshev's, at the points.
    """

    def __init__(self, points: ProfilePoints, lines: Lines, settings: FitSettings) -> None:
        self.points, self.lines, self.settings = points, lines, settings
        x = points.two_theta
        scaled = 2 * (x - x[0]) / (x[-1] - x[0]) - 1
        self.polynomials: Float[ndarray, "points terms"] = np.polynomial.chebyshev.chebvander(
            scaled, settings.background - 1
        )
        self.narrowest = float(np.median(np.diff(x))) / 2
        self._last: tuple[bytes, Shapes] | None = None

    def parameters(
        self, edges: tuple[float, ...], width: float, zero: float
    ) -> list[tuple[str, float, float, float, float]]:
        """Rows of `Parameters`, in the order that `slopes` has them.

        Args:
            edges: free cell parameters.
            width: full width at half maximum in degrees to begin with.
            zero: degrees 2-theta.
        """
        settings, top = self.settings, float(self.points.intensity.max())
        numbers = self.lines.kind.parameters_of(edges)
        size = float(np.abs(numbers[:3]).max())
        rows = [(f"{BACKGROUND}{term}", 0.0, -top, top, top) for term in range(settings.background)]
        shift = settings.shift
        rows += [(ZERO, zero, zero - shift, zero + shift, 0.05)]
        rows += [(DISPLACEMENT, 0.0, -shift, shift, 0.05)]
        change = settings.lattice * size
        rows += [
            (f"{LATTICE}{place}", value, value - change, value + change, change / 10)
            for place, value in enumerate(numbers.tolist())
        ]
        widest, squared = settings.widest, settings.widest**2
        start = {"U": 0.0, "V": 0.0, "W": (0.7 * width) ** 2, "X": 0.45 * width, "Y": 0.0}
        # A width that is no more than the narrowest must be able to come back.
        least = {"V": -squared, "W": self.narrowest**2}
        for name in NAMES:
            most = widest if name in "XY" else squared
            longest = start["X"] if name in "XY" else start["W"]
            rows.append((f"{WIDTH}{name}", start[name], least.get(name, 0.0), most, longest))
        rows.append((SKEW, settings.skew / 10, 0.0, settings.skew, settings.skew / 5))
        return rows

    @property
    def count(self) -> int:
        """How many parameters there are."""
        return self.settings.background + 2 + len(self.lines.kind.edges) + len(NAMES) + 1

    def background(self, values: Float[ndarray, " parameters"]) -> Float[ndarray, " points"]:
        """At the points."""
        return np.asarray(
            self.points.background + self.polynomials @ values[: self.settings.background]
        )

    def angles(
        self, values: Float[ndarray, " parameters"]
    ) -> tuple[Float[ndarray, " lines"], Float[ndarray, " lines"]]:
        """1 / d^2 in 1/A^2 and Bragg's angle, 2-theta in degrees, of each line.

        Of a doublet that of K-alpha-1.
        """
        place = self.settings.background + 2
        q = self.lines.terms @ values[place : place + len(self.lines.kind.edges)]
        q = np.maximum(q, 1e-6)
        beam = self.points.radiation
        sine = np.sqrt(q) * (beam.alpha_1 or beam.wavelength) / 2
        return q, 2 * np.degrees(np.arcsin(np.minimum(sine, 0.9999)))

    def drawn(self, values: Float[ndarray, " parameters"], area: Float[ndarray, " lines"]) -> Drawn:
        """The lines with their areas."""
        own = values[: self.count].tobytes()
        # Areas change more often than shapes do.
        if self._last is None or self._last[0] != own:
            self._last = own, self._shapes(values)
        shapes = self._last[1]
        y = np.zeros(len(self.points.two_theta))
        add_up(shapes.start, shapes.offset, area, shapes.numbers, y)
        return Drawn(y, shapes)

    def _shapes(self, values: Float[ndarray, " parameters"]) -> Shapes:
        """The lines with area 1 a degree."""
        settings, beam, x = self.settings, self.points.radiation, self.points.two_theta
        place = settings.background
        zero, displacement = values[place], values[place + 1]
        after = place + 2 + len(self.lines.kind.edges)
        q, two_theta = self.angles(values)
        theta = np.radians(two_theta) / 2
        second = np.minimum(beam.second(two_theta), 179.0)
        theta_2 = np.radians(second) / 2
        found = widths(two_theta, values[after : after + 5], self.narrowest)
        lean = 1 / np.tan(2 * theta)
        skew = values[after + 5] * lean
        # Both lines of a doublet move with the sample.
        both = zero + displacement * np.cos(theta)
        top = np.sqrt(np.maximum(found.share, 1e-3) / settings.tail) / 2
        reach = np.maximum(top, 3.0) * found.full + np.abs(skew)
        start, offset = room(x, two_theta + both, second + both, reach)
        numbers = np.zeros((6, int(offset[-1])))
        ratio = ALPHA_2 if beam.is_doublet else 0.0
        fill(
            x, start, offset, two_theta + both, second + both, ratio, found.full, found.share,
            skew, numbers,
        )  # fmt: skip
        # Of Bragg's angle by 1 / d^2: tan theta / (1 / d^2), in radians.
        by_q = np.degrees(np.tan(theta) / q)[:, None] * self.lines.terms
        moved = -displacement * np.radians(0.5) * np.sin(theta)
        other = np.tan(theta_2) / np.tan(theta)
        one, cos = np.ones(len(theta)), np.cos(theta)
        by_first = np.column_stack([one, cos, by_q * (1 + moved)[:, None]])
        by_second = np.column_stack([one, cos, by_q * (other + moved)[:, None]])
        by_shape = found.d_full, found.d_share, lean
        return Shapes(start, offset, numbers, found.full, (by_first, by_second, *by_shape))

    def slopes(
        self,
        drawn: Drawn,
        area: Float[ndarray, " lines"],
        by_area: Float[ndarray, "lines areas"],
    ) -> Float[ndarray, "points parameters"]:
        """What the points change by with each parameter, those of the areas last."""
        terms, shapes = self.settings.background, drawn.shapes
        found = np.zeros((len(drawn.y), self.count - terms + by_area.shape[1]))
        add_slopes(
            shapes.start, shapes.offset, area, shapes.numbers, *shapes.slopes, by_area, found
        )
        return np.concatenate([self.polynomials, found], axis=1)

    def shared_out(
        self,
        drawn: Drawn,
        background: Float[ndarray, " points"],
        area: Float[ndarray, " lines"],
    ) -> Float[ndarray, " lines"]:
        """The areas of the lines in the measured profile, overlaps shared in the ratio of theirs.

        A. Le Bail et al., doi 10.1016/0025-5408(88)90019-0; H. M. Rietveld, doi
        10.1107/S0021889869006558.
        """
        # Without the negative half of the noise weak lines would get too much.
        seen = self.points.intensity - background
        # Where lines are nothing beside what was measured, they share nothing out.
        least = 1e-12 * max(float(drawn.y.max(initial=0)), float(np.abs(seen).max(initial=0)))
        ratio = np.zeros(len(seen))
        np.divide(seen, drawn.y, out=ratio, where=drawn.y > least)
        found = np.empty(len(area))
        shapes = drawn.shapes
        shared_out(shapes.start, shapes.offset, area, shapes.numbers, ratio, found)
        return found
