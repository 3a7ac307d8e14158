"""A network's predictions for images: arrays, data sets, or a person's own pictures.

Shapes: N images, C classes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.checks import as_rows
from mnist_scratch.data.dataset import PIXELS, Dataset, Examples, UInt8Array
from mnist_scratch.data.pictures.own import read_picture
from mnist_scratch.inference.examples import all_logits
from mnist_scratch.nn.loss import softmax
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.runs.model import load_named_model, numbered
from mnist_scratch.system.text import shown

_Path: TypeAlias = str | os.PathLike[str]

_MOST_SHOWN = 5  # predictions in a `repr`


@dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """What a network predicts for N images.

    Attributes
    ----------
    classes
        int64 (N,): the most probable class of each image.
    names
        N texts: what that class is called.
    probabilities
        float64 (N, C): of every class, for each image.
    """

    classes: npt.NDArray[np.int64]
    names: tuple[str, ...]
    probabilities: npt.NDArray[np.float64]

    def __repr__(self) -> str:
        """Return the classes of the first images with their probabilities."""
        count = len(self.names)
        highest = self.probabilities[:_MOST_SHOWN].max(axis=1).tolist()
        first = [f"{name}: {p:.1%}" for name, p in zip(self.names, highest, strict=False)]
        more = ", ..." if count > _MOST_SHOWN else ""
        return f"Predictions({f'{count:,} images, ' if count > 1 else ''}{', '.join(first)}{more})"


def predict(
    network_or_run: Network | _Path,
    images: UInt8Array | Examples | _Path | Sequence[UInt8Array | _Path],
) -> Predictions:
    """Predict the class of images, which are prepared here as those of training were.

    Several threads may predict with the same network at once, as long as none trains it.

    Parameters
    ----------
    network_or_run
        A network of 784 inputs, the folder of a run, or a file that `save_model` wrote.
    images
        uint8 (N, 28, 28) or (N, 784), 0 background to 255 ink, or one image, (28, 28) or (784,); a
        data set; the file of a picture, which `read_picture` reads; or a list of arrays and files.

    Returns
    -------
    Predictions
        Of N images, 1 for a single one. The classes have the names of the data set that the run was
        trained on, which are in its model file; those of a network are called by their numbers.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, or the images have another shape or dtype.
    MnistScratchError
        If a file cannot be read, a picture is not of one digit, or the network's logits are not
        finite.
    """
    network, names = _network_and_names(network_or_run)
    if network.widths[0] != PIXELS:
        raise ValueError(
            f"a network of {network.title} takes no images of 28 x 28: "
            f"its first layer must have {PIXELS} inputs"
        )
    examples = images if isinstance(images, Examples) else _unlabelled(images)
    probabilities = softmax(all_logits(network, examples)).astype(np.float64, copy=False)  # (N, C)
    classes = probabilities.argmax(axis=1)
    return Predictions(classes, tuple(names[number] for number in classes.tolist()), probabilities)


def _network_and_names(network_or_run: Network | _Path) -> tuple[Network, Sequence[str]]:
    if isinstance(network_or_run, Network):
        return network_or_run, numbered(network_or_run)
    if not isinstance(network_or_run, (str, os.PathLike)):
        raise TypeError(
            f"network_or_run = {shown(network_or_run)}: must be a Network, the folder of a run or "
            "a model file"
        )
    network, names = load_named_model(network_or_run)
    path = Path(network_or_run)
    folder = path.parent if path.name == "model.npz" else path
    return network, RunFolder(folder).classes() if (folder / "config.toml").is_file() else names


def _unlabelled(images: UInt8Array | _Path | Sequence[UInt8Array | _Path]) -> Dataset:
    pixels = _pixels(images)
    return Dataset("images", pixels.reshape(-1, 28, 28), np.zeros(len(pixels), np.uint8))


def _pixels(images: UInt8Array | _Path | Sequence[UInt8Array | _Path]) -> UInt8Array:
    """Return images as rows, uint8 (N, 784)."""
    if isinstance(images, (str, os.PathLike)):
        return read_picture(images).reshape(1, PIXELS)
    if isinstance(images, list | tuple) and images:
        return np.concatenate([_pixels(image) for image in images])
    if not isinstance(images, np.ndarray):
        raise TypeError(
            f"images = {shown(images)}: must be an array of images, uint8 (N, 28, 28), a picture "
            "file, a list of at least one of these, or a Dataset"
        )
    return as_rows(images)
