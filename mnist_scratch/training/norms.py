"""How large the weights and gradients of each layer are: what moved while a network learned.

Shapes: E epochs, L dense layers.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn import Array
from mnist_scratch.nn.network import Network
from mnist_scratch.system.reading import opened_ordinary

NORMS = 2  # of a layer: of its weights, and of their gradient
_HEADER = ["epoch", "layer", "weight_norm", "gradient_norm"]
_MOST_BYTES = 2**26  # a million rows


def layer_norms(network: Network) -> npt.NDArray[np.float64]:
    """Return the Euclidean norms of each dense layer's weights and of their gradient.

    Biases are left out: they are few, and start at 0.

    Parameters
    ----------
    network
        After a step: its gradients are those of that step's batch.

    Returns
    -------
    float64 (L, 2)
    """
    return np.array(
        [[_norm(layer.weights), _norm(layer.d_weights)] for layer in network.dense_layers]
    )


def _norm(array: Array) -> float:
    # In float64: the square of a float32 above 2e19 would overflow.
    return math.sqrt(np.add.reduce(np.square(array, dtype=np.float64), axis=None))


def norms_as_csv(norms: Sequence[npt.NDArray[np.float64]]) -> str:
    """Return the norms of every epoch as CSV, epochs and layers counted from 1.

    Parameters
    ----------
    norms
        Of each epoch, float64 (L, 2). Numbers are written so that they read back the same.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for epoch, layers in enumerate(norms, start=1):
        for layer, row in enumerate(layers.tolist(), start=1):
            writer.writerow([epoch, layer, *row])
    return text.getvalue()


def read_norms(path: Path) -> npt.NDArray[np.float64]:
    """Read what `norms_as_csv` returned, float64 (E, L, 2).

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or has not the same layers in each epoch.
    """
    try:
        with (
            opened_ordinary(path, _MOST_BYTES) as content,
            io.TextIOWrapper(content, encoding="utf-8", newline="") as file,
        ):
            return _parsed(list(csv.reader(file)))
    except OSError as error:
        raise MnistScratchError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, IndexError, OverflowError, csv.Error) as error:
        raise MnistScratchError(f"{path}: damaged: {error}") from error


def _parsed(lines: list[list[str]]) -> npt.NDArray[np.float64]:
    if not lines or lines[0] != _HEADER:
        raise ValueError(f"its first line must be {','.join(_HEADER)}")
    rows = [[float(cell) for cell in line] for line in lines[1:]]
    layers = max((round(row[1]) for row in rows), default=0)
    norms = np.array([row[2:] for row in rows]).reshape(-1, max(layers, 1), NORMS)
    order = [(epoch, layer) for epoch in range(len(norms)) for layer in range(layers)]
    if [(row[0] - 1, row[1] - 1) for row in rows] != order or not np.isfinite(norms).all():
        raise ValueError("a line has numbers that cannot be")
    return norms
