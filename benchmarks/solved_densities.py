"""How good the densities are: of the networks' guesses, and of what is handed out."""

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
from crystalnet.solving.agreement.exchange import exchange_elements
from crystalnet.solving.agreement.profile import match_pattern
from crystalnet.solving.density.decoding import decode
from crystalnet.solving.networks.binned_input import network_pattern
from crystalnet.solving.networks.models import SolveModel
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL
from crystalnet.solving.strategy import solve_peaks


def ssim_table(
    models: list[SolveModel], test: Iterable[tuple[Crystal, str, bool]], guesses: int
) -> pd.DataFrame:
    """Mean SSIM on DFT densities: of guesses, and of what is solved.

    In the crystal's own cell, so that each is the best over the rotations that keep the lattice.
    """
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    truths = {c.material_id: d[::2, ::2, ::2] for c, d in embedded(split="test")}
    rows: list[dict[str, object]] = []
    for crystal, system, _ in test:
        peaks = simulated()(crystal, np.random.default_rng(0))
        known = KnownComposition.from_formula(crystal.to_structure().composition.reduced_formula)
        for model in models:
            if model.system != system:
                continue
            vector = network_pattern(peaks, model.patterns).vector
            densities = model.guess(vector, known, guesses, USUAL.guesses.grid, 0)
            truth = torch.from_numpy(truths[crystal.material_id].astype(np.float32))
            scores = score_guesses(
                truth[None],
                torch.from_numpy(densities)[None],
                "lattice",
                lattices=torch.tensor(crystal.lattice)[None],
            ).ssim.flatten(2).amax(dim=2)[0].numpy()  # fmt: skip
            rwp = []
            for density in densities:
                try:
                    decoded = decode(density, crystal.lattice, known, gaussians)
                    atoms = exchange_elements(decoded.crystal, peaks)[0]
                    rwp.append(match_pattern(atoms, peaks).rwp)
                except CrystalNetError:
                    rwp.append(np.inf)
            rows.append(
                {
                    "system": system,
                    "one guess": scores[0],
                    "by pattern of 5": scores[int(np.argmin(rwp[:5]))],
                    f"by pattern of {guesses}": scores[int(np.argmin(rwp))],
                    "oracle of 5": scores[:5].max(),
                    f"oracle of {guesses}": scores.max(),
                    "solved": _solved_ssim(crystal, system, peaks, known, model, truth, gaussians),
                }
            )
    return pd.DataFrame(rows).groupby("system").mean().round(4).reset_index()


def _solved_ssim(
    crystal: Crystal,
    system: str,
    peaks: MeasuredPeaks,
    known: KnownComposition,
    model: SolveModel,
    truth: torch.Tensor,
    gaussians: ValenceGaussians,
) -> float:
    """SSIM of what is handed out at rank 1: free atoms at the places that were found.

    A structure that matches is moved to the origin and the axes of the true one first; no structure
    is worth 0.
    """
    try:
        lattices = lattice_of(crystal, system, peaks)
        best = solve_peaks(peaks, known, lattices, [model], gaussians)[0].crystal
    except CrystalNetError:
        return 0.0
    matcher = StructureMatcher(0.2, 0.3, 5, primitive_cell=False)
    there = matcher.get_s2_like_s1(crystal.to_structure(), best.to_structure())
    moved = best if there is None else Crystal.from_structure(there)
    density = iam_density([moved], USUAL.guesses.grid, gaussians)
    scores = score_guesses(
        truth[None], density[None], "lattice", lattices=torch.tensor(crystal.lattice)[None]
    ).ssim  # fmt: skip
    return float(scores.max())
