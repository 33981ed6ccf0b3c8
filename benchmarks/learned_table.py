"""The table of what the networks that come with the project score, for docs/network.md.

python -m benchmarks.learned_table            # prints it
python -m benchmarks.learned_table --write    # puts it into docs/network.md
"""

import argparse
import json
from pathlib import Path

from pipeline import store
from reports import learned
from reports.tables import markdown

PAGE = Path("docs/network.md")
BEGIN, END = "<!-- learned table -->", "<!-- end of learned table -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help=f"into {PAGE}")
    arguments = parser.parse_args()
    made = text()
    if not arguments.write:
        print(made)
        return
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def text() -> str:
    """The table in Markdown."""
    metrics = json.loads(store.LEARNED_METRICS.read_text(encoding="utf-8"))
    return markdown(learned.table(metrics))


if __name__ == "__main__":
    main()
