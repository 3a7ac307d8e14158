"""A network's predictions for images: arrays, data sets, or a person's own pictures.

Shapes: N digits, one in an image and one or several in a picture; P images and pictures; C classes.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.checks import as_rows, stays_as_it_is
from mnist_scratch.data.dataset import PIXELS, Dataset, Examples, UInt8Array
from mnist_scratch.data.pictures.own import PictureDigits, read_digits
from mnist_scratch.inference.examples import all_logits
from mnist_scratch.nn.loss import softmax
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.model import SavedModel, load_saved_model, numbered
from mnist_scratch.system.text import shown

_Path: TypeAlias = str | os.PathLike[str]

_MOST_SHOWN = 5  # predictions in a `repr`
# Pixels across for each pixel down. Averaging slanted copies takes the confident errors (over 90%)
# among 3,000 validation images of MNIST from 0.57% to 0.27%, and accuracy from 98.27% to 98.37%;
# the network was trained without distortion.
_SLANT = 0.2


@stays_as_it_is
@dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """What a network predicts for images, one digit each, and pictures of one digit or several.

    N counts digits. Each image of an array or a data set is one, so that N is their number; a
    picture of four digits, such as a house number, is four.

    Attributes
    ----------
    classes
        int64 (N,): the most probable class of each digit, in reading order.
    names
        N texts: what that class is called.
    probabilities
        float64 (N, C): of every class, for each digit.
    numbers
        P texts, one for each image or picture: its names in a row, such as "1401", with spaces
        between them where names of the model's classes are longer than a character; one line for
        each row of digits.
    pictures
        int64 (N,): in which of the P images or pictures each digit is, from 0.
    boxes
        int64 (N, 4): where it is there, as left, top, right and bottom in pixels, the last two
        excluded; all of an image that is given as an array.
    warnings
        Texts: what may be wrong with pictures, such as digits that seem to touch.
    """

    classes: npt.NDArray[np.int64]
    names: tuple[str, ...]
    probabilities: npt.NDArray[np.float64]
    numbers: tuple[str, ...]
    pictures: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.int64]
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the classes of the first digits with their probabilities, and all warnings."""
        count, given = len(self.names), len(self.numbers)
        highest = self.probabilities[:_MOST_SHOWN].max(axis=1).tolist()
        shown = [f"{name}: {p:.1%}" for name, p in zip(self.names, highest, strict=False)]
        if count > _MOST_SHOWN:
            shown.append("...")
        if given > 1:
            shown.insert(0, f"{given:,} images")
        elif count > 1:
            shown.insert(0, " / ".join(self.numbers[0].splitlines()))
        return f"Predictions({', '.join([*shown, *self.warnings])})"


def predict(
    network_or_run: Network | _Path,
    images: UInt8Array | Examples | _Path | Sequence[UInt8Array | _Path],
) -> Predictions:
    """Predict the class of images; a picture is prepared as those of training were.

    Several threads may predict with the same network at once, as long as none trains it.

    Parameters
    ----------
    network_or_run
        A network of 784 inputs, the folder of a run, or a file that `save_model` wrote.
    images
        uint8 (N, 28, 28) or (N, 784), 0 background to 255 ink, or one image, (28, 28) or (784,); a
        data set; the file of a picture, in which `read_digits` finds digits unless the network has
        learned from resized pictures; or a list of arrays and files.

    Returns
    -------
    Predictions
        Of N digits, 1 for a single image. Their names are those of the data set that the run was
        trained on, which are in its model file; those of a network are called by their numbers.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, or the images have another shape or dtype.
    MnistScratchError
        If a file cannot be read, a picture is not of digits, or the network's logits are not
        finite.
    """
    network, names, resized = _saved_model(network_or_run)
    if network.widths[0] != PIXELS:
        raise ValueError(
            f"a network of {network.title} takes no images of 28 x 28: "
            f"its first layer must have {PIXELS} inputs"
        )
    if isinstance(images, Examples):
        examples, places = images, _one_each(len(images))
    else:
        pixels, places = _digits(images, resized)
        unlabelled = np.zeros(len(pixels), np.uint8)
        examples = Dataset("images", pixels.reshape(-1, 28, 28), unlabelled)
    probabilities = softmax(all_logits(network, examples)).astype(np.float64, copy=False)  # (N, C)
    if places.found.any():
        probabilities[places.found] = predict_found(
            network, examples.images.reshape(-1, 28, 28)[places.found]
        )
    classes = probabilities.argmax(axis=1)
    digits = tuple(names[number] for number in classes.tolist())
    firsts = np.flatnonzero(np.diff(places.pictures, prepend=-1)).tolist()
    numbers = tuple(
        number_text(digits[first:end], places.rows[first:end], names)
        for first, end in itertools.pairwise([*firsts, len(digits)])
    )
    return Predictions(
        classes, digits, probabilities, numbers, places.pictures, places.boxes, places.warnings
    )


def predict_found(network: Network, images: UInt8Array) -> npt.NDArray[np.float64]:
    """Return the probabilities (N, C) of digits (N, 28, 28) that were found in a picture.

    They are the mean over each digit and four slanted copies, which disagree where the network is
    surer of a digit than it should be, as it often is of pictures unlike those of its training.
    """
    away = np.rint(_SLANT * (np.arange(28) - 14)).astype(np.intp)  # (28,)
    place = np.arange(28)[:, None]
    seen = [images]
    for moved in (np.arange(28) + away[:, None]) % 28, (np.arange(28) - away[:, None]) % 28:
        across = images[:, place, moved]
        down = images.swapaxes(1, 2)[:, place, moved].swapaxes(1, 2)
        seen += [across, down]
    predicted = [predict(network, each).probabilities for each in seen]
    return np.asarray(np.mean(predicted, axis=0), np.float64)


def number_text(digits: Sequence[str], rows: npt.NDArray[np.int64], names: Sequence[str]) -> str:
    """Return digits as the number that they are written as.

    Parameters
    ----------
    digits, rows
        The names of the digits in reading order, and the row of each.
    names
        Of all classes: if one is longer than a character, spaces keep digits apart.
    """
    between = " " if max(map(len, names)) > 1 else ""
    lines = itertools.groupby(zip(rows.tolist(), digits, strict=True), key=lambda pair: pair[0])
    return "\n".join(between.join(digit for _, digit in line) for _, line in lines)


def _saved_model(network_or_run: Network | _Path) -> SavedModel:
    if isinstance(network_or_run, Network):
        return SavedModel(network_or_run, numbered(network_or_run))
    if not isinstance(network_or_run, (str, os.PathLike)):
        raise TypeError(
            f"network_or_run = {shown(network_or_run)}: must be a Network, the folder of a run or "
            "a model file"
        )
    return load_saved_model(network_or_run)


class _Places(NamedTuple):
    """Where N digits are: in which image or picture, which row and box of it, and how found."""

    pictures: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.int64]
    found: npt.NDArray[np.bool_]  # in a picture, by `read_digits`
    warnings: tuple[str, ...]


def _digits(
    images: UInt8Array | _Path | Sequence[UInt8Array | _Path], resized: str
) -> tuple[UInt8Array, _Places]:
    """Return digits as rows, uint8 (N, 784), and where they are."""
    if isinstance(images, (str, os.PathLike)):
        found = _resized(os.fspath(images), resized) if resized else read_digits(images)
        warnings = tuple(f"{os.fspath(images)}: {each}" for each in found.warnings)
        first, were_found = np.zeros_like(found.rows), np.full(len(found.rows), not resized)
        places = _Places(first, found.rows, found.boxes, were_found, warnings)
        return found.images.reshape(-1, PIXELS), places
    if isinstance(images, list | tuple) and images:
        pixels, parts = zip(*(_digits(each, resized) for each in images), strict=True)
        firsts = np.cumsum([0] + [part.pictures[-1] + 1 for part in parts[:-1]])
        return np.concatenate(pixels), _Places(
            np.concatenate([p.pictures + first for p, first in zip(parts, firsts, strict=True)]),
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.found for part in parts]),
            tuple(warning for part in parts for warning in part.warnings),
        )
    if not isinstance(images, np.ndarray):
        raise TypeError(
            f"images = {shown(images)}: must be an array of images, uint8 (N, 28, 28), a picture "
            "file, a list of at least one of these, or a Dataset"
        )
    rows = as_rows(images)
    return rows, _one_each(len(rows))


def _resized(name: str, ink: str) -> PictureDigits:
    from mnist_scratch.data.pictures.read import open_picture  # Pillow
    from mnist_scratch.data.pictures.resize import resize_whole

    return resize_whole(open_picture(name), ink)


def _one_each(count: int) -> _Places:
    """Return where the digits of images are: one in each, all of it."""
    boxes = np.tile(np.array([0, 0, 28, 28]), (count, 1))
    return _Places(
        np.arange(count), np.zeros(count, np.int64), boxes, np.zeros(count, np.bool_), ()
    )
