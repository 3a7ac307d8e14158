"""What was measured, and how it is shown: text, tables in Markdown, JSON, a picture."""

from __future__ import annotations

import math
import statistics
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.turns import Measured

from mnist_scratch.system.files import written_whole

_SCALES = {"us": 1e6, "ms": 1e3}
_WIDTH = 88
_COLUMNS = f"{'':<28}{'threads':>8}{'median':>18}{'minimum':>12}{'maximum':>12}{'n':>5}"


@dataclass(frozen=True)
class Entry:
    """A side's figures."""

    side: str
    threads: str  # a number, "auto", or "" where there are none
    measured: Sequence[float]  # in the row's unit, at least one

    @property
    def median(self) -> float:
        """The figure to show."""
        return statistics.median(self.measured)


@dataclass(frozen=True)
class Row:
    """The sides of a comparison on one piece of work."""

    work: str  # "784-128-10, batch 128"
    unit: str  # of all figures: "us", "ms", "s", "images/s", "MB", "%"
    best: Sequence[Entry]  # of each side, and as it comes
    ratio: float | None = None
    ratio_name: str = ""  # what was divided by what
    tried: Sequence[Entry] = ()  # every side with every number of threads
    note: str = ""


class Section(NamedTuple):
    """The rows of a section."""

    name: str
    title: str
    rows: Sequence[Row]


def compare(
    work: str,
    unit: str,
    measured: Measured,
    ratio_name: str,
    *,
    amount: float = 0.0,
    note: str = "",
    own: tuple[str, str] | None = None,
) -> Row:
    """Return the row of a comparison in which less is better.

    Parameters
    ----------
    work, unit, note
        As in `Row`.
    measured
        (side, threads) to seconds, or to megabytes.
    ratio_name
        "A / B": the least median of the side A by that of the side B. Where no side is called so,
        it is the best of those whose name begins with it.
    amount
        What is done in the seconds, where the row shows a rate.
    own
        The side, and the number of threads that it chooses itself, to show "as it comes".
    """
    medians = {key: statistics.median(values) for key, values in measured.items()}
    best: dict[str, tuple[str, str]] = {}
    for side, threads in sorted(measured, key=medians.__getitem__):
        best.setdefault(side, (side, threads))

    def least(name: str) -> float:
        sides = [name] if name in best else [side for side in best if side.startswith(name)]
        return min(medians[best[side]] for side in sides)

    def entry(key: tuple[str, str], comment: str = "") -> Entry:
        scale = _SCALES.get(unit, 1.0)
        figures = [amount / value if amount else scale * value for value in measured[key]]
        return Entry(key[0] + comment, key[1], figures)

    shown = []
    for side in dict.fromkeys(side for side, _ in measured):
        shown.append(entry(best[side]))
        if own in measured and own[0] == side:
            shown.append(entry(own, ", as it comes"))
    over, under = ratio_name.split(" / ")
    tried = [entry(key) for key in measured]
    note = "the ratio is of the times" if amount else note
    return Row(work, unit, shown, least(over) / least(under), ratio_name, tried, note)


def figure(value: float, unit: str) -> str:
    """Return a number with four digits, a percentage with two decimals.

    >>> figure(1234.5, "us"), figure(3.14159, "s"), figure(98.0333, "%")
    ('1,234', '3.142', '98.03')
    """
    if unit == "%":
        return f"{value:.2f}"
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2 if value >= 10 else 3
    return f"{value:,.{digits}f}"


def mean_text(percentages: Sequence[float]) -> str:
    """Return the mean and, of more than one, its standard error."""
    text = f"{statistics.fmean(percentages):.3f} %"
    if len(percentages) > 1:
        text += f" ± {statistics.stdev(percentages) / math.sqrt(len(percentages)):.3f}"
    return text


def terminal_lines(section: Section) -> Iterator[str]:
    """Yield a section's lines, none longer than 88 characters."""
    yield "=" * _WIDTH
    yield f"{section.name}: {section.title}"
    yield "-" * _WIDTH
    yield _COLUMNS
    for row in section.rows:
        ratio = "" if row.ratio is None else f"{row.ratio_name}: {row.ratio:.2f}"
        yield f"{row.work}{ratio:>{max(len(ratio) + 2, _WIDTH - len(row.work))}}".rstrip()
        for entry in row.best:
            low, median, high = _three(entry, row.unit)
            yield (
                f"  {entry.side:<26}{entry.threads:>8}{f'{median} {row.unit}':>18}"
                f"{low:>12}{high:>12}{len(entry.measured):>5}"
            )
        if row.note:
            yield from textwrap.wrap(
                f"({row.note})", _WIDTH, initial_indent="  ", subsequent_indent="   "
            )


def markdown_lines(section: Section) -> Iterator[str]:
    """Yield a section as a table in Markdown: medians with their range, accuracies as means."""
    sides = list(dict.fromkeys(entry.side for row in section.rows for entry in row.best))
    ratio_name = next((row.ratio_name for row in section.rows if row.ratio_name), "")
    header = ["", *sides, *([ratio_name] if ratio_name else [])]
    yield f"### {section.title[0].upper()}{section.title[1:]}"
    yield ""
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in section.rows:
        cells = dict.fromkeys(sides, "")
        for entry in row.best:
            low, median, high = _three(entry, row.unit)
            cells[entry.side] = f"{median} {row.unit} ({low} to {high})"
            if row.unit == "%":
                cells[entry.side] = mean_text(entry.measured)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        columns = [row.work, *cells.values(), *([ratio] if ratio_name else [])]
        yield f"| {' | '.join(columns)} |"


def _three(entry: Entry, unit: str) -> tuple[str, str, str]:
    """Return minimum, median and maximum."""
    low, high = min(entry.measured), max(entry.measured)
    return figure(low, unit), figure(entry.median, unit), figure(high, unit)


def as_json(section: Section) -> dict[str, Any]:
    """Return a section as JSON values, its medians among them."""
    rows = []
    for row in section.rows:
        values = asdict(row)
        for name, entries in (("best", row.best), ("tried", row.tried)):
            values[name] = [asdict(entry) | {"median": entry.median} for entry in entries]
        rows.append(values)
    return {"title": section.title, "rows": rows}


def draw(sections: Sequence[Section], machine: Sequence[str], output: Path) -> None:
    """Draw the ratios of each section, as PNG.

    Raises
    ------
    MnistScratchError
        If the picture cannot be written.
    """
    from matplotlib.figure import Figure  # slow to import

    compared = [
        (section.title, [(row.work, row.ratio) for row in section.rows if row.ratio is not None])
        for section in sections
    ]
    panels = [(title, bars) for title, bars in compared if bars]
    names = {section.title: section.rows[-1].ratio_name for section in sections}
    heights = [0.9 + 0.3 * len(bars) for _, bars in panels]
    picture = Figure(figsize=(9.0, sum(heights) + 0.6), dpi=120, layout="constrained")
    picture.suptitle("\n".join(machine), fontsize=8)
    all_axes = picture.subplots(max(1, len(panels)), 1, squeeze=False, height_ratios=heights or [1])
    for axes, (title, bars) in zip(all_axes[:, 0], panels, strict=False):
        drawn = axes.barh([work for work, _ in bars], [ratio for _, ratio in bars])
        axes.bar_label(drawn, fmt="{:.2f}", padding=3, fontsize=8)
        axes.axvline(1.0, color="black", linewidth=0.8)
        axes.margins(x=0.1)
        axes.invert_yaxis()
        axes.tick_params(labelsize=8)
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel(names[title], fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    with written_whole(output) as file:
        picture.savefig(file, format="png")
