"""Settings: the usual ones, what is no setting, and that they decide what is done."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

import crystalnet
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.errors import CrystalNetError
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.density.fourier import DensityModes
from crystalnet.solving.density.template_fit import DensityFit
from crystalnet.solving.lattice.given import given_lattices
from crystalnet.solving.pattern.file import PatternFile, read_pattern
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

VALENCE = "data/valence_gaussians.json"


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
        lattice=5.64, effort=0.05, settings=settings,
    )  # fmt: skip
    assert solution.candidates[0].density.shape == (12, 12, 12)
    assert solution.told["settings"] == {"strategy.density_grid": 12}


def test_files_are_read_by_their_settings(tmp_path: Path) -> None:
    scan = tmp_path / "scan.xy"
    scan.write_text("".join(f"{10 + 0.5 * i:.1f} {i % 7 + 1}\n" for i in range(30)))
    assert not read_pattern(scan, wavelength="CuKa").is_peaks
    fine = replace(USUAL.reading, widest_step=0.2)
    assert read_pattern(scan, wavelength="CuKa", settings=fine).is_peaks


def test_shapes_follow_their_settings() -> None:
    pattern = profile(3)
    usual = find_peaks(pattern).peaks
    lorentzian = replace(USUAL.profile, lorentzian=(0.9,))
    # A Lorentzian has more beside its top than the Gaussian that the peaks are.
    other = find_peaks(pattern, profile=lorentzian).peaks
    assert other.intensity[0] > 1.1 * usual.intensity[0]


def test_agreement_follows_its_settings() -> None:
    edges, halves = 2.82 * (1 - np.eye(3)), np.array([[0.0] * 3, [0.5] * 3])
    salt = Crystal("NaCl", edges, np.array([11, 17]), halves)
    pattern = powder_pattern(salt, 1.5406, (20.0, 60.0))
    moved = MeasuredPeaks(pattern.two_theta + 0.1, pattern.intensity, 1.5406, (20.0, 60.0))
    narrow = match_pattern(salt, moved, replace(USUAL.agreement, peak_width=0.05)).rwp
    assert match_pattern(salt, moved).rwp < narrow - 0.2


def test_decoding_follows_its_settings() -> None:
    edges, halves = 2.82 * (1 - np.eye(3)), np.array([[0.0] * 3, [0.5] * 3])
    salt = Crystal("NaCl", edges, np.array([11, 17]), halves)
    gaussians = ValenceGaussians.load(Path(__file__).resolve().parents[2] / VALENCE)
    density = iam_density([salt], 24, gaussians)[0].double().numpy()
    few = DensityModes.of(density, salt.lattice, replace(USUAL.decoding, largest_q=4.0))
    assert few.q.max() <= 4.0 < DensityModes.of(density, salt.lattice).q.max()
    fit = DensityFit.of(few, np.array([11, 17]), np.array([0.5, 0.5]), gaussians, "smooth")
    careless = replace(USUAL.decoding, electron_error=0.2)
    loose = DensityFit.of(
        few, np.array([11, 17]), np.array([0.5, 0.5]), gaussians, "smooth", settings=careless
    )
    assert loose.electron_weight == pytest.approx(fit.electron_weight / 100)
