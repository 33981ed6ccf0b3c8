"""What stands in the documents of the project: prose, code and commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "data").rglob("*.md")),
]
PROGRAMS = ("crystalnet ", "snakemake ", "dvc ", "make ", "python -m ", "pip ", "mkdocs ",
            "pre-commit ", "git ", "cp ", "source ", "benchmarks/gpu")  # fmt: skip

FENCED = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.M | re.S)
# Four spaces after an empty line; a list goes on indented too, but not after its colon.
INDENTED = re.compile(r"(?<=\n)\n((?:(?: {4}[^\n]*)?\n)+)")
INLINE = re.compile(r"`([^`\n]+)`")


def code_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Language (empty if it is not said) and text of each block, without the indentation."""
    for found in FENCED.finditer(text):
        yield found[1], found[2]
    for found in INDENTED.finditer(FENCED.sub("", text)):
        lines = [line[4:] for line in found[1].splitlines()]
        if any(lines):
            yield "", "\n".join(lines) + "\n"


def prose(text: str) -> str:
    """What is left without code, addresses and comments."""
    text = INDENTED.sub("\n\n", FENCED.sub("", text))
    text = re.sub(r"<!--.*?-->", "", INLINE.sub("", text), flags=re.S)
    return re.sub(r"\]\([^)]*\)|https?://\S+", "]", text)


def commands(text: str) -> list[str]:
    """Each command once, in the order of the text, without prompt and comment."""
    lines = [line for _, block in code_blocks(text) for line in block.splitlines()]
    spans = INLINE.findall(INDENTED.sub("\n\n", FENCED.sub("", text)))
    found: dict[str, None] = {}
    for line in [*lines, *spans]:
        for part in re.sub(r"^\$ |\s+# .*$", "", line).split(" && "):
            command = " ".join(re.sub(r"^[A-Z_]+=\S+ ", "", part).split())
            if command.startswith(PROGRAMS):
                found[command] = None
    return list(found)


def words(command: str) -> list[str]:
    """A command as the shell takes it apart."""
    return shlex.split(command)
