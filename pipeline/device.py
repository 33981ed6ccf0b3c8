"""Where a step computes."""


def best_device() -> str:
    """Where a step computes: on a GPU if there is one."""
    # Imported here because most steps need no torch, and it takes seconds to load.
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
