"""What the command was given, and how it speaks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crystalnet.files import shown
from crystalnet.solving.question import Question

INTERRUPTED = 130
"""The exit status of a program that Ctrl-C ended."""


@dataclass(frozen=True)
class Request:
    """What the command was given.

    Attributes:
        pattern: a file, or a folder of them.
        output: where the results go; None is beside the pattern.
        plot: where a picture of the peaks goes.
        again: whether what is solved already is solved again.
        said: what is printed: lines for a person, what was found as JSON, or nothing.
        jobs: patterns of a folder that are solved at once; None is as many as there are cores.
    """

    pattern: Path
    question: Question
    output: Path | None = None
    plot: Path | None = None
    again: bool = False
    said: Literal["lines", "json", "nothing"] = "lines"
    jobs: int | None = None

    def say(self, line: str) -> None:
        """Print a line for a person, if one is there to read it."""
        if self.said == "lines":
            print(shown(line), flush=True)

    def show(self, text: str) -> None:
        """Print what was found for a program, if one wants it."""
        if self.said == "json":
            print(text, flush=True)
