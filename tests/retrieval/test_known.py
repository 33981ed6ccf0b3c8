"""The file of what retrieval knows."""

from pathlib import Path

import numpy as np
import pytest

from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.errors import CrystalNetError
from crystalnet.files import sha256
from crystalnet.retrieval.known import Known, load_known, save_known
from tests.retrieval.test_substitution import KNOWN, VOLUMES

GAUSSIANS = ValenceGaussians.load("data/valence_gaussians.json")


def test_crystals_come_back(tmp_path: Path) -> None:
    known = Known("cubic", KNOWN, VOLUMES, GAUSSIANS)
    save_known(tmp_path / "known.npz", known)
    again = load_known(tmp_path / "known.npz")
    assert again.system == "cubic"
    for before, after in zip(KNOWN, again.crystals, strict=True):
        assert before.material_id == after.material_id
        np.testing.assert_array_equal(before.atomic_numbers, after.atomic_numbers)
        np.testing.assert_allclose(after.lattice, before.lattice, rtol=1e-6)
        np.testing.assert_allclose(after.frac_coords, before.frac_coords, atol=1 / 60000)
    np.testing.assert_array_equal(again.gaussians.a, GAUSSIANS.a)
    save_known(tmp_path / "again.npz", known)
    assert sha256(tmp_path / "again.npz") == sha256(tmp_path / "known.npz")


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "known.npz"
    with pytest.raises(CrystalNetError, match=r"known\.npz: no such file"):
        load_known(path)
    save_known(path, Known("cubic", KNOWN, VOLUMES, GAUSSIANS))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(CrystalNetError, match=r"known\.npz: not a whole file"):
        load_known(path)
