"""XML of other people's programs: no entities, no documents beside it, bounded."""

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.parsers import expat

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError

MOST_ELEMENTS = 3_000_000
"""Elements of a document: a point of a scan may be one."""
DEEPEST = 200
"""Elements that lie in each other."""


def parsed(path: Path, raw: bytes, what: str) -> Element:
    """The tree of a document, names without their namespaces.

    Args:
        what: the format, for the message.

    Raises:
        CrystalNetError: for what is no XML, has a document type or entities, or is too large.
    """
    builder, parser = TreeBuilder(), expat.ParserCreate(namespace_separator="}")
    seen, depth = 0, 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal seen, depth
        seen, depth = seen + 1, depth + 1
        if seen > MOST_ELEMENTS or depth > DEEPEST:
            raise CrystalNetError(f"{path}: XML of more elements than a {what} file has")
        builder.start(
            name.rpartition("}")[2], {k.rpartition("}")[2]: v for k, v in attributes.items()}
        )

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition("}")[2])

    def refuse(*_: object) -> None:
        raise CrystalNetError(
            f"{path}: its XML has a document type, which a {what} file never has; export it anew"
        )

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(raw, True)
        return builder.close()
    except (expat.ExpatError, ParseError, AssertionError, ValueError, LookupError) as error:
        raise CrystalNetError(f"{path}: the XML of a {what} file is broken ({error})") from None


def numbers(path: Path, element: Element | None, what: str) -> Float[ndarray, " values"]:
    """The numbers in the text of an element, separated by blanks or commas.

    Raises:
        CrystalNetError: for something that is no number.
    """
    text = "" if element is None or element.text is None else element.text
    try:
        return np.array(text.replace(",", " ").split(), dtype=float)
    except ValueError as error:
        raise CrystalNetError(f"{path}: {what}: {str(error)[:80]}; want numbers") from None


def number(element: Element | None) -> float | None:
    """The finite number that an element's text, or its attribute Value, is."""
    if element is None:
        return None
    try:
        value = float(element.get("Value") or element.text or "")
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def words(element: Element | None) -> str:
    """The text of an element without blanks around it."""
    return "" if element is None or element.text is None else element.text.strip()
