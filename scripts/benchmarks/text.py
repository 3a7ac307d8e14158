"""The figures as text: aligned for a terminal, and as tables in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from benchmarks.figures import Entry, Row, Section, Summary

_WIDTH = 88
_COLUMNS = f"{'':<28}{'threads':>8}{'median':>18}{'minimum':>12}{'maximum':>12}{'n':>5}"


def figure(value: float, unit: str) -> str:
    """Return a number with as many digits as a reader wants: four, or to a hundredth of a percent.

    >>> figure(1234.5, "us"), figure(3.14159, "s"), figure(98.0333, "%")
    ('1,234', '3.142', '98.03')
    """
    if unit == "%":
        return f"{value:.2f}"
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:,.{digits}f}"


def mean_text(summary: Summary) -> str:
    """Return a mean in percent with its standard error, which one measurement has none of."""
    error = summary.standard_error
    return f"{summary.mean:.3f} %" + ("" if error is None else f" ± {error:.3f}")


def terminal_lines(section: Section) -> Iterator[str]:
    """Yield a section's lines, of which none is longer than 88 characters."""
    yield "=" * _WIDTH
    yield f"{section.name}: {section.title}"
    yield "-" * _WIDTH
    yield _COLUMNS
    for row in section.rows:
        ratio = "" if row.ratio is None else f"{row.ratio_name}: {row.ratio:.2f}"
        gap = max(2, _WIDTH - len(row.work) - len(ratio))
        yield f"{row.work}{' ' * gap}{ratio}".rstrip()
        yield from (_entry_line(entry, row.unit) for entry in row.entries)
        if row.note:
            yield from textwrap.wrap(
                f"({row.note})", _WIDTH, initial_indent="  ", subsequent_indent="   "
            )


def _entry_line(entry: Entry, unit: str) -> str:
    summary = entry.summary
    median = f"{figure(summary.median, unit)} {unit}"
    low, high = (figure(value, unit) for value in (min(summary.measured), max(summary.measured)))
    return (
        f"  {entry.side:<26}{entry.threads:>8}{median:>18}{low:>12}{high:>12}"
        f"{len(summary.measured):>5}"
    )


def markdown_lines(section: Section) -> Iterator[str]:
    """Yield a section as a table in Markdown: medians with their range, accuracies as means."""
    sides = list(dict.fromkeys(entry.side for row in section.rows for entry in row.entries))
    ratio_name = next((row.ratio_name for row in section.rows if row.ratio_name), "")
    header = ["", *sides, *([ratio_name] if ratio_name else [])]
    yield f"### {section.title[0].upper()}{section.title[1:]}"
    yield ""
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in section.rows:
        of_side = {entry.side: entry for entry in row.entries}
        cells = [row.work, *(_cell(of_side.get(side), row) for side in sides)]
        if ratio_name:
            cells.append("" if row.ratio is None else f"{row.ratio:.2f}")
        yield f"| {' | '.join(cells)} |"


def _cell(entry: Entry | None, row: Row) -> str:
    if entry is None:
        return ""
    summary = entry.summary
    if row.unit == "%":
        return mean_text(summary)
    low, high = (
        figure(value, row.unit) for value in (min(summary.measured), max(summary.measured))
    )
    return f"{figure(summary.median, row.unit)} {row.unit} ({low} to {high})"
