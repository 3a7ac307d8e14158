"""What was measured, and the tables that show it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.turns import Measured

OURS = "ours"
RIVALS = ("PyTorch", "JAX", "scikit-learn")


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
    """The sides of a comparison on one piece of work; less is better, except for accuracies."""

    work: str  # "784-128-10, batch 128"
    unit: str  # of all figures: "us", "ms", "s", "MB", "%", "" for plain numbers
    entries: Sequence[Entry]
    note: str = ""

    def least(self, name: str) -> Entry | None:
        """Return the best of the sides whose names begin so."""
        sides = (entry for entry in self.entries if entry.side.startswith(name))
        return min(sides, key=lambda entry: entry.median, default=None)

    def ratio(self, entry: Entry | None) -> str:
        """Return a side's median over that of the first side with its best number of threads."""
        base = self.least(self.entries[0].side) if self.unit not in ("", "%") else None
        return f"{entry.median / base.median:.2f}" if entry and base else ""


def row_of(work: str, unit: str, measured: Measured) -> Row:
    """Return the row of figures in seconds or megabytes; sides are compared with the first."""
    scale = {"us": 1e6, "ms": 1e3}.get(unit, 1.0)
    entries = [Entry(*key, [scale * value for value in them]) for key, them in measured.items()]
    return Row(work, unit, entries)


def figure(value: float, unit: str) -> str:
    """Return a number with four digits, a percentage with two decimals."""
    if unit == "%":
        return f"{value:.2f}"
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2 if value >= 10 else 3
    return f"{value:,.{digits}f}"


def _table(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table in Markdown, whose columns stand below each other."""
    first, *others = (max(map(len, column)) for column in zip(*cells, strict=True))
    line = ["-" * first, *("-" * (width - 1) + ":" for width in others)]
    for name, *numbers in [cells[0], line, *cells[1:]]:
        columns = [name.ljust(first), *map(str.rjust, numbers, others)]
        yield f"| {' | '.join(columns)} |"


def lines(title: str, rows: Sequence[Row]) -> Iterator[str]:
    """Yield a section as a table."""
    cells = [["", "threads", "median", "minimum", "maximum", "rounds", "ratio"]]
    for row in rows:
        cells.append([f"**{row.work}**", *[""] * 6])
        for entry in row.entries:
            values = (entry.median, min(entry.figures), max(entry.figures))
            median, low, high = (figure(value, row.unit) for value in values)
            figures = [f"{median} {row.unit}".strip(), low, high, str(len(entry.figures))]
            cells.append([entry.side, entry.threads, *figures, row.ratio(entry)])
    yield f"### {title[0].upper()}{title[1:]}\n"
    yield from _table(cells)
    for row in rows:
        if row.note:
            yield f"\n{row.work}: {row.note}"


def summary(sections: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """Yield a table of all work that rivals did too: each one's best over ours, and the best rival.

    It is empty where there were no rivals.
    """
    cells = [["", OURS, *RIVALS, "best rival"]]
    for section, rows in sections.items():
        for row in rows:
            ours = row.least(OURS)
            tried = {name: best for name in RIVALS if (best := row.least(name))}
            if not (ours and tried and row.ratio(ours)):
                continue
            best = min(tried.values(), key=lambda entry: entry.median)
            lost = " (lost)" if best.median < ours.median else ""
            cells.append(
                [
                    f"{section}: {row.work}",
                    f"{figure(ours.median, row.unit)} {row.unit}",
                    *(row.ratio(tried.get(name)) for name in RIVALS),
                    f"{best.side}{lost}",
                ]
            )
    if len(cells) > 1:
        yield "### Each rival's best over ours, and the best rival\n"
        yield from _table(cells)
