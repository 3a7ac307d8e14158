"""A model in a file: .npz without objects, every array checked before it is read.

The arrays are `format` (the number of this format), `layers` (the name of each layer in turn) and,
for each `Dense` layer n = 1, 2, ..., `dense_n.weights` float32 (I, O) and `dense_n.biases`
float32 (O,).
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.files import written_whole
from mnist_scratch.nn.layers import ACTIVATIONS, Dense, Layer
from mnist_scratch.nn.network import Network

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
    with written_whole(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub has no way to say "any name"


def load_model(path: Path) -> Network:
    """Read a network that `save_model` wrote. Nothing is unpickled.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or is not exactly a model.
    """
    try:
        return _network(_read_arrays(path))
    except OSError as error:
        raise MnistScratchError(
            f"cannot read {path}: {error.strerror or error}; is it the folder of a finished run?"
        ) from error
    except (ValueError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise MnistScratchError(
            f"{path} is not a model, or damaged: {error}; train it again"
        ) from error


def _read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read every array of an .npz file, each only after its announced size proved to be there."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if info.compress_type != zipfile.ZIP_STORED or info.file_size > path.stat().st_size:
                raise ValueError(f"{name} is compressed or larger than the file")
            if name in arrays:
                raise ValueError(f"{name} is there twice")
            with archive.open(info) as member:
                if np.lib.format.read_magic(member) != (1, 0):
                    raise ValueError(f"{name} has an unknown format")
                shape, _, dtype = np.lib.format.read_array_header_1_0(member)
                if dtype.hasobject or math.prod(shape) * dtype.itemsize != (
                    info.file_size - member.tell()
                ):
                    raise ValueError(f"{name} is not the array that its header announces")
            with archive.open(info) as member:
                arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
    return arrays


def _network(arrays: dict[str, npt.NDArray[Any]]) -> Network:
    """Build the network that the arrays describe; each array is used up."""
    number_of_format = _take(arrays, "format", "i", 0)
    if number_of_format != _FORMAT:
        raise ValueError(f"its format is {number_of_format}, where this program reads {_FORMAT}")
    layers: list[Layer] = []
    parameters: list[npt.NDArray[Any]] = []
    for name in _take(arrays, "layers", "U", 1).tolist():
        if name == _DENSE:
            number = len(parameters) // 2 + 1
            weights = _take(arrays, f"dense_{number}.weights", "f", 2)
            biases = _take(arrays, f"dense_{number}.biases", "f", 1)
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
    if arrays:
        raise ValueError(f"unknown array '{next(iter(arrays))}'")
    network = Network(layers, np.random.default_rng(0))
    network.parameters[...] = np.concatenate([part.ravel() for part in parameters])
    if not np.isfinite(network.parameters).all():
        raise ValueError("a parameter is not finite")
    return network


def _take(
    arrays: dict[str, npt.NDArray[Any]], name: str, kind: str, dimensions: int
) -> npt.NDArray[Any]:
    array = arrays.pop(name, None)
    if array is None:
        raise ValueError(f"the array '{name}' is missing")
    if array.dtype.kind != kind or array.ndim != dimensions:
        raise ValueError(f"the array '{name}' is {array.dtype} {array.shape}")
    return array
