"""The picture of the loss: how one run learned, or how several compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mnist_scratch.report.plots.style import COLOURS, GREY, blues, light_grid, plain, save
from mnist_scratch.runs.folder import RunFolder

_LINE_STYLES = ("-", "--", ":", "-.")
_UNITS = {"cross-entropy": "nats"}
_SMOOTHED_SHARE = 50  # the smoothed curve averages over a 50th of the training


class _Curve(NamedTuple):
    """What the pictures need from one run."""

    name: str
    dataset: str
    loss: str  # which loss, as in the config
    distorted: bool  # whether the training images were
    epochs: npt.NDArray[np.float64]  # (R,) of each row, 2.5 being the middle of the third epoch
    losses: npt.NDArray[np.float64]  # (R,)
    validated: npt.NDArray[np.float64]  # (E,) epochs with validation figures
    validation_losses: npt.NDArray[np.float64]  # (E,)
    validation_accuracies: npt.NDArray[np.float64]  # (E,) in percent
    best: int  # the index of the best epoch


def draw_loss_curve(run: RunFolder, output: Path) -> None:
    """Draw one run: training loss by step, validation loss and accuracy by epoch, the best epoch.

    Parameters
    ----------
    run
        The run.
    output
        The picture to write, PNG.

    Raises
    ------
    MnistScratchError
        If the run's files cannot be read, have no finished epoch, or the picture cannot be written.
    """
    save(loss_curve_figure(run), output)


def loss_curve_figure(run: RunFolder) -> Figure:
    """Return the picture that `draw_loss_curve` writes, in the current colours of Matplotlib."""
    curve = _read(run)
    figure, upper, lower = _axes(f"{curve.name}: {curve.dataset}", _label(curve.loss))
    # The labels have known sizes; for Matplotlib to find the margins takes as long as to draw.
    figure.subplots_adjust(left=0.2, right=0.98, bottom=0.115, top=0.94, hspace=0.06)
    smoothed, raw = blues()
    upper.plot(curve.epochs, curve.losses, color=raw, alpha=0.45, linewidth=0.8)
    kind = "training (distorted)" if curve.distorted else "training"
    upper.plot(*_smoothed(curve), color=smoothed, label=f"{kind}, smoothed over raw")
    upper.plot(
        curve.validated,
        curve.validation_losses,
        "o-",
        color=COLOURS[1],
        label="validation",
    )
    lower.plot(curve.validated, curve.validation_accuracies, "o-", color=COLOURS[1])
    best = curve.best
    epoch, accuracy = curve.validated[best], curve.validation_accuracies[best]
    for axes in (upper, lower):
        axes.axvline(epoch, color=GREY, linestyle=":", linewidth=1.5)
    label = f"best epoch: {epoch:.0f}, {accuracy:.2f}%"
    ink = rcParams["text.color"]
    lower.plot(epoch, accuracy, "*", color=ink, markersize=16, zorder=3, label=label)
    for axes in (upper, lower):
        axes.legend(frameon=False, fontsize=13)
    return figure


def draw_comparison(runs: Sequence[RunFolder], output: Path) -> None:
    """Draw several runs into one picture: smoothed training loss, validation loss and accuracy.

    Parameters
    ----------
    runs
        The runs.
    output
        The picture to write, PNG.

    Raises
    ------
    MnistScratchError
        If a run's files cannot be read, have no finished epoch, or the picture cannot be written.
    """
    curves = [_read(run) for run in runs]
    if len({curve.name for curve in curves}) < len(curves):  # runs of one name, in other folders
        curves = [
            curve._replace(name=plain(str(run.path)))
            for run, curve in zip(runs, curves, strict=True)
        ]
    datasets = sorted({curve.dataset for curve in curves})
    losses = sorted({curve.loss for curve in curves})
    figure, upper, lower = _axes(
        f"{len(curves)} runs: {', '.join(datasets)}",
        _label(losses[0]) if len(losses) == 1 else "loss (differs between the runs)",
    )
    figure.set_layout_engine("constrained")
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        style = _LINE_STYLES[number // len(COLOURS) % len(_LINE_STYLES)]
        upper.plot(*_smoothed(curve), style, color=colour, alpha=0.5, linewidth=1.2)
        marked: dict[str, Any] = {"color": colour, "marker": "o", "linestyle": style}
        label = f"{curve.name} ({curve.dataset})" if len(datasets) > 1 else curve.name
        label = f"{label}, {curve.loss}" if len(losses) > 1 else label
        upper.plot(curve.validated, curve.validation_losses, label=label, **marked)
        lower.plot(curve.validated, curve.validation_accuracies, **marked)
    figure.legend(
        *upper.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize=13,
        title_fontsize=12,
        title="validation (dots); training, smoothed (pale)",
    )
    save(figure, output)


def _read(run: RunFolder) -> _Curve:
    history = run.history()
    ends = history.epochs
    config = run.config()
    steps_an_epoch = ends[0].step
    return _Curve(
        name=plain(" ".join(run.path.resolve().name.splitlines())),  # a title of one line
        dataset=config.data.dataset,
        loss=config.training.loss,
        distorted=config.augmentation.distorts,
        epochs=np.array([row.step for row in history.rows]) / steps_an_epoch,
        losses=np.array([row.loss for row in history.rows]),
        validated=np.array([row.epoch for row in ends], float),
        validation_losses=np.array([row.validation_loss for row in ends], float),
        validation_accuracies=100.0 * np.array([row.validation_accuracy for row in ends], float),
        best=history.best.epoch - 1,
    )


def _smoothed(curve: _Curve) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return epochs and losses, each the plain average of a 50th of the rows."""
    width = max(1, len(curve.losses) // _SMOOTHED_SHARE)
    window = np.full(width, 1.0 / width)
    return (
        np.convolve(curve.epochs, window, mode="valid"),
        np.convolve(curve.losses, window, mode="valid"),
    )


def _axes(title: str, loss: str) -> tuple[Figure, Axes, Axes]:
    """Make the two panels, one above the other: loss on a logarithmic axis, accuracy below."""
    # A Figure of its own instead of pyplot: no window system is touched, no state is shared.
    figure = Figure(figsize=(6.8, 5.1), dpi=160)  # 13 points are 9 of a phone's pixels
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    upper.set_title(title, y=1.0)
    upper.set_yscale("log")
    upper.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    upper.yaxis.set_minor_formatter(FuncFormatter(_label_of_minor_tick))
    upper.set_ylabel(loss)
    lower.set_ylabel("validation accuracy")
    lower.set_xlabel("epoch")
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    lower.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}%"))
    for axes in (upper, lower):
        light_grid(axes)
        for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
            text.set_fontsize(13)
        axes.tick_params(which="both", labelsize=13)
    return figure, upper, lower


def _label(loss: str) -> str:
    return f"{loss} ({_UNITS[loss]})" if loss in _UNITS else loss


def _label_of_minor_tick(value: float, _: float) -> str:
    """Label 2 and 5 between the powers of ten: a loss seldom spans more than two of those."""
    return f"{value:g}" if f"{value:e}"[0] in "25" else ""
