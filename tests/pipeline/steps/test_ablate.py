"""Differences between inputs are taken crystal by crystal, from the right reference."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crystalnet.errors import CrystalNetError
from pipeline import store
from pipeline.models import ModesModel, PaperModel
from pipeline.params import load_params
from pipeline.steps import ablate
from pipeline.steps.ablate import compare, over_repeats
from pipeline.tables import write_table

MODELS = {
    "cubic-main": PaperModel(system="cubic", input="baseline", protocol="main"),
    "cubic-baseline": PaperModel(system="cubic", input="baseline", protocol="ablation"),
    "cubic-no_ratios": PaperModel(system="cubic", input="no_ratios", protocol="ablation"),
    "trigonal-no_formula": PaperModel(system="trigonal", input="no_formula", protocol="ablation"),
}


def scores(offset: float, order: int = 1) -> pd.DataFrame:
    ssim = np.linspace(0.2, 0.9, 40)
    frame = pd.DataFrame(
        {
            "material_id": [f"mp-{i}" for i in range(40)],
            "density_source": "iam",
            "ssim_cube": ssim + offset,
            "psnr_cube": 30 + 100 * offset + 0 * ssim,
            "ssim_first_none": ssim + 3 * offset,
        }
    )
    return frame.iloc[::order]


def table(**changes: pd.DataFrame) -> pd.DataFrame:
    given = {
        "cubic-main": scores(0.05),
        "cubic-baseline": scores(0.0),
        "cubic-no_ratios": scores(-0.02, order=-1),
        "trigonal-no_formula": scores(0.0),
        **changes,
    }
    settings = load_params().evaluation.model_copy(update={"rotations": "cube"})
    return compare(given, MODELS, settings, seed=0).set_index("model")


def test_pairs_are_matched_by_id_whatever_the_order() -> None:
    row = table().loc["cubic-no_ratios"]
    assert row["reference"] == "cubic-baseline"
    assert row["ssim_difference"] == pytest.approx(-0.02)
    # Every pair differs by the same, so the paired interval has no width.
    assert row["ssim_difference_low"] == pytest.approx(-0.02)
    assert row["ssim_difference_high"] == pytest.approx(-0.02)
    assert row["psnr_difference"] == pytest.approx(-2.0)
    assert row["ssim_first_none_difference"] == pytest.approx(-0.06)


def test_each_architecture_has_its_own_reference() -> None:
    line = {"system": "cubic", "protocol": "ablation", "architecture": "modes"}
    models = {
        "cubic-baseline": MODELS["cubic-baseline"],
        "modes": ModesModel(**line, input="baseline"),
        "modes-no_pattern": ModesModel(**line, input="no_pattern"),
    }
    settings = load_params().evaluation.model_copy(update={"rotations": "cube"})
    given = {"cubic-baseline": scores(0.0), "modes": scores(0.1), "modes-no_pattern": scores(0.05)}
    found = compare(given, models, settings, seed=0).set_index("model")
    assert found.loc["modes-no_pattern", "reference"] == "modes"
    assert found.loc["modes-no_pattern", "ssim_difference"] == pytest.approx(-0.05)
    assert pd.isna(found.loc["modes", "reference"])


def test_a_reference_and_a_model_without_one_have_no_difference() -> None:
    found = table()
    for name in ("cubic-main", "cubic-baseline", "trigonal-no_formula"):
        assert pd.isna(found.loc[name, "reference"])
        assert pd.isna(found.loc[name, "ssim_difference"])
    assert found.loc["cubic-main", "ssim"] == pytest.approx(0.6)
    assert set(found["density_source"]) == {"iam"}


def test_different_crystals_are_refused() -> None:
    with pytest.raises(CrystalNetError, match="cubic-no_ratios and cubic-baseline"):
        table(**{"cubic-no_ratios": scores(0.0).head(30)})


def test_repeats_are_summarised_over_trainings() -> None:
    models = {
        "cubic-main": MODELS["cubic-main"],
        "cubic-main-1": PaperModel(system="cubic", input="baseline", protocol="main", repeat=1),
        "cubic-no_ratios": MODELS["cubic-no_ratios"],
    }
    tables = {name: scores(0.1 * i) for i, name in enumerate(models)}
    tables = {name: frame for name, frame in tables.items()}
    settings = load_params().evaluation.model_copy(update={"rotations": "cube"})
    found = over_repeats(tables, models, settings)
    assert list(found) == ["cubic-main"]
    assert found["cubic-main"]["trainings"] == 2
    ssim = found["cubic-main"]["ssim"]
    assert ssim == pytest.approx(
        {"mean": 0.6, "std": np.std([0.55, 0.65], ddof=1), "lowest": 0.55, "highest": 0.65}
    )


def test_differences_between_inputs_are_told_over_repeats() -> None:
    models = {
        f"cubic-{told}-{repeat}": PaperModel(
            system="cubic", input=told, protocol="ablation", repeat=repeat
        )
        for told in ("baseline", "no_ratios")
        for repeat in (0, 1)
    }
    offsets = dict(zip(models, (0.0, 0.1, -0.05, 0.08), strict=True))
    tables = {n: scores(offset).assign(ssim_first_none=0.5) for n, offset in offsets.items()}
    settings = load_params().evaluation.model_copy(update={"rotations": "cube"})
    found = over_repeats(tables, models, settings)
    assert "ssim_difference" not in found["cubic-baseline-0"]
    assert found["cubic-no_ratios-0"]["ssim_difference"] == pytest.approx(
        {"mean": -0.035, "std": np.std([-0.05, -0.02], ddof=1), "lowest": -0.05, "highest": -0.02}
    )


def test_a_repeat_is_compared_with_the_baseline_of_the_same_number() -> None:
    models = {
        **MODELS,
        "cubic-baseline-1": PaperModel(
            system="cubic", input="baseline", protocol="ablation", repeat=1
        ),
        "cubic-no_ratios-1": PaperModel(
            system="cubic", input="no_ratios", protocol="ablation", repeat=1
        ),
        "cubic-no_formula-2": PaperModel(
            system="cubic", input="no_formula", protocol="ablation", repeat=2
        ),
    }
    settings = load_params().evaluation.model_copy(update={"rotations": "cube"})
    rows = compare({name: scores(0.0) for name in models}, models, settings, 1)
    references = dict(zip(rows["model"], rows["reference"], strict=True))
    assert references["cubic-no_ratios-1"] == "cubic-baseline-1"
    assert references["cubic-no_formula-2"] == "cubic-baseline"
    assert pd.isna(references["cubic-baseline-1"])


def test_the_interval_is_that_of_the_paired_differences() -> None:
    differing = scores(0.0)
    away = np.random.default_rng(5).normal(-0.03, 0.01, size=40)
    differing["ssim_cube"] += away
    row = table(**{"cubic-no_ratios": differing.iloc[::-1]}).loc["cubic-no_ratios"]
    error = away.std() / 40**0.5
    assert row["ssim_difference"] == pytest.approx(away.mean())
    # The spread over crystals is 0.2; that of the pairs is a twentieth of it.
    assert row["ssim_difference_low"] == pytest.approx(away.mean() - 1.96 * error, abs=0.3 * error)
    assert row["ssim_difference_high"] == pytest.approx(away.mean() + 1.96 * error, abs=0.3 * error)


def test_one_shared_repeat_has_no_spread_and_is_not_told() -> None:
    models = {
        f"{told}-{repeat}": PaperModel(
            system="cubic", input=told, protocol="ablation", repeat=repeat
        )
        for told, repeats in (("baseline", (0, 2)), ("no_ratios", (0, 1)))
        for repeat in repeats
    }
    tables = {n: scores(0.0).assign(ssim_first_none=0.5) for n in models}
    settings = load_params().evaluation.model_copy(update={"rotations": "cube"})
    found = over_repeats(tables, models, settings)
    assert set(found) == {"baseline-0", "no_ratios-0"}
    assert not any("difference" in name for name in found["no_ratios-0"])


def test_files_hold_what_was_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "cubic-baseline": scores(0.0),
        "cubic-no_ratios": scores(-0.02),
        "cubic-baseline-1": scores(0.04),
    }
    models = {name: MODELS[name] for name in list(given)[:2]}
    models["cubic-baseline-1"] = MODELS["cubic-baseline"].model_copy(update={"repeat": 1})
    params = load_params()
    evaluation = params.evaluation.model_copy(update={"rotations": "cube"})
    params = params.model_copy(update={"models": models, "evaluation": evaluation})
    monkeypatch.setattr(ablate, "load_params", lambda: params)
    monkeypatch.setattr(store, "MODEL_SCORES", str(tmp_path / "{model}.parquet"))
    for name, frame in given.items():
        write_table(tmp_path / f"{name}.parquet", frame, {})
    places = {name: tmp_path / f"out/{name}" for name in ("table", "metrics", "repeats")}
    options = [text for name, place in places.items() for text in (f"--{name}", str(place))]
    monkeypatch.setattr("sys.argv", ["ablate", *options])
    ablate.main()
    metrics = json.loads(places["metrics"].read_text())
    assert metrics["cubic-baseline"] == pytest.approx(
        {"ssim": 0.55, "psnr": 30.0, "ssim_first_none": 0.55}
    )
    assert metrics["cubic-no_ratios"] == pytest.approx(
        {"ssim": 0.53, "psnr": 28.0, "ssim_difference": -0.02, "psnr_difference": -2.0}
        | {"ssim_first_none": 0.49, "ssim_first_none_difference": -0.06}
    )
    written = pd.read_parquet(places["table"]).set_index("model")
    assert written.loc["cubic-no_ratios", "reference"] == "cubic-baseline"
    repeats = json.loads(places["repeats"].read_text())
    assert list(repeats) == ["cubic-baseline"]
    assert repeats["cubic-baseline"]["ssim"]["mean"] == pytest.approx(0.57)


def test_perfect_guesses_have_no_difference_in_psnr_and_break_nothing() -> None:
    """Infinity less infinity is no number; SSIM is compared all the same."""
    perfect = scores(0.0).assign(psnr_cube=np.inf)
    found = table(**{"cubic-baseline": perfect, "cubic-no_ratios": perfect})
    row = found.loc["cubic-no_ratios"]
    assert row["psnr"] == np.inf
    assert pd.isna(row["psnr_difference"])
    assert row["ssim_difference"] == 0
    models = {
        "a": PaperModel(system="cubic", input="baseline", protocol="main"),
        "b": PaperModel(system="cubic", input="baseline", protocol="main", repeat=1),
    }
    settings = load_params().evaluation.model_copy(update={"rotations": "cube"})
    given = {
        name: frame.assign(ssim_first_none=frame["ssim_cube"])
        for name, frame in (("a", perfect), ("b", scores(0.1)))
    }
    repeats = over_repeats(given, models, settings)["a"]["psnr"]
    assert isinstance(repeats, dict)
    assert (repeats["mean"], repeats["lowest"]) == (np.inf, pytest.approx(40))
    assert np.isnan(repeats["std"])
