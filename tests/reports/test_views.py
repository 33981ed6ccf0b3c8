"""Densities to turn: what the fragment holds, and that it stays small."""

import base64
import re

import numpy as np
import pytest

from reports.data import Example
from reports.views import coarse, views_html


def example(grid: int = 50, **changes: object) -> Example:
    axis = np.arange(grid) / grid
    truth = np.exp(-20 * (axis[:, None, None] - 0.5) ** 2) * np.ones((grid, grid, grid))
    given = {
        "system": "cubic", "material_id": "mp-<1>", "formula": "NaCl", "spacegroup_number": 225,
        "rank": "1 of 9", "pattern": np.zeros(8), "truth": truth,
        "guesses": [truth * 0.5, -truth], "ssim": [0.9, 0.1],
    }  # fmt: skip
    return Example(**{**given, **changes})  # type: ignore[arg-type]


def test_a_view_holds_the_density_closed_periodically() -> None:
    html = views_html([example()])
    found = re.findall(r'data-unit="([^"]+)" data-values="([^"]+)"', html)
    assert len(found) == 3
    unit, values = float(found[0][0]), found[0][1]
    numbers = np.frombuffer(base64.b64decode(values), dtype="<u2").reshape(26, 26, 26) * unit
    np.testing.assert_allclose(numbers[:25, :25, :25], example().truth[::2, ::2, ::2], atol=2e-5)
    np.testing.assert_array_equal(numbers[25], numbers[0])
    np.testing.assert_array_equal(numbers[:, :, 25], numbers[:, :, 0])
    # What is negative everywhere is drawn as nothing.
    assert not np.frombuffer(base64.b64decode(found[2][1]), dtype="<u2").any()


def test_names_are_escaped_and_views_are_labelled() -> None:
    html = views_html([example()])
    assert "mp-<1>" not in html
    assert 'aria-label="Isosurface of NaCl (mp-&lt;1&gt;), space group 225, truth"' in html
    assert html.count("sample 1, SSIM 0.900") == 2
    # One input sets the level of all three.
    assert html.count('type="range"') == 1


def test_ten_crystals_stay_small() -> None:
    draw = np.random.default_rng(0)
    noisy = [example(truth=draw.random((50, 50, 50))) for _ in range(10)]
    assert len(views_html(noisy)) < 12e6


def test_grids_that_do_not_go_together_are_refused() -> None:
    assert coarse(np.zeros((28, 28, 28))).shape == (14, 14, 14)
    assert coarse(np.zeros((25, 25, 25))).shape == (25, 25, 25)
    with pytest.raises(ValueError, match=r"grids of \[14, 25\] points"):
        views_html([example(), example(28)])
