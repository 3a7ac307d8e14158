"""The results of a sweep as a table."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_scratch.sweep.results import Result, best
from mnist_scratch.system.text import printable

_WIDTH = 80
_HEADINGS = (
    "          validation %             test %                                seconds",
    "    n    mean   error       mean   error      sd     min     max        (median)",
)


def sweep_table(results: Sequence[Result]) -> str:
    """Return a table of two lines for each combination, its settings and its figures."""
    chosen = best(results)
    lines = list(_HEADINGS)
    for result in results:
        if result.combination.values:
            mark = "   <- best on validation" if result is chosen else ""
            name = printable(" ".join(result.combination.labels))
            most = _WIDTH - len(mark)
            lines += ["", f"{name if len(name) <= most else f'{name[: most - 3]}...'}{mark}"]
        if result.runs:
            lines.append(_figures(result))
        if result.unfinished:
            lines.append(f"    {len(result.unfinished)} not finished")
    lines += ["", "error: the standard error of the mean; sd: the standard deviation of the runs"]
    return "\n".join(lines)


def _figures(result: Result) -> str:
    validation, test = result.validation, result.test
    return (
        f"{len(result.runs):>5}{_percent(validation.mean)}{_percent(validation.standard_error)}   "
        f"{_percent(test.mean)}{_percent(test.standard_error)}{_percent(test.standard_deviation)}"
        f"{_percent(test.minimum)}{_percent(test.maximum)}{result.seconds:>16.1f}"
    )


def _percent(share: float | None) -> str:
    return f"{'-' if share is None else f'{100 * share:.2f}':>8}"
