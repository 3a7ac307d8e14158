"""The pictures of a network's layers: the first one's weights, and the norms over the epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mnist_scratch.nn.network import Network
from mnist_scratch.report.plots.style import (
    COLOURS,
    GREY,
    blues,
    class_labels,
    from_ground_to,
    light_grid,
)

MOST_UNITS = 64
_GAP = 2  # pixels between two images
_CELL = 28 + _GAP


def weights_figure(network: Network, names: Sequence[str], title: str = "") -> Figure:
    """Draw the weights of each unit of the first layer as an image of 28 x 28.

    Parameters
    ----------
    network
        Of 784 inputs. Of more than `MOST_UNITS` units those with the largest weights are drawn.
    names
        Names of the classes, for a network of one layer: its units are the classes.
    title
        What stands above.
    """
    weights = network.dense_layers[0].weights  # (784, O)
    units = shown_units(network)
    across = 5 if len(units) <= 10 else math.ceil(math.sqrt(len(units)))
    down = math.ceil(len(units) / across)
    corners = [(row * _CELL, column * _CELL) for row in range(down) for column in range(across)]
    sheet = np.full((down * _CELL - _GAP, across * _CELL - _GAP), np.nan)
    for (top, left), unit in zip(corners, units, strict=False):
        sheet[top : top + 28, left : left + 28] = weights[:, unit].reshape(28, 28)
    reach = float(np.quantile(np.abs(weights[:, units]), 0.995)) or 1.0
    figure = Figure(figsize=(6.6, 6.6 * down / across + 1.0), dpi=160, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=13)
    colours = from_ground_to(COLOURS[0], COLOURS[1]).with_extremes(bad=GREY)
    drawing = axes.imshow(sheet, cmap=colours, vmin=-reach, vmax=reach, interpolation="nearest")
    axes.axis("off")
    if len(network.dense_layers) == 1:
        labels, size = class_labels(names, 12), 13 if across == 5 else 8
        for (top, left), unit in zip(corners, units, strict=False):
            axes.text(left + 1, top + 1, labels[unit], va="top", fontsize=size)
    bar = figure.colorbar(drawing, ax=axes, location="bottom", shrink=0.7, aspect=40, pad=0.02)
    bar.ax.tick_params(labelsize=12)
    return figure


def shown_units(network: Network) -> list[int]:
    """Return which units of the first layer are drawn, in their order."""
    norms = np.linalg.norm(network.dense_layers[0].weights, axis=0)  # (O,)
    return sorted(np.argsort(-norms, kind="stable")[:MOST_UNITS].tolist())


def norms_figure(norms: npt.NDArray[np.float64], widths: Sequence[int], title: str = "") -> Figure:
    """Draw the norms of every layer's weights and of their gradient over the epochs.

    Parameters
    ----------
    norms
        float64 (E, L, 2), those of the weights and of the gradient for each epoch and layer.
    widths
        Of the network, to name the layers.
    title
        What stands above.
    """
    figure = Figure(figsize=(6.6, 7.2), dpi=160, layout="constrained")
    figure.suptitle(title, fontsize=13)
    epochs = np.arange(1, len(norms) + 1)
    colours = (blues()[0], *COLOURS[1:5], blues()[1])
    panels = figure.subplots(2, 1)
    titles = ("norm of the weights", "norm of the gradient, last step")
    for number, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        for layer in range(norms.shape[1]):
            axes.plot(
                epochs,
                norms[:, layer, number],
                "o-",
                markersize=4,
                color=colours[layer % len(colours)],
                label=f"layer {layer + 1}, {widths[layer]}-{widths[layer + 1]}",
            )
        light_grid(axes)
        axes.set_ylabel(title, fontsize=13)
        axes.set_xlabel("epoch", fontsize=13)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_ylim(bottom=0.0)
        axes.tick_params(which="both", labelsize=12)
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=2,
        frameon=False,
        fontsize=12,
    )
    return figure
