"""Answers that were told wrongly once: simulated as a laboratory measures, solved, judged.

Structures: LaB6, NIST SRM 660c (doi 10.1017/S0885715620000068); hematite, R. L. Blake et al., Am.
Mineral. 51, 123 (1966); the diborides' type, AlB2; halite.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crystalnet
from benchmarks.verdict_cases import as_measured
from crystalnet.solving.pattern.radiation import radiation
from crystalnet.solving.solution import Solution
from crystalnet.solving.verdict.findings import Word
from tests.solving.verdict.conftest import CRYSTALS

Solve = Callable[..., Solution]
LATTICES = {
    "LaB6": ("cubic", (4.157,)),
    "hematite": ("trigonal", (5.036, 13.749)),
    "HoB2": ("hexagonal", (3.281, 3.811)),
    "halite": ("cubic", (5.64,)),
}


@pytest.fixture
def solved(tmp_path: Path) -> Solve:
    """What comes of the simulated pattern of a crystal, its lattice given."""

    def solve(name: str, **told: Any) -> Solution:
        pattern = tmp_path / f"{name}.xy"
        generator = np.random.default_rng(0)
        np.savetxt(pattern, as_measured(CRYSTALS[name], radiation("CuKa"), generator))
        system, lattice = LATTICES[name]
        asked = {"system": system, "lattice": lattice, "effort": 0.1, **told}
        return crystalnet.solve(pattern, wavelength="CuKa", **asked)

    return solve


def test_lab6_is_not_told_to_be_wrong(solved: Solve) -> None:
    solution = solved("LaB6", formula="LaB6")
    assert solution.candidates[0].space_group_symbol == "Pm-3m"
    assert solution.verdict.word is not Word.NOT_SOLVED, solution.verdict.reasons


def test_hematite_called_mn2o3_names_iron(solved: Solve) -> None:
    verdict = solved("hematite", formula="Mn2O3").verdict
    assert verdict.word is Word.AMBIGUOUS
    (others,) = (reason for reason in verdict.reasons if "would fit as well" in reason)
    assert "Fe" in others


@pytest.mark.parametrize(("name", "formula"), [("halite", "Fe2O3"), ("HoB2", "AlB2")])
def test_far_off_chemistry_is_no_solution(name: str, formula: str, solved: Solve) -> None:
    try:
        verdict = solved(name, formula=formula).verdict
    except crystalnet.CrystalNetError:
        return
    assert verdict.word in (Word.NOT_SOLVED, Word.AMBIGUOUS), verdict.reasons
    assert verdict.evidence.fitted is not None


def test_with_nothing_known_there_is_a_framework_and_no_noble_gas(solved: Solve) -> None:
    solution = solved("halite")
    assert solution.verdict.word is Word.AMBIGUOUS
    assert "this is a framework of" in " ".join(solution.verdict.reasons)
    noble = {2, 10, 18, 36, 54, 86}
    for each in solution.candidates:
        assert not noble & set(each.crystal.atomic_numbers.tolist())
