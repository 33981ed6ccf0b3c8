"""Candidates on one page of HTML, which opens from disk and loads nothing."""

import base64
import json
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy import ndarray
from plotly.offline import get_plotlyjs
from pymatgen.core import Element

from crystalnet.crystallography.resampling import resample
from crystalnet.files import atomic_write
from crystalnet.solving.candidate import Candidate
from crystalnet.solving.foreign import NO_FOREIGN, ForeignPeaks
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds import kind_of
from crystalnet.solving.output.computed_pattern import indexed_pattern
from crystalnet.solving.output.structure_tables import structure_tables
from crystalnet.solving.output.summary import summary
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.profile_fit.results import StructureFit
from crystalnet.solving.verdict.judgement import Verdict

# Candidates on the page, and points per axis of their densities, at most: pages are to be mailed.
MOST = 10
GRID = 25
# Share of the cell's volume inside the isosurface that is drawn first.
VOLUME_SHARE = 0.12
# Atoms this near to a face of the cell, as a fraction, are drawn on the opposite one too.
ON_FACE = 1e-3
# Radius of a drawn atom, in units of the tabulated one.
SPHERE = 0.3

Profile = tuple[Float[ndarray, " points"], Float[ndarray, " points"]]


def write_page(
    path: Path | str,
    candidates: Sequence[Candidate],
    measured: MeasuredPeaks,
    told: Mapping[str, Any],
    profile: Profile | None = None,
    verdict: Verdict | None = None,
    lattices: Sequence[IndexedLattice] = (),
    foreign: ForeignPeaks = NO_FOREIGN,
) -> None:
    """Write the page of the first ten candidates.

    Args:
        path: the file to write; links on it are relative to its folder.
        candidates: best first.
        measured: the peaks that they were ranked by.
        told: what the candidates were found from, as for the summary.
        profile: 2-theta in degrees and counts of the measured pattern.
        verdict: how far the first candidate can be trusted, if that was asked.
        lattices: that were tried, the likeliest first.
        foreign: peaks that are of no line of the first candidate.

    Raises:
        CrystalNetError: as `write_pattern`.
    """
    shown = list(candidates[:MOST])
    table = summary(shown, told, verdict, foreign)
    data = {
        "measured": _measured(measured, profile),
        "foreign": [[p.two_theta, p.cause or "of no line"] for p in foreign.peaks],
        "range": list(measured.two_theta_range),
        "candidates": [_drawn(each, measured) for each in shown],
    }
    environment = Environment(
        loader=PackageLoader("crystalnet.solving.output", "."),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    page = environment.get_template("page.html").render(
        **table,
        left_out=len(candidates) - len(shown),
        strange=foreign.lines(),
        has_profile=profile is not None,
        fits=[each.fit for each in shown],
        lattice_fits=[each.lattice_fit for each in shown],
        tables=[structure_tables(each) for each in shown],
        lattices=[_lattice_row(each) for each in lattices],
        # No text may end the script that it stands in.
        data=Markup(json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")),
        plotly=Markup(get_plotlyjs()),
        script=Markup((Path(__file__).parent / "page.js").read_text(encoding="utf-8")),
    )
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _drawn(candidate: Candidate, measured: MeasuredPeaks) -> dict[str, Any]:
    """What the page draws of one candidate."""
    density = resample(candidate.density, min(GRID, len(candidate.density)))
    level = float(np.quantile(density, 1 - VOLUME_SHARE))
    top = float(density.max())
    pattern = indexed_pattern(candidate, measured)
    return {
        "label": candidate.label,
        "lattice": np.round(candidate.crystal.lattice, 6).tolist(),
        "grid": len(density),
        "density": _packed(density),
        "level": level if 0 < level < top else top / 2,
        "top": top,
        "elements": _elements(candidate),
        "fit": None if candidate.fit is None else _fit_drawn(candidate.fit),
        "two_theta": np.round(pattern.two_theta, 4).tolist(),
        "intensity": np.round(pattern.damped, 3).tolist(),
        "hkl": [
            "; ".join(" ".join(map(str, hkl)) for hkl, _ in families)
            for families in pattern.families
        ],
    }


def _fit_drawn(fit: StructureFit) -> dict[str, Any]:
    """The measured profile and what was fitted to it, in the unit of the intensity."""
    points, lines = fit.points, fit.lines
    return {
        "x": _packed(points.two_theta),
        "measured": _packed(points.intensity),
        "calculated": _packed(fit.calculated),
        "background": _packed(fit.background),
        "ticks": np.round(lines.two_theta, 4).tolist(),
        "hkl": [" ".join(map(str, hkl)) for hkl in lines.hkl.tolist()],
        "d": np.round(lines.d, 4).tolist(),
    }


def _lattice_row(lattice: IndexedLattice) -> dict[str, Any]:
    """A lattice that was tried, for people."""
    a, b, c, *angles = lattice.cell
    return {
        "name": f"{lattice.system} {lattice.centring}",
        "edges": f"{a:.4f}, {b:.4f}, {c:.4f}",
        "angles": ", ".join(f"{angle:.2f}" for angle in angles),
        "volume": kind_of(lattice.system).volume_of(lattice.edges),
        "m_n": lattice.m_n,
        "f_n": lattice.f_n,
        "unexplained": lattice.unexplained,
        "zero": lattice.zero_shift,
    }


def _elements(candidate: Candidate) -> list[dict[str, Any]]:
    """Of each element the radius in A that it is drawn with, and fractional coordinates."""
    elements = []
    for z in dict.fromkeys(candidate.crystal.atomic_numbers.tolist()):
        element = Element.from_Z(z)
        inside = candidate.crystal.frac_coords[candidate.crystal.atomic_numbers == z] % 1.0
        inside = np.where(inside > 1 - ON_FACE, inside - 1, inside)
        places = []
        for x in inside:
            images = product(*((0, 1) if value < ON_FACE else (0,) for value in x))
            places += [x + np.array(image) for image in images]
        elements.append(
            {
                "symbol": str(element.symbol),
                "radius": SPHERE * float(element.atomic_radius or 1.5),
                "places": np.round(places, 5).tolist(),
            }
        )
    return elements


def _measured(measured: MeasuredPeaks, profile: Profile | None) -> dict[str, Any]:
    """Peaks and profile inside the range, each with its strongest point at 100."""
    first, last = measured.two_theta_range
    inside = (measured.two_theta >= first) & (measured.two_theta <= last)
    told: dict[str, Any] = {
        "two_theta": np.round(measured.two_theta[inside], 4).tolist(),
        "intensity": np.round(_percent(measured.intensity[inside]), 3).tolist(),
        "profile": None,
    }
    if profile is not None:
        inside = (profile[0] >= first) & (profile[0] <= last) & np.isfinite(profile[1])
        if inside.any():
            told["profile"] = [_packed(profile[0][inside]), _packed(_percent(profile[1][inside]))]
    return told


def _percent(values: Float[ndarray, " values"]) -> Float[ndarray, " values"]:
    strongest = float(values.max())
    return 100 * values / strongest if strongest > 0 else values


def _packed(values: Float[ndarray, "..."]) -> str:
    """Numbers as float32, the lowest byte first, in base64."""
    return base64.b64encode(np.asarray(values).astype("<f4").tobytes()).decode()
