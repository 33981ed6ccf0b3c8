"""Test crystals in groups that may be easy or hard, here and in the paper."""

from collections.abc import Iterator

import pandas as pd
from pymatgen.core import Composition

from reports.data import ReportData

# A smaller group tells nothing; it is left out, and the crystals stay in the other kinds of group.
FEWEST = 3
MOST_ELEMENTS = 12


def shared_with_paper(data: ReportData, system: str) -> pd.DataFrame:
    """The test crystals of a system that the paper scored too: `ssim`, `psnr` here, `paper_...`."""
    model = data.main(system)
    names = {f"{score}_{model.evaluation.rotations}": score for score in ("ssim", "psnr")}
    ours = model.scores.rename(columns=names)
    theirs = data.paper_results[["material_id", "ssim", "psnr"]].rename(
        columns={"ssim": "paper_ssim", "psnr": "paper_psnr"}
    )
    return ours.merge(theirs, on="material_id", how="left")


def groups_of(data: ReportData, system: str) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Kind of group, label, and the rows of `shared_with_paper` of its crystals."""
    scores = shared_with_paper(data, system)
    yield "all", f"{system}, all", scores
    known = scores["material_id"].isin(data.known_types)
    for label, chosen in (("in training", known), ("not in training", ~known)):
        if chosen.sum() >= FEWEST:
            yield "structure type", f"structure type {label}", scores[chosen]
    for column, label in (("nsites", "{} atoms"), ("spacegroup_number", "space group {}")):
        sizes = scores[column].value_counts()
        for value in sorted(sizes[sizes >= FEWEST].index):
            yield column, label.format(value), scores[scores[column] == value]
    elements = scores["formula_pretty"].map(lambda f: [e.symbol for e in Composition(f)])
    sizes = elements.explode().value_counts()
    for symbol in sizes[sizes >= FEWEST].index[:MOST_ELEMENTS]:
        holds = elements.map(lambda found, symbol=symbol: symbol in found)
        yield "element", f"with {symbol}", scores[holds]
