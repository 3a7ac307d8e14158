"""The picture of a sweep: every run a dot, every combination its mean and standard error."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from mnist_scratch.report.plots.style import COLOURS, GREY, plain, save
from mnist_scratch.sweep.results import Result, Spread, best

_Numbers = npt.NDArray[np.float64]

_SPREAD = 0.25  # of the distance between two lines, over which the dots of one lie
_SPREAD_OVER_NUMBERS = 0.06  # of the distance between two numbers: small, so the axis stays true
_MOST_TICKS = 8  # values of a setting that have room for a label each
_NAME_WIDTH = 22  # columns of a combination's name, before it is wrapped
_DOTS: dict[str, Any] = {
    "marker": "o",
    "linestyle": "",
    "color": COLOURS[0],
    "alpha": 0.4,
    "markeredgewidth": 0,
    "label": "a run",
}
_MEANS: dict[str, Any] = {
    "color": COLOURS[1],
    "capsize": 5,
    "linewidth": 1.8,
    "zorder": 3,
    "label": "mean and its standard error",
}
_BEST: dict[str, Any] = {"color": GREY, "linestyle": ":", "label": "best mean on validation"}
_PERCENT = FuncFormatter(lambda value, _: f"{value:g}%")


def draw_sweep(results: Sequence[Result], title: str, output: Path) -> None:
    """Draw the validation accuracy and the test accuracy of every run.

    Where the sweep varies one number, accuracy is drawn over it; otherwise each combination has a
    line of its own, the first on top.

    Parameters
    ----------
    results
        Of the combinations; at least one has a finished run.
    title
        The title of the picture, without the number of runs.
    output
        The picture to write, PNG.

    Raises
    ------
    MnistScratchError
        If it cannot be written.
    """
    chosen = best(results)
    results = [result for result in results if result.runs]
    varied = _varied_number(results)
    figure = _by_name(results, chosen) if varied is None else _over(*varied, results, chosen)
    runs = sum(len(result.runs) for result in results)
    figure.suptitle(f"{plain(title)}, {runs} run{'s' if runs > 1 else ''}", fontsize=13)
    for axes in figure.axes:
        axes.grid(visible=True, alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=12)
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set_fontsize(13)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(
        once.values(), once.keys(), loc="outside lower center", ncols=2, frameon=False, fontsize=12
    )
    save(figure, output)


def _varied_number(results: Sequence[Result]) -> tuple[str, _Numbers] | None:
    """Return the name and the values (C,) of the setting that varies, if it is one number."""
    settings = [list(result.combination.values.items()) for result in results]
    if len(results) < 2 or any(len(pairs) != 1 for pairs in settings):
        return None
    names, values = zip(*(pairs[0] for pairs in settings), strict=True)
    if not all(type(value) in {int, float} for value in values):
        return None
    return names[0], np.array(values, float)


def _over(name: str, numbers: _Numbers, results: Sequence[Result], chosen: Result | None) -> Figure:
    """Draw accuracy over the number that varies."""
    figure = Figure(figsize=(7.5, 6), dpi=160, layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    logarithmic = 0 < 10 * numbers.min() <= numbers.max()
    places = np.log10(numbers) if logarithmic else numbers
    apart = float(np.min(np.diff(np.sort(places))))
    order = np.argsort(numbers)
    for axes, heading, accuracies, means, errors in _panels(panels, results):
        for place, runs in zip(places, accuracies, strict=True):
            dots = place + apart * _side_by_side(len(runs), _SPREAD_OVER_NUMBERS)
            axes.plot(10.0**dots if logarithmic else dots, runs, **_DOTS)
        axes.errorbar(numbers[order], means[order], errors[order], fmt="-o", **_MEANS)
        axes.set_ylabel(heading)
        axes.yaxis.set_major_formatter(_PERCENT)
        if chosen:
            axes.axvline(numbers[results.index(chosen)], **_BEST)
    lowest = panels[-1]
    lowest.set_xlabel(name)
    if logarithmic:
        lowest.set_xscale("log")
    if len(numbers) <= _MOST_TICKS:
        lowest.set_xticks(numbers, [f"{number:g}" for number in numbers])
        lowest.xaxis.set_minor_locator(NullLocator())
    return figure


def _by_name(results: Sequence[Result], chosen: Result | None) -> Figure:
    """Draw a line for each combination."""
    names = [_name(result) for result in results]
    height = max(0.5, *(0.3 + 0.2 * name.count("\n") for name in names)) * len(results)
    figure = Figure(figsize=(7.5, 2.2 + height), dpi=160, layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    lines = -np.arange(len(results), dtype=float)
    for axes, heading, accuracies, means, errors in _panels(panels, results):
        for line, runs in zip(lines, accuracies, strict=True):
            axes.plot(runs, line + _side_by_side(len(runs), _SPREAD), **_DOTS)
        axes.errorbar(means, lines, xerr=errors, fmt="o", **_MEANS)
        axes.set_xlabel(heading)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.xaxis.set_major_formatter(_PERCENT)
        if chosen:
            axes.axhline(lines[results.index(chosen)], **_BEST)
    panels[0].set_yticks(lines, names)
    panels[0].set_ylim(lines[-1] - 0.5, 0.5)
    return figure


def _panels(
    panels: Sequence[Axes], results: Sequence[Result]
) -> Iterator[tuple[Axes, str, list[_Numbers], _Numbers, _Numbers]]:
    """Yield the two panels, each with its heading and, in percent, every run, means and errors.

    The standard error of a single run counts as 0.
    """
    validation = [[run.validation_accuracy for run in result.runs] for result in results]
    test = [[run.test_accuracy for run in result.runs] for result in results]
    for axes, name, accuracies in zip(
        panels, ("validation", "test"), (validation, test), strict=True
    ):
        spreads = [Spread.of(runs) for runs in accuracies]
        yield (
            axes,
            f"{name} accuracy",
            [100.0 * np.array(runs) for runs in accuracies],
            100.0 * np.array([spread.mean for spread in spreads]),
            100.0 * np.array([spread.standard_error or 0.0 for spread in spreads]),
        )


def _side_by_side(runs: int, most: float) -> _Numbers:
    """Return the offset of each dot of a combination from its middle, by seed."""
    return np.linspace(-most, most, runs) if runs > 1 else np.zeros(1)


def _name(result: Result) -> str:
    return plain(textwrap.fill("  ".join(result.combination.labels), _NAME_WIDTH)) or "all runs"
