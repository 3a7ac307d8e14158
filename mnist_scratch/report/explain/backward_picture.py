"""The picture of a step on one image: what the units see and say, and its gradient's push."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

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
from mnist_scratch.system.text import called, cut

_UNITS = 5
_MORE, _LESS = COLOURS[1], COLOURS[0]  # as in the picture of the weights
_WIDTH, _HEIGHT = 7.0, 12.6  # inches
_TEXT = 13.5  # points: 9 of a phone's pixels, in the report
# Where things stand: rows in inches from the top, columns as shares of the width.
_FORWARD, _BACK = 1.15, 8.15
_LABELS, _FIRST_UNIT, _UNIT_STEP, _UNIT = 0.27, 0.284, 0.142, 0.128
_LEFT, _RIGHT = 0.03, 0.98


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
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=150)
    names = [cut(name, 16) for name in names]
    true, rival, predicted = step.label, step.rival, step.predicted
    first, pull, chosen = step.layers[0], pulls(step), strongest(step)
    has_hidden = len(step.layers) > 1
    kind = "unit" if has_hidden else "logit"
    activations = step.layers[1].inputs if has_hidden else first.outputs
    _write(
        figure,
        0.5,
        0.45,
        f"Test image {example.number}: true {called(true, names)},\npredicted "
        f"{called(predicted, names)} (p = {_near_one(float(step.predictions[predicted]))})",
        fontsize=17,
    )

    _heading(figure, _FORWARD, "Forward: from the pixels to the loss")
    _image(figure, (_LEFT, _FORWARD + 0.25, 0.26), 255.0 - example.image.astype(float), None)
    chosen_for = (
        "\nUnits: those whose pulls on the true class and\n"
        "on its rival, the most probable other, differ\nmost. Pull: activation times how fast the\n"
        "logit rises with it."
        if has_hidden
        else ""
    )
    _write(
        figure,
        0.32,
        _FORWARD + 1.15,
        f"Squares: the {kind}'s weight for each pixel,\norange above 0, blue below.{chosen_for}",
        ha="left",
    )
    row = _FORWARD + 2.45
    shown = [(f"{kind} {unit}", 0.0) for unit in chosen]
    _row(figure, row, "", shown)
    _squares(figure, row + 0.15, first.weights[:, chosen])
    values = [(f"{activations[unit]:.2f}", 0.0) for unit in chosen]
    _row(figure, row + 1.25, "activation" if has_hidden else "logit", values)
    if has_hidden:
        for place, c in enumerate((true, rival)):
            signed = [_signed(float(pull[unit, c])) for unit in chosen]
            _row(figure, row + 1.53 + 0.28 * place, f"pull on {cut(names[c], 11)}", signed)
    _draw_probabilities(_axes(figure, row + 2.5, 1.05), step, names)
    _write(figure, _RIGHT, _BACK - 0.48, f"loss {show(step.loss)}", ha="right", weight="bold")

    _heading(figure, _BACK, "Back: what this image's gradient pushes")
    _draw_push(_axes(figure, _BACK + 0.6, 1.05), step, names)
    row = _BACK + 2.3
    derivatives = [float(first.d_outputs[unit]) for unit in chosen]
    ways = [("up" if d < 0.0 else "down" if d > 0.0 else "not", -d) for d in derivatives]
    _row(figure, row, f"{kind} pushed", ways)
    _squares(figure, row + 0.15, -first.d_weights[:, chosen])
    _write(figure, _LABELS, row + 0.61, "weights\nchange by", ha="right")
    _write(
        figure,
        _LEFT,
        row + 1.42,
        "Squares: what the gradient adds to each weight,\nin proportion to push times pixel.",
        ha="left",
    )
    weight = step.weight
    also = ["momentum"] * bool(weight.by_momentum) + ["weight decay"] * bool(weight.by_decay)
    after = f"loss after the step {show(step.loss_after)}"
    _write(figure, _RIGHT, row + 1.9, after, ha="right", weight="bold")
    if also:
        _write(figure, _LEFT, row + 1.9, f"with {' and '.join(also)}", ha="left")
    return figure


def _write(figure: Figure, x: float, down: float, text: str, **style: Any) -> None:
    style = {"ha": "center", "va": "center", "fontsize": _TEXT, **style}
    figure.text(x, 1.0 - down / _HEIGHT, plain(text), **style)


def _heading(figure: Figure, down: float, text: str) -> None:
    _write(figure, _LEFT, down, text, fontsize=15, ha="left", weight="bold")
    y = 1.0 - (down + 0.15) / _HEIGHT
    figure.add_artist(Line2D((_LEFT, _RIGHT), (y, y), color=GREY, linewidth=1.0))


def _axes(figure: Figure, down: float, height: float) -> Axes:
    place = (0.13, 1.0 - (down + height) / _HEIGHT, _RIGHT - 0.13, height / _HEIGHT)
    return figure.add_axes(place)


def _row(figure: Figure, down: float, label: str, words: Sequence[tuple[str, float]]) -> None:
    """Write a word below each unit in the colour of a sign, and before them what they are."""
    if label:
        _write(figure, _LABELS, down, label, ha="right")
    for place, (word, sign) in enumerate(words):
        x = _FIRST_UNIT + place * _UNIT_STEP + _UNIT / 2
        weight = "bold" if sign else "normal"
        _write(figure, x, down, word, color=_colour(sign), weight=weight)


def _squares(figure: Figure, down: float, columns: Array) -> None:
    """Draw the weights (784, units) of units, or their changes, on one scale."""
    reach = float(np.quantile(np.abs(columns), 0.995)) or 1.0
    for place, column in enumerate(columns.T):
        _image(figure, (_FIRST_UNIT + place * _UNIT_STEP, down, _UNIT), column, reach)


def _image(
    figure: Figure, place: tuple[float, float, float], pixels: Array, reach: float | None
) -> None:
    """Draw 28 x 28 numbers at x, down, as wide as is said: ink, or the signs of weights."""
    x, down, width = place
    height = width * _WIDTH / _HEIGHT
    axes = figure.add_axes((x, 1.0 - down / _HEIGHT - height, width, height))
    if reach is None:
        axes.imshow(pixels, cmap="gray", vmin=0.0, vmax=255.0)
    else:
        colours = from_ground_to(_LESS, _MORE)
        axes.imshow(pixels.reshape(28, 28), cmap=colours, vmin=-reach, vmax=reach)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(GREY)


def _colour(sign: float) -> str:
    if sign:
        return _MORE if sign > 0.0 else blues()[0]
    return str(rcParams["text.color"])


def _draw_probabilities(axes: Axes, step: ExplainedStep, names: Sequence[str]) -> None:
    axes.bar(range(len(names)), step.predictions, color=GREY)
    axes.set_ylim(0.0, 1.0)
    axes.set_yticks((0.0, 1.0), ("0", "1"))
    _finish(axes, "probability p of each class", step, names)


def _draw_push(axes: Axes, step: ExplainedStep, names: Sequence[str]) -> None:
    push = -step.d_logits
    axes.bar(range(len(names)), push, color=[_colour(float(each)) for each in push])
    axes.axhline(0.0, color=rcParams["axes.edgecolor"], linewidth=0.8)
    reach = float(f"{np.abs(push).max():.1g}") or 1.0
    axes.set_ylim(-1.25 * reach, 1.25 * reach)
    axes.set_yticks((-reach, 0.0, reach), (show(-reach, 1), "0", show(reach, 1)))
    is_plain = step.loss_name == "SoftmaxCrossEntropy"
    _finish(axes, "push on each logit: -dL/dz" + (" = y - p" if is_plain else ""), step, names)


def _finish(axes: Axes, title: str, step: ExplainedStep, names: Sequence[str]) -> None:
    axes.set_title(title, fontsize=_TEXT)
    # Of many classes, the numbers of the true one and of a few others, not too near to it.
    apart = math.ceil(len(names) / 10)
    others = range(0, len(names), apart)
    shown = sorted({step.label, *(k for k in others if abs(k - step.label) >= apart)})
    axes.set_xticks(shown)
    axes.tick_params(labelsize=_TEXT)
    axes.get_xticklabels()[shown.index(step.label)].set(fontweight="bold")
    light_grid(axes, "y")


def _near_one(p: float) -> str:
    """Return a probability to three decimals, or as many as tell it from 1."""
    return f"{p:.{3 if p < 0.999 or p == 1.0 else math.ceil(-math.log10(1.0 - p))}f}"


def _signed(number: float) -> tuple[str, float]:
    """Return a number with its sign to two decimals, and what is left of it there."""
    rounded = round(number, 2) + 0.0
    return (f"{rounded:+.2f}" if rounded else "0"), rounded
