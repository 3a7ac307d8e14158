"""Text for terminals and messages: values in one line, near misses, nothing unprintable."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

_LONGEST_SHOWN = 80
_LABEL = 15  # columns
NARROW = 60  # columns, below which tables take another form


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


def columns(stream: TextIO | None = None) -> int:
    """Return how wide text may be: as the terminal, 80 at most, and 80 where there is none.

    `$COLUMNS` says how wide the terminal is, otherwise the terminal that a stream is, by default
    standard output.
    """
    stream = stream or sys.stdout
    width = os.environ.get("COLUMNS", "")
    if width.isdecimal() and int(width):
        return min(80, int(width))
    try:
        return min(80, os.get_terminal_size(stream.fileno()).columns or 80)
    except (AttributeError, OSError, ValueError):
        return 80


def labelled(label: str, text: str) -> str:
    """Return a text behind a label in 15 columns, wrapped between words to the terminal."""
    return textwrap.fill(
        f"{label:<{_LABEL - 1}} {text}",
        max(columns(), 2 * _LABEL),
        subsequent_indent=" " * _LABEL,
        break_long_words=False,
        break_on_hyphens=False,
    )


def printable(text: str) -> str:
    """Return a text, such as a file name, with what could steer a terminal escaped."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def cut(text: str, most: int) -> str:
    """Return a text of so many letters at most; "..." is where something is left out."""
    return text if len(text) <= most else f"{text[: most - 3].rstrip()}..."


def percent(share: float | None, digits: int = 2) -> str:
    """Return a share in percent; "-" where it is undefined."""
    return "-" if share is None else f"{share:.{digits}%}"


def share_text(probability: float) -> str:
    """Return a probability in percent, short, and 0% or 100% only where it is exactly that."""
    if 0.0 < probability < 0.00001:
        return "<0.001%"
    if probability < 0.001:
        return f"{100.0 * probability:.1g}%"
    if 0.995 <= probability < 1.0:
        return f"{min(probability, 0.9999):.2%}"
    return f"{probability:.0%}" if probability >= 0.1 else f"{probability:.1%}"


def called(label: int, names: Sequence[str]) -> str:
    """Return a class's label, and its name if that is another one."""
    return names[label] if names[label] == str(label) else f"{label} = {names[label]}"
