"""Made-up crystals and their densities, as the Materials Project sends and stores them."""

import gzip
import json
import random
from typing import Any

import numpy as np


def edge(number: int) -> float:
    """The cell's edge of a crystal, in A; every crystal has its own."""
    return 3.0 + (number % 997) / 997


def structure(number: int, element: str = "Si") -> dict[str, Any]:
    """A simple cubic crystal of one atom, as the service sends structures."""
    a = edge(number)
    return {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "charge": 0,
        "lattice": {"matrix": [[a, 0.0, 0.0], [0.0, a, 0.0], [0.0, 0.0, a]], "pbc": [True] * 3,
                    "a": a, "b": a, "c": a, "alpha": 90.0, "beta": 90.0, "gamma": 90.0,
                    "volume": a**3},
        "sites": [{"species": [{"element": element, "occu": 1}], "abc": [0.0, 0.0, 0.0],
                   "xyz": [0.0, 0.0, 0.0], "label": element, "properties": {}}],
        "properties": {},
    }  # fmt: skip


def density_values(number: int, grid: int) -> np.ndarray:
    """Density times volume of four electrons, all modes within any grid of 6 points or more."""
    x = np.cos(2 * np.pi * np.arange(grid) / grid)
    share = 0.3 + 0.4 * random.Random(number).random()
    return 4.0 * (1 + share * (x[:, None, None] + x[:, None] + x) / 3)


def document(number: int, grid: int, element: str = "Si") -> dict[str, Any]:
    """What a stored object holds: a Chgcar as its encoder writes it."""
    values = {
        "@module": "numpy", "@class": "array", "dtype": "float64",
        "data": density_values(number, grid).tolist(),
    }  # fmt: skip
    return {
        "data": {
            "@module": "pymatgen.io.vasp.outputs",
            "@class": "Chgcar",
            "@version": None,
            "poscar": {
                "@module": "pymatgen.io.vasp.inputs",
                "@class": "Poscar",
                "structure": structure(number, element),
                "true_names": True,
                "selective_dynamics": None,
                "velocities": None,
                "predictor_corrector": None,
                "comment": "a crystal",
            },
            "data": {"total": values},
            "data_aug": None,
        },
        "task_id": f"mp-{number + 1_000_000}",
    }


def stored_density(number: int, grid: int = 8, element: str = "Si") -> bytes:
    """The bytes of an object, the same at every call."""
    text = json.dumps(document(number, grid, element))
    return gzip.compress(text.encode(), mtime=0)
