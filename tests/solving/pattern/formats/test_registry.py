"""A format of patterns is one file and one line, and its content decides."""

from pathlib import Path

import numpy as np
import pytest

from crystalnet.errors import CrystalNetError
from crystalnet.solving.command.patterns import patterns_of
from crystalnet.solving.pattern import formats
from crystalnet.solving.pattern.file import may_be_pattern, read_pattern
from crystalnet.solving.pattern.formats import cif, columns, format_of
from crystalnet.solving.pattern.formats.content import Content
from tests.solving.pattern.formats import counts_only

COUNTS = "START 10 0.5 CuKa\n" + "\n".join("5 6 7 8 9 100 40 7 6 5" for _ in range(4))
CIF = "# made by hand\n\ndata_p\nloop_\n_pd_meas_2theta_scan\n_pd_meas_counts_total\n"
ROWS = "".join(f"{10 + 0.5 * row} {5 + row % 7}\n" for row in range(40))


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one line of a new format."""
    monkeypatch.setattr(formats, "FORMATS", (counts_only.FORMAT, *formats.FORMATS))


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_format_that_is_not_there_is_columns(tmp_path: Path) -> None:
    found = read_pattern(written(tmp_path / "a.cnt", COUNTS))
    assert found.is_peaks, "four rows of ten numbers, of which two are read"


@pytest.mark.usefixtures("counts")
def test_a_new_format_is_read_whatever_its_name(tmp_path: Path) -> None:
    for name in ("a.cnt", "a.xy"):
        found = read_pattern(written(tmp_path / name, COUNTS))
        assert found.radiation.name == "CuKa"
        np.testing.assert_allclose(found.two_theta, 10 + 0.5 * np.arange(40))
        np.testing.assert_array_equal(found.intensity[:6], [5, 6, 7, 8, 9, 100])
    assert may_be_pattern(tmp_path / "a.xy")
    with pytest.raises(CrystalNetError, match=r"b\.cnt: want START, first angle"):
        read_pattern(written(tmp_path / "b.cnt", "START here\n1\n2\n"))


@pytest.mark.usefixtures("counts")
def test_a_folder_is_looked_through_for_it(tmp_path: Path) -> None:
    written(tmp_path / "a.cnt", COUNTS)
    written(tmp_path / "b.txt", "no pattern")
    patterns, passed = patterns_of(tmp_path)
    assert [each.name for each in patterns] == ["a.cnt"]
    assert passed == ["b.txt: passed over, holds no pattern"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (CIF + ROWS, cif.FORMAT),
        ("loop_\n_pd_peak_d_spacing\n", cif.FORMAT),
        ("data_p\n" + ROWS, columns.FORMAT),
        ("# data_p and loop_\n" + ROWS, columns.FORMAT),
        ("loop_of_iron\n" + ROWS, columns.FORMAT),
        ("", columns.FORMAT),
    ],
)
def test_the_content_decides(text: str, wanted: formats.PatternFormat) -> None:
    assert format_of(Content(Path("a.txt"), text.encode())) is wanted


def test_a_name_does_not_decide(tmp_path: Path) -> None:
    by_name = read_pattern(written(tmp_path / "a.cif", CIF + ROWS), wavelength="CuKa")
    other = read_pattern(written(tmp_path / "a.txt", CIF + ROWS), wavelength="CuKa")
    misnamed = read_pattern(written(tmp_path / "b.cif", ROWS), wavelength="CuKa")
    for each in (other, misnamed):
        np.testing.assert_array_equal(each.two_theta, by_name.two_theta)
        np.testing.assert_array_equal(each.intensity, by_name.intensity)


def test_the_last_format_takes_every_text() -> None:
    assert formats.FORMATS[-1].recognises(Content(Path("a.txt"), b""))
    names = [each.name for each in formats.FORMATS]
    assert len(set(names)) == len(names)
