"""The formats that powder patterns come in: a module for each, and a line here.

The content of a file decides, not its name: the first format that recognises it reads it.
"""

from crystalnet.solving.pattern.formats import (
    brml,
    bruker_raw,
    bruker_raw4,
    cif,
    columns,
    fullprof,
    gsas,
    ras,
    rasx,
    rigaku_asc,
    uxd,
    xrdml,
)
from crystalnet.solving.pattern.formats.content import Content
from crystalnet.solving.pattern.formats.pattern_format import PatternFormat

FORMATS: tuple[PatternFormat, ...] = (
    xrdml.FORMAT,
    bruker_raw.FORMAT,
    bruker_raw4.FORMAT,
    brml.FORMAT,
    rasx.FORMAT,
    ras.FORMAT,
    rigaku_asc.FORMAT,
    uxd.FORMAT,
    gsas.FORMAT,
    cif.FORMAT,
    fullprof.FORMAT,
    # Recognises everything, so it is the last one.
    columns.FORMAT,
)


def format_of(content: Content) -> PatternFormat:
    """The format of a content."""
    return next(each for each in FORMATS if each.recognises(content))
