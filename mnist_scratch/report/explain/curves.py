"""Cross-entropy and squared error side by side: as functions, and in two trainings with each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import PercentFormatter
from matplotlib.transforms import Bbox

from mnist_scratch.data.dataset import PIXELS
from mnist_scratch.report.explain import comparison
from mnist_scratch.report.explain.comparison import Comparison, Learning
from mnist_scratch.report.plots.style import COLOURS, light_grid, plain, save

PROBABILITIES = (0.9, 0.5, 0.1, 0.01, 0.001)
_STYLES: dict[str, dict[str, Any]] = {
    "cross-entropy": {"color": COLOURS[0], "linestyle": "-", "linewidth": 2.2},
    "squared-error": {"color": COLOURS[1], "linestyle": "--", "linewidth": 2.2},
}


def table() -> list[tuple[float, float, float]]:
    """Return rows of p, the probability of the true class, and its losses -log p and (p - 1)^2."""
    return [(p, -math.log(p), (p - 1.0) ** 2) for p in PROBABILITIES]


def as_json(compared: Comparison) -> dict[str, Any]:
    """Return the table and the trainings as JSON values."""
    return {
        "dataset": compared.dataset,
        "table": [
            {"p": p, "cross_entropy": cross_entropy, "squared_error": squared}
            for p, cross_entropy, squared in table()
        ],
        "confidently_wrong": {each.loss: _figures(each) for each in compared.confidently_wrong},
        "ordinary": {each.loss: _figures(each) for each in compared.ordinary},
    }


def draw_curves(compared: Comparison, output: Path) -> None:
    """Draw both losses as functions, and what each does to the same network.

    Parameters
    ----------
    compared
        The trainings.
    output
        The picture to write, PNG.

    Raises
    ------
    MnistScratchError
        If the picture cannot be written.
    """
    layout = ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12)
    figure = Figure(figsize=(13, 13), dpi=120, layout=layout)
    axes = figure.subplots(3, 2, height_ratios=(1.1, 1, 1))
    _draw_losses(axes[0, 0])
    _draw_plateau(axes[0, 1])
    first = plain(compared.classes[0])
    starts = {
        f"Starts confident that every image is a {first}": compared.confidently_wrong,
        "Starts as usual": compared.ordinary,
    }
    for column, (title, learnings) in enumerate(starts.items()):
        _draw_accuracies(axes[1, column], f"{title} ({compared.dataset})", learnings)
        _draw_progress(axes[2, column], learnings)
    figure.supxlabel(_caption(compared.dataset, first, len(compared.classes)), fontsize=13)
    for panel in axes.flat:
        light_grid(panel)
        panel.tick_params(labelsize=13)
        panel.title.set_fontsize(15)
        for label in (panel.xaxis.label, panel.yaxis.label):
            label.set_fontsize(14)
    save(figure, output)


def _draw_losses(axes: Axes) -> None:
    """Draw the losses over the probability p of the true class, and the table of values."""
    p = np.concatenate((np.geomspace(5e-4, 0.05, 200), np.linspace(0.05, 1.0, 200)))
    axes.plot(p, -np.log(p), **_STYLES["cross-entropy"], label="cross-entropy: -log p")
    axes.plot(p, (p - 1.0) ** 2, **_STYLES["squared-error"], label="squared-error: (p - 1)²")
    axes.set_title("Loss by the probability of the true class")
    axes.set_xlabel("p, probability of the true class")
    axes.set_ylabel("loss of one example")
    axes.set_ylim(0.0, 7.6)
    shown = axes.table(
        [
            [f"{p:g}", f"{cross_entropy:.3f}", f"{squared:.3f}"]
            for p, cross_entropy, squared in table()
        ],
        colLabels=["p", "-log p", "(p - 1)²"],
        cellLoc="center",
        edges="horizontal",
        bbox=Bbox.from_bounds(0.4, 0.27, 0.6, 0.5),
    )
    shown.auto_set_font_size(False)
    shown.set_fontsize(14)
    for (_, column), cell in shown.get_celld().items():
        cell.set_edgecolor("#999999")
        if column:
            cell.get_text().set_color(list(_STYLES.values())[column - 1]["color"])
    axes.legend(frameon=False, fontsize=13, loc="upper right")


def _draw_plateau(axes: Axes) -> None:
    """Draw the losses over the logits: of two classes, p = 1 / (1 + exp(-gap))."""
    gap = np.linspace(-8.0, 4.0, 400)
    p = 1.0 / (1.0 + np.exp(-gap))
    axes.plot(gap, np.logaddexp(0.0, -gap), **_STYLES["cross-entropy"])
    axes.plot(gap, (p - 1.0) ** 2, **_STYLES["squared-error"])
    axes.set_title("Loss by the logits")
    axes.set_xlabel("logit of the true class - logit of the other")
    axes.set_ylabel("loss of one example")
    axes.set_ylim(0.0, 8.6)
    axes.text(-4.9, 5.6, "confidently wrong:\nslope -1", fontsize=13, color=COLOURS[0])
    axes.text(
        -7.9, 1.2, "confidently wrong:\nflat, hardly a gradient", fontsize=13, color=COLOURS[1]
    )


def _draw_accuracies(axes: Axes, title: str, learnings: Sequence[Learning]) -> None:
    for learning in learnings:
        ends = learning.history.epochs
        steps = [0, *(row.step for row in ends)]
        accuracies = learning.accuracies
        axes.plot(
            steps,
            accuracies,
            marker="o",
            **_STYLES[learning.loss],
            label=f"{learning.loss}: {accuracies[-1]:.1%} at the end",
        )
    axes.set_title(title)
    axes.set_xlabel("step")
    axes.set_ylabel("validation accuracy")
    axes.set_ylim(0.0, 1.0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(frameon=False, fontsize=13, loc="lower right")


def _draw_progress(axes: Axes, learnings: Sequence[Learning]) -> None:
    """Draw each loss relative to its start: as numbers the two cannot be compared."""
    for learning in learnings:
        rows = learning.history.rows
        shares = [1.0, *(row.loss / learning.start_loss for row in rows)]
        axes.plot(
            [0, *(row.step for row in rows)],
            shares,
            **_STYLES[learning.loss],
            label=f"{learning.loss}, {learning.start_loss:.2f} at the start",
        )
    axes.set_xlabel("step")
    axes.set_ylabel("training loss / loss at the start")
    axes.set_ylim(0.0, 1.12)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(frameon=False, fontsize=13, loc="center right")


def _figures(learning: Learning) -> dict[str, list[float]]:
    """Return what the curves show, at the start and at the end of every epoch."""
    ends = learning.history.epochs
    return {
        "steps": [0, *(row.step for row in ends)],
        "validation_accuracies": learning.accuracies,
        "training_losses": [learning.start_loss, *(row.loss for row in ends)],
    }


def _caption(dataset: str, first: str, classes: int) -> str:
    return (
        "(p - 1)² is the true class's term of the squared error. Training minimises the sum of "
        "(p - y)²\nover all classes, y the target: twice that term with two classes.\n"
        f"Network {PIXELS}-{comparison.HIDDEN}-{classes}, ReLU, plain SGD, "
        f"learning rate {comparison.LEARNING_RATE:g}, batch {comparison.BATCH_SIZE}, "
        f"{comparison.TRAINING_EXAMPLES:,} images of {dataset}, seed {comparison.SEED};\n"
        "the same weights and batches for both losses. Confident that it is a "
        f"{first}: the bias of that logit starts at {comparison.CONFIDENT_BIAS:g}."
    )
