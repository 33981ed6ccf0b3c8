"""What a stage of dvc.yaml asks Snakemake for."""

import pytest

from crystalnet.errors import CrystalNetError
from pipeline.params import load_params
from pipeline.stage import target_of

MODEL = "artifacts/models/{}/model.safetensors"


@pytest.mark.parametrize("stage", ["train@cubic-main", "../dvc.yaml:train@cubic-main"])
def test_the_name_comes_from_the_stage(stage: str) -> None:
    wanted = "artifacts/models/cubic-main/model.safetensors"
    assert target_of(MODEL, stage, load_params()) == wanted
    assert target_of("a/b.parquet", stage, load_params()) == "a/b.parquet"


def test_a_system_is_a_name_too() -> None:
    assert target_of("m/{}.json", "baselines@cubic", load_params()) == "m/cubic.json"


@pytest.mark.parametrize(
    "stage",
    ["", "train", "train@", "train@../x", "train@-x", "train@x; touch y; x", "train@$(touch y)"],
)
def test_a_name_that_is_not_in_params_is_refused(stage: str) -> None:
    with pytest.raises(CrystalNetError, match="is no model and no system"):
        target_of(MODEL, stage, load_params())
