"""Lines of text as rows of numbers, whatever separates them."""

import csv
import re

_NUMBER = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eEdD][+-]?\d+)?|[+-]?(?:nan|inf)", re.I)
_LONGEST_NUMBER = 40
# Longer lines are no rows of a pattern.
_LONGEST_LINE = 4000


def row_of(line: str) -> list[float] | None:
    """The numbers of a line of nothing else; None for another line.

    A comma between digits is a decimal one where something else separates.
    """
    if len(line) > _LONGEST_LINE:
        return None
    fields = [field.strip().strip('"').strip() for field in _fields(line)]
    if len(fields) == 1:
        fields = fields[0].split()
    if not fields or not all(_is_number(field) for field in fields):
        return None
    return [float(field.replace(",", ".").lower().replace("d", "e")) for field in fields]


def _is_number(field: str) -> bool:
    return len(field) <= _LONGEST_NUMBER and _NUMBER.fullmatch(field) is not None


def _fields(line: str) -> list[str]:
    if '"' in line:
        outside = re.sub(r'"[^"]*"', "", line)
        mark = next((mark for mark in (";", "\t", ",") if mark in outside), " ")
        try:
            fields = next(csv.reader([line.strip(" \r\n")], delimiter=mark), [])
        except csv.Error:
            return [line]
        return fields[:-1] if fields and not fields[-1].strip() else fields
    if ";" in line or "\t" in line:
        return re.split(r"[;\t]", line.strip(" ;\t\r\n"))
    if re.search(r",\s", line) or (line.count(",") and "." in line) or line.count(",") == 1:
        # A comma between digits of which one has a point, or the only one, separates.
        if line.count(",") == 1 and len(line.split()) == 2 and not re.search(r",\s", line):
            return line.split()
        return line.strip(" ,\r\n").split(",")
    fields = line.split()
    return line.split(",") if len(fields) == 1 else fields
