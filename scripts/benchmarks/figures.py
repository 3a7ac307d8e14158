"""What is reported of many measured figures, and how the sides of a comparison compare."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Summary:
    """What many measurements of one thing come to.

    Attributes
    ----------
    measured
        The measurements in the order in which they were made, at least one.
    """

    measured: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one, or the mean of the two in the middle."""
        return statistics.median(self.measured)

    @property
    def mean(self) -> float:
        """Their sum over their count."""
        return statistics.fmean(self.measured)

    @property
    def standard_error(self) -> float | None:
        """Of the mean: the sample's standard deviation over the root of the count."""
        count = len(self.measured)
        return statistics.stdev(self.measured) / math.sqrt(count) if count > 1 else None

    def as_json(self) -> dict[str, Any]:
        """Return everything about them as JSON values."""
        return {
            "median": self.median,
            "minimum": min(self.measured),
            "maximum": max(self.measured),
            "mean": self.mean,
            "standard_error": self.standard_error,
            "n": len(self.measured),
            "measured": list(self.measured),
        }


@dataclass(frozen=True)
class Entry:
    """A side's figure for some work.

    Attributes
    ----------
    side
        Whose it is: "ours", "PyTorch, experts" and so on.
    threads
        What its libraries were told: a number, "auto" if nothing, "" where they have no threads.
    summary
        The figure, in the row's unit.
    """

    side: str
    threads: str
    summary: Summary


@dataclass(frozen=True)
class Row:
    """The sides of a comparison on one piece of work.

    Attributes
    ----------
    work
        What was done: "784-128-10, batch 128".
    unit
        Of all figures: "us", "ms", "s", "images/s", "MB", "%".
    entries
        Of each side the best setting, in the order of the contestants; and beside it how the side
        does as it comes, if it chooses its threads itself.
    ratio
        How they compare; None where there is nothing to compare with.
    ratio_name
        What was divided by what: "PyTorch's best / ours".
    tried
        Every setting of every side, of which `entries` has the best.
    note
        What a reader should know beside; a sentence or nothing.
    """

    work: str
    unit: str
    entries: Sequence[Entry]
    ratio: float | None = None
    ratio_name: str = ""
    tried: Sequence[Entry] = ()
    note: str = ""


@dataclass(frozen=True)
class Section:
    """What a section of the benchmark measured.

    Attributes
    ----------
    name
        By which it is asked for.
    title
        What it is about, in a line.
    rows
        Its figures.
    """

    name: str
    title: str
    rows: Sequence[Row] = field(default_factory=list)


def best_of_each_side(tried: Sequence[Entry]) -> dict[str, Entry]:
    """Return of each side the entry with the least median, in the order in which they come."""
    best: dict[str, Entry] = {}
    for entry in tried:
        known = best.get(entry.side)
        if known is None or entry.summary.median < known.summary.median:
            best[entry.side] = entry
    return best


def compare(
    work: str,
    unit: str,
    tried: Sequence[Entry],
    *,
    over: tuple[str, ...],
    under: str,
    ratio_name: str,
    note: str = "",
    own_threads: Mapping[str, str] | None = None,
) -> Row:
    """Return the row of a comparison of times, where less is better.

    Parameters
    ----------
    work, unit, tried, ratio_name, note
        As `Row` has them.
    over, under
        The ratio is the least median of the sides `over` by the least median of the side `under`.
    own_threads
        Of sides that choose their threads themselves: side to the number that it chooses.
    """
    best = best_of_each_side(tried)
    medians = {side: entry.summary.median for side, entry in best.items()}
    ratio = min(medians[side] for side in over) / medians[under]
    entries = []
    for side, entry in best.items():
        entries.append(entry)
        entries += [
            replace(other, side=f"{side}, as it comes")
            for other in tried
            if other.side == side and other.threads == (own_threads or {}).get(side)
        ]
    return Row(work, unit, entries, ratio, ratio_name, list(tried), note)


def entries_of(measured: Mapping[tuple[str, str], Sequence[float]], scale: float) -> list[Entry]:
    """Return an entry for each side and threads, with its measurements multiplied by the scale."""
    return [
        Entry(side, threads, Summary(tuple(scale * value for value in values)))
        for (side, threads), values in measured.items()
    ]


def as_rate(row: Row, unit: str, amount: float) -> Row:
    """Return a row of seconds that so large an amount took as one of the amount in a second."""

    def turned(entries: Sequence[Entry]) -> list[Entry]:
        return [
            replace(entry, summary=Summary(tuple(amount / s for s in entry.summary.measured)))
            for entry in entries
        ]

    return replace(row, unit=unit, entries=turned(row.entries), tried=turned(row.tried))


def as_json(section: Section) -> dict[str, Any]:
    """Return a section as JSON values: of every row all that was tried."""

    def entry_json(entry: Entry) -> dict[str, Any]:
        return {"side": entry.side, "threads": entry.threads} | entry.summary.as_json()

    return {
        "title": section.title,
        "rows": [
            {
                "work": row.work,
                "unit": row.unit,
                "best": [entry_json(entry) for entry in row.entries],
                "tried": [entry_json(entry) for entry in row.tried or row.entries],
                "ratio": row.ratio,
                "ratio_name": row.ratio_name,
                "note": row.note,
            }
            for row in section.rows
        ],
    }
