"""What a format of patterns must say, and what reading a file of it gives."""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.formats.content import Content
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
class Choice:
    """What is taken of a file that holds more than one pattern; None is as the file says.

    Attributes:
        quantity: what the position is.
        columns: of position, intensity and perhaps its standard deviation, numbered from 1.
        scan: numbered from 1; None takes all, if they belong together.
    """

    quantity: Quantity | None = None
    columns: tuple[int, ...] | None = None
    scan: int | None = None


@dataclass(frozen=True)
class PatternFormat:
    """One format of patterns.

    Attributes:
        name: for people.
        endings: of files that are patterns of it.
        shared_endings: of files that may be patterns of it, or something else.
        recognises: whether a content is of this format; it looks at it and raises nothing.
        may_hold_pattern: whether one that is of it is meant as a pattern; nothing is checked.
        read: the pattern of a content, and of it what was chosen. Raises CrystalNetError, one
            sentence, for a content that holds none.
        chooses: which of `columns` and `scan` can be chosen.
    """

    name: str
    endings: tuple[str, ...]
    shared_endings: tuple[str, ...]
    recognises: Callable[[Content], bool]
    may_hold_pattern: Callable[[Content], bool]
    read: Callable[[Content, Choice], RawPattern]
    chooses: tuple[str, ...] = ()
