"""CrystalNet: the electron density of a crystal from its powder X-ray pattern.

`crystalnet.solve(...)` goes from a measured pattern to ranked densities and structures.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crystalnet.solving.solve import Solution, solve

__all__ = ["Solution", "solve"]


def __getattr__(name: str) -> object:
    # Loaded when asked for: most of the library needs neither the networks nor the readers.
    if name in __all__:
        return getattr(import_module("crystalnet.solving.solve"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
