"""Run what need not be measured without coverage's tracer, which slows all that is Python."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def untraced(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Return the function for which tracing stops; the caller's goes on when it returns."""

    @functools.wraps(function)
    def quick(*arguments: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return function(*arguments, **options)
        finally:
            sys.settrace(tracer)

    return quick
