"""Wavelengths by name."""

import pytest
from pymatgen.analysis.diffraction.xrd import WAVELENGTHS

from crystalnet.errors import CrystalNetError
from crystalnet.solving.pattern.radiation import of_tube, radiation


@pytest.mark.parametrize("anode", ["Cu", "Mo", "Cr", "Fe", "Co", "Ag"])
@pytest.mark.parametrize("line", ["Ka", "Ka1", "Ka2"])
def test_wavelengths_are_those_of_pymatgen(anode: str, line: str) -> None:
    assert radiation(anode + line).wavelength == pytest.approx(WAVELENGTHS[anode + line], abs=4e-4)


@pytest.mark.parametrize(
    "text",
    ["CuKa", "cuka", "Cu", "Cu K-alpha", "CuK\N{GREEK SMALL LETTER ALPHA}", "Cu-Ka", "CU KA"],
)
def test_a_name_may_be_written_in_many_ways(text: str) -> None:
    found = radiation(text)
    assert found.name == "CuKa"
    assert found.alpha_1 is not None
    assert found.alpha_2 is not None
    assert found.alpha_1 < found.wavelength < found.alpha_2


def test_numbers_are_wavelengths_and_means_are_doublets() -> None:
    assert radiation("1.2").alpha_2 is None
    assert radiation(1.2).wavelength == 1.2
    assert radiation("1.5418").alpha_1 == radiation("CuKa").alpha_1
    assert radiation("1.540562").alpha_1 is None


@pytest.mark.parametrize("given", ["Xx", "CuKb", "", "0", "-1", "nan", 7.0, "inf", "copper"])
def test_what_is_no_radiation_is_said(given: str | float) -> None:
    with pytest.raises(CrystalNetError, match=r"want"):
        radiation(given)


def test_energies_are_wavelengths() -> None:
    assert radiation("8.0478 keV").wavelength == pytest.approx(12.39842 / 8.0478)
    assert radiation("17.4keV").wavelength == pytest.approx(0.71255, abs=1e-5)
    for wrong in ("0 keV", "1e9 keV", "x keV", "nan keV"):
        with pytest.raises(CrystalNetError, match="keV; want"):
            radiation(wrong)


def test_a_tube_is_known_by_its_anode_or_its_lines() -> None:
    assert of_tube("Cu", 1.540598, 1.544426) == radiation("CuKa")
    assert of_tube("Cu", None, None) == radiation("CuKa")
    assert of_tube(None, 1.789010, 1.792900) == radiation("CoKa")
    assert of_tube("Cu", 1.540598, 1.544426, resolved=True) == radiation("CuKa1")
    assert of_tube("", 0.4137, None) == radiation(0.4137)
    assert of_tube("Unknown", None, None) is None
    assert of_tube("", 0.0, 0.0) is None
