"""Functions of numbers that are compiled when they are first called."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiled when it is first called, and kept beside the module, or in the user's cache.

    What is kept is made anew when its own file changes, not when that of a function does which it
    calls: functions that call each other stand in one module.
    """
    # What checks shapes in tests cannot be compiled.
    made = njit(cache=True, nogil=True, error_model="numpy")(inspect.unwrap(function))
    return cast(Function, made)
