"""SSIM and PSNR of one guess in its 24 array rotations: CrystalNet beside scikit-image.

    python -m benchmarks.scoring [--threads 1] [--device cpu]

scikit-image turns the guess with an index map and scores it, rotation by rotation, on one CPU
thread: the manner of the released code. Both see the same embedded DFT densities in the same
precision, in turns, and the fastest of ten runs counts.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from benchmarks.machine import machine
from crystalnet.crystallography.rotations import rotation_set
from crystalnet.scoring.ssim import score_guesses
from crystalnet.settings import RotationSet

TABLE = Path(__file__).parents[1] / "data" / "dft_densities.parquet"
CRYSTALS = ["mp-1000", "mp-1018029"]
SETS: tuple[RotationSet, ...] = ("array", "cube", "lattice")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    print(machine(device))
    print("grid  set      dtype    scikit-image    ours     ratio  max |d SSIM|  max |d PSNR| dB")
    for grid in (50, 25):
        truth, guess = (density(name, grid) for name in CRYSTALS)
        lattice = lattice_of(CRYSTALS[0])
        for rotations in SETS:
            for dtype in (torch.float32, torch.float64):
                compare(truth, guess, lattice, rotations, dtype, device)
    batch(25, 250, 2, device)
    if device.type == "cuda":
        batch(50, 500, 5, device)


def compare(
    truth: np.ndarray,
    guess: np.ndarray,
    lattice: np.ndarray,
    rotations: RotationSet,
    dtype: torch.dtype,
    device: torch.device,
) -> None:
    """Print one row: seconds of both, their ratio, and the largest differences."""
    grid = truth.shape[0]
    index = rotation_set(rotations, grid, lattice)
    ours_in = torch.tensor(np.stack([truth, guess]), dtype=dtype, device=device)
    cell = torch.tensor(lattice)[None]
    # scikit-image gets the very numbers that ours gets, in the same precision for the timing.
    single = ours_in.cpu().numpy()
    theirs, ours = best_of_each(
        lambda: judge(single[0], single[1], index),
        lambda: score_guesses(ours_in[:1], ours_in[1:, None], rotations, cell).ssim.cpu(),
        rounds=10,
    )
    scores = score_guesses(ours_in[:1], ours_in[1:, None], rotations, cell)
    ssim, psnr = judge(single[0].astype(np.float64), single[1].astype(np.float64), index)
    error_ssim = np.abs(scores.ssim[0, 0].double().cpu().numpy() - ssim).max()
    error_psnr = np.abs(scores.psnr[0, 0].double().cpu().numpy() - psnr).max()
    name = str(dtype).removeprefix("torch.")
    print(
        f"{grid:4}  {rotations:7}  {name}  {1e3 * theirs:8.1f} ms  {1e3 * ours:7.2f} ms"
        f"  {theirs / ours:6.1f}  {error_ssim:12.1e}  {error_psnr:15.1e}"
    )


def judge(truth: np.ndarray, guess: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """scikit-image's SSIM and PSNR in each rotation."""
    unit = float(np.ptp(truth))
    turned = [guess.ravel()[row].reshape(truth.shape) for row in index]
    return (
        np.array([structural_similarity(truth, g, data_range=unit) for g in turned]),
        np.array([peak_signal_noise_ratio(truth, g, data_range=unit) for g in turned]),
    )


def batch(grid: int, crystals: int, guesses: int, device: torch.device) -> None:
    """Print the time of a whole set at once: a validation, or the paper's evaluation."""
    truth = torch.rand(crystals, grid, grid, grid, device=device)
    made = truth[:, None] + 0.1 * torch.rand(crystals, guesses, grid, grid, grid, device=device)
    (seconds,) = best_of_each(lambda: score_guesses(truth, made, "array").ssim.cpu(), rounds=2)
    print(f"{crystals} crystals x {guesses} guesses x 24 rotations at {grid}^3: {seconds:.2f} s")


def best_of_each(*work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of the fastest run of each, taken in turns after one to warm up."""
    seconds: list[list[float]] = [[] for _ in work]
    for turn in range(rounds + 1):
        for each, taken in zip(work, seconds, strict=True):
            start = time.perf_counter()
            each()
            if turn:
                taken.append(time.perf_counter() - start)
    return [min(taken) for taken in seconds]


def density(material_id: str, grid: int) -> np.ndarray:
    """An embedded DFT density in e/A^3."""
    row = rows().loc[material_id]
    h, k, m = (np.asarray(row[name], dtype=np.int64) for name in "hkl")
    kept = (abs(h) < grid / 2) & (abs(k) < grid / 2) & (m < grid / 2)
    factors = np.zeros((grid, grid, grid // 2 + 1), dtype=np.complex128)
    factors[h[kept], k[kept], m[kept]] = (np.asarray(row["re"]) + 1j * np.asarray(row["im"]))[kept]
    return np.fft.irfftn(factors * grid**3, s=(grid,) * 3, axes=(0, 1, 2))


def lattice_of(material_id: str) -> np.ndarray:
    return np.asarray(rows().loc[material_id]["lattice"], dtype=np.float64).reshape(3, 3)


def rows() -> pd.DataFrame:
    return pd.read_parquet(TABLE, filters=[("material_id", "in", CRYSTALS)]).set_index(
        "material_id"
    )


if __name__ == "__main__":
    main()
