"""The pictures of a network's layers: what its first one looks for, and what moved in each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mnist_scratch.nn.network import Network
from mnist_scratch.report.plots.style import COLOURS, GREY, blues, from_ground_to

MOST_UNITS = 256
_GAP = 2  # pixels between two images


def weights_figure(network: Network, names: Sequence[str]) -> Figure:
    """Draw the weights of the first layer, for each unit an image of what lights it up.

    Parameters
    ----------
    network
        Of 784 inputs. Of more than `MOST_UNITS` units those with the largest weights are drawn.
    names
        Of the classes, for a network of one layer: its units are the classes.
    """
    weights = network.dense_layers[0].weights  # (784, O)
    units = shown_units(network)
    across = 5 if len(units) <= 10 else math.ceil(math.sqrt(len(units)))
    down = math.ceil(len(units) / across)
    cell = 28 + _GAP
    sheet = np.full((down * cell - _GAP, across * cell - _GAP), np.nan)
    for place, unit in enumerate(units):
        row, column = divmod(place, across)
        image = weights[:, unit].reshape(28, 28)
        sheet[row * cell : row * cell + 28, column * cell : column * cell + 28] = image
    reach = float(np.quantile(np.abs(weights[:, units]), 0.995)) or 1.0
    figure = Figure(figsize=(9.6, 9.6 * down / across + 0.6), dpi=120, layout="constrained")
    axes = figure.subplots()
    colours = from_ground_to(COLOURS[0], COLOURS[1]).with_extremes(bad=GREY)
    drawing = axes.imshow(sheet, cmap=colours, vmin=-reach, vmax=reach, interpolation="nearest")
    axes.axis("off")
    if len(network.dense_layers) == 1:
        for place, unit in enumerate(units):
            row, column = divmod(place, across)
            axes.text(column * cell + 1, row * cell + 1, names[unit], va="top", fontsize=13)
    bar = figure.colorbar(drawing, ax=axes, location="bottom", shrink=0.5, aspect=40, pad=0.02)
    bar.ax.tick_params(labelsize=11)
    return figure


def shown_units(network: Network) -> list[int]:
    """Return which units of the first layer are drawn, in their order."""
    norms = np.linalg.norm(network.dense_layers[0].weights, axis=0)  # (O,)
    return sorted(np.argsort(-norms, kind="stable")[:MOST_UNITS].tolist())


def norms_figure(norms: npt.NDArray[np.float64], widths: Sequence[int]) -> Figure:
    """Draw the norms of every layer's weights and of their gradient over the epochs.

    Parameters
    ----------
    norms
        float64 (E, L, 2), as `layer_norms` returns them for each epoch.
    widths
        Of the network, to name the layers.
    """
    figure = Figure(figsize=(10, 4.6), dpi=120, layout="constrained")
    epochs = np.arange(1, len(norms) + 1)
    colours = (blues()[0], *COLOURS[1:5], blues()[1])
    panels: list[tuple[Axes, str]] = list(
        zip(
            figure.subplots(1, 2),
            ("norm of the weights", "norm of the gradient, last step"),
            strict=True,
        )
    )
    for number, (axes, label) in enumerate(panels):
        for layer in range(norms.shape[1]):
            axes.plot(
                epochs,
                norms[:, layer, number],
                "o-",
                markersize=4,
                color=colours[layer % 6],
                label=f"layer {layer + 1}, {widths[layer]}-{widths[layer + 1]}",
            )
        axes.set_ylabel(label, fontsize=13)
        axes.set_xlabel("epoch", fontsize=13)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_ylim(bottom=0.0)
        axes.tick_params(which="both", labelsize=12)
        axes.grid(visible=True, alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=12)
    return figure
