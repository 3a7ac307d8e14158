"""A model in a file.

The arrays of the .npz file are `format` (the number of this format), `layers` (the name of each
layer in turn) and, for each `Dense` layer n = 1, 2, ..., `dense_n.weights` float32 (I, O) and
`dense_n.biases` float32 (O,).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn.layers import ACTIVATIONS, Dense, Layer
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.arrays import Arrays, opened_arrays, save_arrays

_FORMAT = 1
_DENSE = "dense"
_MOST_LAYER_BYTES = 2**20  # the names of some 40,000 layers
_NAMES: dict[type, str] = {Dense: _DENSE, **{kind: name for name, kind in ACTIVATIONS.items()}}


def save_model(path: Path, network: Network) -> None:
    """Write a network's layers and parameters to an .npz file.

    The same parameters give the same bytes.

    Raises
    ------
    MnistScratchError
        If the file cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {
        "format": np.array(_FORMAT),
        "layers": np.array([_NAMES[type(layer)] for layer in network.layers]),
    }
    for number, layer in enumerate(network.dense_layers, start=1):
        arrays[f"dense_{number}.weights"] = layer.weights
        arrays[f"dense_{number}.biases"] = layer.biases
    save_arrays(path, arrays)


def load_model(path: Path) -> Network:
    """Read a network that `save_model` wrote. Nothing is unpickled.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or is not exactly a model.
    """
    with opened_arrays(path, "a model") as arrays:
        return _network(arrays)


def _network(arrays: Arrays) -> Network:
    """Build the network that the headers describe; then read each array into its place."""
    number_of_format = arrays.take("format", "i8", 0)
    if number_of_format != _FORMAT:
        raise ValueError(f"its format is {number_of_format}, where this program reads {_FORMAT}")
    layers: list[Layer] = []
    number = 0
    for name in arrays.take("layers", "U", 1, _MOST_LAYER_BYTES).tolist():
        if name == _DENSE:
            number += 1
            weights = arrays.shape(f"dense_{number}.weights", "f4", 2)
            biases = arrays.shape(f"dense_{number}.biases", "f4", 1)
            if biases != weights[1:]:
                raise ValueError(f"dense_{number} has weights {weights}, biases {biases}")
            layers.append(Dense(*weights))
        elif name in ACTIVATIONS:
            layers.append(ACTIVATIONS[name]())
        else:
            raise ValueError(f"unknown layer {name[:40]!r}")
    arrays.check_all_taken()
    network = Network(layers, np.random.default_rng(0))
    for number, layer in enumerate(network.dense_layers, start=1):
        layer.weights[...] = arrays.take(f"dense_{number}.weights", "f4", 2)
        layer.biases[...] = arrays.take(f"dense_{number}.biases", "f4", 1)
        if not (np.isfinite(layer.weights).all() and np.isfinite(layer.biases).all()):
            raise ValueError(f"a parameter of dense_{number} is not finite")
    return network
