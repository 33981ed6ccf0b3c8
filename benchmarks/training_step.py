"""A training step and the drawing of its points: the reference manner beside ours.

Reference manner: FiLM run for every point on repeated rows, the skip connections concatenated,
float32, and the training points drawn one by one in three nested Python loops. The modules and
weights are the same in both; so are the numbers that come out (see tests/network).

    python -m benchmarks.training_step                   a step of 8 crystals x 1000 points
    python -m benchmarks.training_step --device cuda     128 crystals x 1000 points

The points are drawn for the paper's batch of 128 crystals in both.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy import ndarray
from torch import Tensor

from crystalnet.learning.loss import Loss, density_loss
from crystalnet.learning.sampling import draw_points
from crystalnet.network.crystalnet import CrystalNet, Latent
from crystalnet.network.regressor import Block
from crystalnet.settings import NetworkSettings

PAPER = NetworkSettings(
    width=512,
    fourier_features=128,
    fourier_sigma=3.0,
    dense_growth=8,
    dense_layers=4,
    regressor_layers=4,
    regressor_blocks=3,
)
PAPER_BATCH, BINS, GRID, POINTS_PER_AXIS, KL_WEIGHT = 128, 1024, 50, 10, 0.05


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
    model: CrystalNet, patterns: Tensor, formulas: Tensor, coordinates: Tensor, noise: Tensor
) -> tuple[Tensor, Latent]:
    """FiLM for each point, and [h, P] built for each block."""
    width, points = model.settings.width, coordinates.shape[1]
    latent = model.encode(patterns, formulas)
    assert latent.mu_formula is not None
    assert latent.sigma_formula is not None
    pattern = latent.mu_pattern + noise[:, :width] * latent.sigma_pattern
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


def seconds_each(
    calls: dict[str, Callable[[], object]], repeats: int, device: torch.device
) -> dict[str, float]:
    """Median seconds of each call; the calls take turns, so that they share the machine's load."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            _wait(device)
            started = time.perf_counter()
            call()
            _wait(device)
            if turn:  # The first one warms up.
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(t) for name, t in times.items()}


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def machine(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.split(":")[1].strip()
        for line in (cpuinfo.read_text().splitlines() if cpuinfo.exists() else [])
        if line.startswith("model name")
    ]
    name = names[0] if names else platform.processor()
    return (
        f"{name}, {torch.get_num_threads()} threads of {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, torch {torch.__version__}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--crystals", type=int, help="in the step; 8 on the CPU, 128 on a GPU")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    crystals = arguments.crystals or (8 if device.type == "cpu" else 128)

    torch.manual_seed(0)
    model = CrystalNet(PAPER, BINS, with_formula=True).to(device)
    generator = torch.Generator(device).manual_seed(0)
    densities = torch.rand(PAPER_BATCH, GRID, GRID, GRID, device=device)
    on_host = densities.cpu().numpy()
    random = np.random.default_rng(0)
    batch = torch.randperm(PAPER_BATCH, device=device)
    chosen = batch[:crystals]
    patterns = torch.rand(crystals, BINS, device=device)
    formulas = torch.rand(crystals, 119, device=device)
    coordinates, wanted = draw_points(densities, chosen, POINTS_PER_AXIS, generator)
    noise = model.draw_noise(crystals, generator)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-6)

    def step(forward: Callable[..., tuple[Tensor, Latent]]) -> Loss:
        predicted, latent = forward(patterns, formulas, coordinates, noise)
        loss = density_loss(
            predicted, wanted, latent, weight_pattern=KL_WEIGHT, weight_formula=KL_WEIGHT
        )
        optimiser.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return loss

    print(f"{machine(device)}\n{POINTS_PER_AXIS**3} points a crystal, float32")
    drawing = seconds_each(
        {
            "reference": lambda: [reference_points(d, POINTS_PER_AXIS, random) for d in on_host],
            "ours": lambda: draw_points(densities, batch, POINTS_PER_AXIS, generator),
        },
        2 * arguments.repeats,
        device,
    )
    steps = seconds_each(
        {
            "reference": lambda: step(lambda *inputs: reference_forward(model, *inputs)),
            "ours": lambda: step(model),
        },
        arguments.repeats,
        device,
    )
    for name, times in (
        (f"drawing, {PAPER_BATCH} crystals", drawing),
        (f"training step, {crystals} crystals", steps),
    ):
        reference, ours = times["reference"], times["ours"]
        print(
            f"{name:28s} reference {1000 * reference:9.2f} ms   ours {1000 * ours:9.3f} ms   "
            f"ratio {reference / ours:.1f}"
        )


if __name__ == "__main__":
    main()
