"""The crystals that solve models see, and how."""

import json

import pandas as pd
import pytest
import torch

from crystalnet.errors import CrystalNetError
from crystalnet.learning.realism import Realism
from pipeline.crystal_tables import crystals_of
from pipeline.params import load_params
from pipeline.sources import DATA, DFT_FILE, GAUSSIANS
from pipeline.sources.embedded import DftDensities
from pipeline.sources.iam import IamDensities
from pipeline.steps.solve_model import as_measured, chosen_crystals, tensors


def groups(frame: pd.DataFrame) -> set[tuple[str, int]]:
    return set(zip(frame["formula_pretty"], frame["spacegroup_number"], strict=True))


@pytest.fixture(scope="module")
def structures() -> pd.DataFrame:
    return pd.read_parquet(DATA / "structures.parquet")


@pytest.mark.parametrize("system", ["cubic", "trigonal"])
def test_neither_test_crystals_nor_measured_ones_are_seen(
    system: str, structures: pd.DataFrame
) -> None:
    seen = chosen_crystals(load_params(), system, IamDensities(GAUSSIANS, "cpu"))
    assert set(seen["crystal_system"]) == {system}
    assert len(seen) > 9000
    test = structures[structures["split"] == "test"]
    assert not groups(seen) & groups(test)
    measured = json.loads((DATA / "measured_patterns" / "manifest.json").read_bytes())
    assert len(measured) == 8
    kept_out = {(each["formula"], each["spacegroup_number"]) for each in measured}
    assert not groups(seen) & kept_out
    assert kept_out & groups(structures), "they are there to be left out"


def test_no_more_than_asked_for_are_drawn_and_always_the_same_ones() -> None:
    params = load_params()
    few = params.model_copy(update={"solve": params.solve.model_copy(update={"crystals": 50})})
    source = IamDensities(GAUSSIANS, "cpu")
    one, other = (chosen_crystals(few, "cubic", source) for _ in range(2))
    assert len(one) == 50
    assert one["material_id"].tolist() == other["material_id"].tolist()


def test_a_system_without_crystals_is_said() -> None:
    with pytest.raises(CrystalNetError, match="no hexagonal crystal"):
        chosen_crystals(load_params(), "hexagonal", IamDensities(GAUSSIANS, "cpu"))


def test_dft_densities_are_those_of_the_fine_grid() -> None:
    params = load_params()
    source = DftDensities(DATA / DFT_FILE, params.densities.electron_tolerance)
    frame = chosen_crystals(params, "trigonal", source).head(3)
    coarse = tensors(params, frame, source)
    fine = next(iter(source.densities(crystals_of(frame), 50))).density
    assert coarse.grid == 25
    assert torch.allclose(
        coarse.densities[0].float(), torch.from_numpy(fine[::2, ::2, ::2]), rtol=1e-3, atol=1e-3
    )
    spoilt = as_measured(coarse, Realism(params.solve.realism, params.patterns), 1)
    assert torch.equal(spoilt.densities, coarse.densities)
    assert not torch.equal(spoilt.patterns, coarse.patterns)
    again = as_measured(coarse, Realism(params.solve.realism, params.patterns), 1)
    assert torch.equal(spoilt.patterns, again.patterns)
