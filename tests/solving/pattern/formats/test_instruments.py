"""Files of instruments and of other programs: each gives the pattern that was written into it."""

import struct
from pathlib import Path

import numpy as np
import pytest

from benchmarks import reader_samples as samples
from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.file import PatternFile, pattern_of
from crystalnet.solving.pattern.formats import format_of
from crystalnet.solving.pattern.formats.content import Content, content_of
from crystalnet.solving.pattern.formats.pattern_format import Choice

PATH = Path("a.raw")
NAMES = {
    "columns": "columns of text", "csv": "columns of text", "packed": "columns of text",
    "xrdml": "PANalytical XRDML", "xrdml_2": "PANalytical XRDML", "raw_1": "Bruker RAW",
    "raw_2": "Bruker RAW", "raw_3": "Bruker RAW", "raw_4": "Bruker RAW4", "brml": "Bruker BRML",
    "ras": "Rigaku RAS", "rigaku_asc": "Rigaku ASC", "rasx": "Rigaku RASX",
    "uxd": "Siemens UXD", "gsas_std": "GSAS", "gsas_esd": "GSAS", "gsas_fxye": "GSAS",
    "fullprof": "FullProf counts", "cif": "powder CIF",
}  # fmt: skip


def read(raw: bytes, wavelength: str | None = None, **choice: object) -> PatternFile:
    return pattern_of(content_of(PATH, raw), Choice(**choice), wavelength)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_every_format_gives_what_was_written(name: str) -> None:
    raw = samples.SAMPLES[name]()
    assert format_of(content_of(PATH, raw)).name == NAMES[name]
    found = read(raw)
    assert not found.is_peaks
    np.testing.assert_allclose(found.two_theta, samples.TWO_THETA, atol=1e-4)
    np.testing.assert_allclose(found.intensity, samples.COUNTS, rtol=1e-3, atol=0.05)
    assert found.radiation.name == "CuKa"
    assert found.radiation.is_doublet


@pytest.mark.parametrize("name", NAMES)
def test_a_wavelength_that_contradicts_the_file_is_told(name: str) -> None:
    with pytest.raises(CrystalNetError, match=r"says 1\.5418.* A, but the wavelength given"):
        read(samples.SAMPLES[name](), "MoKa")


@pytest.mark.parametrize("name", ["gsas_esd", "gsas_fxye"])
def test_standard_deviations_are_read(name: str) -> None:
    found = read(samples.SAMPLES[name](), "CuKa")
    assert found.sigma is not None
    np.testing.assert_allclose(found.sigma, np.sqrt(samples.COUNTS), atol=0.01)


def test_an_absorber_makes_counts_surer_of_less() -> None:
    found = read(samples.xrdml_2())
    assert found.sigma is not None
    behind = samples.COUNTS > 600
    wanted = np.sqrt(samples.COUNTS * np.where(behind, 10, 1))
    np.testing.assert_allclose(found.sigma, wanted, rtol=1e-2)


def test_a_monochromator_leaves_one_line() -> None:
    one = samples.xrdml().replace(b"<incidentBeamPath>", b"<incidentBeamPath><monochromator/>")
    assert read(one).radiation.name == "CuKa1"
    assert read(samples.ras().replace(b'"Ka"', b'"Ka1"')).radiation.name == "CuKa1"


def two_scans(second: bytes) -> bytes:
    """The sample of XRDML with another scan behind its own."""
    raw = samples.xrdml()
    start, end = raw.index(b"<scan "), raw.index(b"</xrdMeasurement>")
    return raw[:end] + (second or raw[start:end]) + raw[end:]


def shifted(by: float) -> bytes:
    raw = samples.xrdml()
    part = raw[raw.index(b"<scan ") : raw.index(b"</xrdMeasurement>")]
    for place in (samples.TWO_THETA[0], samples.TWO_THETA[-1]):
        part = part.replace(b">%.1f<" % place, b">%.1f<" % (place + by))
    return part


def test_repeated_scans_are_added_and_others_joined_or_chosen() -> None:
    twice = read(two_scans(b""))
    np.testing.assert_allclose(twice.intensity, 2 * samples.COUNTS)
    joined = read(two_scans(shifted(40).replace(b">2.5<", b">5.0<")))
    assert len(joined.two_theta) == 2 * samples.POINTS
    assert joined.two_theta[-1] == pytest.approx(90)
    # The second was counted twice as long, and for no more.
    ratio = joined.intensity[: samples.POINTS] / joined.intensity[samples.POINTS :]
    np.testing.assert_allclose(ratio, 2)
    overlap = two_scans(shifted(10))
    with pytest.raises(CrystalNetError, match=r"2 scans \(20 to 50, 30 to 60\) that are not one"):
        read(overlap)
    assert read(overlap, scan=2).two_theta[0] == pytest.approx(30)
    with pytest.raises(CrystalNetError, match="the scan 3; want 1 to 2"):
        read(overlap, scan=3)


def other_drive(text: bytes, old: bytes, new: bytes) -> bytes:
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (other_drive(samples.xrdml(), b'"Gonio"', b'"Omega"'), "scans over Omega alone"),
        (other_drive(samples.ras(), b"TwoThetaTheta", b"Chi"), "scans over Chi alone"),
        (other_drive(samples.uxd(), b"COUPLED", b"THETA"), "scans over THETA alone"),
        (other_drive(samples.raw_4(), b"Locked Coupled", b"Rocking Curve\0"), "'Rocking Curve'"),
        (samples.raw_3()[:-3], "ends before"),
        (samples.raw_4()[:-90], "ends before"),
        (samples.brml()[:-30], "cannot be unpacked"),
        (samples.packed()[:-9], "cut short"),
        (samples.xrdml()[:-40], "XML of a PANalytical XRDML file is broken"),
        (other_drive(samples.xrdml(), b">50 ", b">x "), "want numbers"),
        (other_drive(samples.gsas_fxye(), b"CONST", b"SLOG"), "time of flight"),
        (other_drive(samples.gsas_std(), b" 1    50", b" 1  x 50"), "eight characters"),
        (other_drive(samples.gsas_std(), b"CONST", b"SLOG ") * 2, "neutrons by time of flight"),
        (other_drive(samples.rigaku_asc(), b"2theta/theta", b"omega"), "scans over omega alone"),
        (samples.rigaku_asc()[:-30], r"counts, but \*COUNT says 61"),
        (other_drive(samples.fullprof(), b"50.0 made", b"60.0 made"), "61 counts, but 20 to 60"),
        (b"RAW_" + bytes(200), "a STOE .raw file"),
        (b"PK\x03\x04" + bytes(200), "an Excel sheet"),
        (b"\x89HDF\r\n" + bytes(99), "an HDF5 file"),
    ],
)
def test_what_cannot_be_used_is_said_by_name(raw: bytes, message: str) -> None:
    with pytest.raises(CrystalNetError, match=message) as caught:
        read(raw, "CuKa")
    assert "\n" not in str(caught.value)


def test_xml_neither_swells_nor_looks_elsewhere() -> None:
    entity = b'<!DOCTYPE x [<!ENTITY a "1 1 1 1"><!ENTITY f SYSTEM "file:///etc/passwd">]>\n'
    raw = samples.xrdml()
    raw = raw.replace(b"<xrdMeasurements", entity + b"<xrdMeasurements", 1)
    with pytest.raises(CrystalNetError, match="has a document type"):
        read(raw.replace(b">50 ", b">&f; ", 1))
    deep = samples.xrdml().replace(b"<scan ", b"<a>" * 300 + b"<scan ")
    with pytest.raises(CrystalNetError, match="more elements than"):
        read(deep)


def test_archives_and_headers_do_not_swell(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = bytearray(samples.raw_3())
    struct.pack_into("<I", huge, 712 + 4, 2**32 - 1)
    with pytest.raises(CrystalNetError, match="ends before"):
        read(bytes(huge))
    for name in ("archive", "content"):
        monkeypatch.setattr(f"crystalnet.solving.pattern.formats.{name}.LARGEST", 1500)
    for bomb in (samples.brml(), samples.packed() + samples.packed() * 20):
        with pytest.raises(CrystalNetError, match="more than"):
            read(bomb)


def test_neutrons_and_electrons_are_refused_by_name() -> None:
    for probe in ("neutron", "electron"):
        raw = samples.cif().replace(b"loop_", f"_diffrn_radiation_probe {probe}\nloop_".encode())
        with pytest.raises(CrystalNetError, match=f"a pattern of {probe}s; want X-rays"):
            read(raw)
    flight = samples.cif().replace(b"_pd_meas_2theta_scan", b"_pd_meas_time_of_flight")
    with pytest.raises(CrystalNetError, match="neutrons by time of flight"):
        read(flight)
    with pytest.raises(CrystalNetError, match="of neutrons; want X-rays"):
        read(samples.columns().replace(b"Cu K-alpha", b"Neutron data, D2B"))


def test_a_choice_that_a_format_has_not_is_refused() -> None:
    with pytest.raises(CrystalNetError, match="is columns of text, of which no scan can be"):
        read(samples.columns(), scan=1)
    with pytest.raises(CrystalNetError, match="is Rigaku RAS, of which no columns"):
        read(samples.ras(), columns=(1, 2))
    for wrong in ((1,), (1, 1), (0, 1), (1, 2, 3, 4)):
        with pytest.raises(CrystalNetError, match="want two or three different numbers"):
            read(samples.columns(), columns=wrong)
    assert isinstance(content_of(PATH, b"1 2"), Content)


def test_a_title_may_end_in_bytes_that_are_no_text() -> None:
    raw = samples.gsas_esd().replace(b"Made up", b"Made up \xe2\0\x80\0\xff")
    found = read(raw, "CuKa")
    np.testing.assert_allclose(found.intensity, samples.COUNTS, atol=0.1)


def test_rates_of_rigaku_are_counts_again() -> None:
    raw = samples.rigaku_asc().replace(b"=  counts", b"=  cps").replace(b"=  1.0", b"=  4.0")
    np.testing.assert_allclose(read(raw).intensity, 4 * samples.COUNTS)
    # Half a degree a point, at three degrees a minute: ten seconds.
    raw = raw.replace(b"sec./step", b"deg./min.").replace(b"=  4.0", b"=  3.0")
    np.testing.assert_allclose(read(raw).intensity, 10 * samples.COUNTS)
