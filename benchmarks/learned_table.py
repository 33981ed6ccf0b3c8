"""The tables of docs/network.md: what the networks that come along score, ideas, the worst.

python -m benchmarks.learned_table            # prints them
python -m benchmarks.learned_table --write    # puts it into docs/network.md
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from benchmarks import ablation_tables
from crystalnet.network.card import read_card
from pipeline import store
from pipeline.params import PAPER_SYSTEMS
from reports import learned
from reports.tables import markdown

PAGE = Path("docs/network.md")
VALIDATION = {"iam": "IAM", "iam_flawed": "IAM, every pattern flawed", "dft": "DFT"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help=f"into {PAGE}")
    arguments = parser.parse_args()
    made = tables()
    if not arguments.write:
        print("\n\n".join(made.values()))
        return
    page = PAGE.read_text(encoding="utf-8")
    for name, text in made.items():
        begin, end = f"<!-- table: {name} -->", "<!-- end of table -->"
        before, rest = page.split(begin)
        page = f"{before}{begin}\n\n{text}\n{end}{rest.split(end, 1)[1]}"
    PAGE.write_text(page, encoding="utf-8")


def tables() -> dict[str, str]:
    """The tables in Markdown."""
    metrics = json.loads(store.LEARNED_METRICS.read_text(encoding="utf-8"))
    cards = {
        system: read_card(store.LEARNED_CARD.format(system=system)).scores or {}
        for system in store.LEARNED_SYSTEMS
    }
    validation = [
        {
            "system": system,
            "validation crystals": label,
            "one guess": f"{scores[f'validation_{name}']:.3f}",
            "network alone": f"{scores[f'validation_{name}_network_alone']:.3f}",
            "best of all guesses": f"{scores[f'validation_{name}_best']:.3f}",
        }
        for system, scores in cards.items()
        for name, label in VALIDATION.items()
        if f"validation_{name}" in scores
    ]
    paper, others = (
        {
            kind: {name: found for name, found in of.items() if (name in PAPER_SYSTEMS) == papers}
            for kind, of in metrics.items()
        }
        for papers in (True, False)
    )
    return {
        "validation": markdown(pd.DataFrame(validation)),
        "scores": markdown(learned.table(paper)),
        "five": markdown(learned.table(others)),
        **{name: markdown(each) for name, each in ablation_tables.tables().items()},
        "worst": markdown(learned.worst(paper)),
    }


if __name__ == "__main__":
    main()
