"""Settings: the usual ones, what is no setting, and that they decide what is done."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

import crystalnet
from crystalnet.errors import CrystalNetError
from crystalnet.solving.lattice.find import given_lattices
from crystalnet.solving.pattern.file import PatternFile
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.peaks import find_peaks
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.settings import (
    SECTIONS,
    USUAL,
    LatticeSettings,
    PeakSettings,
    SearchSettings,
    SolveSettings,
    StrategySettings,
)


@pytest.mark.parametrize("name", SECTIONS)
def test_every_value_is_told_with_its_reason(name: str) -> None:
    told = (SECTIONS[name].__doc__ or "").split("Attributes:")[1]
    for each in fields(SECTIONS[name]):
        assert f" {each.name}:" in told, each.name
    assert isinstance(getattr(USUAL, name), SECTIONS[name])


def test_what_is_not_as_usual_is_told_by_section_and_name() -> None:
    assert [each.name for each in fields(USUAL)] == list(SECTIONS)
    changed = SolveSettings(
        search=SearchSettings(symmetry=0.0), strategy=StrategySettings(explained=0.0)
    ).changed()
    assert changed == {"search.symmetry": 0.0, "strategy.explained": 0.0}
    assert USUAL.changed() == {}


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (PeakSettings, {"significant": float("nan")}),
        (PeakSettings, {"significant": -1.0}),
        (PeakSettings, {"significant": float("inf")}),
        (PeakSettings, {"most": True}),
        (PeakSettings, {"most": 0}),
        (LatticeSettings, {"trials": ((0.1, -0.05),)}),
    ],
)
def test_what_is_no_setting_is_said(section: type, values: dict[str, object]) -> None:
    with pytest.raises(CrystalNetError, match=f"the setting {next(iter(values))} is .*; want"):
        section(**values)


def profile(seed: int) -> PatternFile:
    """A strong peak, and one of a twentieth of its height."""
    x = np.linspace(20, 60, 4001)
    counts = 200 + 20_000 * np.exp(-(((x - 30) / 0.06) ** 2))
    counts += 1_000 * np.exp(-(((x - 45) / 0.06) ** 2))
    counts = np.random.default_rng(seed).poisson(counts).astype(float)
    return PatternFile(Path("p.xy"), x, counts, None, radiation("CuKa1"), False)


def test_peaks_follow_their_settings() -> None:
    pattern = profile(3)
    assert len(find_peaks(pattern).peaks.two_theta) == 2
    strong = find_peaks(pattern, replace(USUAL.peaks, faintest=0.1))
    np.testing.assert_allclose(strong.peaks.two_theta, [30], atol=0.01)
    assert len(find_peaks(pattern, replace(USUAL.peaks, most=1)).peaks.two_theta) == 1


def test_lattices_follow_their_settings() -> None:
    angles = np.array([27.37, 31.70, 45.45, 53.87, 56.47])
    peaks = MeasuredPeaks(angles, np.array([9.0, 90, 60, 5, 20]), 1.5406, (20.0, 58.0))
    with pytest.raises(CrystalNetError, match="no lattice of"):
        given_lattices(("cubic",), (5.9,), peaks)
    wide = replace(USUAL.lattices, given_within=0.06)
    assert given_lattices(("cubic",), (5.9,), peaks, wide)[0].a == pytest.approx(5.64, abs=0.01)


def test_settings_go_all_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    settings = SolveSettings(strategy=StrategySettings(density_grid=12))
    solution = crystalnet.solve(
        "data/measured_patterns/rockjock_halite.xy", wavelength="CuKa", formula="NaCl",
        lattice=5.64, guesses=1, effort=0.05, settings=settings,
    )  # fmt: skip
    assert solution.candidates[0].density.shape == (12, 12, 12)
    assert solution.told["settings"] == {"strategy.density_grid": 12}
