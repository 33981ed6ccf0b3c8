"""The tables of docs/network.md: what the networks that come along score, ideas, the worst.

python -m benchmarks.learned_table            # prints them
python -m benchmarks.learned_table --write    # puts it into docs/network.md
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from pipeline import store
from reports import learned
from reports.tables import markdown

PAGE = Path("docs/network.md")
IDEAS = Path("docs/learned_ideas.json")


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
    ideas = json.loads(IDEAS.read_text(encoding="utf-8"))
    rows = [
        {
            "system": system,
            "short training": idea,
            "validation": f"{found['validation']:.3f}",
            "test": f"{found['test']:.3f}",
        }
        for system, entries in ideas.items()
        for idea, found in entries.items()
    ]
    return {
        "scores": markdown(learned.table(metrics)),
        "ideas": markdown(pd.DataFrame(rows)),
        "worst": markdown(learned.worst(metrics)),
    }


if __name__ == "__main__":
    main()
