"""Nothing of an answer hangs on rounding, on the order of lines, or on the number of threads."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Lattice, Structure

import crystalnet
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import powder_pattern
from crystalnet.solving.solve import Solution

STRUCTURES = {
    "CsCl": Structure.from_spacegroup(
        "Pm-3m", Lattice.cubic(4.12), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    ),
    "ZnO": Structure.from_spacegroup(
        "P6_3mc",
        Lattice.hexagonal(3.25, 5.207),
        ["Zn", "O"],
        [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
    ),
}


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def lines(name: str) -> Float[ndarray, "2 lines"]:
    structure = STRUCTURES[name].get_primitive_structure()
    pattern = powder_pattern(Crystal.from_structure(structure), 1.54056, (10.0, 110.0))
    return np.array([pattern.d_spacing, pattern.intensity])


def solved(
    rows: Float[ndarray, "2 lines"], folder: Path, name: str, edges: tuple[float, ...]
) -> Solution:
    path = folder / "peaks.csv"
    path.write_text("d,I\n" + "".join(f"{d!r},{i!r}\n" for d, i in rows.T.tolist()))
    # Only the elements are told, so the networks are asked for all candidates.
    elements = tuple(sorted({str(s) for s in STRUCTURES[name].elements}))
    return crystalnet.solve(
        path,
        wavelength="CuKa1",
        elements=elements,
        complete=False,
        lattice=edges,
        guesses=2,
        effort=0.1,
    )


def same(found: Solution, expected: Solution) -> None:
    assert len(found.candidates) == len(expected.candidates) > 0
    for one, other in zip(found.candidates, expected.candidates, strict=True):
        assert one.guess is not None
        assert other.guess is not None
        assert (one.formula, one.space_group) == (other.formula, other.space_group)
        assert one.match.rwp == pytest.approx(other.match.rwp, rel=1e-3)
        # The network computes in float32.
        range_of = np.ptp(other.guess.density)
        np.testing.assert_allclose(
            one.guess.density, other.guess.density, rtol=0, atol=1e-4 * range_of
        )


@pytest.mark.parametrize(("name", "edges"), [("CsCl", (4.12,)), ("ZnO", (3.25, 5.207))])
@pytest.mark.usefixtures("two_threads")
def test_rounding_order_and_threads_change_no_guess(
    name: str, edges: tuple[float, ...], tmp_path: Path
) -> None:
    rows = lines(name)
    torch.set_num_threads(1)
    expected = solved(rows, tmp_path, name, edges)
    generator = np.random.default_rng(0)
    for threads in (1, 2):
        torch.set_num_threads(threads)
        assert torch.get_num_threads() == threads
        order = generator.permutation(rows.shape[1])
        moved = (rows * (1 + 1e-12 * generator.standard_normal(rows.shape)))[:, order]
        same(solved(moved, tmp_path, name, edges), expected)
