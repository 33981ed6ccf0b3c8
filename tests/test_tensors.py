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


def test_densities_move_with_the_rest_unless_they_are_to_stay(
    crystals: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = crystals(2, 1)
    moved: list[int] = []
    there = torch.Tensor.to

    def watched(tensor: torch.Tensor, *arguments: object) -> torch.Tensor:
        moved.append(tensor.ndim)
        return there(tensor, *arguments)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(torch.Tensor, "to", watched)
    assert good.to("cpu").material_ids == good.material_ids
    assert moved == [2, 2, 4, 3]
    moved.clear()
    good.to("cpu", densities=False)
    assert moved == [2, 2, 3]


def test_densities_too_large_for_a_device_say_how_large_and_what_to_do(
    crystals: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise torch.OutOfMemoryError

    good = crystals(2, 1)
    large = replace(good, densities=torch.zeros(2, 1, 1, 1).expand(2, 500, 500, 500))
    monkeypatch.setattr(torch.Tensor, "to", full)
    with pytest.raises(CrystalNetError, match=r"of 2 crystals \(1\.0 GB\).*memory of cuda:1; set"):
        large.to("cuda:1")


@pytest.mark.parametrize(("wrong", "more"), [(5, ""), (6, " and 1 more")])
def test_at_most_five_nonfinite_crystals_are_named(crystals: Make, wrong: int, more: str) -> None:
    good = crystals(8, 1)
    patterns = good.patterns.clone()
    patterns[:wrong] = torch.nan
    with pytest.raises(CrystalNetError, match=f"mp-1-4{more}: the patterns"):
        replace(good, patterns=patterns)


def test_the_digest_sees_shapes_of_the_same_bytes(crystals: Make) -> None:
    good = crystals(2, 1)
    flat = replace(good, patterns=good.patterns.view(2, -1))
    turned = replace(
        good, patterns=good.patterns[:, :16], formulas=torch.zeros(2, good.formulas.shape[1] + 16)
    )
    other = replace(
        good, patterns=torch.zeros(2, 16), formulas=torch.zeros(2, good.formulas.shape[1] + 16)
    )
    wider = replace(
        good, patterns=torch.zeros(2, 17), formulas=torch.zeros(2, good.formulas.shape[1] + 15)
    )
    assert flat.digest() == good.digest() != turned.digest()
    assert other.digest() != wider.digest()
