"""A network's logits for single examples: for chosen ones, or for those it is most wrong about.

Shapes: N examples, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import Examples, Subset
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.loss import log_softmax
from mnist_scratch.nn.network import Network
from mnist_scratch.training.divergence import ADVICE

_BATCH_SIZE = 1000


class Example(NamedTuple):
    """An image with its label and a network's logits.

    Attributes
    ----------
    number
        Its index in the data set, from 0.
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


def show_examples(network: Network, dataset: Examples, numbers: Sequence[int]) -> list[Example]:
    """Return the examples of the given numbers, in that order, with the network's logits."""
    chosen = Subset(dataset, np.array(numbers))
    return _examples(dataset, numbers, all_logits(network, chosen))


def worst_examples(network: Network, dataset: Examples, count: int) -> list[Example]:
    """Return the `count` examples with the largest cross-entropy, largest first."""
    log_predictions = log_softmax(all_logits(network, dataset))  # (N, C)
    losses = -log_predictions[np.arange(len(dataset)), dataset.labels]  # (N,)
    worst = np.argsort(-losses, kind="stable")[:count]
    return show_examples(network, dataset, worst.tolist())


def most_confident_errors(
    dataset: Examples, log_predictions: npt.NDArray[np.float64], count: int
) -> list[Example]:
    """Return misclassified examples, the one with the highest wrong probability first.

    Parameters
    ----------
    dataset
        N examples.
    log_predictions
        float64 (N, C), the logarithms of the predictions; they serve as logits too.
    count
        The largest number of examples to return.
    """
    wrong = np.flatnonzero(np.argmax(log_predictions, axis=1) != dataset.labels)
    order = np.argsort(-log_predictions[wrong].max(axis=1), kind="stable")[:count]
    chosen = wrong[order]
    return _examples(dataset, chosen.tolist(), log_predictions[chosen])


def all_logits(network: Network, dataset: Examples) -> npt.NDArray[np.float64]:
    """Return the logits of every example, in order, float64 (N, C).

    Raises
    ------
    MnistScratchError
        If one is not finite.
    """
    logits = np.empty((len(dataset), network.widths[-1]))
    start = 0
    with np.errstate(over="ignore", invalid="ignore"):  # reported below
        for images, _ in BatchLoader(dataset, _BATCH_SIZE):
            logits[start : start + len(images)] = network.logits(images)
            start += len(images)
    if not np.isfinite(logits).all():
        raise MnistScratchError(
            f"the network's logits are NaN or infinite: its training has diverged; {ADVICE}"
        )
    return logits


def _examples(
    dataset: Examples, numbers: Sequence[int], logits: npt.NDArray[np.float64]
) -> list[Example]:
    images = dataset.take(np.array(numbers, np.int64))[0].reshape(-1, 28, 28)  # (n, 28, 28)
    return [
        Example(number, image, int(dataset.labels[number]), row)
        for number, image, row in zip(numbers, images, logits, strict=True)
    ]
