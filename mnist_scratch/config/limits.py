"""Which values a setting can have, and how an error shows what was given and what was meant."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

_LONGEST_SHOWN = 80


class Limits(NamedTuple):
    """Which values a setting can have."""

    choices: tuple[str, ...]
    minimum: float
    maximum: float
    above: float
    below: float

    def broken_by(self, value: Any) -> str:
        """Say what is wrong with a value, or nothing."""
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}{nearest(value, self.choices)}"
        if isinstance(value, str):
            return "" if _is_text(value) else "must be Unicode text without a NUL character"
        numbers = value if isinstance(value, tuple) else (value,)
        return next(filter(None, map(self._number_broken_by, numbers)), "")

    def _number_broken_by(self, number: float) -> str:
        if not -math.inf < number < math.inf:
            return "must be a finite number"
        if number < self.minimum:
            return f"must be at least {self.minimum:g}"
        if number > self.maximum:
            return f"must be at most {self.maximum:,}"
        if number <= self.above:
            return f"must be above {self.above:g}"
        return f"must be below {self.below:g}" if number >= self.below else ""


def _is_text(value: str) -> bool:
    """Tell whether a file and a file name can hold the text; an argument may be other bytes."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a question after the known name that is spelt most like this one, or nothing."""
    matches = difflib.get_close_matches(name, known, n=1)
    return f", did you mean '{matches[0]}'?" if matches else ""


def shown(value: Any) -> str:
    """Return a value as it stands in an error: in one line, not too long, nothing unprintable."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number too long to write out; tables within tables
        return "..."
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 4]} ..."


def printable(text: str) -> str:
    """Return a text, as of a file's name, without what could steer a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
