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
from mnist_scratch.system.text import shown

_FORMAT = 1


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
        "layers": np.array([layer.name for layer in network.layers]),
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
    number_of_format = arrays.take("format", "i8", 0)
    if number_of_format != _FORMAT:
        raise ValueError(f"its format is {number_of_format}, where this program reads {_FORMAT}")
    layers: list[Layer] = []
    parameters: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
    for name in arrays.take("layers", "U", 1).tolist():
        if name == Dense.name:
            dense = f"dense_{len(parameters) + 1}"
            weights = arrays.take(f"{dense}.weights", "f4", 2)
            biases = arrays.take(f"{dense}.biases", "f4", 1)
            if biases.shape != weights.shape[1:]:
                raise ValueError(f"{dense} has weights {weights.shape}, biases {biases.shape}")
            if not (np.isfinite(weights).all() and np.isfinite(biases).all()):
                raise ValueError(f"a parameter of {dense} is not finite")
            parameters.append((weights, biases))
            layers.append(Dense(*weights.shape))
        elif name in ACTIVATIONS:
            layers.append(ACTIVATIONS[name]())
        else:
            raise ValueError(f"unknown layer {shown(name)}")
    arrays.check_all_taken()
    network = Network(layers, np.random.default_rng(0))
    for layer, (weights, biases) in zip(network.dense_layers, parameters, strict=True):
        layer.weights[...] = weights
        layer.biases[...] = biases
    return network
