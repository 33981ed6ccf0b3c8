"""Tables with headings: which columns are meant, in which units, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import reader_samples as samples
from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.file import PatternFile, pattern_of, read_pattern
from crystalnet.solving.pattern.formats.content import content_of
from crystalnet.solving.pattern.formats.pattern_format import Choice

X = np.linspace(15, 60, 91)
Y = 50 + 400 * np.exp(-((X - 30) ** 2))
CU = 1.5405
Q = 4 * np.pi * np.sin(np.radians(X / 2)) / CU


def read(text: str, wavelength: str | float | None = CU, **choice: object) -> PatternFile:
    content = content_of(Path("p.xy"), text.encode())
    return pattern_of(content, Choice(**choice), wavelength)  # type: ignore[arg-type]


def table(heading: str, *columns: np.ndarray, separator: str = " ") -> str:
    rows = (separator.join(f"{v:.7f}" for v in row) for row in zip(*columns, strict=True))
    return heading + "\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("heading", "position"),
    [
        ("# q_A^-1 I", Q),
        ("# q_nm^-1 I", 10 * Q),
        ("#      q_nm^-1             I ", 10 * Q),
        ("Q (1/nm)  Intensity (a.u.)", 10 * Q),
        ("Q [\u00c5\u207b\u00b9]\tIntensity", Q),
        ("q(nm-1),I", 10 * Q),
        ("2th_deg I", X),
        ("2th_rad I", np.radians(X)),
        ("2theta(rad) I", np.radians(X)),
        ("d_A I", 2 * np.pi / Q),
        ("d_nm I", 0.2 * np.pi / Q),
        ("d [nm] counts", 0.2 * np.pi / Q),
        ("Angle PSD", X),
        ("# TwoThetaOmega I", X),
    ],
)
def test_units_are_understood(heading: str, position: np.ndarray) -> None:
    separator = "\t" if "\t" in heading else "," if "," in heading else " "
    found = read(table(heading, position, Y, separator=separator))
    np.testing.assert_allclose(found.two_theta, X, atol=1e-3)
    order = np.argsort(position) if heading.startswith("d") else slice(None)
    np.testing.assert_allclose(np.sort(found.intensity), np.sort(Y[order]), atol=1e-3)


@pytest.mark.parametrize(
    "heading",
    ["r_mm I", "# TOF (us) counts", "Time-of-flight counts", "Energy (keV) counts",
     "sin(theta) I", "theta I", "d*2_A^-2 I", "log10(q.m)_None I", "channel counts", "s I",
     "1/d I"],
)  # fmt: skip
def test_what_is_no_angle_is_never_read_as_one(heading: str) -> None:
    text = table(heading, X, Y)
    with pytest.raises(CrystalNetError, match=r"its position is .*; want 2-theta"):
        read(text)
    # The user knows better.
    np.testing.assert_allclose(read(text, quantity="two_theta").two_theta, X, atol=1e-6)


def test_columns_in_any_order_by_their_names() -> None:
    sigma = np.sqrt(Y)
    number = np.arange(1.0, 92)
    for heading, columns in (
        ("Angle,TimePerStep,Intensity,ESD", (X, number, Y, sigma)),
        ("No.,Intensity,2-Theta,sigma", (number, Y, X, sigma)),
        ("esd,background,yobs,2theta", (sigma, number, Y, X)),
    ):
        found = read(table(heading, *columns, separator=","))
        np.testing.assert_allclose(found.two_theta, X, atol=1e-6)
        np.testing.assert_allclose(found.intensity, Y, atol=1e-6)
        assert found.sigma is not None
        np.testing.assert_allclose(found.sigma, sigma, atol=1e-6)


@pytest.mark.parametrize("heading", ["X Y E", "# x , y , e", "2theta  Y  E"])
def test_the_error_of_other_programs_is_no_energy(heading: str) -> None:
    found = read(table(heading, X, Y, np.sqrt(Y)))
    np.testing.assert_allclose(found.intensity, Y, atol=1e-3)
    assert found.sigma is not None
    np.testing.assert_allclose(found.sigma, np.sqrt(Y), atol=1e-3)


def test_lists_of_peaks_with_numbers_indices_and_widths() -> None:
    wanted = [27.390, 31.730, 45.488, 53.923]
    text = samples.peaks().decode()
    found = read(text, None)
    assert found.is_peaks
    np.testing.assert_allclose(found.two_theta, wanted)
    assert found.intensity.tolist() == [8.1, 100.0, 65.6, 1.9]
    # 2-theta and d together say the wavelength.
    assert found.radiation.wavelength == pytest.approx(1.5418, abs=5e-4)
    with pytest.raises(CrystalNetError, match="but the wavelength given"):
        read(text, "MoKa")
    by_spacing = read(text, "CuKa", quantity="d")
    np.testing.assert_allclose(by_spacing.two_theta, wanted, atol=0.01)
    swapped = "Pos. [\u00b02Th.]\tFWHM [\u00b02Th.]\tRel. Int. [%]\n"
    swapped += "27.39\t0.1\t8\n31.7\t0.1\t100\n45\t0.1\t66\n"
    assert read(swapped).intensity.tolist() == [8, 100, 66]


def test_columns_may_be_chosen_by_number() -> None:
    text = table("", X, np.arange(91.0), Y, np.sqrt(Y))
    found = read(text, columns=(1, 3))
    np.testing.assert_allclose(found.intensity, Y, atol=1e-6)
    assert found.sigma is None
    assert read(text, columns=(1, 3, 4)).sigma is not None
    with pytest.raises(CrystalNetError, match="the columns 1,5; it has 4"):
        read(text, columns=(1, 5))
    with pytest.raises(CrystalNetError, match="counts the rows; say which"):
        read(table("", np.arange(1.0, 92), X, Y))


def test_the_text_of_a_picture_is_no_pattern() -> None:
    many = np.outer(np.arange(91), np.ones(150))
    picture = table("# of an area detector", X, *many.T)
    with pytest.raises(CrystalNetError, match="rows of 151 numbers, a picture or a series"):
        read(picture)
    assert len(read(picture, columns=(1, 2)).two_theta) == 91


def test_footers_and_half_lines_are_left_out() -> None:
    text = table("", X, Y)
    for end in ("End of data\n", "====\n XPOW Copyright 1993\n", "60.5", "60.5 \n", "60."):
        np.testing.assert_allclose(read(text + end).two_theta, X, atol=1e-6)
    with pytest.raises(CrystalNetError, match="line 93 is 'again' between numbers"):
        read(text + "again\n61 3\n")


def test_a_background_that_was_taken_off_too_much() -> None:
    low = Y - 60
    found = read(table("", X, low))
    np.testing.assert_allclose(found.intensity, low - low.min(), atol=1e-6)
    with pytest.raises(CrystalNetError, match="point 31 is negative"):
        read(table("", X, 100 - Y))
    with pytest.raises(CrystalNetError, match="peak 2 is negative"):
        read("20 5\n30 -1\n50 8\n")


@pytest.mark.parametrize(
    ("text", "wavelength"),
    [
        ("K-Alpha1 wavelength,1.5405980\nK-Alpha2 wavelength,1.5444260\n", "CuKa"),
        ("K-Alpha1 wavelength,1.5405980\n", "1.5406 A"),
        (";RAW4.00\n[HardwareConfiguration]\nAnode=Cu\nAlpha1=1.5406\n[Data]\n", "CuKa"),
        ("[HardwareConfiguration]\nAlpha1=1.5406\nAlpha2=1.54439\n[Data]\n", "CuKa"),
        ("Anode=Unknown\nAlpha1=0.4137\n", "0.4137 A"),
        ("Anode material,Co\nK-Alpha1 wavelength,1.789010\nK-Alpha2 wavelength,1.7929\n", "CoKa"),
    ],
)
def test_two_lines_in_a_heading_are_a_doublet(text: str, wavelength: str) -> None:
    found = read(text + "Angle,Intensity\n" + table("", X, Y, separator=","), None)
    assert found.radiation.name == wavelength


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.xy.gz"
    path.write_bytes(samples.packed())
    np.testing.assert_allclose(read_pattern(path).two_theta, samples.TWO_THETA)
