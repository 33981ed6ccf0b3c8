"""Score the networks that come with the project on the test crystals of one system.

Truth and guesses are compared in the canonical setting of each crystal, which is a change of its
description and takes nothing of the truth into a guess. What a guess is made from: the lines of the
simulated pattern, the composition, and the crystal system. Turned guesses are turned as the paper
turns them, by the 24 rotations of the cube, where the paper has the system; in cells whose axes
differ most of these are no rotations, and guesses are turned by those of the lattice.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from pymatgen.core import Composition
from torch import Tensor

from crystalnet.network.modes.network import Kind
from crystalnet.predicting.baselines import COMPOSITION, Nearest, mean_density
from crystalnet.predicting.learned import LearnedModel
from crystalnet.predicting.ranking import ranked
from crystalnet.retrieval.prototypes import amounts_of
from crystalnet.scoring.agreement import electron_error_percent, map_correlation, nmae_percent
from crystalnet.scoring.ssim import score_guesses
from crystalnet.settings import RotationSet
from pipeline import learned, learned_densities
from pipeline.crystal_tables import CRYSTAL_COLUMNS
from pipeline.params import PAPER_SYSTEMS, load_params
from pipeline.sources import structures_file
from pipeline.steps import command
from pipeline.steps.described import described_rows, reduced_formula
from pipeline.tables import read_table, write_table

# The paper's protocol: guesses, and points per axis.
GUESSES = 5
GRID = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", required=True)
    parser.add_argument("--described", type=Path, help="else the crystals of a DFT density alone")
    parser.add_argument("--split", default="test", choices=["val", "test"])
    parser.add_argument("--folder", type=Path, help="weights, instead of those that come along")
    parser.add_argument("--scores", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    params = load_params()
    wavelength, last = params.patterns.wavelength, params.learned.last_two_theta
    dft = learned_densities.DftSpectra(params.densities.electron_tolerance)
    table = read_table(structures_file(arguments.system), CRYSTAL_COLUMNS)
    table = table[table["crystal_system"] == arguments.system]
    if arguments.described:
        rows = learned.Described(arguments.described).rows(arguments.split)
    else:
        there = dft.rows(table[table["split"] == arguments.split])[: params.learned.scored]
        if there.empty:
            columns = ["material_id", "kind", "system"]
            write_table(arguments.scores, pd.DataFrame(columns=columns), {})
            print(f"{arguments.system}: no DFT density to score on")
            return
        rows = described_rows(there, wavelength, last)
    sets: dict[Kind, pd.DataFrame] = {"dft": dft.rows(rows)[: params.learned.scored]}
    if arguments.described:
        sets = {"iam": rows[: params.learned.scored], **sets}
    sets = {kind: some for kind, some in sets.items() if len(some)}
    kinds = {
        amounts_of(np.asarray(z, dtype=np.int64))
        for some in sets.values()
        for z in some["atomic_numbers"]
    }
    model = LearnedModel.load(arguments.system, kinds=kinds, folder=arguments.folder)
    nearest = Nearest(model.known, wavelength, last) if arguments.described else None
    training = table[table["split"] == "train"]
    seen = frozenset(map(reduced_formula, training["formula_pretty"]))
    rotations: RotationSet = "cube" if arguments.system in PAPER_SYSTEMS else "lattice"
    scorer = Scorer(model, nearest, structure_types(training), seen, rotations)
    tables = []
    for kind, some in sets.items():
        free = learned_densities.iam_truth(some, GRID)
        truths = dft.truth(some, GRID) if kind == "dft" else free
        triples = list(zip(some.iterrows(), truths, free, strict=True))
        scores = [
            scorer.scores(row, truth, atoms, kind)
            for (_, row), truth, atoms in command.progress(triples, f"{arguments.system} {kind}")
        ]
        tables.append(pd.DataFrame(scores).assign(kind=kind, system=arguments.system))
        means = tables[-1][["one_guess", "network_alone", "paper_protocol"]].mean()
        print(f"{arguments.system} {kind}: {means.round(4).to_dict()}", flush=True)
    write_table(arguments.scores, pd.concat(tables), {"split": arguments.split})


def structure_types(rows: pd.DataFrame) -> frozenset[tuple[str, int, int]]:
    """Kind of formula, space group and atoms in the cell: what structures of one type share."""
    return frozenset(
        structure_type(formula, group, atoms)
        for formula, group, atoms in zip(
            rows["formula_pretty"], rows["spacegroup_number"], rows["nsites"], strict=True
        )
    )


def structure_type(formula: str, group: int, atoms: int) -> tuple[str, int, int]:
    return str(Composition(formula).anonymized_formula), int(group), int(atoms)


class Scorer:
    """Guesses and baselines of one crystal against its truth."""

    def __init__(
        self,
        model: LearnedModel,
        nearest: Nearest | None,
        seen_types: frozenset[tuple[str, int, int]],
        seen_formulas: frozenset[str],
        rotations: RotationSet,
    ) -> None:
        self._model = model
        self._nearest = nearest
        self._seen_types = seen_types
        self._seen_formulas = seen_formulas
        self._rotations = rotations
        self._constant = mean_density(model.known)

    def scores(
        self, row: pd.Series, truth: Tensor, free_atoms: Tensor, kind: Kind
    ) -> dict[str, object]:
        """One row of the table."""
        one = row.to_frame().T
        (q, intensity), formula = learned.peaks(one)[0], learned.amounts(one)[0]
        atoms = len(row["atomic_numbers"])
        kind_of = structure_type(row["formula"], row["spacegroup_number"], atoms)
        guesses = self._model.guesser.guesses(q, intensity, formula, GRID, kind)
        best = ranked(guesses, self._model.ranking, GUESSES)
        made = torch.stack([guess.density for _, guess in best])
        lattice = torch.tensor(np.asarray(row["lattice"]).reshape(1, 3, 3))
        turned = _ssim(truth, made, self._rotations, lattice)
        alone = guesses[0].density
        found: dict[str, object] = {
            "material_id": row["material_id"],
            "formula": row["formula"],
            "spacegroup_number": int(row["spacegroup_number"]),
            "atoms": atoms,
            "rotations": self._rotations,
            "seen_type": kind_of in self._seen_types,
            "seen_formula": row["formula"] in self._seen_formulas,
            "one_guess": float(turned[0, 0]),
            "best_of_5": float(turned[:, 0].max()),
            "chosen_of_5": float(turned[0].max()),
            "paper_protocol": float(turned.max()),
            "network_alone": float(_ssim(truth, alone[None], "none")),
            "likely": best[0][0],
            "origin": best[0][1].origin,
            "agreement": max((g.agreement for g in guesses), default=0.0),
            "retrieved": sum(g.origin == "retrieved" for g in guesses),
            "nmae_percent": float(nmae_percent(truth, made[0])),
            "map_correlation": float(map_correlation(truth, made[0])),
            "electron_error_percent": float(electron_error_percent(truth, made[0])),
            "constant_mean": float(
                _ssim(truth, torch.full_like(truth, self._constant)[None], "none")
            ),
            "free_atoms": float(_ssim(truth, free_atoms[None], "none")),
        }
        found["modes_ceiling"] = float(_ssim(truth, self._ceiling(truth), "none"))
        if self._nearest is not None:
            by_pattern = self._nearest.guesses(q, intensity, formula, GRID, 1, 0.0)
            found["nearest_by_pattern"] = float(_ssim(truth, by_pattern, "none"))
            both = self._nearest.guesses(q, intensity, formula, GRID, GUESSES, COMPOSITION)
            turned = _ssim(truth, both, self._rotations, lattice)
            found["nearest_one_guess"] = float(turned[0, 0])
            found["nearest_paper_protocol"] = float(turned.max())
        return found

    def _ceiling(self, truth: Tensor) -> Tensor:
        """What the modes make of a density, as near as they come."""
        modes = self._model.guesser.network.modes
        spectrum = torch.fft.fftn(truth, norm="forward")
        signed = torch.arange(-modes.order, modes.order + 1) % GRID
        box = spectrum[signed][:, signed][..., : modes.order + 1][None]
        size = learned.sizes(box)
        return modes.densities(modes.coefficients(box, size), size, GRID)


def _ssim(
    truth: Tensor, guesses: Tensor, rotations: RotationSet, lattice: Tensor | None = None
) -> Tensor:
    """(guesses, rotations); the first rotation is none."""
    return score_guesses(truth[None], guesses[None], rotations, lattice).ssim[0]


if __name__ == "__main__":
    command.run(main)
