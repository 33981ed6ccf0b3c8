"""CrystalNet: the electron density of a crystal from its powder X-ray pattern.

`crystalnet.solve(...)` goes from a measured pattern to ranked densities and structures; the other
names are its steps, and what they hand to each other.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crystalnet.crystallography.crystal import Crystal
    from crystalnet.crystallography.diffraction import powder_pattern
    from crystalnet.crystallography.resampling import resample
    from crystalnet.errors import CrystalNetError
    from crystalnet.network.weights import load_model
    from crystalnet.solving.candidate import Candidate
    from crystalnet.solving.lattice.find import index_lattice
    from crystalnet.solving.pattern.file import read_pattern
    from crystalnet.solving.pattern.peaks import find_peaks
    from crystalnet.solving.predict import Prediction, predict
    from crystalnet.solving.settings import SolveSettings
    from crystalnet.solving.solution import Solution
    from crystalnet.solving.solve import solve

__all__ = [
    "Candidate",
    "Crystal",
    "CrystalNetError",
    "Prediction",
    "Solution",
    "SolveSettings",
    "find_peaks",
    "index_lattice",
    "load_model",
    "powder_pattern",
    "predict",
    "read_pattern",
    "resample",
    "solve",
]

_HOME = {
    "Candidate": "crystalnet.solving.candidate",
    "Crystal": "crystalnet.crystallography.crystal",
    "CrystalNetError": "crystalnet.errors",
    "Prediction": "crystalnet.solving.predict",
    "Solution": "crystalnet.solving.solution",
    "SolveSettings": "crystalnet.solving.settings",
    "find_peaks": "crystalnet.solving.pattern.peaks",
    "index_lattice": "crystalnet.solving.lattice.find",
    "load_model": "crystalnet.network.weights",
    "powder_pattern": "crystalnet.crystallography.diffraction",
    "predict": "crystalnet.solving.predict",
    "read_pattern": "crystalnet.solving.pattern.file",
    "resample": "crystalnet.crystallography.resampling",
    "solve": "crystalnet.solving.solve",
}


def __getattr__(name: str) -> object:
    # Loaded when asked for: most of the library needs neither the networks nor the readers.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
