"""The picture of the images that are read wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mnist_scratch.inference.examples import Example
from mnist_scratch.nn.softmax import softmax
from mnist_scratch.report.plots.evaluation import share_text
from mnist_scratch.report.plots.loss_curve import save

_ACROSS = 10
_SHORT = 3  # letters of a name that leaves room for another on its line
_WIDTH, _IMAGE, _LINE, _GAP = 1.3, 1.0, 0.17, 0.2  # of an image's place and its parts, in inches
_HEADING = 0.9  # of the whole, in inches


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
    rows = max(1, -(-len(examples) // _ACROSS))
    width, height = _ACROSS * _WIDTH + _GAP, _HEADING + rows * row
    figure = Figure(figsize=(width, height), dpi=110)
    key = "number: truth, what it was read as and how surely; the surest mistakes first"
    for text, below, size in ((title, 0.3, 16), (key, 0.62, 11)):
        figure.text(0.5, 1.0 - below / height, text, ha="center", va="center", fontsize=size)
    for place, example in enumerate(examples):
        down, right = divmod(place, _ACROSS)
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
