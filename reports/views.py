"""Densities to turn in the browser, in one fragment of HTML that needs no server."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from plotly.offline import get_plotlyjs

from reports.data import Example
from reports.isosurface import level_of

# Points per axis of what is drawn, at most: a view is to stay below 50 kB.
GRID = 25
# Share of the cell's volume inside the isosurface that is drawn first.
VOLUME_SHARE = 0.12
TRUTH, GUESS = "#0072B2", "#D55E00"


def views_html(examples: Sequence[Example]) -> str:
    """For each crystal the true density and its guesses side by side, one slider for the level.

    The cell is drawn as a cube. Views are drawn when they are scrolled to; turning one turns those
    beside it. plotly.js is part of the fragment.

    Raises:
        ValueError: if the crystals are not all on the same grid.
    """
    grids = {coarse(example.truth).shape[0] for example in examples}
    if len(grids) != 1:
        raise ValueError(f"the crystals to turn are on grids of {sorted(grids)} points; want one")
    script = (Path(__file__).parent / "views.js").read_text(encoding="utf-8")
    return "\n".join(
        [
            *(_crystal(example) for example in examples),
            f"<script>{get_plotlyjs()}</script>",
            f"<script>{script.replace('__GRID__', str(grids.pop()))}</script>",
        ]
    )


def coarse(density: Float[ndarray, "x x x"]) -> Float[ndarray, "g g g"]:
    """Every n-th point, so that at most GRID an axis are left."""
    step = next(n for n in range(1, len(density) + 1) if not len(density) % n and
                len(density) // n <= GRID)  # fmt: skip
    kept: ndarray = density[::step, ::step, ::step]
    return kept


def _crystal(example: Example) -> str:
    level = level_of(coarse(example.truth), VOLUME_SHARE)
    top = max(float(coarse(example.truth).max()), level * 1.01)
    name = f"{example.formula} ({example.material_id}), space group {example.spacegroup_number}"
    titles = [f"sample {i}, SSIM {ssim:.3f}" for i, ssim in enumerate(example.ssim, start=1)]
    views = "\n".join(
        _view(density, title, name, colour)
        for density, title, colour in zip(
            [example.truth, *example.guesses],
            ["truth", *titles],
            [TRUTH, *[GUESS] * len(example.guesses)],
            strict=True,
        )
    )
    return f"""<section class="turn">
<h3>{escape(name)} <small>{escape(example.system)}, {escape(example.rank)}</small></h3>
<label>level <input type="range" min="{level / 8:.4g}" max="{0.9 * top:.4g}" step="{top / 200:.3g}"
value="{level:.4g}"> <output></output></label>
<div class="views">
{views}
</div>
</section>"""


def _view(density: Float[ndarray, "x x x"], title: str, crystal: str, colour: str) -> str:
    values, unit = _packed(coarse(density))
    label = escape(f"Isosurface of {crystal}, {title}")
    return (
        f'<figure><div class="view" role="img" aria-label="{label}" data-colour="{colour}" '
        f'data-unit="{unit:.8g}" data-values="{values}"></div>'
        f"<figcaption>{escape(title)}</figcaption></figure>"
    )


def _packed(density: Float[ndarray, "g g g"]) -> tuple[str, float]:
    """A density as 16-bit integers in base64, closed periodically, and the unit of one of them.

    Negative densities are drawn as none.
    """
    closed = np.pad(np.clip(density, 0, None), (0, 1), mode="wrap")
    unit = float(closed.max()) / 65535 or 1.0
    numbers = np.round(closed / unit).astype("<u2")
    return base64.b64encode(numbers.tobytes()).decode(), unit
