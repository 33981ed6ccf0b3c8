"""Formulas under the pictures of the report."""

from matplotlib.mathtext import MathTextParser

from reports.figures import _subscripts


def test_numbers_of_two_digits_are_drawn_below_the_line() -> None:
    text = _subscripts("Mg17Al12")
    assert text == "Mg$_{17}$Al$_{12}$"
    # What matplotlib cannot read is an error.
    MathTextParser("path").parse(text)
