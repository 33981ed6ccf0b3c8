"""How good the densities are that are handed out."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch
from pymatgen.analysis.structure_matcher import StructureMatcher

from benchmarks.decoding import DATA, embedded
from benchmarks.flawed_patterns import simulated
from benchmarks.unseen_crystals import lattice_of
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.scoring.ssim import score_guesses
from crystalnet.solving.strategy import solve_peaks

GRID = 25


def ssim_table(test: Iterable[tuple[Crystal, str, bool]]) -> pd.DataFrame:
    """Mean SSIM on DFT densities of what is solved, by crystal system.

    In the crystal's own cell, so that each is the best over the rotations that keep the lattice.
    """
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    truths = {c.material_id: d[::2, ::2, ::2] for c, d in embedded(split="test")}
    rows = [
        {"system": system, "solved": _solved_ssim(crystal, system, truths, gaussians)}
        for crystal, system, _ in test
    ]
    return pd.DataFrame(rows).groupby("system").mean().round(4).reset_index()


def _solved_ssim(
    crystal: Crystal, system: str, truths: dict[str, np.ndarray], gaussians: ValenceGaussians
) -> float:
    """SSIM of what is handed out at rank 1: free atoms at the places that were found.

    A structure that matches is moved to the origin and the axes of the true one first; no structure
    is worth 0.
    """
    peaks = simulated()(crystal, np.random.default_rng(0))
    known = KnownComposition.from_formula(crystal.to_structure().composition.reduced_formula)
    truth = torch.from_numpy(truths[crystal.material_id].astype(np.float32))
    try:
        lattices = lattice_of(crystal, system, peaks)
        best = solve_peaks(peaks, known, lattices, gaussians)[0].crystal
    except CrystalNetError:
        return 0.0
    matcher = StructureMatcher(0.2, 0.3, 5, primitive_cell=False)
    there = matcher.get_s2_like_s1(crystal.to_structure(), best.to_structure())
    moved = best if there is None else Crystal.from_structure(there)
    density = iam_density([moved], GRID, gaussians)
    scores = score_guesses(
        truth[None], density[None], "lattice", lattices=torch.tensor(crystal.lattice)[None]
    ).ssim  # fmt: skip
    return float(scores.max())
