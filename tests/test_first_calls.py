"""What is checked at run time, and how often."""

import pytest
import torch
from jaxtyping import TypeCheckError

from crystalnet.scoring.agreement import negative_mass_percent
from crystalnet.scoring.ssim import Scores
from tests.first_calls import CALLS

FLAT = torch.ones(2, 3)


def test_a_wrong_shape_is_refused_in_a_call_and_in_a_dataclass() -> None:
    assert negative_mass_percent(torch.ones(1, 2, 2, 2)).tolist() == [0]
    with pytest.raises(TypeCheckError, match="guess"):
        negative_mass_percent(FLAT)
    with pytest.raises(TypeCheckError):
        Scores(FLAT, FLAT)


@pytest.mark.parametrize("repeat", [0, 1])
def test_each_test_checks_the_first_calls_of_a_function(
    repeat: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CALLS, "limit", 3)
    field = torch.ones(1, 2, 2, 2)
    name = f"{negative_mass_percent.__module__}.{negative_mass_percent.__qualname__}"
    for checked in (1, 2, 3, 3):
        negative_mass_percent(field)
        assert CALLS.checked[name] == checked
