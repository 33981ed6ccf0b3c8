"""Two processes, joined by gloo on the CPU, train as one does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from crystalnet.errors import CrystalNetError
from crystalnet.learning import trainer
from crystalnet.learning.distributed import Processes, join_processes, synchronise_norms
from crystalnet.settings import NetworkSettings, TrainingSettings
from crystalnet.tensors import CrystalTensors

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import json, sys, types
from pathlib import Path
import torch
from crystalnet.learning.checkpoints import STATE_FILE, CurveRow
from crystalnet.learning.distributed import (
    Processes, join_processes, leave_processes, synchronise_norms
)
from crystalnet.learning.loss import density_loss
from crystalnet.tensors import CrystalTensors
from crystalnet.learning.trainer import train
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.settings import NetworkSettings, TrainingSettings

folder = Path(sys.argv[1])
told = json.loads((folder / "task.json").read_text())
data = {
    name: CrystalTensors(ids, *torch.load(folder / f"{name}.pt", weights_only=True))
    for name, ids in told["ids"].items()
}
device = join_processes("cpu")
rows: list[CurveRow] = []
result = train(
    NetworkSettings(**told["network"]),
    TrainingSettings(**told["training"]),
    data["train"],
    data["validation"],
    composition_input="baseline",
    run_dir=folder / "run",
    seed=1,
    device=device,
    progress=lambda line: None,
    record=rows.append,
)
processes = Processes.current()
rank = processes.rank

# One step's gradients in float64.
torch.manual_seed(0)
model = CrystalNet(NetworkSettings(**told["network"]), 32, True).double()
inputs = [torch.rand(5, *shape, dtype=torch.float64) for shape in ((32,), (119,), (7, 3), (16,))]
if processes.count > 1:
    synchronise_norms(model)
mine = processes.part_of(5)
density, latent = model(*(values[mine] for values in inputs))
wanted = torch.zeros_like(density)
loss = density_loss(density, wanted, latent, weight_pattern=0.05, weight_formula=0.05)
(loss.total * len(density) / 5).backward()
processes.sum_gradients(model)
gradients = {name: p.grad for name, p in model.named_parameters()}
torch.save(gradients, folder / f"gradients{rank}.pt")

torch.save(result.model.state_dict(), folder / f"weights{rank}.pt")
(folder / f"curves{rank}.json").write_text(json.dumps(rows))
leave_processes()
"""


def run_script(folder: Path, processes: int) -> None:
    script = folder / "script.py"
    script.write_text(SCRIPT)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    done = subprocess.run(
        [sys.executable, *(launcher if processes > 1 else []), str(script), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def run_task(
    tmp_path: Path,
    crystals: Callable[[int, int], CrystalTensors],
    tiny_network: NetworkSettings,
    short_training: TrainingSettings,
) -> Callable[..., Path]:
    """Run SCRIPT in so many processes, with settings replaced; returns its folder."""

    def call(name: str, processes: int, **settings: object) -> Path:
        data = {"train": crystals(11, 1), "validation": crystals(4, 2)}
        # Adam's first steps are the learning rate times the sign of a gradient, and that of a bias
        # before a BatchNorm is rounding alone: a small rate keeps this out of the losses.
        settings = {"batch_size": 6, "learning_rate_max": 1e-5, **settings}
        task = {
            "ids": {part: tensors.material_ids for part, tensors in data.items()},
            "network": tiny_network.model_dump(),
            "training": short_training.model_copy(update=settings).model_dump(),
        }
        folder = tmp_path / name
        folder.mkdir()
        (folder / "task.json").write_text(json.dumps(task))
        for part, tensors in data.items():
            saved = [tensors.patterns, tensors.formulas, tensors.densities, tensors.lattices]
            torch.save(saved, folder / f"{part}.pt")
        run_script(folder, processes)
        return folder

    return call


def assert_same_curves(one: list[list[float | None]], other: list[list[float | None]]) -> None:
    """Epoch, rate, loss and its parts, validation SSIM: equal to the rounding of float32."""
    assert len(one) == len(other) == 6
    for here, there in zip(one, other, strict=True):
        assert [value is None for value in here] == [value is None for value in there]
        told = [value for value in there if value is not None]
        assert told == pytest.approx([v for v in here if v is not None], rel=2e-5, abs=1e-5)


@pytest.mark.slow
def test_a_compiled_training_ends_where_a_plain_one_does(run_task: Callable[..., Path]) -> None:
    # In a process of its own: the compiler does not understand the tests' checks of shapes.
    plain, compiled = run_task("plain", 1), run_task("compiled", 1, compile="default")
    assert_same_curves(
        *(json.loads((folder / "curves0.json").read_text()) for folder in (plain, compiled))
    )


def test_two_processes_train_as_one(run_task: Callable[..., Path], tmp_path: Path) -> None:
    for processes in (1, 2):
        run_task(str(processes), processes)
    one, two = (json.loads((tmp_path / n / "curves0.json").read_text()) for n in ("1", "2"))
    assert_same_curves(one, two)
    assert json.loads((tmp_path / "2" / "curves1.json").read_text()) == []
    weights = [
        torch.load(tmp_path / "2" / f"weights{rank}.pt", weights_only=True) for rank in (0, 1)
    ]
    for name, value in weights[0].items():
        assert torch.equal(value, weights[1][name]), name
    whole, summed, same = (
        torch.load(tmp_path / file, weights_only=True)
        for file in ("1/gradients0.pt", "2/gradients0.pt", "2/gradients1.pt")
    )
    for name, value in whole.items():
        torch.testing.assert_close(summed[name], value, rtol=1e-9, atol=1e-13)
        assert torch.equal(summed[name], same[name])


def test_by_itself_a_process_is_the_first_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert join_processes("cpu") == "cpu"
    assert Processes.current() == Processes(0, 1)
    assert Processes.current().first
    model = nn.Linear(2, 1)
    model(torch.ones(3, 2)).sum().backward()
    assert model.weight.grad is not None
    before = model.weight.grad.clone()
    Processes.current().sum_gradients(model)
    assert torch.equal(model.weight.grad, before)


def test_parts_of_a_batch_are_disjoint_and_complete() -> None:
    for rows in (2, 5, 128):
        parts = [Processes(rank, 3).part_of(rows) for rank in range(3)]
        assert [row for part in parts for row in range(rows)[part]] == list(range(rows))


def test_norms_keep_their_weights_and_names() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    nn.init.normal_(model[1].weight)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    rows = torch.randn(6, 3)
    wanted = model.eval()(rows)
    synchronise_norms(model)
    assert torch.equal(model(rows), wanted)
    assert list(model.state_dict()) == list(before)


def test_what_processes_cannot_share_is_refused(short_training: TrainingSettings) -> None:
    with pytest.raises(CrystalNetError, match="batches of 2 crystals cannot be shared by 3"):
        trainer._refuse_to_share(Processes(0, 3), short_training, 2)
    points = short_training.model_copy(update={"film_statistics": "points"})
    with pytest.raises(CrystalNetError, match="film_statistics: points is for one process"):
        trainer._refuse_to_share(Processes(0, 2), points, 4)
