"""A model in a file.

The arrays of the .npz file are `format` (the number of this format), `layers` (the name of each
layer in turn) and, for each `Dense` layer n = 1, 2, ..., `dense_n.weights` (I, O) and
`dense_n.biases` (O,), all float32, or all float64 as the network computes. Where the classes have
names of their own, those are `classes` (C,), in the order of the logits. `pictures` is "resized",
"resized dark" or "resized light" if the network has learned from whole pictures that were resized
(see data/sources/pictures.py), and else not there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.checks import as_class_names, as_resized
from mnist_scratch.data.sources.pictures import as_word, from_word
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.layers import ACTIVATIONS, Dense, Layer
from mnist_scratch.nn.network import Network, check_network
from mnist_scratch.runs.arrays import Arrays, opened_arrays, save_arrays
from mnist_scratch.system.files import as_path
from mnist_scratch.system.text import shown
from mnist_scratch.training.divergence import ADVICE

_FORMAT = 1
_DTYPES = {np.dtype(np.float32): "f4", np.dtype(np.float64): "f8"}


class SavedModel(NamedTuple):
    """What a model file holds.

    Attributes
    ----------
    network
        The network.
    classes
        The names of its classes, in the order of its logits.
    resized
        How its pictures are resized, as `Dataset.resized` has it; "" if they are prepared.
    """

    network: Network
    classes: tuple[str, ...]
    resized: str = ""


def save_model(
    path: str | os.PathLike[str],
    network: Network,
    classes: Sequence[str] = (),
    *,
    resized: str = "",
) -> None:
    """Write a network's layers and parameters to an .npz file, for `load_model`.

    The same parameters give the same bytes. An activation of your own is in
    `mnist_scratch.nn.layers.ACTIVATIONS`, and is loaded as its class makes it without arguments.

    Parameters
    ----------
    path
        The file. One that is there is replaced.
    network
        The network, float32 or float64.
    classes
        The names of its classes, for `predict`: 2 to 256, one for each logit. Without them the
        classes are called by their numbers.
    resized
        `Dataset.resized` of what the network has learned from, for `predict`.

    Raises
    ------
    TypeError, ValueError
        If the arguments are not of these types, or the names not as many as the logits.
    MnistScratchError
        If `load_model` could not read the network back: a layer is none of this program's, an
        activation differs from what its class makes, or a parameter is not finite; or if the file
        cannot be written.
    """
    check_network(network, "save_model(path, network): network")
    path = as_path(path, "path")
    names = _checked_names(classes, network) if len(classes) else numbered(network)
    _check_readable(network)
    arrays: dict[str, npt.NDArray[Any]] = {
        "format": np.array(_FORMAT),
        "layers": np.array([layer.name for layer in network.layers]),
    }
    for number, layer in enumerate(network.dense_layers, start=1):
        arrays[f"dense_{number}.weights"] = layer.weights
        arrays[f"dense_{number}.biases"] = layer.biases
    if names != numbered(network):
        arrays["classes"] = np.array(names)
    if as_resized(resized, "resized"):
        arrays["pictures"] = np.array(as_word(resized))
    save_arrays(path, arrays)


def load_model(path: str | os.PathLike[str]) -> Network:
    """Read a network that `save_model` wrote. Nothing is unpickled.

    Parameters
    ----------
    path
        The .npz file, or the folder of a run, whose model.npz is read.

    Returns
    -------
    Network
        In the dtype in which it was saved.

    Raises
    ------
    TypeError
        If the path is no path.
    MnistScratchError
        If the file cannot be read, or is not exactly a model.
    """
    return load_saved_model(path).network


def load_saved_model(path: str | os.PathLike[str]) -> SavedModel:
    """Read like `load_model`, all that the file holds."""
    path = as_path(path, "path")
    try:
        return read_model(path / "model.npz" if path.is_dir() else path)
    except MnistScratchError as error:
        raise MnistScratchError(
            f"{error}; name the .npz file that save_model wrote, or the folder of a run"
        ) from error


def read_model(path: Path) -> SavedModel:
    """Read a model file; the error, if it is none, leaves the remedy to the caller."""
    with opened_arrays(path, "a model") as arrays:
        named = "classes" in arrays
        classes = tuple(arrays.take("classes", "U", 1).tolist()) if named else ()
        resized = from_word(arrays.take("pictures", "U", 0).item()) if "pictures" in arrays else ""
        network = _network(arrays)
        names = _checked_names(classes, network) if named else numbered(network)
        return SavedModel(network, names, resized)


def numbered(network: Network) -> tuple[str, ...]:
    """Return the names of a network's classes where they have none: their numbers, from 0."""
    return tuple(map(str, range(network.widths[-1])))


def _checked_names(classes: Sequence[str], network: Network) -> tuple[str, ...]:
    """Return the names of a network's classes, or raise a ValueError."""
    names = as_class_names(classes)
    if len(names) != network.widths[-1]:
        raise ValueError(
            f"classes: {len(names)} names, where the network is {network.title} and has "
            f"{network.widths[-1]} logits"
        )
    return names


def _check_readable(network: Network) -> None:
    """Raise an error if `load_model` would refuse the network, or make another one of it."""
    for layer in network.layers:
        kind = type(layer)
        if kind is Dense:
            continue
        if ACTIVATIONS.get(layer.name) is not kind:
            raise MnistScratchError(
                f"{kind.__name__} layers cannot be saved: load_model knows {Dense.__name__} and "
                f"{', '.join(each.__name__ for each in ACTIVATIONS.values())}; an activation of "
                "your own belongs into mnist_scratch.nn.layers.ACTIVATIONS, under its name"
            )
        made = ACTIVATIONS[layer.name]()
        for attribute, value in vars(layer).items():
            # What only a forward sets, a new one has not.
            default = getattr(made, attribute, None)
            if default is not None and not np.array_equal(value, default):
                raise MnistScratchError(
                    f"a {kind.__name__} with {attribute} = {shown(value)} cannot be saved: "
                    f"load_model would make {kind.__name__}(), where it is {shown(default)}; make "
                    "an activation of its own, with that default and another name"
                )
    if not np.isfinite(network.parameters).all():
        raise MnistScratchError(
            "a parameter of the network is NaN or infinite, so it cannot be saved: its training "
            f"has diverged; {ADVICE}"
        )


def _network(arrays: Arrays) -> Network:
    if "config" in arrays:
        raise ValueError("it is a checkpoint; the model of the same run is model.npz")
    number_of_format = arrays.take("format", "i8", 0)
    if number_of_format != _FORMAT:
        raise ValueError(f"its format is {number_of_format}, where this program reads {_FORMAT}")
    dtype = ""  # the first array's; the others have the same
    layers: list[Layer] = []
    parameters: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
    for name in arrays.take("layers", "U", 1).tolist():
        if name == Dense.name:
            dense = f"dense_{len(parameters) + 1}"
            weights = arrays.take(f"{dense}.weights", dtype or tuple(_DTYPES.values()), 2)
            dtype = _DTYPES[weights.dtype]
            biases = arrays.take(f"{dense}.biases", dtype, 1)
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
    network = Network(layers, 0, dtype or "f4")
    for layer, (weights, biases) in zip(network.dense_layers, parameters, strict=True):
        layer.weights[...] = weights
        layer.biases[...] = biases
    return network
