"""Cosine annealing with warm restarts."""

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from crystalnet.learning.schedule import learning_rate


def test_equals_torch_over_the_papers_cycles() -> None:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1e-3)
    theirs = CosineAnnealingWarmRestarts(optimiser, T_0=100, T_mult=2, eta_min=1e-6)
    for epoch in range(1500):
        ours = learning_rate(epoch, [100, 200, 400, 800], 1e-3, 1e-6)
        assert ours == pytest.approx(theirs.get_last_lr()[0], rel=1e-12)
        optimiser.step()
        theirs.step()


def test_cycles_of_any_length() -> None:
    rates = [learning_rate(epoch, [2, 1, 4], 1.0, 0.0) for epoch in range(7)]
    half = 0.5 + 0.5 * 0.5**0.5
    assert rates == pytest.approx([1.0, 0.5, 1.0, 1.0, half, 0.5, 1 - half])


def test_no_epoch_after_the_last_cycle() -> None:
    with pytest.raises(ValueError, match="epoch 3 lies beyond"):
        learning_rate(3, [1, 2], 1.0, 0.0)
