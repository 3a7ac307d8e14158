"""The picture of single images: their probabilities, and how each logit is pushed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from mnist_scratch.inference.examples import Example
from mnist_scratch.report.explain.steps import Explanation
from mnist_scratch.report.plots.style import COLOURS, class_labels, light_grid, save
from mnist_scratch.system.text import called, share_text

_TRUE, _PREDICTED, _OTHER = COLOURS[2], COLOURS[4], COLOURS[5]
_FEW = 16  # classes, whose numbers all fit below the bars
_UP, _DOWN = COLOURS[0], COLOURS[1]
_WIDTH, _TEXT = 7.0, 12.5  # inches, points: 9 of the pixels of a phone that is 360 of them wide


def draw_explanations(
    title: str,
    explained: Sequence[tuple[Example, Explanation]],
    names: Sequence[str],
    output: Path,
) -> None:
    """Draw each image, its probabilities and the push on each logit, one below the other.

    Parameters
    ----------
    title
        Of the picture.
    explained
        The images, each with the explanation of its loss.
    names
        Names of the classes.
    output
        The picture to write, PNG.

    Raises
    ------
    MnistScratchError
        If the picture cannot be written.
    """
    rows = len(explained)
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06)
    figure = Figure(figsize=(_WIDTH, 2.0 + 5.2 * rows), dpi=120, layout=layout)
    figure.suptitle(title, fontsize=15)
    parts = figure.subfigures(rows, 1, squeeze=False, hspace=0.02)[:, 0]
    for part, (example, explanation) in zip(parts, explained, strict=True):
        said = summarise(example, explanation, class_labels(names, 14)).replace("; ", "\n")
        part.suptitle(said, fontsize=_TEXT)
        image, probabilities, below, steps = part.subplots(2, 2, width_ratios=(1, 2.6)).flat
        image.imshow(255 - example.image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        image.set_xticks([])
        image.set_yticks([])
        below.set_axis_off()
        _draw_probabilities(probabilities, explanation)
        _draw_steps(steps, explanation)
    figure.legend(
        handles=[
            Patch(color=_TRUE, label="true class"),
            Patch(color=_PREDICTED, label="predicted class, if wrong"),
            Patch(color=_OTHER, label="other class"),
            Patch(color=_UP, label="raise the logit"),
            Patch(color=_DOWN, label="lower the logit"),
        ],
        loc="outside lower center",
        ncols=2,
        frameon=False,
        fontsize=_TEXT,
    )
    save(figure, output)


def summarise(example: Example, explanation: Explanation, names: Sequence[str]) -> str:
    """Return a line with the true and the predicted class of an image and its loss."""
    predicted = explanation.predicted
    return (
        f"image {example.number}: true {called(example.label, names)}, predicted "
        f"{called(predicted, names)} ({share_text(explanation.predictions[predicted])}); "
        f"cross-entropy {explanation.fused_loss:.4g} nats"
    )


def _draw_probabilities(axes: Axes, explanation: Explanation) -> None:
    classes = len(explanation.predictions)
    colours = [_OTHER] * classes
    colours[explanation.predicted] = _PREDICTED
    colours[explanation.target] = _TRUE
    axes.bar(range(classes), explanation.predictions, color=colours)
    target, predicted = explanation.target, explanation.predicted
    for number in {target, predicted}:
        # Centred over its bar, but for neighbours: there each text starts at the other's side.
        x, align = float(number), "center"
        if 0 < 8 * abs(target - predicted) <= max(classes, 8):
            is_left = number == min(target, predicted)
            x, align = (number + 0.4, "right") if is_left else (number - 0.4, "left")
        height = explanation.predictions[number]
        axes.text(x, height + 0.02, share_text(height), ha=align, va="bottom", fontsize=_TEXT)
    axes.set_ylim(0.0, 1.14)
    axes.set_yticks((0.0, 0.5, 1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    _finish(axes, "probability of each class", explanation)


def _draw_steps(axes: Axes, explanation: Explanation) -> None:
    steps = -explanation.fused_gradient  # targets - predictions
    axes.bar(range(len(steps)), steps, color=[_UP if step > 0.0 else _DOWN for step in steps])
    axes.axhline(0.0, color=COLOURS[6], linewidth=0.8)
    # The same scale in every row would hide the small steps of what is classified correctly.
    reach = max(1.25 * float(np.abs(steps).max()), 1e-12)
    axes.set_ylim(-reach, reach)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    axes.yaxis.get_offset_text().set_fontsize(_TEXT)
    _finish(axes, "target - prediction: the push on each logit", explanation)


def _finish(axes: Axes, title: str, explanation: Explanation) -> None:
    axes.set_title(title, fontsize=_TEXT)
    # The true class's bar may be too low to be seen; what stands below it says which it is.
    target, predicted = explanation.target, explanation.predicted
    names = [str(number) for number in range(len(explanation.predictions))]
    few = len(names) <= _FEW
    names[predicted] += "\npredicted"
    # Side by side the two words would run into each other: one stands a line lower.
    distance = abs(predicted - target)
    if few or not distance:
        names[target] += "\ntrue" if distance != 1 else "\n\ntrue"
    else:
        names[target] = f"\n\n{target}\ntrue"
    shown = [*range(len(names))] if few else sorted({predicted, target})
    axes.set_xlim(-1.4, len(names) + 0.4)
    axes.set_xticks(shown, [names[number] for number in shown])
    axes.tick_params(labelsize=_TEXT)
    axes.get_xticklabels()[shown.index(target)].set(fontweight="bold", color=_TRUE)
    light_grid(axes, "y")
