"""Test crystals with what the networks that come with the project make of them, for the report."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crystalnet.crystallography.binning import bin_pattern
from crystalnet.predicting.learned import LearnedModel
from crystalnet.predicting.ranking import ranked
from crystalnet.retrieval.prototypes import amounts_of
from pipeline import learned, learned_densities, store
from pipeline.crystal_tables import CRYSTAL_COLUMNS
from pipeline.params import Params
from pipeline.sources import DATA, STRUCTURES_FILE
from pipeline.steps.described import described_rows
from pipeline.tables import read_table
from reports.data import Example
from reports.learned_charts import SHOWN

# Shares of the ranked crystals at which one is shown.
_PLACES = {"best": 0.0, "median": 0.5, "worst": 1.0}
_GRID = 50


def learned_scores(params: Params) -> pd.DataFrame:
    """The scores of the DFT test crystals of all systems; of some there are none."""
    columns = ["kind", "system"]
    more = ["likely", "best_of_5", *SHOWN]
    tables = [
        read_table(store.LEARNED_SCORES.format(system=s), columns, optional=more)
        for s in params.systems
    ]
    scores = pd.concat(tables, ignore_index=True)
    return scores[scores["kind"] == "dft"]


def learned_examples(params: Params) -> list[Example]:
    """Of each system the best, the median and the worst of the DFT test crystals, by one guess."""
    return [example for system in params.systems for example in _of_system(params, system)]


def _of_system(params: Params, system: str) -> Sequence[Example]:
    scores = read_table(
        store.LEARNED_SCORES.format(system=system), ["material_id", "kind"], optional=["one_guess"]
    )
    scores = scores[scores["kind"] == "dft"]
    if scores.empty:
        return []
    scores = scores.sort_values("one_guess", ascending=False).reset_index(drop=True)
    chosen = {
        scores["material_id"][round(share * (len(scores) - 1))]: name
        for name, share in _PLACES.items()
    }
    ids = list(chosen)
    table = read_table(DATA / STRUCTURES_FILE, CRYSTAL_COLUMNS, ids)
    table = table.set_index("material_id").loc[ids].reset_index()
    wavelength, last = params.patterns.wavelength, params.learned.last_two_theta
    rows = described_rows(table, wavelength, last)
    truths = learned_densities.DftSpectra(params.densities.electron_tolerance).truth(rows, _GRID)
    kinds = {amounts_of(np.asarray(z, dtype=np.int64)) for z in rows["atomic_numbers"]}
    model = LearnedModel.load(system, kinds=kinds)
    ssim = scores.set_index("material_id")["one_guess"]
    found = []
    for row, (q, intensity), formula, truth in zip(
        rows.itertuples(), learned.peaks(rows), learned.amounts(rows), truths, strict=True
    ):
        guesses = model.guesser.guesses(q, intensity, formula, _GRID, "dft")
        best = ranked(guesses, model.ranking, 1)[0][1]
        two_theta = 2 * np.degrees(np.arcsin(q * wavelength / 2))
        found.append(
            Example(
                system=system,
                material_id=row.material_id,
                formula=row.formula,
                spacegroup_number=int(row.spacegroup_number),
                rank=f"{system}, {chosen[row.material_id]} of {len(scores)}",
                pattern=bin_pattern((two_theta, intensity), 512, (0.0, last)).astype(np.float32),
                truth=truth.numpy(),
                guesses=[best.density.numpy()],
                ssim=[float(ssim[row.material_id])],
            )
        )
    return found
