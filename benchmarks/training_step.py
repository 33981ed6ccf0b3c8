"""A training step and the drawing of its points: the reference manner beside ours.

Reference manner: FiLM run for every point on repeated rows, the skip connections concatenated,
float32, and the training points drawn one by one in three nested Python loops. The modules and
weights are the same in both; so are the numbers that come out (see tests/network). Ours is the
trainer's own step: points, noise, loss, gradients, Adam.

    python -m benchmarks.training_step                   a step of 8 crystals x 1000 points
    python -m benchmarks.training_step --device cuda     128 crystals x 1000 points, each precision,
                                                         compiled or not
    python -m benchmarks.training_step --profile FOLDER  also where the time of our step goes

The points are drawn for the paper's batch of 128 crystals in both.
"""

import argparse
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy import ndarray
from torch import Tensor

from benchmarks.machine import machine, matrix_rate, seconds_each
from crystalnet.learning.loss import density_loss
from crystalnet.learning.sampling import draw_points
from crystalnet.learning.step import step_objective, training_step
from crystalnet.network.crystalnet import CrystalNet, Latent
from crystalnet.network.regressor import Block
from crystalnet.settings import NetworkSettings, TrainingSettings
from crystalnet.tensors import CrystalTensors

PAPER = NetworkSettings(
    width=512,
    fourier_features=128,
    fourier_sigma=3.0,
    dense_growth=8,
    dense_layers=4,
    regressor_layers=4,
    regressor_blocks=3,
)
TRAINING = TrainingSettings(
    cycles=[100, 200, 400, 800],
    learning_rate_max=1e-3,
    learning_rate_min=1e-6,
    batch_size=128,
    points_per_axis=10,
    kl_weight_pattern=0.05,
    kl_weight_formula=0.05,
    pattern_shift_bins=3,
    input_noise=1e-3,
    validation_every=1,
    validation_grid=25,
    validation_guesses=2,
    film_statistics="crystals",
    densities_on="device",
    precision="float32",
    compile="none",
)
BINS, GRID = 1024, 50
# Products of a step of 128 crystals x 1000 points: the paper's network, forward and backward.
STEP_OPERATIONS_EACH_CRYSTAL = 4.14e12 / 128
PAPER_CRYSTALS = 16_378


def reference_points(
    density: ndarray, points_per_axis: int, random: np.random.Generator
) -> tuple[ndarray, ndarray]:
    """Stratified points of one crystal, one at a time."""
    size = 1 / points_per_axis
    coordinates, values = [], []
    for i in range(points_per_axis):
        for j in range(points_per_axis):
            for k in range(points_per_axis):
                u = [random.uniform(b * size, (b + 1) * size) for b in (i, j, k)]
                x, y, z = (min(int(c * GRID), GRID - 1) for c in u)
                coordinates.append([x / GRID - 0.5, y / GRID - 0.5, z / GRID - 0.5])
                values.append(density[x, y, z])
    return np.array(coordinates, dtype=np.float32), np.array(values, dtype=np.float32)


def reference_forward(
    model: CrystalNet,
    patterns: Tensor,
    formulas: Tensor | None,
    coordinates: Tensor,
    noise: Tensor,
) -> tuple[Tensor, Latent]:
    """FiLM for each point, and [h, P] built for each block."""
    width, points = model.settings.width, coordinates.shape[1]
    latent = model.encode(patterns, formulas)
    pattern = latent.mu_pattern + noise[:, :width] * latent.sigma_pattern
    if latent.mu_formula is None or latent.sigma_formula is None:
        formula = torch.zeros_like(pattern)
    else:
        formula = latent.mu_formula + noise[:, width:] * latent.sigma_formula
    rows = torch.cat([pattern, formula], dim=1).repeat_interleave(points, dim=0)
    gamma, beta = rows, rows
    for layer in model.film.gamma.layers:
        gamma = F.relu(layer.norm(layer.linear(gamma)))
    for layer in model.film.beta.layers:
        beta = F.relu(layer.norm(layer.linear(beta)))
    position = model.position(coordinates.reshape(-1, 3))
    hidden = gamma * position + beta
    for layer in model.regressor.layers:
        hidden = F.relu(layer.norm(layer.linear(hidden)))
    for module in model.regressor.blocks:
        block = cast(Block, module)
        hidden = torch.cat([hidden, position], dim=1)
        for layer in [block.skip, *block.layers]:
            hidden = F.relu(layer.norm(layer.linear(hidden)))
    return model.regressor.output(hidden).view(coordinates.shape[:2]), latent


def reference_step(
    model: CrystalNet,
    optimiser: torch.optim.Optimizer,
    crystals: CrystalTensors,
    points: tuple[Tensor, Tensor],
    noise: Tensor,
) -> None:
    """A step in the reference manner, on points that were drawn beforehand."""
    coordinates, wanted = points
    predicted, latent = reference_forward(
        model, crystals.patterns, crystals.formulas, coordinates, noise
    )
    loss = density_loss(predicted, wanted, latent, weight_pattern=0.05, weight_formula=0.05)
    optimiser.zero_grad(set_to_none=True)
    loss.total.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def made_up(crystals: int, device: torch.device) -> CrystalTensors:
    """Random numbers in the shapes of crystals: what they hold does not change the time."""
    return CrystalTensors(
        [f"made up {i}" for i in range(crystals)],
        torch.rand(crystals, BINS, device=device),
        torch.rand(crystals, 119, device=device),
        torch.rand(crystals, GRID, GRID, GRID, device=device),
        torch.eye(3, device=device).expand(crystals, 3, 3),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--crystals", type=int, help="in the step; 8 on the CPU, 128 on a GPU")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--compile", action="store_true", help="compiled steps on the CPU too")
    parser.add_argument("--profile", type=Path, help="a folder for the profile of our steps")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    on_gpu = device.type == "cuda"
    crystals = arguments.crystals or (128 if on_gpu else 8)
    print(f"{machine(device)}\n{TRAINING.points_per_axis**3} points a crystal", flush=True)

    all_crystals = made_up(TRAINING.batch_size, device)
    batch = torch.randperm(len(all_crystals), device=device)
    generator = torch.Generator(device).manual_seed(0)
    on_host = all_crystals.densities.cpu().numpy()
    random = np.random.default_rng(0)
    points_per_axis = TRAINING.points_per_axis
    drawing = seconds_each(
        {
            "reference": lambda: [reference_points(d, points_per_axis, random) for d in on_host],
            "ours": lambda: draw_points(all_crystals.densities, batch, points_per_axis, generator),
        },
        2 * arguments.repeats,
        device,
    )
    tell(f"drawing, {len(all_crystals)} crystals", drawing["reference"], drawing["ours"])

    some = made_up(crystals, device)
    chosen = torch.arange(crystals, device=device)
    torch.manual_seed(0)
    model = CrystalNet(PAPER, BINS, with_formula=True).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-6, fused=True)
    points = draw_points(some.densities, chosen, points_per_axis, generator)
    noise = model.draw_noise(crystals, generator)
    calls: dict[str, Callable[[], object]] = {
        "reference": lambda: reference_step(model, optimiser, some, points, noise)
    }
    variants = [("float32", "none")]
    if on_gpu or arguments.compile:
        variants += [("float32", "default"), ("bfloat16", "none"), ("bfloat16", "default")]
    if on_gpu:
        variants += [("bfloat16", "reduce-overhead"), ("bfloat16", "max-autotune")]
    for precision, compiled in variants:
        settings = TRAINING.model_copy(update={"precision": precision, "compile": compiled})
        objective = step_objective(settings)
        calls[f"ours, {precision}{'' if compiled == 'none' else f', compiled: {compiled}'}"] = (
            partial(
                training_step, model, optimiser, objective, some, chosen,
                (some.densities, chosen), settings, generator,
            )
        )  # fmt: skip
    steps = seconds_each(calls, arguments.repeats, device, warm_up=3 if on_gpu else 1)
    for name in list(steps)[1:]:
        tell(f"step, {crystals} crystals, {name}", steps["reference"], steps[name])
    best = min(list(steps)[1:], key=lambda name: steps[name])
    operations = STEP_OPERATIONS_EACH_CRYSTAL * crystals
    rate = matrix_rate(
        device, torch.bfloat16 if on_gpu else torch.float32, 8192 if on_gpu else 2048
    )
    reached = operations / steps[best]
    print(
        f"best: {best}: {reached / 1e12:.2f} Tflop/s, {100 * reached / rate:.0f} % of the "
        f"{rate / 1e12:.1f} Tflop/s of a plain {'bfloat16' if on_gpu else 'float32'} product here; "
        f"an epoch of {PAPER_CRYSTALS} crystals would take "
        f"{steps[best] * PAPER_CRYSTALS / crystals:.1f} s without validation"
    )
    if arguments.profile:
        arguments.profile.mkdir(parents=True, exist_ok=True)
        for name, call in list(calls.items())[1:]:
            profile(call, arguments.profile / f"{re.sub(r'[^a-z0-9]+', '_', name)}.txt", on_gpu)


def tell(what: str, reference: float, ours: float) -> None:
    print(
        f"{what:42s} reference {1000 * reference:9.2f} ms   ours {1000 * ours:9.3f} ms   "
        f"ratio {reference / ours:.1f}",
        flush=True,
    )


def profile(call: Callable[[], object], path: Path, on_gpu: bool) -> None:
    """Write where the time of a call goes, operator by operator."""
    with torch.profiler.profile() as found:
        for _ in range(3):
            call()
    order = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    path.write_text(found.key_averages().table(sort_by=order, row_limit=40))
    print(f"profile: {path}")


if __name__ == "__main__":
    main()
