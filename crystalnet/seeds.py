"""Every random draw follows from one root seed and a purpose."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derived_seed(root: int, *purpose: str | int) -> int:
    """A 63-bit seed for a purpose, such as ("epoch", 7); other purposes give unrelated seeds."""
    text = "/".join(str(part) for part in (root, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def derived_generator(
    device: torch.device | str, root: int, *purpose: str | int
) -> torch.Generator:
    """A fresh generator on `device`, seeded for a purpose."""
    return torch.Generator(device).manual_seed(derived_seed(root, *purpose))


@contextmanager
def seeded_initialisation(root: int) -> Iterator[None]:
    """Inside, modules draw their first weights from `root`; torch's own state is put back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(root, "weights"))
        yield
