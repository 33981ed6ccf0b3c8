"""params.yaml is checked whole before any work, and every slip is one clear line."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.serialize import parse_yaml
from pydantic import BaseModel

from crystalnet.errors import CrystalNetError
from crystalnet.settings import Settings
from pipeline.params import PARAMS_FILE, load_params
from pipeline.yaml_file import read_mapping

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


@pytest.mark.parametrize("scale", ["quick", "cpu", "embedded", "iam", "paper"])
def test_every_scale_resolves(raw: dict[str, Any], scale: str, tmp_path: Path) -> None:
    raw["scale"] = scale
    params = load(raw, tmp_path)
    assert params.scale == scale
    assert set(params.models) == set(raw["models"])


def test_systems_alone_choose_the_models(raw: dict[str, Any], tmp_path: Path) -> None:
    raw |= {"systems": ["trigonal", "monoclinic"]}
    raw["densities"]["source"] = "iam"
    raw["models"]["cubic-more"] = {
        **raw["models"]["cubic-main"],
        "start": {"weights": "w", "sha256": "0" * 64},
    }
    params = load(raw, tmp_path)
    told = {name.partition("-")[2] for name in raw["models"] if name.startswith("trigonal-")}
    for system in raw["systems"]:
        found = {name for name, model in params.models.items() if model.system == system}
        assert found == {f"{system}-{each}" for each in told}
    assert len(params.models) == 2 * len(told)


def test_a_system_without_dft_densities_is_refused_where_they_are_chosen(
    raw: dict[str, Any], tmp_path: Path
) -> None:
    raw["systems"] = ["cubic", "hexagonal"]
    with pytest.raises(CrystalNetError, match=r"no DFT density of hexagonal crystals .* iam"):
        load(raw, tmp_path)
    raw["scale"] = "iam"
    assert load(raw, tmp_path).densities.source == "iam"


def test_a_scale_replaces_only_what_it_names(raw: dict[str, Any], tmp_path: Path) -> None:
    raw["scales"]["quick"]["network"] = {"width": 48}
    params = load(raw, tmp_path)
    assert params.network.width == 48
    assert params.network.dense_growth == raw["network"]["dense_growth"]
    raw["scales"]["quick"]["modes"] = {"training": {"epochs": 3}}
    params = load(raw, tmp_path)
    assert params.modes.training.epochs == 3
    assert params.modes.training.points == raw["modes"]["training"]["points"]
    assert params.modes.network.model_dump() == raw["modes"]["network"]


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
        ("scales.quick.modes.training.epochs", 0, ["yaml: scales.quick.modes.training.epochs: 0"]),
        ("modes.training.weight_decay", -1, ["yaml: modes.training.weight_decay: -1"]),
        ("modes.order", 0, ["yaml: modes.order: 0"]),
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
        ("models.cubic-main.system", "round", ["cubic-main", "'round'"]),
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
        ("scale", ["quick"], ["scale ['quick'] is none of scales", "'paper'"]),
        ("scale", True, ["scale True is none of scales"]),
        ("preset", {"a": 1}, ["preset {'a': 1} is none of presets", "'parity'"]),
        ("scales", ["quick"], ["none of scales []"]),
        ("scales.quick", None, ["scales.quick", "None", "dictionary"]),
        ("patterns.wavelength", math.inf, ["patterns.wavelength: inf", "finite"]),
        ("patterns.two_theta_max", math.nan, ["patterns.two_theta_max: nan"]),
        ("training.learning_rate_max", math.inf, ["training.learning_rate_max: inf", "finite"]),
        ("training.learning_rate_min", math.nan, ["training.learning_rate_min: nan"]),
        ("learned.training.weight_decay", math.inf, ["weight_decay: inf", "finite"]),
        ("scales.quick.training", {"input_noise": math.inf}, ["training.input_noise: inf"]),
        ("materials_project.longest_wait", math.inf, ["longest_wait: inf", "finite"]),
        ("focus", "no_pattern", ["focus: no model has the input 'no_pattern'", "'no_formula'"]),
        ("densities", None, ["densities", "None"]),
        ("densities.chgcar_folder", "", ["densities.chgcar_folder: ''"]),
        ("network.width", "w" * 5000, ["network.width: 'www", "integer"]),
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
    assert len(message) < 600
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
        ("- seed", "holds no sections"),
        ("a: 1\nseed: 3\na: 2\n", 'line 3: the key "a" is there twice'),
        ("a:\n  b: 1\n  c: {d: 1, d: 1}\n", 'line 3: the key "d" is there twice'),
        ("a:\n\t- 1", "line 2: cannot be read as YAML: found character '\\t'"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deep"),
        ("a: " + "{b: " * 5000 + "}" * 5000, "nested too deep"),
        ("".join(f"{' ' * depth}a:\n" for depth in range(5000)), "nested too deep"),
        ("a: 2001-02-30", "cannot be read as YAML"),
        ("a: " + "9" * 5000, "cannot be read as YAML"),
        ("a: !!python/object:os.system x", "line 1: cannot be read as YAML"),
        ("seed: 3\n---\nseed: 4", "cannot be read as YAML"),
        ("network: {1: 2}", "network.1: a key must be text"),
        ("? [a]\n: 2", "('a',): a key must be text"),
        (b"seed: 3\n# caf\xe9\n", "line 2: byte 0xe9 is not UTF-8"),
        ("seed: 3".encode("utf-16"), "line 1: byte 0xff is not UTF-8"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CrystalNetError, match=r"params\.yaml: ") as raised:
        load_params(path)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_truncated_file_is_one_line(tmp_path: Path) -> None:
    whole = PARAMS_FILE.read_text()
    path = tmp_path / "params.yaml"
    for part in (0.2, 0.5, 0.8, 0.99):
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


@pytest.mark.parametrize(
    "name",
    ["x; touch y; x", "$(touch y)", "`touch y`", "x'y", 'x"y', "x\ny", "x y", "../x", "-x", "", "é",
     "x" * 101, "x/y", "x@y", "x.y", "X", "a--b", "{item}", "cubic-main\n", " x"],
)  # fmt: skip
def test_a_name_that_is_no_name_is_one_line(raw: dict[str, Any], tmp_path: Path, name: str) -> None:
    raw["models"][name] = raw["models"]["cubic-main"]
    with pytest.raises(CrystalNetError, match=r"models\..*: a name is made of") as raised:
        load(raw, tmp_path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


# What version 1.2 of YAML says, and so DVC: version 1.1 reads text, 8, 90 and True.
@pytest.mark.parametrize(
    ("text", "value"),
    [("5e-05", 5e-05), ("1e-3", 1e-3), ("1E-5", 1e-5), ("010", 10), ("1:30", "1:30"),
     ("yes", "yes"), ("0o10", 8), ("1.0e-3", 1e-3)],
)  # fmt: skip
def test_both_engines_read_the_same_values(tmp_path: Path, text: str, value: object) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(f"value: {text}\n")
    assert read_mapping(path) == {"value": value} == parse_yaml(path.read_text(), str(path))


def test_a_small_number_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = PARAMS_FILE.read_text()
    changed = text.replace("learning_rate_min: 1.0e-6", "learning_rate_min: 5e-07", 1)
    assert changed != text
    path.write_text(changed)
    assert load_params(path).training.learning_rate_min == 5e-07


def test_no_settings_take_infinity_or_nan() -> None:
    """Whatever group is added: every group of settings has the rule from the one they all share."""
    waiting: list[type[BaseModel]] = [Settings]
    while waiting:
        group = waiting.pop()
        assert group.model_config["allow_inf_nan"] is False, group
        waiting += group.__subclasses__()
