"""Patterns in the forms that they come in, and what is no pattern."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.file import PatternFile, read_pattern
from crystalnet.solving.pattern.radiation import radiation

CU = radiation("CuKa")
X = np.linspace(10, 60, 101)
Y = 50 + 400 * np.exp(-((X - 30) ** 2))


def lines(separator: str = " ", columns: int = 2, decimal: str = ".") -> str:
    rows = [[f"{x:.4f}", f"{y:.3f}", f"{y**0.5:.3f}"][:columns] for x, y in zip(X, Y, strict=True)]
    return "\n".join(separator.join(row) for row in rows).replace(".", decimal) + "\n"


def write(folder: Path, text: str | bytes, name: str = "p.xy") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        lines(),
        lines("\t"),
        lines(","),
        lines(", "),
        lines(";"),
        lines(";", decimal=","),
        lines("\t", decimal=","),
        lines(" ", decimal=","),
        lines("   ", columns=3),
        lines(",", columns=3),
        "# a comment\n! another\n; a third\n" + lines(),
        "2theta,intensity\n" + lines(","),
        '"Angle","PSD"\n' + lines(","),
        "sample.gsa\n2-Theta Angle (Degrees)\nIntensity\n       101\n" + lines(),
        lines().replace("\n", "\r\n"),
        "\ufeff" + lines(),
        lines() + "\n\n",
        "/* made by a diffractometer */\n" + lines(),
    ],
)
def test_columns_of_text(tmp_path: Path, text: str) -> None:
    found = read_pattern(write(tmp_path, text), None, CU)
    assert not found.is_peaks
    np.testing.assert_allclose(found.two_theta, X, atol=1e-4)
    np.testing.assert_allclose(found.intensity, Y, atol=1e-3)


@pytest.mark.parametrize("separator", [" ", ",", "\t"])
def test_a_third_column_is_the_standard_deviation(tmp_path: Path, separator: str) -> None:
    found = read_pattern(write(tmp_path, lines(separator, 3)), None, CU)
    assert found.sigma is not None
    np.testing.assert_allclose(found.sigma, np.sqrt(Y), atol=1e-3)
    assert read_pattern(write(tmp_path, lines(separator)), None, CU).sigma is None


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("d,I\n", CU.wavelength / 2 / np.sin(np.radians(X[::10]) / 2)),
        ("Q (1/A) I\n", 4 * np.pi * np.sin(np.radians(X[::10]) / 2) / CU.wavelength),
        ("2theta I\n", X[::10]),
    ],
)
def test_a_header_says_what_the_first_column_is(
    tmp_path: Path, header: str, values: np.ndarray
) -> None:
    text = header + "".join(f"{v:.8f} {100}\n" for v in values)
    found = read_pattern(write(tmp_path, text), None, CU)
    assert found.is_peaks
    np.testing.assert_allclose(found.two_theta, X[::10], atol=1e-5)


@pytest.mark.parametrize(
    ("header", "wavelength"),
    [
        ("# measured with Cu K-alpha\n", CU.wavelength),
        ("# CuK\u03b1 radiation\n", CU.wavelength),
        ("Anode,Mo Ka1\n", 0.7093),
        ("; Wavelength = 0.41397 A\n", 0.41397),
        ("K-Alpha1 wavelength,1.5405980\n", 1.540598),
        ("_LAMBDA1=1.54060\n", 1.5406),
        ("wavelength (nm): 0.15406 nm\n", 1.5406),
    ],
)
def test_a_header_may_say_the_wavelength(tmp_path: Path, header: str, wavelength: float) -> None:
    path = write(tmp_path, header + lines())
    assert read_pattern(path).radiation.wavelength == pytest.approx(wavelength, abs=1e-5)
    with pytest.raises(CrystalNetError, match=r"p\.xy: says .* A, but the wavelength given"):
        read_pattern(path, None, radiation(2.1))


@pytest.mark.parametrize(
    "header", ["# Cu Kahn 3\n", "# wavelength: see the logbook\n", "# lambda 99.5\n"]
)
def test_what_is_no_wavelength_is_not_taken_for_one(tmp_path: Path, header: str) -> None:
    with pytest.raises(CrystalNetError, match="does not say its wavelength"):
        read_pattern(write(tmp_path, header + lines()))


def test_what_the_caller_says_goes_before_the_header(tmp_path: Path) -> None:
    q = 4 * np.pi * np.sin(np.radians(X) / 2) / CU.wavelength
    path = write(tmp_path, "".join(f"{v:.8f} {y}\n" for v, y in zip(q, Y, strict=True)))
    np.testing.assert_allclose(read_pattern(path, "q", CU).two_theta, X, atol=1e-5)


def test_reflections_listed_at_one_angle_are_one_peak(tmp_path: Path) -> None:
    found = read_pattern(write(tmp_path, "20 1\n31.5 2\n31.5 3\n47 1\n"), None, CU)
    assert found.two_theta.tolist() == [20, 31.5, 47]
    assert found.intensity.tolist() == [1, 5, 1]


@pytest.mark.parametrize("unit", [1e-318, 1e-310, 1e300])
def test_intensities_of_any_unit_have_the_same_shape(tmp_path: Path, unit: float) -> None:
    rows = "\n".join(f"{x:.4f} {y * unit!r}" for x, y in zip(X.tolist(), Y.tolist(), strict=True))
    found = read_pattern(write(tmp_path, rows), wavelength=CU).intensity
    assert found / found.max() == pytest.approx(Y / Y.max(), abs=2e-3)


def test_a_scan_downwards_is_turned(tmp_path: Path) -> None:
    text = "".join(reversed(lines().splitlines(keepends=True)))
    np.testing.assert_allclose(
        read_pattern(write(tmp_path, text), None, CU).two_theta, X, atol=1e-4
    )


CIF = """data_p
_diffrn_radiation_wavelength 1.5406
{range}
loop_
{names}
{rows}
"""


def cif(names: str = "_pd_meas_2theta_scan\n_pd_meas_counts_total", scan: str = "") -> str:
    with_angle = "2theta" in names or "d_spacing" in names
    rows = "\n".join(
        f"{x:.4f} {y:.2f}(3)" if with_angle else f"{y:.2f}" for x, y in zip(X, Y, strict=True)
    )
    return CIF.format(range=scan, names=names, rows=rows)


@pytest.mark.parametrize(
    "text",
    [
        cif(),
        cif("_pd_proc_2theta_corrected\n_pd_proc_intensity_total"),
        cif(
            "_pd_meas_counts_total",
            "_pd_meas_2theta_range_min 10\n_pd_meas_2theta_range_max 60\n"
            "_pd_meas_2theta_range_inc 0.5",
        ),
    ],
)
def test_powder_cif_with_its_own_wavelength(tmp_path: Path, text: str) -> None:
    found = read_pattern(write(tmp_path, text, "p.cif"))
    assert found.radiation.wavelength == 1.5406
    np.testing.assert_allclose(found.two_theta, X, atol=1e-4)
    np.testing.assert_allclose(found.intensity, Y, atol=1e-2)


def numbered(change: dict[int, str]) -> str:
    rows = lines().splitlines()
    for row, text in change.items():
        rows[row] = text
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("no numbers here\nat all\n", "no numbers"),
        ("1.0\n2.0\n3.0\n", "one column"),
        (numbered({50: "35.0 -3000"}), "point 51 is negative"),
        (numbered({50: "35.0 nan"}), "point 51 is nan"),
        (numbered({50: "20.0 3"}), "do not go one way"),
        (numbered({50: "34.5 3"}), "do not go one way|stands there twice"),
        (numbered({50: "what is this"}), "line 51 is 'what is this'"),
        (numbered({50: "35.0 3 4 5"}), "rows of"),
        ("10 1\n20 2\n", "2 peaks"),
        ("".join(f"{x} 0\n" for x in X), "all 101 intensities are 0"),
        ("".join(f"{3 * x + 20} 1\n" for x in X), "want degrees from 0 to 180"),
        (b"\x00\x01\x02" * 100, "binary"),
    ],
)
def test_what_is_no_pattern_is_one_clear_error(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(CrystalNetError, match=message) as caught:
        read_pattern(path, None, CU)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_errors_name_the_file_too(tmp_path: Path) -> None:
    with pytest.raises(CrystalNetError, match="no such file"):
        read_pattern(tmp_path / "absent.xy", None, CU)
    with pytest.raises(CrystalNetError, match="a folder, not a file"):
        read_pattern(tmp_path, None, CU)
    with pytest.raises(CrystalNetError, match="--wavelength"):
        read_pattern(write(tmp_path, lines()))
    with pytest.raises(CrystalNetError, match="a CIF without a powder pattern"):
        read_pattern(write(tmp_path, "data_x\n_cell_length_a 5\n", "x.cif"), None, CU)
    with pytest.raises(CrystalNetError, match="no CIF"):
        read_pattern(write(tmp_path, "loop_\nwhat", "x.cif"), None, CU)
    with pytest.raises(CrystalNetError, match=r"says 1\.5406 A"):
        read_pattern(write(tmp_path, cif(), "p.cif"), None, radiation("MoKa"))
    with pytest.raises(CrystalNetError, match="reaches d = 0"):
        read_pattern(write(tmp_path, "d I\n0.5 1\n0.6 2\n0.7 3\n"), None, CU)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=400), suffix=st.sampled_from([".xy", ".csv", ".cif", ".chi"]))
def test_any_bytes_give_a_pattern_or_an_error(tmp_path: Path, content: bytes, suffix: str) -> None:
    readable(write(tmp_path, content, f"f{suffix}"))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutilated_patterns_give_a_pattern_or_an_error(tmp_path: Path, data: st.DataObject) -> None:
    kind, text = data.draw(
        st.sampled_from([("xy", lines()), ("csv", lines(",", 3)), ("cif", cif())])
    )
    raw = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 5))):
        where = data.draw(st.integers(0, len(raw) - 1))
        raw[where : where + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
        if not raw:
            break
    readable(write(tmp_path, bytes(raw), f"f.{kind}"))


def readable(path: Path) -> None:
    try:
        found = read_pattern(path, None, CU)
    except CrystalNetError as error:
        message = str(error)
    else:
        message = ""
        assert isinstance(found, PatternFile)
        assert np.isfinite(found.two_theta).all()
        assert (np.diff(found.two_theta) > 0).all()
    assert "\n" not in message
