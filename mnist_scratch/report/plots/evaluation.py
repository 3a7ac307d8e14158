"""The pictures of an evaluation: confusion matrix, misclassified images, calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from mnist_scratch.inference.examples import Example
from mnist_scratch.nn.loss import softmax
from mnist_scratch.report.plots.style import (
    COLOURS,
    GREY,
    blues,
    class_labels,
    from_ground_to,
    light_grid,
    save,
)
from mnist_scratch.system.text import share_text
from mnist_scratch.training.metrics import BINS, Calibration, wilson_interval

_WRONG = COLOURS[1]
_SHORT = 3  # letters of a name that is not turned and needs no line of its own
_FEW = 12  # classes, whose confusion matrix has room for large letters
_READABLE, _READABLE_CELL = 7.0, 14.0  # points of a letter, and of a cell with three digits
_WIDTH, _CAPTION = 6.6, 12.7  # inches of a picture, points of a caption: 9 of a phone's pixels
_GAP = 0.2  # below an image, in inches


def confusion_figure(
    confusion: npt.NDArray[np.int64], names: Sequence[str], title: str = ""
) -> Figure:
    """Draw the confusion matrix with its counts; the more errors in a cell, the darker it is.

    Of many classes only the colours fit, and a few of the names.

    Parameters
    ----------
    confusion
        int64 (C, C), the true class in the rows.
    names
        Names of the classes.
    title
        What stands above.
    """
    classes = len(confusion)
    is_small = classes <= _FEW
    width = min(max(_WIDTH, 0.26 * classes), 2 * _WIDTH)
    cell = 72 * (width - 1.2) / classes  # points
    figure = Figure(figsize=(width, width - 0.2), dpi=160, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=13, pad=10)
    errors = confusion.astype(float)
    np.fill_diagonal(errors, 0.0)
    # The square root lets one error be seen beside fifty.
    axes.imshow(np.sqrt(errors), cmap=from_ground_to(_WRONG), vmin=0.0)
    dark = 0.7 * max(1.0, float(errors.max()))
    counted = np.ndenumerate(confusion) if cell > _READABLE_CELL else ()
    for (true, predicted), count in counted:
        if not (count or is_small):
            continue
        ink = "#000000" if errors[true, predicted] > dark else rcParams["text.color"]
        axes.text(
            predicted,
            true,
            (f"{count:,}" if is_small else str(count)) if count else "·",
            ha="center",
            va="center",
            fontsize=min(11.5, 0.4 * cell),
            in_layout=False,  # it lies within the axes, and a thousand of them would take seconds
            weight="bold" if true == predicted else "normal",
            color=ink if count else GREY,
        )
    labels = class_labels(names)
    angle = 0 if max(map(len, labels)) <= _SHORT else 40 if is_small else 90
    shown = slice(None, None, math.ceil(_READABLE / cell))
    axes.set_xticks(
        range(classes)[shown],
        labels[shown],
        rotation=angle,
        ha="right" if angle == 40 else "center",
    )
    axes.set_yticks(range(classes)[shown], labels[shown])
    axes.tick_params(labelsize=min(12, max(0.7 * cell, _READABLE)), length=0)
    axes.set_xlabel("predicted", fontsize=14)
    axes.set_ylabel("true", fontsize=14)
    axes.spines[:].set_visible(False)
    if cell > _READABLE_CELL:
        axes.set_xticks(np.arange(classes - 1) + 0.5, minor=True)
        axes.set_yticks(np.arange(classes - 1) + 0.5, minor=True)
        axes.grid(which="minor", color=GREY, alpha=0.35, linewidth=0.6)
        axes.tick_params(which="minor", length=0)
    return figure


def draw_mistakes(
    title: str, examples: Sequence[Example], names: Sequence[str], output: Path
) -> None:
    """Write a sheet of misclassified images under a title.

    Parameters
    ----------
    title
        Whose errors, and how many there are in all.
    examples, names
        Same as `examples_figure`.
    output
        The picture to write, PNG.

    Raises
    ------
    MnistScratchError
        If the picture cannot be written.
    """
    save(examples_figure(examples, names, title), output)


def examples_figure(examples: Sequence[Example], names: Sequence[str], title: str = "") -> Figure:
    """Draw images, each with its number, its true and its predicted class and their probabilities.

    Parameters
    ----------
    examples
        The images, in the order in which to show them, with the logits of their predictions.
    names
        Names of the classes.
    title
        What stands above them, one or more lines.
    """
    labels = class_labels(names, 12)
    across = 5 if max(map(len, labels)) <= _SHORT else 3
    cell = _WIDTH / across
    image = 0.8 * cell
    caption = 4 * 1.5 * _CAPTION / 72  # of four lines, in inches
    row = caption + image + _GAP
    heading = 0.25 + 0.25 * len(title.splitlines())
    height = heading - (-len(examples) // across) * row
    figure = Figure(figsize=(_WIDTH, height), dpi=160)
    # One Axes for all, in inches: for Matplotlib to lay out a hundred takes seconds.
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.text(_WIDTH / 2, height - heading / 2, title, ha="center", va="center", fontsize=13)
    for place, example in enumerate(examples):
        down, right = divmod(place, across)
        left = right * cell + (cell - image) / 2
        bottom = height - heading - (down + 1) * row + _GAP
        axes.imshow(
            255 - example.image,
            cmap="gray",
            vmin=0,
            vmax=255,
            interpolation="nearest",
            extent=(left, left + image, bottom, bottom + image),
        )
        probabilities = softmax(example.logits)
        true, predicted = example.label, int(np.argmax(probabilities))
        axes.text(
            left + image / 2,
            bottom + image + 0.08,
            f"{example.number}: true\n{labels[true]} ({share_text(probabilities[true])})\n"
            f"predicted\n{labels[predicted]} ({share_text(probabilities[predicted])})",
            ha="center",
            fontsize=_CAPTION,
        )
    axes.set(xlim=(0, _WIDTH), ylim=(0, height))  # which imshow has changed
    return figure


def calibration_figure(bins: Calibration, title: str = "") -> Figure:
    """Draw how many images have which confidence, and their accuracy beside it.

    Parameters
    ----------
    bins
        The predictions, sorted into bins by their confidence.
    title
        What stands above.
    """
    figure = Figure(figsize=(6.6, 7.2), dpi=160, layout="constrained")
    figure.suptitle(title, fontsize=13)
    histogram, reliability = figure.subplots(2, 1)
    blue = blues()[0]
    middles = (np.arange(BINS) + 0.5) / BINS
    width = 0.92 / BINS
    histogram.bar(middles, bins.examples, width, color=blue, label="all")
    errors = bins.examples - bins.correct
    histogram.bar(middles, errors, width, color=_WRONG, label="misclassified")
    histogram.set_yscale("log")
    histogram.set_ylim(0.7, 2.5 * float(bins.examples.max()))
    histogram.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    histogram.minorticks_off()
    histogram.set_ylabel("images", fontsize=13)
    filled = np.flatnonzero(bins.examples)
    examples, correct = bins.examples[filled], bins.correct[filled]
    accuracy = correct / examples
    intervals = np.array(
        [wilson_interval(int(k), int(n)) for k, n in zip(correct, examples, strict=True)]
    )
    reliability.plot([0, 1], [0, 1], "--", color=GREY, label="perfect calibration")
    reliability.errorbar(
        bins.confidence[filled] / examples,
        accuracy,
        np.abs(intervals.T - accuracy),  # (2, bins)
        fmt="o",
        color=blue,
        capsize=3,
        label="bin with 95% interval",
    )
    reliability.set_ylim(-0.03, 1.03)
    reliability.yaxis.set_major_formatter(PercentFormatter(1.0))
    reliability.set_ylabel("accuracy", fontsize=13)
    for axes in (histogram, reliability):
        light_grid(axes)
        axes.set_xlim(0.0, 1.02)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel("confidence", fontsize=13)
        axes.tick_params(which="both", labelsize=12)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=12)
    return figure
