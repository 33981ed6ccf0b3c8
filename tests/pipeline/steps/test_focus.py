"""The scores of one input are those of the models that were told it, by Table 2's protocol."""

import pytest

from crystalnet.errors import CrystalNetError
from pipeline.params import Model, Params, load_params
from pipeline.steps.focus import distribution, inputs, models_in_focus

MODELS = {
    "cubic-main": Model(system="cubic", input="no_ratios", protocol="main"),
    "cubic-1": Model(system="cubic", input="no_ratios", protocol="ablation", repeat=1),
    "cubic-0": Model(system="cubic", input="no_ratios", protocol="ablation"),
    "trigonal-b": Model(system="trigonal", input="baseline", protocol="ablation"),
    "trigonal-n": Model(system="trigonal", input="no_ratios", protocol="ablation"),
}


def params(focus: str) -> Params:
    return load_params().model_copy(update={"models": MODELS, "focus": focus})


def test_one_model_of_each_system_and_no_repeat() -> None:
    assert models_in_focus(params("no_ratios")) == {"cubic": "cubic-0", "trigonal": "trigonal-n"}
    assert models_in_focus(params("baseline")) == {"trigonal": "trigonal-b"}
    assert inputs(params("baseline")) == ["no_ratios", "baseline"]


def test_an_input_without_a_model_is_refused() -> None:
    with pytest.raises(CrystalNetError, match="'no_formula' that focus names"):
        models_in_focus(params("no_formula"))


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
