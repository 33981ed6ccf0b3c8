"""What a figure was measured on, and how long a call takes there."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

CPU = torch.device("cpu")


def machine(device: torch.device = CPU) -> str:
    """The device, for people."""
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


def wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def seconds_each(
    calls: dict[str, Callable[[], object]], repeats: int, device: torch.device, warm_up: int = 1
) -> dict[str, float]:
    """Median seconds of each call; the calls take turns, so that they share the machine's load."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + warm_up):
        for name, call in calls.items():
            wait(device)
            started = time.perf_counter()
            call()
            wait(device)
            if turn >= warm_up:
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(t) for name, t in times.items()}


def matrix_rate(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Operations a second of a product of two square matrices, best of 20."""
    left = torch.randn(size, size, device=device, dtype=dtype)
    right = torch.randn(size, size, device=device, dtype=dtype)
    best = float("inf")
    for _ in range(20):
        wait(device)
        started = time.perf_counter()
        left @ right
        wait(device)
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best
