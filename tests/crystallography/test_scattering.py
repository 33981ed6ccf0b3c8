import numpy as np
import pytest
from pymatgen.analysis.diffraction.xrd import ATOMIC_SCATTERING_PARAMS
from pymatgen.core import Element

from crystalnet.crystallography.scattering import form_factor, require_form_factors
from crystalnet.errors import CrystalNetError


@pytest.mark.parametrize("symbol", sorted(ATOMIC_SCATTERING_PARAMS))
def test_form_factor_of_every_element(symbol: str) -> None:
    z = Element(symbol).Z
    s_squared = np.linspace(0, 2, 50)
    pairs = np.array(ATOMIC_SCATTERING_PARAMS[symbol])
    expected = [z - 41.78214 * s2 * (pairs[:, 0] @ np.exp(-pairs[:, 1] * s2)) for s2 in s_squared]
    factor = form_factor(z, s_squared)
    np.testing.assert_allclose(factor, expected, rtol=1e-12, atol=1e-12)
    assert factor[0] == z


def test_elements_without_a_form_factor_are_named() -> None:
    with pytest.raises(CrystalNetError, match=r"mp-9: no X-ray form factor for Es, Og; .* 1 to 98"):
        require_form_factors(np.array([8, 118, 99, 118]), "mp-9")
    with pytest.raises(CrystalNetError, match="Z = 100: no X-ray form factor for Fm"):
        form_factor(100, np.zeros(1))
