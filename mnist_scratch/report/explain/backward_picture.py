"""The picture of a step on one image: what the units see and say, and its gradient's push."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from mnist_scratch.inference.examples import Example
from mnist_scratch.nn import Array
from mnist_scratch.report.explain.backward import ExplainedStep
from mnist_scratch.report.explain.backward_text import show
from mnist_scratch.report.plots.style import (
    COLOURS,
    GREY,
    blues,
    from_ground_to,
    light_grid,
    plain,
    save,
)
from mnist_scratch.report.text.evaluation import called

_UNITS = 5
_MORE, _LESS = COLOURS[1], COLOURS[0]  # as in the picture of the weights
_SIZE = (13.0, 7.6)  # inches
_TEXT, _SMALL = 16, 14  # points; at 80% of a phone's width 14 are 9 of its pixels
# Where things stand, as shares of the figure: columns of units, rows of words and of images.
_LABELS, _FIRST_UNIT, _UNIT_STEP, _UNIT = 0.185, 0.205, 0.098, 0.09
_BARS, _BARS_WIDTH = 0.745, 0.245


def draw_step(step: ExplainedStep, example: Example, names: Sequence[str], output: Path) -> None:
    """Write the picture of a step as PNG.

    Raises
    ------
    MnistScratchError
        If it cannot be written.
    """
    save(step_figure(step, example, names), output)


def pulls(step: ExplainedStep) -> Array:
    """Return how each output of the first layer pulls on each logit, float64 (O, C).

    It is the activation times the slope of the logit by it, through the layers behind. With one
    hidden layer that is activation times weight; with ReLU the pulls on a logit add up to it, but
    for what the biases behind add.
    """
    first, *behind = step.layers
    slopes = np.eye(len(step.logits))
    for layer in reversed(behind):
        slopes = layer.weights @ (layer.slopes[:, None] * slopes)  # (I, C)
    activations = behind[0].inputs if behind else first.outputs
    pull: Array = activations[:, None] * slopes
    return pull


def strongest(step: ExplainedStep) -> list[int]:
    """Return the units of the first layer that decide most between the true class and its rival.

    Without a hidden layer, return the true class and the most probable others.
    """
    if len(step.layers) == 1:
        order = np.argsort(-step.logits, kind="stable").tolist()
        return [step.label, *(c for c in order if c != step.label)][:_UNITS]
    pull = pulls(step)
    between = np.abs(pull[:, step.label] - pull[:, step.rival])  # (O,)
    chosen: list[int] = np.argsort(-between, kind="stable")[:_UNITS].tolist()
    return chosen


def step_figure(step: ExplainedStep, example: Example, names: Sequence[str]) -> Figure:
    """Draw the way from an image to its loss, and below it the way back to the weights.

    Parameters
    ----------
    step
        The numbers, of a network of 784 inputs.
    example
        The image.
    names
        Names of the classes.
    """
    figure = Figure(figsize=_SIZE, dpi=120)
    true, rival, predicted = step.label, step.rival, step.predicted
    figure.text(
        0.5,
        0.95,
        f"Test image {example.number}: true {called(true, names)}, predicted "
        f"{called(predicted, names)} (p = {_near_one(float(step.predictions[predicted]))})",
        fontsize=20,
        ha="center",
    )
    first, pull, chosen = step.layers[0], pulls(step), strongest(step)
    has_hidden = len(step.layers) > 1
    kind = "units of the first layer" if has_hidden else "logits"
    _arrow(figure, 0.895, 0.02, 0.985, f"forward: pixels, {kind}, probabilities, loss")
    _arrow(figure, 0.425, 0.985, 0.02, "back: what this image's gradient pushes, and which way")

    _image(figure, (0.03, 0.625), np.asarray(example.image, np.float64), 255.0, "ink")
    weights, changes = first.weights[:, chosen], -first.d_weights[:, chosen]
    reach, changed = (float(np.quantile(np.abs(a), 0.995)) or 1.0 for a in (weights, changes))
    activations = step.layers[1].inputs if has_hidden else first.outputs
    labels = {
        0.595: "activation" if has_hidden else "logit",
        0.36: "pushed",
        0.255: "weights change by",
    }
    if has_hidden:
        labels |= {0.55: f"pull on {names[true]}", 0.505: f"pull on {names[rival]}"}
    for y, label in labels.items():
        figure.text(_LABELS, y, plain(label), fontsize=_TEXT, ha="right", va="center")
    for place, unit in enumerate(chosen):
        left = _FIRST_UNIT + place * _UNIT_STEP
        middle = left + _UNIT / 2
        _image(figure, (left, 0.655), weights[:, place], reach, "signs")
        _image(figure, (left, 0.175), changes[:, place], changed, "signs")
        derivative = first.d_outputs[unit]
        way = "up" if derivative < 0.0 else "down" if derivative > 0.0 else "not"
        words = {
            0.835: (f"unit {unit}" if has_hidden else f"logit {unit}", 0.0),
            0.595: (f"{activations[unit]:.2f}", 0.0),
            0.36: (way, -float(derivative)),
        }
        if has_hidden:
            words[0.55] = _signed(float(pull[unit, true]))
            words[0.505] = _signed(float(pull[unit, rival]))
        for y, (word, sign) in words.items():
            figure.text(
                middle,
                y,
                word,
                fontsize=_TEXT,
                ha="center",
                va="center",
                color=_colour(sign),
                fontweight="bold" if sign else "normal",
            )
    _draw_probabilities(figure.add_axes((_BARS, 0.58, _BARS_WIDTH, 0.25)), step, names)
    _draw_push(figure.add_axes((_BARS, 0.165, _BARS_WIDTH, 0.2)), step, names)
    right = _BARS + _BARS_WIDTH
    for y, text, loss in (
        (0.475, "loss", step.loss),
        (0.07, "loss after the step", step.loss_after),
    ):
        figure.text(right, y, f"{text} {show(loss)}", fontsize=18, ha="right", fontweight="bold")
    weight = step.weight
    also = ["momentum"] * bool(weight.by_momentum) + ["weight decay"] * bool(weight.by_decay)
    if also:
        words_of_step = f"with {' and '.join(also)}"
        figure.text(right, 0.025, words_of_step, fontsize=_SMALL, ha="right")
    how = (
        "Units: those whose pulls on the true class and on the most probable other differ most.\n"
        "Pull: activation times how fast the logit rises with it.\n"
        if has_hidden
        else ""
    )
    figure.text(
        0.03,
        0.015,
        f"{how}Upper squares: the {'unit' if has_hidden else 'logit'}'s weight for each pixel, "
        "orange above 0, blue below.\nLower squares: what the gradient adds to it, in proportion "
        "to push times pixel.",
        fontsize=_SMALL,
        linespacing=1.3,
    )
    return figure


def _colour(sign: float) -> str:
    if sign:
        return _MORE if sign > 0.0 else blues()[0]
    return str(rcParams["text.color"])


def _arrow(figure: Figure, y: float, start: float, end: float, text: str) -> None:
    arrow = FancyArrowPatch(
        (start, y), (end, y), arrowstyle="-|>", mutation_scale=24, linewidth=2.0, color=GREY
    )
    figure.add_artist(arrow)
    figure.text(
        0.5,
        y,
        f" {text} ",
        fontsize=_TEXT,
        ha="center",
        va="center",
        bbox={"facecolor": rcParams["figure.facecolor"], "edgecolor": "none", "pad": 2.0},
    )


def _image(
    figure: Figure, corner: tuple[float, float], pixels: Array, reach: float, kind: str
) -> None:
    """Draw 28 x 28 numbers: an image's ink, or weights by their signs."""
    width = _UNIT if kind == "signs" else 0.135
    axes = figure.add_axes((*corner, width, width * _SIZE[0] / _SIZE[1]))
    if kind == "ink":
        axes.imshow(reach - pixels.reshape(28, 28), cmap="gray", vmin=0.0, vmax=reach)
    else:
        colours = from_ground_to(_LESS, _MORE)
        axes.imshow(pixels.reshape(28, 28), cmap=colours, vmin=-reach, vmax=reach)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(GREY)


def _draw_probabilities(axes: Axes, step: ExplainedStep, names: Sequence[str]) -> None:
    axes.bar(range(len(names)), step.predictions, color=GREY)
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks((0.0, 1.0), ("0", "1"))
    _finish(axes, "probability p", step, names)


def _draw_push(axes: Axes, step: ExplainedStep, names: Sequence[str]) -> None:
    push = -step.d_logits
    axes.bar(range(len(names)), push, color=[_colour(float(each)) for each in push])
    axes.axhline(0.0, color=rcParams["axes.edgecolor"], linewidth=0.8)
    reach = float(f"{np.abs(push).max():.1g}") or 1.0
    axes.set_ylim(-1.25 * reach, 1.25 * reach)
    axes.set_yticks((-reach, 0.0, reach), (show(-reach, 1), "0", show(reach, 1)))
    is_plain = step.loss_name == "SoftmaxCrossEntropy"
    _finish(axes, "push: -dL/dz" + (" = y - p" if is_plain else ""), step, names)


def _finish(axes: Axes, title: str, step: ExplainedStep, names: Sequence[str]) -> None:
    axes.set_title(title, fontsize=_TEXT)
    axes.set_xticks(range(len(names)))
    axes.tick_params(labelsize=_SMALL)
    axes.get_xticklabels()[step.label].set(fontweight="bold")
    light_grid(axes, "y")


def _near_one(p: float) -> str:
    """Return a probability to three decimals, or as many as tell it from 1."""
    return f"{p:.{3 if p < 0.999 or p == 1.0 else math.ceil(-math.log10(1.0 - p))}f}"


def _signed(number: float) -> tuple[str, float]:
    """Return a number with its sign to two decimals, and what is left of it there."""
    rounded = round(number, 2) + 0.0
    return (f"{rounded:+.2f}" if rounded else "0"), rounded
