"""The tensors of a training."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from crystalnet.errors import CrystalNetError
from crystalnet.tensors import CrystalTensors

Make = Callable[[int, int], CrystalTensors]


def test_subset_keeps_rows_together(crystals: Make) -> None:
    whole = crystals(5, 1)
    part = whole.subset(torch.tensor([3, 1]))
    assert part.material_ids == ["mp-1-3", "mp-1-1"]
    assert len(part) == 2
    for name in ("patterns", "formulas", "densities", "lattices"):
        assert torch.equal(getattr(part, name), getattr(whole, name)[[3, 1]])


@pytest.mark.parametrize("name", ["patterns", "formulas", "densities", "lattices"])
def test_nonfinite_values_name_the_crystal(crystals: Make, name: str) -> None:
    good = crystals(3, 1)
    values = getattr(good, name).clone()
    values[1].view(-1)[2] = float("nan")
    with pytest.raises(CrystalNetError, match=f"^mp-1-1: the {name} hold NaN"):
        replace(good, **{name: values})


def test_many_nonfinite_crystals_are_counted(crystals: Make) -> None:
    good = crystals(8, 1)
    with pytest.raises(CrystalNetError, match="mp-1-4 and 3 more: the patterns"):
        replace(good, patterns=good.patterns * float("inf"))


def test_wrong_numbers_of_crystals(crystals: Make) -> None:
    good = crystals(3, 1)
    with pytest.raises(CrystalNetError, match=r"patterns have the shape \(3, 32\).*2 crystals"):
        replace(good, material_ids=good.material_ids[:2])


def test_grid_must_be_a_cube(crystals: Make) -> None:
    good = crystals(3, 1)
    with pytest.raises(CrystalNetError, match=r"grid is \(9, 10, 10\)"):
        replace(good, densities=good.densities[:, :9])


def test_empty_selection(crystals: Make) -> None:
    with pytest.raises(CrystalNetError, match="no crystals"):
        crystals(3, 1).subset(torch.tensor([], dtype=torch.int64))


def test_digest_sees_every_change(crystals: Make) -> None:
    good = crystals(3, 1)
    assert good.digest() == crystals(3, 1).digest()
    changed = good.densities.clone()
    changed[2, 1, 2, 3] += 1e-3
    others = [
        replace(good, densities=changed),
        replace(good, densities=good.densities.double()),
        replace(good, material_ids=["a", "b", "c"]),
        good.subset(torch.tensor([1, 0, 2])),
    ]
    digests = {good.digest()} | {other.digest() for other in others}
    assert len(digests) == 5
