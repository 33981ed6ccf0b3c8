"""Peak lists and profiles are told apart by more than the evenness of their steps."""

from pathlib import Path

import numpy as np
import pytest
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core import Lattice, Structure

from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.file import read_pattern
from crystalnet.solving.pattern.radiation import radiation

CELLS = {
    "P": (Lattice.cubic(4.12), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]], "Pm-3m"),
    "F": (Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]], "Fm-3m"),
    "R": (Lattice.hexagonal(4.99, 17.06), ["Ca", "C"], [[0, 0, 0], [0, 0, 0.25]], "R-3c"),
}


def written(folder: Path, x: np.ndarray, y: np.ndarray, form: str) -> Path:
    path = folder / "p.xy"
    path.write_text("".join(f"{a:{form}} {b:.1f}\n" for a, b in zip(x, y, strict=True)))
    return path


def axis(two_theta: np.ndarray, quantity: Quantity, wavelength: float) -> np.ndarray:
    sine = np.sin(np.radians(two_theta / 2))
    return {"two_theta": two_theta, "q": 4 * np.pi * sine / wavelength,
            "d": wavelength / 2 / sine}[quantity]  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("line", ["CuKa1", "MoKa1"])
@pytest.mark.parametrize("last", [60.0, 140.0])
@pytest.mark.parametrize("quantity", ["two_theta", "q", "d"])
def test_lists_of_peaks(
    tmp_path: Path, cell: str, line: str, last: float, quantity: Quantity
) -> None:
    lattice, species, places, group = CELLS[cell]
    structure = Structure.from_spacegroup(group, lattice, species, places)
    beam = radiation(line)
    pattern = XRDCalculator(beam.wavelength).get_pattern(structure, two_theta_range=(2, last))
    path = written(tmp_path, axis(pattern.x, quantity, beam.wavelength), pattern.y, ".6f")
    found = read_pattern(path, quantity, beam)
    assert found.is_peaks
    np.testing.assert_allclose(found.two_theta, np.sort(pattern.x), atol=0.05)


def test_peaks_at_even_distances(tmp_path: Path) -> None:
    x = 20 + 2.5 * np.arange(40)
    assert read_pattern(written(tmp_path, x, 1 + x % 7, ".3f"), None, radiation("CuKa")).is_peaks


@pytest.mark.parametrize("step", [0.005, 0.0131, 0.0167, 0.02, 0.0334, 0.05, 0.1])
@pytest.mark.parametrize("decimals", [2, 3, 5])
@pytest.mark.parametrize("points", [100, 1500])
def test_profiles_with_rounded_angles(
    tmp_path: Path, step: float, decimals: int, points: int
) -> None:
    if step < 10.0**-decimals:
        pytest.skip("angles would coincide")
    x = np.round(15 + step * np.arange(points), decimals)
    y = 50 + 1000 * np.exp(-((x - x[points // 2]) ** 2) / 0.01)
    path = written(tmp_path, x, y, f".{decimals}f")
    assert not read_pattern(path, None, radiation("CuKa")).is_peaks


def test_a_profile_in_q_or_d(tmp_path: Path) -> None:
    q = 1 + 0.003 * np.arange(1500)
    path = written(tmp_path, q, np.full(1500, 7.0) + np.sin(q), ".4f")
    assert not read_pattern(path, "q", radiation("CuKa")).is_peaks
    two_theta = 10 + 0.02 * np.arange(3000)
    path = written(tmp_path, axis(two_theta, "d", 1.5406), np.full(3000, 7.0), ".6f")
    assert not read_pattern(path, "d", radiation("CuKa")).is_peaks


def test_the_user_has_the_last_word(tmp_path: Path) -> None:
    x = 20 + 0.8 * np.arange(50)
    path = written(tmp_path, x, np.arange(50.0), ".2f")
    assert read_pattern(path, None, radiation("CuKa")).is_peaks
    assert not read_pattern(path, None, radiation("CuKa"), peaks=False).is_peaks
