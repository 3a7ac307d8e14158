"""The picture of single images: what the network believes, and where the loss pushes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from mnist_scratch.data.dataset import CLASSES
from mnist_scratch.inference.examples import Example
from mnist_scratch.report.explain.steps import Explanation
from mnist_scratch.report.plots.style import COLOURS, save

_TRUE, _PREDICTED, _OTHER = COLOURS[2], COLOURS[4], COLOURS[5]
_UP, _DOWN = COLOURS[0], COLOURS[1]
# Of a percentage above a bar, on its axes.
_TEXT_HEIGHT, _DIGIT_WIDTH = 0.13, 0.29


def draw_explanations(
    title: str,
    explained: Sequence[tuple[Example, Explanation]],
    names: Sequence[str],
    output: Path,
) -> None:
    """Draw a row for each image: the image, the ten probabilities, the push on each logit.

    Parameters
    ----------
    title
        What network and what images.
    explained
        The images, each with the way from its logits to its loss.
    names
        What the ten classes are called.
    output
        The picture to write, PNG.

    Raises
    ------
    MnistScratchError
        If the picture cannot be written.
    """
    rows = len(explained)
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.06)
    figure = Figure(figsize=(12, 1.3 + 3.3 * rows), dpi=120, layout=layout)
    figure.suptitle(title, fontsize=17)
    parts = figure.subfigures(rows, 1, squeeze=False, hspace=0.02)[:, 0]
    for part, (example, explanation) in zip(parts, explained, strict=True):
        part.suptitle(summarise(example, explanation, names), fontsize=15)
        image, probabilities, pushes = part.subplots(1, 3, width_ratios=(1, 1.9, 1.9))
        image.imshow(255 - example.image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        image.set_xticks([])
        image.set_yticks([])
        _draw_probabilities(probabilities, explanation)
        _draw_pushes(pushes, explanation)
    figure.legend(
        handles=[
            Patch(color=_TRUE, label="true class"),
            Patch(color=_PREDICTED, label="predicted class, where another"),
            Patch(color=_OTHER, label="other class"),
            Patch(color=_UP, label="pushed up"),
            Patch(color=_DOWN, label="pushed down"),
        ],
        loc="outside lower center",
        ncols=5,
        frameon=False,
        fontsize=13,
    )
    save(figure, output)


def summarise(example: Example, explanation: Explanation, names: Sequence[str]) -> str:
    """Say in a line what an image is, what it was read as, and what that costs."""
    read = explanation.predicted
    verdict = "read rightly" if read == example.label else f"read as {_called(read, names)}"
    return (
        f"image {example.number}: {_called(example.label, names)}, {verdict} "
        f"({_percent(explanation.predictions[read])}); "
        f"cross-entropy {explanation.fused_loss:.4g} nats"
    )


def _called(label: int, names: Sequence[str]) -> str:
    """Return a class's name; of one that is no digit, its number too, which is on the axes."""
    return f"a {label}" if names[label] == str(label) else f"{label} = {names[label]}"


def _draw_probabilities(axes: Axes, explanation: Explanation) -> None:
    colours = [_OTHER] * CLASSES
    colours[explanation.predicted] = _PREDICTED
    colours[explanation.target] = _TRUE
    axes.bar(range(CLASSES), explanation.predictions, color=colours)
    _write_probabilities(axes, explanation)
    axes.set_xlim(-1.2, CLASSES)
    axes.set_ylim(0.0, 1.12)
    axes.set_yticks((0.0, 0.5, 1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    _finish(axes, "probability of each class", explanation)


def _write_probabilities(axes: Axes, explanation: Explanation) -> None:
    """Write those of the true class and of the three most probable above their bars."""
    heights = explanation.predictions
    around = [0.0, *heights, 0.0]
    likely = [number for number in np.argsort(-heights)[:3] if heights[number] >= 0.005]
    written: list[tuple[float, float, float]] = []  # left end, right end, height
    for number in dict.fromkeys([*map(int, likely), explanation.target]):
        text, bottom = _percent(heights[number]), heights[number] + 0.02
        # A text is wider than its bar: it keeps clear of a taller bar beside it, and where it
        # would run into another text, it stands above that.
        width = _DIGIT_WIDTH * (len(text) + 0.5)
        left, right = around[number], around[number + 2]
        start = number - width / 2
        if max(left, right) > bottom and abs(left - right) > 0.1:
            start = number - 0.4 if left > right else number + 0.4 - width
        for other_start, other_end, other_bottom in sorted(written, key=lambda each: each[2]):
            beside = start < other_end and other_start < start + width
            if beside and abs(bottom - other_bottom) < _TEXT_HEIGHT:
                bottom = other_bottom + _TEXT_HEIGHT
        written.append((start, start + width, bottom))
        axes.text(start + width / 2, bottom, text, ha="center", va="bottom", fontsize=12)


def _draw_pushes(axes: Axes, explanation: Explanation) -> None:
    pushes = -explanation.fused_gradient  # targets - predictions: the way a step goes
    axes.bar(range(CLASSES), pushes, color=[_UP if push > 0.0 else _DOWN for push in pushes])
    axes.axhline(0.0, color=COLOURS[6], linewidth=0.8)
    # Every row on the same scale would hide the small pushes of what is read rightly.
    reach = max(1.25 * float(np.abs(pushes).max()), 1e-12)
    axes.set_ylim(-reach, reach)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    axes.yaxis.get_offset_text().set_fontsize(12)
    _finish(axes, "cross-entropy's push on each logit", explanation)


def _finish(axes: Axes, title: str, explanation: Explanation) -> None:
    axes.set_title(title, fontsize=14)
    # The true class's bar may be too low to be seen; what stands below it says which it is.
    names = [str(number) for number in range(CLASSES)]
    names[explanation.predicted] += "\nread"
    # Side by side the two words would run into each other: one stands a line lower.
    distance = abs(explanation.predicted - explanation.target)
    below = "\nread = true" if distance == 0 else "\n\ntrue" if distance == 1 else "\ntrue"
    names[explanation.target] = f"{explanation.target}{below}"
    axes.set_xticks(range(CLASSES), names)
    axes.tick_params(labelsize=13)
    axes.get_xticklabels()[explanation.target].set(fontweight="bold", color=_TRUE)
    axes.grid(visible=True, axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _percent(probability: float) -> str:
    """Return a probability as a percentage, 100% only where nothing is left to the others."""
    if 0.0 < probability < 0.00001:
        return "< 0.001%"
    if probability < 0.001:
        return f"{100.0 * probability:.1g}%"
    if 0.995 <= probability < 1.0:
        return f"{min(probability, 0.9999):.2%}"
    return f"{probability:.0%}" if probability >= 0.1 else f"{probability:.1%}"
