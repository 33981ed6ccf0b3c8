"""The two pictures of docs/how.md, drawn from the rules and the imports as they are.

python -m pipeline.pictures    writes docs/graph.svg and docs/house.svg, as `make docs` does
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write
from pipeline.code import PACKAGES
from pipeline.steps import command
from reports.diagram import draw

DOCS = Path("docs")


def graph() -> str:
    """The rules, and what each needs of which; `all` needs every one and is left out.

    Raises:
        CrystalNetError: if Snakemake cannot read the graph.
    """
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "all", "--forceall", "--rulegraph", "dot"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CrystalNetError(f"Snakefile: no graph of its rules: {done.stderr.strip()[-200:]}")
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', done.stdout, re.M))
    edges = re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.M)
    rules = [name for name in names.values() if name != "all"]
    kept = [(names[a], names[b]) for a, b in edges if "all" not in (names[a], names[b])]
    return draw("The rules from crystals to the report", rules, kept)


def room(module: str) -> str:
    """The package that a module is shown as: two names deep in the science, else one."""
    names = module.split(".")
    return ".".join(names[:2]) if names[0] == "crystalnet" else names[0]


def imports() -> tuple[list[str], set[tuple[str, str]]]:
    """The packages, and which imports from which; the few modules of the root are left out."""
    edges: set[tuple[str, str]] = set()
    rooms: set[str] = set()
    for path in sorted(file for package in PACKAGES for file in Path(package).rglob("*.py")):
        here = room(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
        if Path(here.replace(".", "/")).is_dir() and here != "crystalnet":
            rooms.add(here)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                found = [node.module]
            elif isinstance(node, ast.Import):
                found = [name.name for name in node.names]
            else:
                continue
            edges.update((here, room(name)) for name in found)
    return sorted(rooms), {(a, b) for a, b in edges if a != b and {a, b} <= rooms}


def house() -> str:
    """The packages, each above those that it imports from."""
    rooms, edges = imports()
    short = {name: name.removeprefix("crystalnet.") for name in rooms}
    return draw(
        "The packages, each above those that it imports from",
        short.values(),
        [(short[a], short[b]) for a, b in edges],
    )


def main() -> None:
    for path, text in ((DOCS / "graph.svg", graph()), (DOCS / "house.svg", house())):
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    command.run(main)
