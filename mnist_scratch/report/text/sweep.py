"""The results of a sweep as a table."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from mnist_scratch.sweep.results import Result, best
from mnist_scratch.system.text import columns, printable

_FULL = 80  # columns of the table
_HEADINGS = (
    "          validation %             test %                                seconds",
    "    n    mean   error       mean   error      sd     min     max        (median)",
)


def sweep_table(results: Sequence[Result]) -> str:
    """Return a table of each combination's settings and, below them, its figures."""
    chosen = best(results)
    width = columns()
    lines = list(_HEADINGS) if width >= _FULL else ["accuracy in %"]
    for result in results:
        if result.combination.values:
            mark = f"   <- best{' on validation' * (width >= _FULL)}" if result is chosen else ""
            name = printable(" ".join(result.combination.labels))
            most = width - len(mark)
            lines += ["", f"{name if len(name) <= most else f'{name[: most - 3]}...'}{mark}"]
        if result.runs:
            lines += [_figures(result)] if width >= _FULL else _narrow_figures(result)
        if result.unfinished:
            lines.append(f"    {len(result.unfinished)} not finished")
    if width >= _FULL:
        meaning = "error: the standard error of the mean; sd: the standard deviation of the runs"
    else:
        meaning = "best: on validation; +-: the standard error of the mean; "
        meaning += "sd: the standard deviation of the runs"
    return "\n".join([*lines, "", textwrap.fill(meaning, width)])


def _narrow_figures(result: Result) -> list[str]:
    validation, test = result.validation, result.test
    lines = [f"  {len(result.runs)} runs of {result.seconds:.1f} s (median)"]
    for name, spread in (("validation", validation), ("test", test)):
        mean, error, deviation, low, high = (
            _percent(share).strip()
            for share in (
                *(spread.mean, spread.standard_error, spread.standard_deviation),
                *(spread.minimum, spread.maximum),
            )
        )
        lines.append(f"  {name:<11} {mean} +- {error}, sd {deviation}")
        lines.append(f"  {'':<11} from {low} to {high}")
    return lines


def _figures(result: Result) -> str:
    validation, test = result.validation, result.test
    return (
        f"{len(result.runs):>5}{_percent(validation.mean)}{_percent(validation.standard_error)}   "
        f"{_percent(test.mean)}{_percent(test.standard_error)}{_percent(test.standard_deviation)}"
        f"{_percent(test.minimum)}{_percent(test.maximum)}{result.seconds:>16.1f}"
    )


def _percent(share: float | None) -> str:
    return f"{'-' if share is None else f'{100 * share:.2f}':>8}"
