"""Text for terminals and messages: values in one line, near misses, nothing unprintable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_LONGEST_SHOWN = 80


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ", did you mean 'NAME'?" with the known name most like this one, or ""."""
    import difflib  # an error alone needs it

    matches = difflib.get_close_matches(name, known, n=1)
    return f", did you mean '{matches[0]}'?" if matches else ""


def shown(value: Any) -> str:
    """Return the `repr` of a value for a message, in one line cut to 80 characters."""
    try:
        text = " ".join(line.strip() for line in repr(value).splitlines())
    except (ValueError, RecursionError):  # a number too long to write out; tables within tables
        return "..."
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 4]} ..."


def printable(text: str) -> str:
    """Return a text, such as a file name, with what could steer a terminal escaped."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def percent(share: float | None) -> str:
    """Return a share in percent; "-" where it is undefined."""
    return "-" if share is None else f"{share:.2%}"
