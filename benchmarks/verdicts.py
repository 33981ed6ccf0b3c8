"""How far verdicts can be trusted: words beside the truth, on cases that were held back.

    python -m benchmarks.verdict_solving --each 7 --output work/verdicts/simulated.jsonl
    python -m benchmarks.verdict_solving --measured --output work/verdicts/measured.jsonl
    python -m benchmarks.verdicts work/verdicts/*.jsonl

The first two solve the cases, once; the last takes the evidence of what they found, judges it by
the present thresholds, and prints the tables of docs/solve.md: every second crystal was held back
when the thresholds were chosen, and all of the files after `--unseen`. A candidate is right if its
formula is, its volume an atom within 15 %, and its atoms by pymatgen's StructureMatcher. Rates have
the 95 % interval of Clopper and Pearson (doi 10.1093/biomet/26.4.404), and are given once more
without crystals that are molecules or layers in a vacuum (`verdict_cases.in_a_vacuum`).
"""

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

from benchmarks.verdict_cases import TOLD, in_a_vacuum
from benchmarks.verdict_rows import cases
from crystalnet.solving.verdict.findings import Word
from crystalnet.solving.verdict.judgement import judged
from pipeline.crystal_tables import crystals_of
from pipeline.embedded import embedded_crystals

REFUSED = "refused"
WORDS = (*map(str, Word), REFUSED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("solved", type=Path, nargs="*", help="what benchmarks.verdict_solving kept")
    parser.add_argument("--wrong", action="store_true", help="name each word that is false")
    parser.add_argument(
        "--unseen",
        type=Path,
        nargs="+",
        default=[],
        help="the same, of crystals that nothing was chosen on",
    )
    arguments = parser.parse_args()
    every = list(cases(arguments.solved))
    every += [replace(case, held_back=True) for case in cases(arguments.unseen)]
    apart = _in_a_vacuum({case.pattern for case in every if not case.measured})
    rows = []
    for case in every:
        verdict = None if case.evidence is None else judged(case.evidence)
        rows.append(
            {
                "told": case.kind,
                "pattern": "measured" if case.measured else "simulated",
                "half": "held back" if case.held_back else "fitted on",
                "name": case.pattern,
                "vacuum": case.pattern in apart,
                "right": case.right,
                "word": REFUSED if verdict is None else str(verdict.word),
            }
        )
        if arguments.wrong and verdict is not None and is_false(case.right, verdict.word):
            truth = "right" if case.right else "wrong"
            print(f"{case.pattern} {case.kind}: {case.label} is {truth}")
            print(f"  {verdict.word}: {'; '.join(verdict.reasons)}")
    table = pd.DataFrame(rows)
    for half in ("fitted on", "held back"):
        own = table[table["half"] == half]
        if not len(own):
            continue
        print(f"{half}: {len(own)} cases\n")
        print(by_truth(own).to_markdown(index=False), end="\n\n")
        print(rates(own))
        left_out = own.loc[own["vacuum"], "name"].unique()
        if len(left_out):
            print(f"without {', '.join(left_out)} in a vacuum: {rates(own[~own['vacuum']])}")
        print()
    print(by_kind(table[table["half"] == "held back"]).to_markdown(index=False))


def is_false(right: bool, word: Word) -> bool:
    """Whether a word says the contrary of the truth."""
    return word is (Word.NOT_SOLVED if right else Word.SOLVED)


def by_truth(table: pd.DataFrame) -> pd.DataFrame:
    """Cases by word, of right and of wrong answers, measured and simulated."""
    rows = []
    for (right, pattern), own in table[table["word"] != REFUSED].groupby(["right", "pattern"]):
        counts = own["word"].value_counts()
        rows.append(
            {"the answer is": "right" if right else "wrong", "patterns": pattern, "cases": len(own)}
            | {word: int(counts.get(word, 0)) for word in WORDS[:-1]}
        )
    return pd.DataFrame(rows[::-1])


def by_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Cases by word, for everything that was told."""
    rows = []
    for kind in TOLD:
        own = table[table["told"] == kind]
        counts = own["word"].value_counts()
        if not len(own):
            continue
        rows.append(
            {"told": kind, "cases": len(own), "answers right": int(own["right"].sum())}
            | {word: int(counts.get(word, 0)) for word in WORDS}
        )
    return pd.DataFrame(rows)


def rates(table: pd.DataFrame) -> str:
    """How often each of the outer words is false."""
    told = table[table["word"] != REFUSED]
    wrong, right = told[~told["right"]], told[told["right"]]
    solved, lost = (wrong["word"] == Word.SOLVED).sum(), (right["word"] == Word.NOT_SOLVED).sum()
    return (
        f"{_share(solved, len(wrong))} wrong answers are called solved, "
        f"{_share(lost, len(right))} right ones not solved"
    )


def _share(some: int, every: int) -> str:
    """As a share with its interval."""
    if not every:
        return "0 of 0"
    low, high = binomtest(int(some), every).proportion_ci(method="exact")
    return (
        f"{some} of {every} ({100 * some / every:.1f} %, 95 % interval {100 * low:.1f} to "
        f"{100 * high:.1f} %)"
    )


def _in_a_vacuum(names: set[str]) -> set[str]:
    """Those of some embedded crystals that are."""
    table = embedded_crystals()
    own = table[table["material_id"].isin(names)]
    return {crystal.material_id for crystal in crystals_of(own) if in_a_vacuum(crystal)}


if __name__ == "__main__":
    main()
