"""The training: it learns, resumes bit for bit, and refuses what it cannot use."""

import math
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from crystalnet.errors import CrystalNetError
from crystalnet.learning import trainer
from crystalnet.learning.checkpoints import STATE_FILE, CurveRow
from crystalnet.learning.trainer import TrainingResult, batch_count
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.settings import CompositionInput, NetworkSettings, TrainingSettings
from crystalnet.tensors import CrystalTensors

Make = Callable[[int, int], CrystalTensors]
Run = Callable[..., TrainingResult]


@pytest.fixture
def run(crystals: Make, tiny_network: NetworkSettings, short_training: TrainingSettings) -> Run:
    """Train the tiny network in a folder; keywords replace settings or arguments."""

    def call(
        run_dir: Path,
        *,
        composition_input: CompositionInput = "baseline",
        seed: int = 1,
        progress: Callable[[str], object] = lambda line: None,
        record: Callable[[CurveRow], object] = lambda row: None,
        train: CrystalTensors | None = None,
        start: CrystalNet | None = None,
        **settings: object,
    ) -> TrainingResult:
        return trainer.train(
            tiny_network,
            short_training.model_copy(update=settings),
            train or crystals(10, 1),
            crystals(4, 2),
            composition_input=composition_input,
            run_dir=run_dir,
            seed=seed,
            device="cpu",
            progress=progress,
            record=record,
            start=start,
        )

    return call


def interrupt_after(
    monkeypatch: pytest.MonkeyPatch, steps: int, interrupt: Callable[[], None]
) -> None:
    """Let `interrupt` come in the middle of a step."""
    taken = 0
    step = trainer.training_step

    def counted(*arguments: object) -> Tensor:
        nonlocal taken
        taken += 1
        losses = step(*arguments)  # type: ignore[arg-type]
        if taken == steps:
            interrupt()
        return losses

    monkeypatch.setattr(trainer, "training_step", counted)


def raise_keyboard_interrupt() -> None:
    raise KeyboardInterrupt


def kill_with_sigterm() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def assert_same(first: TrainingResult, second: TrainingResult) -> None:
    assert (first.best_epoch, first.best_ssim) == (second.best_epoch, second.best_ssim)
    ours, theirs = first.model.state_dict(), second.model.state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


@pytest.mark.parametrize(
    ("interrupt", "raised"),
    [(raise_keyboard_interrupt, KeyboardInterrupt), (kill_with_sigterm, SystemExit)],
)
# With 3 steps an epoch: in the first epoch, after the first validation, and in the last one.
@pytest.mark.parametrize("steps", [2, 8, 18])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    interrupt: Callable[[], None],
    raised: type[BaseException],
    steps: int,
) -> None:
    curves: dict[str, list[CurveRow]] = {"whole": [], "parts": []}
    whole = run(tmp_path / "whole", record=curves["whole"].append)
    handler = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        interrupt_after(patch, steps, interrupt)
        with pytest.raises(raised):
            run(tmp_path / "parts")
    assert signal.getsignal(signal.SIGTERM) is handler
    lines: list[str] = []
    resumed = run(tmp_path / "parts", progress=lines.append, record=curves["parts"].append)

    finished = (steps - 1) // 3
    assert lines[0].startswith(f"going on after epoch {finished} of 6" if finished else "epoch 1/6")
    assert_same(whole, resumed)
    assert curves["whole"] == curves["parts"]


def test_a_finished_run_is_not_trained_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(tmp_path)
    monkeypatch.setattr(trainer, "training_step", None)
    again = run(tmp_path)
    assert_same(first, again)
    assert again.seconds == first.seconds
    assert not again.model.training


def test_other_seed_settings_or_data_start_afresh(run: Run, crystals: Make, tmp_path: Path) -> None:
    run(tmp_path)
    for change in (
        {"seed": 2},
        {"kl_weight_pattern": 0.1},
        {"composition_input": "no_ratios"},
        {"train": crystals(10, 3)},
    ):
        lines: list[str] = []
        run(tmp_path, progress=lines.append, **change)
        assert "of other settings, seed or data; starting from the first epoch" in lines[0]


@pytest.mark.parametrize("keep", [0, 5, 300, -10])
def test_a_damaged_state_starts_afresh(run: Run, tmp_path: Path, keep: int) -> None:
    whole = run(tmp_path)
    path = tmp_path / STATE_FILE
    path.write_bytes(path.read_bytes()[:keep])
    lines: list[str] = []
    assert_same(whole, run(tmp_path, progress=lines.append))
    assert "cannot be read" in lines[0]


def test_training_lowers_the_loss(run: Run, tmp_path: Path) -> None:
    rows: list[CurveRow] = []
    result = run(tmp_path, cycles=[25], learning_rate_max=1e-2, record=rows.append)
    assert [row.epoch for row in rows] == list(range(1, 26))
    assert result.epochs == 25
    assert rows[-1].l1 < 0.8 * rows[0].l1
    # Validated every second epoch, and at the end.
    scores = {row.epoch: row.validation_ssim for row in rows if row.validation_ssim is not None}
    assert list(scores) == [*range(2, 25, 2), 25]
    assert result.best_ssim == scores[result.best_epoch] == max(scores.values())


def test_without_a_formula_the_composition_is_not_looked_at(
    run: Run, crystals: Make, tmp_path: Path
) -> None:
    train = crystals(10, 1)
    changed = CrystalTensors(
        train.material_ids, train.patterns, train.formulas + 1, train.densities, train.lattices
    )
    first = run(tmp_path / "a", composition_input="no_formula", train=train)
    second = run(tmp_path / "b", composition_input="no_formula", train=changed)
    assert not first.model.with_formula
    assert_same(first, second)


def test_bfloat16_keeps_float32_weights_and_trains(run: Run, tmp_path: Path) -> None:
    one_step = {"cycles": [1], "batch_size": 10}
    curves: dict[str, list[CurveRow]] = {"exact": [], "rounded": []}
    exact = run(tmp_path / "exact", **one_step, record=curves["exact"].append)
    rounded = run(
        tmp_path / "rounded", **one_step, precision="bfloat16", record=curves["rounded"].append
    )
    # The same weights, crystals, points and noise: the first loss differs by rounding alone.
    assert curves["rounded"][0].l1 == pytest.approx(curves["exact"][0].l1, rel=0.02)
    assert curves["rounded"][0].l1 != curves["exact"][0].l1
    assert math.isfinite(rounded.best_ssim)
    assert {p.dtype for p in rounded.model.parameters()} == {torch.float32}
    assert {b.dtype for b in exact.model.buffers()} == {b.dtype for b in rounded.model.buffers()}


def test_a_loss_that_is_not_finite_names_epoch_and_crystals(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = trainer.training_step
    taken: list[Tensor] = []

    def poisoned(*arguments: object) -> Tensor:
        chosen = arguments[4]
        assert isinstance(chosen, Tensor)
        taken.append(chosen)
        losses = step(*arguments)  # type: ignore[arg-type]
        return losses * torch.nan if len(taken) == 5 else losses

    monkeypatch.setattr(trainer, "training_step", poisoned)
    with pytest.raises(CrystalNetError, match=r"^epoch 2: the loss of batch 2 of 3 is nan") as info:
        run(tmp_path)
    names = [f"mp-1-{i}" for i in taken[4].tolist()]
    assert f"Its crystals: {', '.join(names)}." in str(info.value)


def test_a_validation_score_that_is_not_finite_stops_the_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "validation_ssim", lambda *arguments: math.nan)
    with pytest.raises(CrystalNetError, match="epoch 2: the validation SSIM is nan"):
        run(tmp_path)


def test_one_crystal_cannot_be_trained_on(run: Run, crystals: Make, tmp_path: Path) -> None:
    with pytest.raises(CrystalNetError, match="BatchNorm needs at least 2"):
        run(tmp_path, train=crystals(1, 1))


def test_validation_grid_cannot_exceed_the_density_grid(run: Run, tmp_path: Path) -> None:
    with pytest.raises(CrystalNetError, match=r"validation_grid is 11.*have 10 points"):
        run(tmp_path, validation_grid=11)


@pytest.mark.parametrize(
    ("crystals", "batch_size", "sizes"),
    [
        (256, 128, [128, 128]),
        (132, 128, [66, 66]),
        (589, 128, [118, 118, 118, 118, 117]),
        (3, 2, [3]),
        (2, 128, [2]),
        (7, 2, [3, 2, 2]),
    ],
)
def test_batches_are_of_equal_size(crystals: int, batch_size: int, sizes: list[int]) -> None:
    batches = torch.arange(crystals).tensor_split(batch_count(crystals, batch_size))
    assert [len(batch) for batch in batches] == sizes


def test_steps_depend_on_the_seed(run: Run, tmp_path: Path) -> None:
    first, second = run(tmp_path / "a"), run(tmp_path / "b", seed=2)
    assert not torch.equal(first.model.position.frequencies, second.model.position.frequencies)


def test_streamed_densities_give_the_same_training(run: Run, tmp_path: Path) -> None:
    assert_same(run(tmp_path / "a"), run(tmp_path / "b", densities_on="host"))


def test_statistics_of_points_change_running_variances_alone(run: Run, tmp_path: Path) -> None:
    one_step = {"cycles": [1], "batch_size": 10}
    crystals = run(tmp_path / "a", **one_step).model.state_dict()
    points = run(tmp_path / "b", **one_step, film_statistics="points").model.state_dict()
    changed = {n for n, value in crystals.items() if not torch.allclose(value, points[n], 1e-4)}
    assert changed == {
        name for name in crystals if name.startswith("film.") and name.endswith("running_var")
    }


def test_a_training_can_start_from_weights(run: Run, crystals: Make, tmp_path: Path) -> None:
    first: list[CurveRow] = []
    trained = run(tmp_path / "a", cycles=[25], learning_rate_max=1e-2, record=first.append).model
    # The same folder: a start is part of what a training is.
    rows: list[CurveRow] = []
    run(tmp_path / "a", cycles=[25], learning_rate_max=1e-2, record=rows.append, start=trained)
    assert rows[0].l1 < 0.7 * first[0].l1


def test_a_start_of_another_form_is_refused(
    run: Run, tiny_network: NetworkSettings, tmp_path: Path
) -> None:
    wide = CrystalNet(tiny_network.model_copy(update={"width": 9}), 32, True)
    with pytest.raises(CrystalNetError, match=r"another network: its settings are .*width=9"):
        run(tmp_path, start=wide)
    with pytest.raises(CrystalNetError, match="with_formula are False"):
        run(tmp_path, start=CrystalNet(tiny_network, 32, False))
