"""params.yaml is checked whole before any work, and every slip is one clear line."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from crystalnet.errors import CrystalNetError
from pipeline.params import PARAMS_FILE, load_params

PAPER_NETWORK = {"width": 512, "fourier_features": 128, "regressor_blocks": 3}


@pytest.fixture
def raw() -> dict[str, Any]:
    return yaml.safe_load(PARAMS_FILE.read_text())


def load(raw: object, folder: Path) -> Any:
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(raw))
    return load_params(path)


def put(raw: dict[str, Any], key: str, value: object) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        raw = raw[parent]
    raw[last] = value


def test_the_sections_hold_the_values_of_the_paper(raw: dict[str, Any], tmp_path: Path) -> None:
    raw["scale"] = "embedded"
    params = load(raw, tmp_path)
    assert params.network.model_dump().items() >= PAPER_NETWORK.items()
    assert params.training_of("main").epochs == 1500
    assert params.training_of("main").points_per_axis == 10
    assert params.evaluation_of("main").guesses == 5
    assert params.training_of("ablation").epochs == 700
    assert params.training_of("ablation").points_per_axis == 8
    assert params.evaluation_of("ablation").guesses == 3


@pytest.mark.parametrize("scale", ["quick", "embedded", "iam", "paper"])
def test_every_scale_resolves(raw: dict[str, Any], scale: str, tmp_path: Path) -> None:
    raw["scale"] = scale
    params = load(raw, tmp_path)
    assert params.scale == scale
    assert set(params.models) == set(raw["models"])


def test_a_scale_replaces_only_what_it_names(raw: dict[str, Any], tmp_path: Path) -> None:
    raw["scales"]["quick"]["network"] = {"width": 48}
    params = load(raw, tmp_path)
    assert params.network.width == 48
    assert params.network.dense_growth == raw["network"]["dense_growth"]


def test_fingerprint_sees_a_change_and_only_that(raw: dict[str, Any], tmp_path: Path) -> None:
    before = load(raw, tmp_path)
    raw["network"]["fourier_sigma"] += 1
    after = load(raw, tmp_path)
    assert before.fingerprint("network") != after.fingerprint("network")
    assert before.fingerprint("patterns") == after.fingerprint("patterns")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("network.widht", 3, ["network.widht", "unknown key"]),
        ("colour", "blue", ["colour", "unknown key"]),
        ("network.width", "wide", ["network.width", "'wide'", "integer"]),
        ("network.width", 0, ["network.width", "0", "greater than or equal to 1"]),
        ("scales.quick.network", {"width": -4}, ["scales.quick.network.width", "-4"]),
        ("scales.paper.training", {"epochs": 4}, ["scales.paper.training.epochs", "unknown key"]),
        ("scales.iam", {}, ["scales.iam.structures", "missing"]),
        ("scale", "huge", ["scale 'huge'", "quick"]),
        ("preset", "close", ["preset 'close'", "parity"]),
        ("presets.parity", {}, ["presets.parity.densities", "missing"]),
        ("presets.parity.training", {"batch": 1}, ["presets.parity.training.batch", "unknown"]),
        ("seed", -1, ["seed", "-1"]),
        ("seed", 1.5, ["seed", "1.5"]),
        ("systems", [], ["systems"]),
        ("systems", ["cubic", "cubic"], ["names one twice"]),
        ("systems", ["cubic", "round"], ["systems.1", "'round'"]),
        ("models.cubic-main.input", "guess", ["models.cubic-main.input", "'guess'"]),
        ("models.cubic-main.system", "hexagonal", ["cubic-main", "'hexagonal'"]),
        ("models.cubic-main.protocol", "none", ["cubic-main", "'none'", "ablation"]),
        ("models", {}, ["models"]),
        ("split.train", 0.95, ["leave nothing for test"]),
        ("patterns.two_theta_min", 180.0, ["two_theta_min"]),
        ("patterns.wavelength", 0.0, ["patterns.wavelength", "greater than 0"]),
        ("densities.source", "iamm", ["densities.source", "'iamm'"]),
        ("structures.source", "chgcar", ["densities.source", "structures.source", "chgcar"]),
        ("training.learning_rate_min", 1.0, ["learning_rate_min", "exceeds"]),
        ("training.cycles", [], ["training.cycles"]),
        ("scales.quick.evaluation", {"grid": 24}, ["evaluation.grid", "24", "does not divide"]),
        ("protocols.ablation", {"training": {"cycle": [3]}}, ["protocols.ablation.training.cycle"]),
    ],
)
def test_a_slip_is_one_line_that_names_its_place(
    raw: dict[str, Any], tmp_path: Path, key: str, value: object, words: list[str]
) -> None:
    if key.startswith("protocols"):
        raw["scale"] = "embedded"
    put(raw, key, value)
    with pytest.raises(CrystalNetError) as raised:
        load(raw, tmp_path)
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith(str(tmp_path / "params.yaml"))
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed: [1", "cannot be read as YAML"),
        ("", "holds no sections"),
        ("just words", "holds no sections"),
        ("seed: 3", "none of scales []"),
        ("seed: \x00", "cannot be read as YAML"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(CrystalNetError, match=r"params\.yaml: ") as raised:
        load_params(path)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_truncated_file_is_one_line(tmp_path: Path) -> None:
    whole = PARAMS_FILE.read_text()
    path = tmp_path / "params.yaml"
    for part in (0.2, 0.5, 0.8, 0.95):
        path.write_text(whole[: int(part * len(whole))])
        with pytest.raises(CrystalNetError) as raised:
            load_params(path)
        assert "\n" not in str(raised.value)


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(CrystalNetError, match="top folder"):
        load_params(tmp_path / "params.yaml")


def test_the_parity_preset_applies_at_every_scale(raw: dict[str, Any], tmp_path: Path) -> None:
    for scale in raw["scales"]:
        params = load({**raw, "scale": scale, "preset": "parity"}, tmp_path)
        assert params.densities.resample == "pyrho"
        assert params.evaluation_of("main").rotations == "released"
        assert params.training_of("ablation").film_statistics == "points"
