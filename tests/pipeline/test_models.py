"""The lines of `models`: two architectures, each with the keys that it has."""

from typing import Any

import pytest
import yaml

from crystalnet.errors import CrystalNetError
from pipeline.models import ModesModel, PaperModel, inputs, models_told
from pipeline.params import PARAMS_FILE, Params, load_params

LINE = {"system": "cubic", "input": "baseline", "protocol": "main"}


def params(tmp_path: Any, **lines: dict[str, object]) -> Params:
    raw = yaml.safe_load(PARAMS_FILE.read_text())
    raw["models"] |= lines
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(raw))
    return load_params(path)


def test_a_line_is_of_the_paper_where_it_names_no_architecture(tmp_path: Any) -> None:
    found = params(tmp_path, plain=LINE, modes={**LINE, "architecture": "modes"}).models
    assert isinstance(found["plain"], PaperModel)
    assert isinstance(found["modes"], ModesModel)
    assert found["modes"].architecture == "modes"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"architecture": "others"}, ["models.odd", "paper or modes"]),
        ({"architecture": "modes", "input": "noisy_pattern"},
         ["models.odd.input", "noisy_pattern"]),
        ({"architecture": "modes", "start": {"weights": "a", "sha256": "0" * 64}},
         ["models.odd.start", "unknown key"]),
        ({"input": "guess"}, ["models.odd.input", "'guess'"]),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_is_refused_in_one_line(
    tmp_path: Any, line: dict[str, object], said: list[str]
) -> None:
    with pytest.raises(CrystalNetError) as raised:
        params(tmp_path, odd={**LINE, **line})
    assert "\n" not in str(raised.value)
    for part in said:
        assert part in str(raised.value)


def test_what_is_told_follows_from_the_input(tmp_path: Any) -> None:
    found = params(
        tmp_path,
        blind={**LINE, "architecture": "modes", "input": "no_pattern"},
        poor={**LINE, "architecture": "modes", "input": "no_ratios"},
    ).models
    assert (found["blind"].composition, found["blind"].pattern) == ("baseline", "none")
    assert (found["poor"].composition, found["poor"].pattern) == ("no_ratios", "full")


def test_table_2_is_of_the_papers_networks(tmp_path: Any) -> None:
    models = params(tmp_path).models
    of_modes = [name for name, model in models.items() if model.architecture == "modes"]
    assert of_modes
    assert "no_pattern" not in inputs(models)
    for told in inputs(models):
        assert not set(models_told(models, told).values()) & set(of_modes)
