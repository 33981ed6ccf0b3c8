"""Training crystals with other elements, and none that is kept out."""

import numpy as np

from crystalnet.crystallography.crystal import Crystal
from crystalnet.retrieval.substitution import substitute

VOLUMES = np.arange(119.0) + 1


def rock_salt(name: str, first: int, second: int) -> Crystal:
    lattice = 2.5 * (np.ones((3, 3)) - np.eye(3))
    return Crystal(name, lattice, np.array([first, second]), np.array([[0.0] * 3, [0.5] * 3]))


KNOWN = [rock_salt("NaCl", 11, 17), rock_salt("MgO", 12, 8), rock_salt("LiF", 3, 9)]
GROUPS = [225, 225, 216]


def test_elements_come_from_another_crystal_and_the_volume_from_them() -> None:
    made = substitute(KNOWN, GROUPS, VOLUMES, set(), count=30, seed=1)
    assert len(made) == 30
    sets = [{11, 17}, {12, 8}, {3, 9}]
    for crystal, _, of in made:
        assert set(crystal.atomic_numbers.tolist()) in sets
        assert set(crystal.atomic_numbers.tolist()) != sets[of]
        ratio = VOLUMES[crystal.atomic_numbers].sum() / VOLUMES[KNOWN[of].atomic_numbers].sum()
        np.testing.assert_allclose(crystal.volume, KNOWN[of].volume * ratio)


def test_a_formula_and_space_group_that_is_kept_out_is_never_made() -> None:
    kept_out = {("MgO", 225), ("NaCl", 216)}
    made = substitute(KNOWN, GROUPS, VOLUMES, kept_out, count=60, seed=1)
    keys = {(formula, GROUPS[of]) for _, formula, of in made}
    assert not keys & kept_out
    assert ("LiF", 225) in keys
    assert ("MgO", 216) in keys


def test_the_same_seed_gives_the_same_crystals() -> None:
    one, two = (substitute(KNOWN, GROUPS, VOLUMES, set(), 10, seed=4) for _ in range(2))
    assert [formula for _, formula, _ in one] == [formula for _, formula, _ in two]
