"""Resampling to 50^3 beside mp-pyrho, and independent-atom densities: milliseconds and errors.

Run from the top folder: OMP_NUM_THREADS=1 python -m benchmarks.resampling
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy import ndarray

from benchmarks.machine import machine
from crystalnet.crystallography.chgcar import read_chgcar
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.resampling import interpolation_matrix, resample, resample_pyrho
from pipeline.crystal_tables import crystals_of

GRID = 50
SIZES = (28, 32, 36, 40, 48, 56, 64, 72, 80, 96, 108, 120)


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    """The median time of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def synthetic(points: int) -> ndarray:
    """A positive density of 0.3 e/A^3 on average, whose modes all lie within the grid."""
    rng = np.random.default_rng(points)
    h = np.fft.fftfreq(points, 1 / points)
    h2 = h[:, None, None] ** 2 + h[:, None] ** 2 + h**2
    modes = np.fft.fftn(rng.normal(size=(points,) * 3)) * np.exp(-h2 / (2 * (points / 8) ** 2))
    density = np.fft.ifftn(modes).real
    density -= density.min()
    return np.asarray(density * 0.3 / density.mean())


def direct(density: ndarray) -> ndarray:
    """All modes of a density summed at all points of the grid, in complex arithmetic."""
    modes = np.fft.fftn(density) / density.size
    for axis, n in enumerate(density.shape):
        phases = np.exp(2j * np.pi * np.outer(np.arange(GRID) / GRID, np.fft.fftfreq(n, 1 / n)))
        if n % 2 == 0:
            phases[:, n // 2] = phases[:, n // 2].real
        modes = np.moveaxis(np.tensordot(phases, modes, axes=(1, axis)), 0, axis)
    return modes.real


def compare(name: str, density: ndarray, repeats: int) -> float:
    """Print one line of the table; returns the ratio of the times."""
    wanted, mean = direct(density), density.mean()
    interpolation_matrix.cache_clear()
    first = milliseconds(lambda: resample(density, GRID), 1)
    ours = milliseconds(lambda: resample(density, GRID), repeats)
    theirs = milliseconds(lambda: resample_pyrho(density, GRID), max(3, repeats // 3))
    our_error = np.abs(resample(density, GRID) - wanted).max() / mean
    their_error = np.abs(resample_pyrho(density, GRID) - wanted).max() / mean
    grid = "x".join(map(str, density.shape))
    print(
        f"{name:<24} {grid:>11} {first:8.2f} {ours:8.2f} {theirs:9.1f} {theirs / ours:7.1f} "
        f"{our_error:10.1e} {their_error:10.1e}"
    )
    return theirs / ours


def independent_atoms(crystals: int, device: str) -> None:
    """Print the time of IAM densities of random embedded crystals, one by one."""
    gaussians = ValenceGaussians.load("data/valence_gaussians.json")
    table = pd.read_parquet("data/structures.parquet").sample(crystals, random_state=0)
    cells = crystals_of(table)
    iam_density(cells[:2], GRID, gaussians, device=device)
    times = []
    for cell in cells:
        start = time.perf_counter()
        # Bringing the density to the CPU waits for the device.
        iam_density([cell], GRID, gaussians, device=device).cpu()
        times.append(1e3 * (time.perf_counter() - start))
    quantiles = np.quantile(times, [0.5, 0.9, 0.99, 1])
    print(
        f"\nIAM densities on {GRID}^3 of {crystals} random embedded crystals, {device}: "
        f"mean {np.mean(times):.1f} ms, median {quantiles[0]:.1f}, 90 % below {quantiles[1]:.1f}, "
        f"99 % below {quantiles[2]:.1f}, slowest {quantiles[3]:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--crystals", type=int, default=300)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    print(machine(torch.device(arguments.device)))
    print(
        f"Resampling to {GRID}^3: ms (first call, then median) and largest error / mean density\n"
    )
    print(
        f"{'density':<24} {'grid':>11} {'first':>8} {'ours':>8} {'mp-pyrho':>9} {'ratio':>7} "
        f"{'our error':>10} {'its error':>10}"
    )
    ratios = [compare("synthetic", synthetic(n), arguments.repeats) for n in SIZES]
    for path in sorted(Path("data/chgcars").glob("*.xz")):
        name = path.name.rsplit("_", 2)[0]
        ratios.append(compare(name, read_chgcar(path).density, arguments.repeats))
    print(f"\nmp-pyrho takes {min(ratios):.1f} to {max(ratios):.1f} times as long")
    independent_atoms(arguments.crystals, arguments.device)


if __name__ == "__main__":
    main()
