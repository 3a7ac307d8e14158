"""What a network makes of single examples: those asked for, or those it is most wrong about.

Shapes: N examples, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import CLASSES, Dataset, Examples
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.softmax_cross_entropy import softmax_cross_entropy

_BATCH_SIZE = 1000
_AT_MOST = 20  # images in a picture


class Example(NamedTuple):
    """An image, its label, and a network's answer.

    Attributes
    ----------
    number
        Its place in the data set, from 0.
    image
        uint8 (28, 28).
    label
        The true class.
    logits
        float64 (C,).
    """

    number: int
    image: npt.NDArray[np.uint8]
    label: int
    logits: npt.NDArray[np.float64]


def choose_examples(
    network: Network, dataset: Examples, numbers: Sequence[int] | None, worst: int | None
) -> list[Example]:
    """Return the examples that --index or --worst ask for.

    Raises
    ------
    MnistScratchError
        If there are no such examples, or more than a picture has room for.
    """
    if numbers is None:
        count = worst or 0
        if not 1 <= count <= min(_AT_MOST, len(dataset)):
            raise MnistScratchError(
                f"--worst {count}: ask for 1 to {min(_AT_MOST, len(dataset))} images"
            )
        return worst_examples(network, dataset, count)
    if len(numbers) > _AT_MOST:
        raise MnistScratchError(f"--index: {len(numbers)} images; name at most {_AT_MOST}")
    for number in numbers:
        if not 0 <= number < len(dataset):
            raise MnistScratchError(
                f"--index {number}: the test images of {dataset.name} are 0 to {len(dataset) - 1}"
            )
    return show_examples(network, dataset, numbers)


def show_examples(network: Network, dataset: Examples, numbers: Sequence[int]) -> list[Example]:
    """Return examples with the network's answers.

    Parameters
    ----------
    network, dataset
        Whose answers, on what.
    numbers
        Which examples, each 0 to N - 1.
    """
    chosen = np.array(numbers)
    images, labels = dataset.images[chosen], dataset.labels[chosen]
    logits = all_logits(network, Dataset(dataset.name, images, labels))
    return _examples(numbers, images, labels, logits)


def surest_mistakes(
    dataset: Examples, log_predictions: npt.NDArray[np.float64], count: int
) -> list[Example]:
    """Return the examples that were taken for another class, the surest of it first.

    Parameters
    ----------
    dataset
        N examples.
    log_predictions
        float64 (N, C), the logarithms of the predictions for each of them: their logits too.
    count
        How many at most.
    """
    wrong = np.flatnonzero(np.argmax(log_predictions, axis=1) != dataset.labels)
    surest = np.argsort(-log_predictions[wrong].max(axis=1), kind="stable")[:count]
    chosen = wrong[surest]
    images, labels = dataset.images[chosen], dataset.labels[chosen]
    return _examples(chosen.tolist(), images, labels, log_predictions[chosen])


def worst_examples(network: Network, dataset: Examples, count: int) -> list[Example]:
    """Return the examples with the largest cross-entropy, largest first.

    Parameters
    ----------
    network, dataset
        Whose answers, on what.
    count
        How many, 1 to N.
    """
    labels = dataset.labels.astype(np.int64)
    losses = softmax_cross_entropy(all_logits(network, dataset), labels, reduction="none")  # (N,)
    worst = np.argsort(-losses, kind="stable")[:count]
    return show_examples(network, dataset, worst.tolist())


def _examples(
    numbers: Sequence[int],
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.uint8],
    logits: npt.NDArray[np.float64],
) -> list[Example]:
    return [
        Example(number, images[place], int(labels[place]), logits[place])
        for place, number in enumerate(numbers)
    ]


def all_logits(network: Network, dataset: Examples) -> npt.NDArray[np.float64]:
    """Return the logits of every example, in order, float64 (N, C)."""
    logits = np.empty((len(dataset), CLASSES))
    start = 0
    for images, _ in BatchLoader(dataset, _BATCH_SIZE):
        logits[start : start + len(images)] = network.forward(images)
        start += len(images)
    return logits
