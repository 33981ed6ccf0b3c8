"""What a format of patterns must say, and what reading a file of it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.radiation import Radiation


@dataclass(frozen=True, eq=False)
class RawPattern:
    """What a file holds, before anything of it is checked.

    Attributes:
        columns: position, intensity, and its standard deviation where the file has it.
        quantity: what the position is: degrees, 1/A or A; None where the file does not say.
        radiation: what it was measured with, where the file says it.
        structure_factors: whether it is a list of multiplicity times |F|^2, without the
            Lorentz-polarisation factor.
    """

    columns: Float[ndarray, "rows columns"]
    quantity: Quantity | None = None
    radiation: Radiation | None = None
    structure_factors: bool = False


@dataclass(frozen=True)
class PatternFormat:
    """One format of patterns.

    Attributes:
        name: for people.
        endings: of files that are patterns of it.
        shared_endings: of files that may be patterns of it, or something else.
        recognises: whether a text is of this format, from its content.
        may_hold_pattern: whether a text of it is meant as a pattern; nothing is read or checked.
        read: the pattern of a file, from its path (for messages) and its text. Raises
            CrystalNetError, one sentence, for a text that holds none.
    """

    name: str
    endings: tuple[str, ...]
    shared_endings: tuple[str, ...]
    recognises: Callable[[str], bool]
    may_hold_pattern: Callable[[str], bool]
    read: Callable[[Path, str], RawPattern]
