"""Reading YAML that people write: version 1.2, as DVC reads it, and every slip in one line."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crystalnet.errors import CrystalNetError


def read_mapping(path: Path) -> dict[str, Any]:
    """The sections of a YAML file.

    Values are what they are to DVC, which reads the same file and writes into it: `5e-05` and
    `1e-3` are numbers, `010` is ten, `1:30` and `yes` are text. But not by its parser in C, whose
    reasons say less.

    Raises:
        CrystalNetError: one line for a file that cannot be read, is no YAML, names a key twice, is
            nested too deep, or holds something else than named sections.
    """
    try:
        content = YAML(typ="safe", pure=True).load(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise CrystalNetError(
            f"{path}: no such file; run from the top folder of the project"
        ) from None
    except OSError as error:
        raise CrystalNetError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CrystalNetError(
            f"{path}: line {line}: byte {error.object[error.start]:#04x} is not UTF-8; "
            "save it as UTF-8 text"
        ) from None
    except YAMLError as error:
        raise CrystalNetError(f"{path}: {_reason(error)}") from None
    except RecursionError:
        raise CrystalNetError(
            f"{path}: cannot be read as YAML: nested too deep; want sections of plain values"
        ) from None
    except ValueError as error:
        # A date that does not exist, an integer of more digits than Python reads.
        raise CrystalNetError(f"{path}: cannot be read as YAML: {_line(str(error))}") from None
    if not isinstance(content, dict):
        raise CrystalNetError(f"{path}: holds no sections; restore it from git")
    _check_keys(path, content)
    return content


def _reason(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or error)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    if problem.startswith("found duplicate key"):
        key = problem.removeprefix("found duplicate key ").partition(" with value ")[0]
        return f"{where}the key {_line(key)} is there twice; remove one"
    return f"{where}cannot be read as YAML: {_line(problem)}"


def _check_keys(path: Path, content: dict[Any, Any]) -> None:
    """Refuse keys that are no text, wherever they stand."""
    waiting: list[tuple[str, Any]] = [("", content)]
    # An anchor can stand in many places; its content is looked at once.
    seen: set[int] = set()
    while waiting:
        where, value = waiting.pop()
        if id(value) in seen:
            continue
        if isinstance(value, dict):
            seen.add(id(value))
            for key in value:
                if not isinstance(key, str):
                    raise CrystalNetError(
                        f"{path}: {where}{_line(repr(key))}: a key must be text; put it in quotes"
                    )
            waiting += [(f"{where}{key}.", inner) for key, inner in value.items()]
        elif isinstance(value, list):
            seen.add(id(value))
            waiting += [(f"{where}{index}.", inner) for index, inner in enumerate(value)]


def _line(text: str) -> str:
    """Text as a part of one line."""
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:200] + "..."
