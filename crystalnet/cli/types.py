"""What options of the command are made of."""

import argparse
import math
from collections.abc import Callable


def system(name: str) -> str:
    """One of the seven crystal systems."""
    # Loaded where it is said: `crystalnet --help` answers at once.
    from crystalnet.solving.lattice.kinds import KINDS

    if name not in KINDS:
        known = ", ".join(map(repr, KINDS))
        raise argparse.ArgumentTypeError(f"invalid choice: {name!r} (choose from {known})")
    return name


def whole_numbers(text: str) -> tuple[int, ...]:
    """Such as 1,3."""
    fields = text.split(",")
    if not all(each.isdecimal() and len(each) < 4 for each in fields):
        raise argparse.ArgumentTypeError(f"{text!r}; want numbers such as 1,3")
    return tuple(int(each) for each in fields)


def numbers(text: str) -> tuple[float, ...]:
    """Such as 26.6,50.1."""
    try:
        found = tuple(float(each) for each in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(map(math.isfinite, found)):
        raise argparse.ArgumentTypeError(f"{text!r}; want numbers such as 26.6,50.1")
    return found


def pair(text: str) -> tuple[float, float]:
    """Two numbers, such as 10,90."""
    found = numbers(text)
    if len(found) != 2:
        raise argparse.ArgumentTypeError(f"{text!r}; want two numbers such as 10,90")
    return found[0], found[1]


def between(low: float, high: float) -> Callable[[str], float]:
    """A number of these bounds, both included."""

    def parsed(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r}; want {low:g} to {high:g}")
        return value

    return parsed


def whole_between(low: int, high: int) -> Callable[[str], int]:
    """A whole number of these bounds, both included."""

    def parsed(text: str) -> int:
        value = int(text) if text.isdecimal() and len(text) < 10 else low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r}; want {low} to {high}")
        return value

    return parsed
