"""The formats that powder patterns come in: a module for each, and a line here.

The content of a file decides, not its name: the first format that recognises it reads it.
"""

from crystalnet.solving.pattern.formats import cif, columns
from crystalnet.solving.pattern.formats.pattern_format import PatternFormat

FORMATS: tuple[PatternFormat, ...] = (
    cif.FORMAT,
    # Recognises every text, so it is the last one.
    columns.FORMAT,
)


def format_of(text: str) -> PatternFormat:
    """The format of a text."""
    return next(each for each in FORMATS if each.recognises(text))
