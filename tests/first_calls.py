"""Types and shapes are checked at run time, on the first calls of each function in each test.

To check each call of a search takes as long as the search: what is called a million times is called
with the same shapes each time. `pytest --every-call` checks them all.
"""

import dataclasses
import functools
from collections import Counter
from collections.abc import Callable
from types import FunctionType
from typing import Any

import jaxtyping

whole = jaxtyping.jaxtyped


@dataclasses.dataclass
class Calls:
    """How many calls of a function are checked in a test, and how many were, by function."""

    limit: float = 20
    checked: Counter[str] = dataclasses.field(default_factory=Counter)


CALLS = Calls()


def jaxtyped(*, typechecker: Any) -> Callable[[Any], Any]:
    """In place of jaxtyping's own decorator, which its import hook puts on all of a package."""

    def decorate(made: Any) -> Any:
        if dataclasses.is_dataclass(made) and "__init__" in vars(made):
            made.__init__ = decorate(made.__init__)
        if not isinstance(made, FunctionType):
            return made
        name = f"{made.__module__}.{made.__qualname__}"
        # A check is compiled when it is first wanted: most functions are not called in most runs.
        check: Callable[..., Any] | None = None

        @functools.wraps(made)
        def first_calls(*arguments: Any, **named: Any) -> Any:
            nonlocal check
            if CALLS.checked[name] >= CALLS.limit:
                return made(*arguments, **named)
            CALLS.checked[name] += 1
            if check is None:
                check = whole(made, typechecker=typechecker)
            return check(*arguments, **named)

        return first_calls

    return decorate


def install(*packages: str) -> None:
    """Check what is imported of these packages from now on."""
    jaxtyping.jaxtyped = jaxtyped
    jaxtyping.install_import_hook(packages, "beartype.beartype")
