"""What a fit says."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.profile_fit.points import ProfilePoints


@dataclass(frozen=True)
class Value:
    """A number and its standard deviation, 0 where it was not fitted or nothing fixes it."""

    value: float
    esd: float = 0.0

    def told(self) -> str:
        """As crystallographers write it: 5.6402(3)."""
        if not self.esd > 0 or not np.isfinite(self.esd):
            return f"{self.value:.6g}"
        # Two digits where the first is 1.
        digits = max(0, -int(np.floor(np.log10(self.esd / 1.95))))
        last = round(self.esd * 10**digits)
        return f"{self.value:.{digits}f}({last})"


@dataclass(frozen=True, eq=False)
class FittedLines:
    """The lines of a fit, in order of their angle.

    Attributes:
        hkl: of one reflection of each, in the conventional cell.
        multiplicity: reflections in each.
        d: A.
        two_theta: degrees, where the line is in the measured profile (of a doublet K-alpha-1).
        observed, calculated: areas in the unit of the intensity times degrees, K-alpha-2 included.
            Observed ones are shared out where lines overlap in the ratio of the calculated ones.
            Le Bail's method has no others.
    """

    hkl: Int[ndarray, "lines 3"]
    multiplicity: Int[ndarray, " lines"]
    d: Float[ndarray, " lines"]
    two_theta: Float[ndarray, " lines"]
    observed: Float[ndarray, " lines"]
    calculated: Float[ndarray, " lines"]


@dataclass(frozen=True, eq=False)
class ProfileFit:
    """A model fitted to the measured profile.

    Agreement as R. A. Young, The Rietveld Method (1993), table 1.3, as fractions: Rwp^2 =
    sum w (y - y_calc)^2 / sum w y^2 over all points, the background in y; Rexp^2 = (points -
    parameters) / sum w y^2; chi^2 = (Rwp / Rexp)^2.

    Attributes:
        points: what was fitted.
        calculated, background: at the points; the background is in the calculated ones.
        lines: of the lattice or the structure.
        rwp, rexp, chi_squared: over all points.
        rwp_peaks: Rwp with the background taken off the measured points in the denominator, so
            that a high background does not make any fit a good one.
        cell: a, b, c in A, alpha, beta, gamma in degrees, and their standard deviations.
        volume: of that cell, in A^3.
        zero, displacement: degrees by which lines are off Bragg's angle: zero + displacement *
            cos theta.
        profile: U, V, W (degrees^2), X, Y and the asymmetry (degrees).
        chebyshev: coefficients of the polynomials that are added to the background that was found.
        parameters: how many were free.
        converged: whether the fit came to its end.
    """

    points: ProfilePoints
    calculated: Float[ndarray, " points"]
    background: Float[ndarray, " points"]
    lines: FittedLines
    rwp: float
    rexp: float
    chi_squared: float
    rwp_peaks: float
    cell: tuple[Value, ...]
    volume: Value
    zero: Value
    displacement: Value
    profile: dict[str, Value]
    chebyshev: tuple[float, ...]
    parameters: int
    converged: bool

    def told(self) -> dict[str, Any]:
        """Figures for the summary."""
        names = ("a", "b", "c", "alpha", "beta", "gamma")
        return {
            "rwp": self.rwp,
            "rwp_without_background": self.rwp_peaks,
            "rexp": self.rexp,
            "chi_squared": self.chi_squared,
            "converged": self.converged,
            "points": len(self.points.two_theta),
            "lines": len(self.lines.d),
            "parameters": self.parameters,
            "cell": {n: _pair(each) for n, each in zip(names, self.cell, strict=True)},
            "volume": _pair(self.volume),
            "zero": _pair(self.zero),
            "displacement": _pair(self.displacement),
            "profile": {name: _pair(each) for name, each in self.profile.items()},
        }


@dataclass(frozen=True, eq=False)
class FittedSite:
    """One site of a structure.

    Attributes:
        label: such as Na1.
        atomic_number: of its element.
        multiplicity, wyckoff: in the conventional cell; the letter of the International Tables.
        place: fractional coordinates.
        u: isotropic mean square displacement in A^2.
        atoms: their numbers in the crystal.
    """

    label: str
    atomic_number: int
    multiplicity: int
    wyckoff: str
    place: tuple[Value, Value, Value]
    u: Value
    atoms: tuple[int, ...]


@dataclass(frozen=True)
class OtherElements:
    """By how much the misfit of the profile grows with another element on all sites of one.

    W. C. Hamilton's test of a hypothesis by its R factor (doi 10.1107/S0365110X65001081), with the
    lines as what is measured: a growth of 1 is as much as one line is usually off.

    Attributes:
        growth: by atomic number of the element, that of each in its place from 0 (empty sites) to
            uranium; negative where it fits better.
        lines: that stand apart.
        parameters: of the structure that were free.
    """

    growth: dict[int, tuple[float, ...]]
    lines: int
    parameters: int


@dataclass(frozen=True, eq=False)
class StructureFit(ProfileFit):
    """A structure fitted by Rietveld's method.

    Attributes:
        crystal: the conventional cell after the fit.
        space_group: its number; `setting` its symbol in this setting.
        sites: of it.
        r_bragg: sum |I_obs - I_calc| / sum I_obs over the lines.
        texture: direction hkl and coefficient of March and Dollase's preferred orientation (below 1
            for plates, above for needles), None where it was not needed.
        others: what speaks against other elements.
        before: Rwp of the atoms as they were found, with the scale fitted.
        note: what was given up and why; empty where nothing was.
    """

    crystal: Crystal
    space_group: int
    setting: str
    sites: tuple[FittedSite, ...]
    r_bragg: float
    texture: tuple[tuple[int, int, int], Value] | None
    others: OtherElements
    before: float
    note: str

    def told(self) -> dict[str, Any]:
        """Figures for the summary."""
        return {
            **super().told(),
            "r_bragg": self.r_bragg,
            "rwp_before": self.before,
            "texture": None
            if self.texture is None
            else {"direction": list(self.texture[0]), "march": _pair(self.texture[1])},
            "sites": [
                {
                    "label": site.label,
                    "multiplicity": site.multiplicity,
                    "wyckoff": site.wyckoff,
                    "place": [_pair(each) for each in site.place],
                    "u_iso": _pair(site.u),
                }
                for site in self.sites
            ],
            "note": self.note,
        }


def _pair(each: Value) -> list[float]:
    """Value and standard deviation."""
    return [each.value, each.esd]
