"""Slips in params.yaml, each in one line: where it stands, what was seen, what is wanted."""

import re
import reprlib
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)
# A key that is shown as it is; another one is shown in quotes.
_PLAIN = re.compile(r"[\w\[\]-]{1,100}")


def first_slip(error: ValidationError, prefix: str) -> str:
    """The first finding of a validation, in one line: where, what was seen, what is wanted."""
    found = error.errors()[0]
    parts = [str(part) if _PLAIN.fullmatch(str(part)) else shown(part) for part in found["loc"]]
    if parts[:1] == ["models"] and len(parts) > 3:
        # The tag of the union, which is a word of the line and no key.
        del parts[2]
    where = ".".join([prefix, *parts]).strip(".")
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    message = found["msg"].removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        return f"{where}: unknown key{more}"
    if found["loc"][-1:] == ("[key]",):
        return (
            f"{where.removesuffix('.[key]')}: a name is made of lower-case letters, digits and _, "
            f"its words joined by -, at most 100 characters{more}"
        )
    if found["type"] == "missing":
        return f"{where}: missing{more}"
    if found["type"] == "value_error" and not found["loc"]:
        return f"{prefix + ': ' if prefix else ''}{message}{more}"
    return f"{where}: {shown(found['input'])}: {message}{more}"


def shown(value: object) -> str:
    """A value as a part of one line, however long or deep it is."""
    shown = reprlib.Repr()
    shown.maxstring = shown.maxother = 80
    return shown.repr(value)


def with_keys(settings: T, keys: dict[str, Any], where: str) -> T:
    """Settings with some keys replaced.

    Raises:
        ValueError: one line, for keys or values that cannot be.
    """
    try:
        return type(settings).model_validate({**settings.model_dump(), **keys})
    except ValidationError as error:
        raise ValueError(first_slip(error, where)) from None
