"""The pictures of an evaluation: what was taken for what, and how sure the network was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from mnist_scratch.inference.examples import Example
from mnist_scratch.nn.softmax import softmax
from mnist_scratch.report.plots.style import COLOURS, GREY, blues, from_ground_to, save
from mnist_scratch.training.metrics import BINS, Calibration, wilson_interval

_WRONG = COLOURS[1]
_ACROSS = 5  # images in a row
_SHORT = 3  # letters of a name that is not turned and has no line of its own
_SHEET_ACROSS = 10
_WIDTH, _IMAGE, _LINE, _GAP = 1.3, 1.0, 0.17, 0.2  # of an image's place and its parts, in inches
_HEADING = 0.9  # of the whole, in inches


def confusion_figure(confusion: npt.NDArray[np.int64], names: Sequence[str]) -> Figure:
    """Draw the confusion matrix with its counts; the more mistakes in a cell, the darker it is.

    Parameters
    ----------
    confusion
        int64 (C, C), the true class in the rows.
    names
        Of the classes.
    """
    classes = len(confusion)
    figure = Figure(figsize=(8.6, 7.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    mistakes = confusion.astype(float)
    np.fill_diagonal(mistakes, 0.0)
    # The square root lets one mistake be seen beside fifty.
    axes.imshow(np.sqrt(mistakes), cmap=from_ground_to(_WRONG), vmin=0.0)
    strongest = max(1.0, float(mistakes.max()))
    for true in range(classes):
        for predicted in range(classes):
            count = int(confusion[true, predicted])
            on_colour = true != predicted and count > 0.7 * strongest
            colour = "#000000" if on_colour else rcParams["text.color"]
            axes.text(
                predicted,
                true,
                f"{count:,}" if count else "·",
                ha="center",
                va="center",
                fontsize=12,
                weight="bold" if true == predicted else "normal",
                color=colour if count else GREY,
            )
    turned = max(map(len, names)) > _SHORT
    axes.set_xticks(
        range(classes), names, rotation=40 if turned else 0, ha="right" if turned else "center"
    )
    axes.set_yticks(range(classes), names)
    axes.tick_params(labelsize=12, length=0)
    axes.set_xlabel("read as", fontsize=14)
    axes.set_ylabel("truth", fontsize=14)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(classes - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(classes - 1) + 0.5, minor=True)
    axes.grid(which="minor", color=GREY, alpha=0.35, linewidth=0.6)
    axes.tick_params(which="minor", length=0)
    return figure


def mistakes_figure(examples: Sequence[Example], names: Sequence[str]) -> Figure:
    """Draw images, each with its truth, what it was read as, and the probabilities of both.

    Parameters
    ----------
    examples
        The images, with the network's logits.
    names
        Of the classes.
    """
    rows = -(-len(examples) // _ACROSS)
    # A name that is no digit needs a line of its own, or reaches into the next image's.
    space, height = ("\n", 2.55) if max(map(len, names)) > _SHORT else (" ", 2.35)
    figure = Figure(figsize=(9.6, height * rows), dpi=110, layout="constrained")
    grid = figure.subplots(rows, _ACROSS, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, example in zip(grid.flat, examples, strict=False):
        probabilities = softmax(example.logits)
        read = int(np.argmax(probabilities))
        axes.imshow(255 - example.image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(
            f"{names[example.label]}: {share_text(probabilities[example.label])}\n"
            f"read as{space}{names[read]}: {share_text(probabilities[read])}",
            fontsize=11,
        )
    return figure


def draw_mistakes(
    title: str, examples: Sequence[Example], names: Sequence[str], output: Path
) -> None:
    """Draw images, each with its number, its truth, and what it was read as with what probability.

    Parameters
    ----------
    title
        Who read them, and how many there are in all.
    examples
        The images, in the order in which to show them, with the logits of what was said.
    names
        Of the classes.
    output
        The picture to write, PNG.

    Raises
    ------
    MnistScratchError
        If the picture cannot be written.
    """
    lines = 2 if max(map(len, names)) <= _SHORT else 4
    row = _IMAGE + lines * _LINE + _GAP
    rows = max(1, -(-len(examples) // _SHEET_ACROSS))
    width, height = _SHEET_ACROSS * _WIDTH + _GAP, _HEADING + rows * row
    figure = Figure(figsize=(width, height), dpi=110)
    key = "number: truth, what it was read as and how surely; the surest mistakes first"
    for text, below, size in ((title, 0.3, 16), (key, 0.62, 11)):
        figure.text(0.5, 1.0 - below / height, text, ha="center", va="center", fontsize=size)
    for place, example in enumerate(examples):
        down, right = divmod(place, _SHEET_ACROSS)
        left = _GAP / 2 + right * _WIDTH + (_WIDTH - _IMAGE) / 2
        bottom = height - _HEADING - (down + 1) * row + _GAP
        axes = figure.add_axes(
            (left / width, bottom / height, _IMAGE / width, _IMAGE / height), frame_on=False
        )
        axes.set_xticks([])
        axes.set_yticks([])
        axes.imshow(255 - example.image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(_caption(example, names, lines), fontsize=9, pad=3)
    save(figure, output)


def _caption(example: Example, names: Sequence[str], lines: int) -> str:
    probabilities = softmax(example.logits)
    read = int(np.argmax(probabilities))
    answer = f"{names[read]}: {share_text(probabilities[read])}"
    truth = names[example.label]
    if lines == 2:
        return f"{example.number}: {truth}\nread as {answer}"
    return f"{example.number}\n{truth}\nread as\n{answer}"


def share_text(share: float) -> str:
    """Return a probability in percent, short, and never 0% or 100% where it is neither."""
    if 0.0 < share < 0.001:
        return "<0.1%"
    return ">99.9%" if 0.999 < share < 1.0 else f"{share:.1%}"


def calibration_figure(sure: Calibration) -> Figure:
    """Draw how often the network was how sure, and how often it was right then.

    Parameters
    ----------
    sure
        The answers, sorted into bins by their confidence.
    """
    figure = Figure(figsize=(10, 4.6), dpi=120, layout="constrained")
    histogram, reliability = figure.subplots(1, 2)
    blue = blues()[0]
    middles = (np.arange(BINS) + 0.5) / BINS
    wrong = sure.examples - sure.right
    width = 0.92 / BINS
    histogram.bar(middles, sure.examples, width, color=blue, label="all")
    histogram.bar(middles, wrong, width, color=_WRONG, label="wrong")
    histogram.set_yscale("log")
    histogram.set_ylim(0.7, 2.5 * float(sure.examples.max()))
    histogram.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    histogram.minorticks_off()
    histogram.set_ylabel("images", fontsize=13)
    filled = np.flatnonzero(sure.examples)
    examples, right = sure.examples[filled], sure.right[filled]
    accuracy = right / examples
    intervals = np.array(
        [wilson_interval(int(r), int(n)) for r, n in zip(right, examples, strict=True)]
    )
    reach = np.abs(intervals.T - accuracy)  # (2, bins)
    reliability.plot([0, 1], [0, 1], "--", color=GREY, label="as sure as right")
    reliability.errorbar(
        sure.confidence[filled] / examples,
        accuracy,
        reach,
        fmt="o",
        color=blue,
        capsize=3,
        label="a bin, with its 95% interval",
    )
    reliability.set_ylim(-0.03, 1.03)
    reliability.yaxis.set_major_formatter(PercentFormatter(1.0))
    reliability.set_ylabel("right answers", fontsize=13)
    for axes in (histogram, reliability):
        _finish(axes)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=12)
    return figure


def _finish(axes: Axes) -> None:
    axes.set_xlim(0.0, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("confidence", fontsize=13)
    axes.tick_params(which="both", labelsize=12)
    axes.grid(visible=True, alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
