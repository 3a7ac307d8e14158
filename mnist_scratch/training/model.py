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
from mnist_scratch.training.archive import Arrays, opened_arrays, save_arrays

_FORMAT = 1
_DENSE = "dense"
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
    with opened_arrays(path, "a model", "train it again") as arrays:
        return _network(arrays)


def _network(arrays: Arrays) -> Network:
    """Build the network that the arrays describe; each array is taken."""
    number_of_format = arrays.take("format", "i", 0)
    if number_of_format != _FORMAT:
        raise ValueError(f"its format is {number_of_format}, where this program reads {_FORMAT}")
    layers: list[Layer] = []
    parameters: list[npt.NDArray[Any]] = []
    for name in arrays.take("layers", "U", 1).tolist():
        if name == _DENSE:
            number = len(parameters) // 2 + 1
            weights = arrays.take(f"dense_{number}.weights", "f", 2)
            biases = arrays.take(f"dense_{number}.biases", "f", 1)
            if biases.shape != weights.shape[1:]:
                raise ValueError(
                    f"dense_{number} has weights {weights.shape}, biases {biases.shape}"
                )
            layers.append(Dense(*weights.shape))
            parameters += [weights, biases]
        elif name in ACTIVATIONS:
            layers.append(ACTIVATIONS[name]())
        else:
            raise ValueError(f"unknown layer '{name}'")
    arrays.check_all_taken()
    network = Network(layers, np.random.default_rng(0))
    network.parameters[...] = np.concatenate([part.ravel() for part in parameters])
    if not np.isfinite(network.parameters).all():
        raise ValueError("a parameter is not finite")
    return network
