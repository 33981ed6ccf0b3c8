"""From a file to densities: the library and the command."""

import json
from pathlib import Path

import gemmi
import numpy as np
import pytest
from numpy import ndarray
from pymatgen.core import Lattice, Structure
from pymatgen.io.common import VolumetricData
from pymatgen.io.vasp import Chgcar

import crystalnet
from crystalnet import cli
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA, powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.errors import CrystalNetError
from crystalnet.solving.candidate import TEMPLATES
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.pattern.standard_lines import standard_lines
from crystalnet.solving.predict import whole_units

HALITE = Path(__file__).resolve().parents[2] / "data" / "measured_patterns" / "rockjock_halite.xy"
SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0] * 3, [0.5] * 3]
).get_primitive_structure()
OPTIONS = ["--wavelength", "CuKa", "--formula", "NaCl"]


def test_lines_are_those_of_another_radiation() -> None:
    crystal = Crystal.from_structure(SALT)
    copper = powder_pattern(crystal, 1.54056, (10.0, 120.0))
    peaks = MeasuredPeaks(copper.two_theta + 0.1, copper.intensity, 1.54056, (10.0, 121.0))
    q, intensity = standard_lines(peaks, zero_shift=0.1)
    molybdenum = powder_pattern(crystal, MO_K_ALPHA, (1.0, 120.0))
    np.testing.assert_allclose(q, 1 / molybdenum.d_spacing[: len(q)], rtol=1e-6)
    expected = molybdenum.intensity[: len(q)]
    np.testing.assert_allclose(
        intensity / intensity.max(), expected / expected.max(), rtol=1e-6, atol=0
    )


def map_correlation_at_best_origin(one: ndarray, other: ndarray) -> float:
    """The highest correlation over all shifts of the origin."""
    spectrum = np.fft.fftn(one - one.mean()).conj() * np.fft.fftn(other - other.mean())
    shifted = np.fft.ifftn(spectrum).real
    return float(shifted.max() / (one.std() * other.std() * one.size))


def test_electrons_are_those_of_whole_formula_units() -> None:
    gaussians = ValenceGaussians.load(TEMPLATES)
    unit = float(gaussians.valence[11] + gaussians.valence[17])
    lattice = 4.0 * np.eye(3)
    density = np.random.default_rng(0).random((8, 8, 8))
    for units, seen in ((1, 0.2), (1, 1.1), (2, 1.7)):
        scaled = density * (seen * unit / 64 / density.mean())
        made = whole_units(scaled, lattice, {11: 1, 17: 1}, gaussians)
        assert made.mean() * 64 == pytest.approx(units * unit)
        np.testing.assert_allclose(made / made.mean(), density / density.mean())


def test_a_measured_pattern_of_rock_salt_is_predicted() -> None:
    told: list[str] = []
    made = crystalnet.predict(HALITE, wavelength="CuKa", formula="NaCl", progress=told.append)
    assert made.lattice is not None
    assert made.lattice.a == pytest.approx(5.64, abs=0.02)
    assert [each.rank for each in made.densities] == list(range(1, len(made.densities) + 1))
    likely = [each.likely_ssim for each in made.densities]
    assert likely == sorted(likely, reverse=True)
    best = made.densities[0]
    assert best.density.shape == (50, 50, 50)
    assert best.lattice is not None
    volume = abs(float(np.linalg.det(best.lattice)))
    assert volume == pytest.approx(5.64**3 / 4, rel=0.02)
    truth = iam_density([Crystal.from_structure(SALT)], 50, ValenceGaussians.load(TEMPLATES))
    expected = float(truth[0].mean()) * 5.64**3 / 4
    assert float(best.density.mean()) * volume == pytest.approx(expected, rel=1e-3)
    assert map_correlation_at_best_origin(best.density, truth[0].double().numpy()) > 0.9
    assert any("lattice: cubic F" in line for line in told)


def test_the_command_writes_densities_that_others_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert cli.main(["predict", str(HALITE), *OPTIONS, "--grid", "20", "--output", str(out)]) == 0
    assert "likely SSIM" in capsys.readouterr().out
    summary = json.loads((out / "summary.json").read_text())
    assert summary["told"]["formula"] == "NaCl"
    entries = summary["densities"]
    assert 1 <= len(entries) <= 5
    written = {name for entry in entries for name in entry["files"]}
    assert written | {"summary.json"} == {path.name for path in out.iterdir()}
    assert any(name.endswith(".CHGCAR") for name in written)
    for entry in entries:
        lattice = np.array(entry["lattice_A"])
        cube, ccp4 = (out / f"density-{entry['rank']:02d}.{kind}" for kind in ("cube", "ccp4"))
        from_cube = VolumetricData.from_cube(cube)
        np.testing.assert_allclose(from_cube.structure.lattice.matrix, lattice, atol=1e-5)
        read = gemmi.read_ccp4_map(str(ccp4))
        read.setup(float("nan"))
        density = np.array(read.grid, copy=False)
        np.testing.assert_allclose(
            from_cube.data["total"] / 0.529177210544**3, density, rtol=1e-4, atol=1e-5
        )
        electrons = float(density.mean()) * abs(float(np.linalg.det(lattice)))
        assert electrons == pytest.approx(entry["electrons"], rel=1e-4)
        chgcar = out / f"density-{entry['rank']:02d}.CHGCAR"
        if chgcar.exists():
            data = Chgcar.from_file(chgcar)
            assert data.structure.composition.reduced_formula == "NaCl"
            assert data.data["total"].mean() == pytest.approx(entry["electrons"], rel=1e-4)


def test_without_a_lattice_the_density_is_of_a_cube(tmp_path: Path) -> None:
    path = tmp_path / "peaks.csv"
    # Lines of no cubic lattice.
    path.write_text("d,I\n3.21,100\n2.71,33\n2.003,61\n1.913,22\n1.411,40\n1.289,12\n1.171,9\n")
    told: list[str] = []
    made = crystalnet.predict(
        path, wavelength="CuKa", formula="NaCl", system="cubic", grid=12, progress=told.append
    )
    assert made.lattice is None
    assert any("no lattice" in line for line in told)
    first = next(each for each in made.densities if each.origin == "network")
    assert first.lattice is None
    assert first.crystal is None
    np.testing.assert_array_equal(first.mapped.lattice, np.eye(3))
    with pytest.raises(CrystalNetError, match="no "):
        crystalnet.predict(path, wavelength="CuKa", formula="NaCl", grid=12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--grid", "7"], "a grid of 7 points; want 8 to 200"),
        (["--grid", "500"], "a grid of 500 points"),
        (["--guesses", "0"], "0 guesses; want at least 1"),
        (["--lattice", "5.64", "--system", "trigonal"], "but the crystal system is trigonal"),
        (["--lattice", "6.2"], "no lattice of a = 6.2 A explains"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert cli.main(["predict", str(HALITE), *OPTIONS, "--output", str(out), *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1
    assert message in error
    assert not out.exists()
