"""A base install has all that the package imports."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(folder: Path) -> dict[str, str]:
    """Top names of everything that is imported anywhere, and one file that does.

    What a file says it can do without (except ImportError) is left out.
    """
    found = {}
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        optional = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.Try)
            and any(ast.unparse(each.type or node) == "ImportError" for each in node.handlers)
            for statement in node.body
            for inner in ast.walk(statement)
        }
        for node in ast.walk(tree):
            if node in optional:
                continue
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            found |= {name.split(".")[0]: str(path.relative_to(ROOT)) for name in names}
    return found


def test_every_import_is_of_a_core_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = {plain(re.split(r"[<>=!~\[; ]", each)[0]) for each in project["dependencies"]}
    provided = packages_distributions()
    outside = {
        name: file
        for name, file in imported(ROOT / "crystalnet").items()
        if name not in sys.stdlib_module_names and name != "crystalnet"
    }
    assert {"torch", "jinja2", "plotly", "matplotlib"} <= set(outside)
    missing = {
        name: file
        for name, file in outside.items()
        if not core & {plain(each) for each in provided.get(name, [])}
    }
    assert not missing


def test_every_core_dependency_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    provided = packages_distributions()
    used = {
        plain(each) for name in imported(ROOT / "crystalnet") for each in provided.get(name, [])
    }
    for each in project["dependencies"]:
        assert plain(re.split(r"[<>=!~\[; ]", each)[0]) in used, each
