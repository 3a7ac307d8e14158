"""What was measured, and the tables that show it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.turns import Measured


@dataclass(frozen=True)
class Entry:
    """A side's figures with a number of threads."""

    side: str
    threads: str  # a number, "auto", or "" where there are none
    figures: Sequence[float]  # in the row's unit, at least one

    @property
    def median(self) -> float:
        """The figure to compare."""
        return statistics.median(self.figures)


@dataclass(frozen=True)
class Row:
    """The sides of a comparison on one piece of work."""

    work: str  # "784-128-10, batch 128"
    unit: str  # of all figures: "us", "ms", "s", "MB", "%"
    entries: Sequence[Entry]
    ratio_name: str = ""  # what was divided by what
    ratio: float | None = None
    note: str = ""


def compare(work: str, unit: str, measured: Measured, ratio_name: str, own: str = "") -> Row:
    """Return the row of a comparison in which less is better.

    `measured` has seconds, or megabytes. The ratio "A / B" is the least median of the sides whose
    name begins with A by that of those with B. `own` is the number of threads that the side "ours"
    chooses itself, marked "as it comes".
    """
    scale = {"us": 1e6, "ms": 1e3}.get(unit, 1.0)
    entries = []
    for (side, threads), values in measured.items():
        comment = " (as it comes)" if (side, threads) == ("ours", own) else ""
        entries.append(Entry(side, threads + comment, [scale * value for value in values]))

    def least(name: str) -> float:
        return min(entry.median for entry in entries if entry.side.startswith(name))

    over, under = ratio_name.split(" / ")
    return Row(work, unit, entries, ratio_name, least(over) / least(under))


def figure(value: float, unit: str) -> str:
    """Return a number with four digits, a percentage with two decimals."""
    if unit == "%":
        return f"{value:.2f}"
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2 if value >= 10 else 3
    return f"{value:,.{digits}f}"


def lines(title: str, rows: Sequence[Row]) -> Iterator[str]:
    """Yield a section as a table in Markdown, whose columns stand below each other."""
    cells = [["", "threads", "median", "minimum", "maximum", "rounds"]]
    for row in rows:
        cells.append([f"**{row.work}**", "", "", "", "", ""])
        for entry in row.entries:
            values = (entry.median, min(entry.figures), max(entry.figures))
            median, low, high = (figure(value, row.unit) for value in values)
            count = str(len(entry.figures))
            cells.append([entry.side, entry.threads, f"{median} {row.unit}", low, high, count])
        if row.ratio is not None:
            cells.append([row.ratio_name, "", f"{row.ratio:.2f}", "", "", ""])
    first, *others = (max(map(len, column)) for column in zip(*cells, strict=True))
    cells.insert(1, ["-" * first, *("-" * (width - 1) + ":" for width in others)])
    yield f"### {title[0].upper()}{title[1:]}"
    yield ""
    for name, *numbers in cells:
        columns = [name.ljust(first), *map(str.rjust, numbers, others)]
        yield f"| {' | '.join(columns)} |"
    for row in rows:
        if row.note:
            yield f"\n{row.work}: {row.note}"
