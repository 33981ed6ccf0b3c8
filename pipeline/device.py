"""Where a step computes, and what a card says of it."""

import platform

LICENCE = "MIT; trained on crystals of the Materials Project (CC BY 4.0)"
"""Of trained weights."""


def best_device() -> str:
    """Where a step computes: on a GPU if there is one."""
    # Imported here because most steps need no torch, and it takes seconds to load.
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def hardware(device: str, processes: int) -> str:
    """The devices of a training, for people."""
    import torch

    if device.startswith("cuda"):
        name = torch.cuda.get_device_name(device)
        return name if processes == 1 else f"{processes} x {name}"
    threads = torch.get_num_threads() * processes
    return f"{platform.machine()} CPU, {threads} {'thread' if threads == 1 else 'threads'}"
