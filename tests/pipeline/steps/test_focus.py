"""The scores of one input are those of the models that were told it, by Table 2's protocol."""

import pytest
from pydantic import ValidationError

from pipeline.models import PaperModel, inputs, models_told
from pipeline.params import Params, load_params
from pipeline.steps.focus import distribution

MODELS = {
    "cubic-main": PaperModel(system="cubic", input="no_ratios", protocol="main"),
    "cubic-1": PaperModel(system="cubic", input="no_ratios", protocol="ablation", repeat=1),
    "cubic-0": PaperModel(system="cubic", input="no_ratios", protocol="ablation"),
    "trigonal-b": PaperModel(system="trigonal", input="baseline", protocol="ablation"),
    "trigonal-n": PaperModel(system="trigonal", input="no_ratios", protocol="ablation"),
}


def test_one_model_of_each_system_and_no_repeat() -> None:
    assert models_told(MODELS, "no_ratios") == {"cubic": "cubic-0", "trigonal": "trigonal-n"}
    assert models_told(MODELS, "baseline") == {"trigonal": "trigonal-b"}
    assert inputs(MODELS) == ["no_ratios", "baseline"]


def test_an_input_without_a_model_is_refused() -> None:
    raw = load_params().model_dump()
    with pytest.raises(ValidationError, match="no model has the input 'no_formula'"):
        Params.model_validate({**raw, "models": MODELS, "focus": "no_formula"})


def test_the_distribution_keeps_systems_apart() -> None:
    found = distribution(
        {
            "cubic": {"distribution": {"percent_of_crystals": [0, 100], "ssim": [0.1, 0.2]}},
            "trigonal": {"distribution": {"percent_of_crystals": [0, 100], "ssim": [0.3, 0.4]}},
        }
    )
    assert found[["system", "percent_of_crystals", "ssim"]].to_numpy().tolist() == [
        ["cubic", 0, 0.1],
        ["cubic", 100, 0.2],
        ["trigonal", 0, 0.3],
        ["trigonal", 100, 0.4],
    ]
