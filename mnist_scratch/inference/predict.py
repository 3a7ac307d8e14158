"""A network's predictions for a person's own pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.pictures.background import Ink
from mnist_scratch.data.pictures.own import read_picture
from mnist_scratch.inference.examples import all_logits
from mnist_scratch.nn.loss import softmax
from mnist_scratch.nn.network import Network


class Prediction(NamedTuple):
    """A network's prediction for a picture.

    Attributes
    ----------
    file
        The picture's name as it was given.
    image
        uint8 (28, 28): the prepared picture, the network's input.
    probabilities
        float64 (10,), of each class.
    """

    file: str
    image: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.float64]

    @property
    def digit(self) -> int:
        """The most probable class."""
        return int(np.argmax(self.probabilities))

    def as_json(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the prediction as JSON values, given the names of the ten classes."""
        return {
            "file": self.file,
            "digit": self.digit,
            "name": names[self.digit],
            "probabilities": self.probabilities.tolist(),
        }


def predict(network: Network, file: str, ink: Ink) -> Prediction:
    """Read a picture of a digit, prepare it as MNIST's images were, and classify it.

    Parameters
    ----------
    network
        Of 784 inputs and 10 outputs.
    file
        The picture, or "-" for standard input.
    ink
        Whether its ink is darker or lighter than its paper; "auto" decides by the border.

    Raises
    ------
    MnistScratchError
        If the picture cannot be read, or is not of one digit.
    """
    image = read_picture(file, ink)
    return Prediction(file, image, probabilities_of(network, image[None])[0])


def probabilities_of(network: Network, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the network's probabilities (N, 10) for prepared images (N, 28, 28)."""
    unlabelled = Dataset("pictures", images, np.zeros(len(images), np.uint8))
    return softmax(all_logits(network, unlabelled)).astype(np.float64, copy=False)
