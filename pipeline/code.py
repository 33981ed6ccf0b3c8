"""Which of the project's own files a step runs.

Both engines rerun a step when its code changes. Snakemake is given the files; DVC one fingerprint
of them a rule, in fingerprints.yaml, so that its ledger stays short. Imports are read, not run.
"""

import ast
import hashlib
import re
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("crystalnet", "pipeline", "reports")
RULES = Path("pipeline/rules")

# Files that say how a step starts and fails, or only where names of the library are, and so change
# no result. What reads and checks parameters is not among them: it decides what a model is told.
NO_RESULT = {"crystalnet/__init__.py", "crystalnet/errors.py", "pipeline/steps/command.py"}


def code_of(module: str) -> list[str]:
    """The files that importing `module` runs, relative to the top folder, sorted."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = _file_of(name)
        if file is None or name in seen:
            continue
        seen.add(name)
        # Importing a.b.c runs a and a.b as well.
        parts = name.split(".")
        waiting += [".".join(parts[:end]) for end in range(1, len(parts))]
        waiting += _imports_of(name)
    # An empty __init__.py has nothing in it that could change a result.
    files = {file for name in seen if (file := _file_of(name)) and file.stat().st_size}
    return sorted({file.relative_to(ROOT).as_posix() for file in files} - NO_RESULT)


@cache
def _file_of(module: str) -> Path | None:
    if module.split(".")[0] not in PACKAGES:
        return None
    base = ROOT.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@cache
def _imports_of(module: str) -> tuple[str, ...]:
    file = _file_of(module)
    assert file is not None
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found: list[str] = []
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            # What type checkers alone import does not run.
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(found)


def code_by_rule() -> dict[str, list[str]]:
    """For each rule of the graph, the files that it declares as its code."""
    found = {}
    for file in sorted((ROOT / RULES).glob("*.smk")):
        text = file.read_text(encoding="utf-8")
        for rule, module in re.findall(
            r'^rule (\w+):\n(?:(?!^rule ).*\n)*? +code=code_of\("([\w.]+)"\)', text, re.M
        ):
            found[rule] = code_of(module)
    return found


def fingerprints() -> dict[str, str]:
    """For each rule, a checksum of the names and contents of its code files."""
    found = {}
    for rule, files in code_by_rule().items():
        whole = hashlib.sha256()
        for file in files:
            content = hashlib.sha256((ROOT / file).read_bytes()).hexdigest()
            whole.update(f"{file} {content}\n".encode())
        found[rule] = whole.hexdigest()
    return found
