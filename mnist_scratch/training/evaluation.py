"""Evaluation of a network on a data set: loss, accuracy, confusion matrix, calibration."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.checks import stays_as_it_is
from mnist_scratch.data.dataset import PIXELS, Examples, check_examples
from mnist_scratch.data.loader import taking_pixels
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.loss import Loss, SoftmaxCrossEntropy
from mnist_scratch.nn.network import Network, check_network
from mnist_scratch.system.text import labelled, shown
from mnist_scratch.system.threads import in_threads
from mnist_scratch.training.divergence import ADVICE
from mnist_scratch.training.evaluation_text import class_table, confusions, metrics_line
from mnist_scratch.training.metrics import (
    METRICS,
    Calibration,
    calibration,
    class_scores,
    most_confused,
    wilson_interval,
)

# Enough for the matrix products to run at full speed; 1.6 MB of images stay in the cache.
_BATCH_SIZE = 500


@stays_as_it_is
@dataclass(frozen=True, eq=False)
class Evaluation:
    """The result of evaluating a network on a data set.

    Attributes
    ----------
    dataset
        The name of the data set.
    examples
        N, the number of its examples. Every one was counted.
    loss
        Averaged over the examples; cross-entropy, if `evaluate` was not told otherwise.
    accuracy
        Share of the examples whose most probable class is the true one, 0 to 1.
    confusion
        int64 (C, C): numbers of examples, true class by row, predicted class by column.
    calibration
        Confidence and accuracy, bin by bin.
    classes
        The names of the C classes.
    """

    dataset: str
    examples: int
    loss: float
    accuracy: float
    confusion: npt.NDArray[np.int64]
    calibration: Calibration
    classes: Sequence[str]

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return wilson_interval(round(self.accuracy * self.examples), self.examples)

    @property
    def mistakes(self) -> int:
        """How many examples were misclassified."""
        return self.examples - int(np.trace(self.confusion))

    @property
    def metrics(self) -> dict[str, float]:
        """The value of every entry of `METRICS`, by its name."""
        return {
            name: metric.value(self.confusion, self.calibration) for name, metric in METRICS.items()
        }

    def __repr__(self) -> str:
        return (
            f"Evaluation({self.dataset}, {self.accuracy:.2%} of {self.examples:,} images, "
            f"loss {self.loss:.4f})"
        )

    def summary(self) -> str:
        """Return data set, accuracy and loss in three lines, as `mnist-scratch train` ends."""
        low, high = self.accuracy_interval
        drawn = " (digits drawn by the program)" if self.dataset == "synthetic" else ""
        accuracy = f"{self.accuracy:.2%} of {self.examples:,} images"
        return "\n".join(
            (
                labelled("data set", f"{self.dataset}{drawn}"),
                labelled("test accuracy", f"{accuracy} (95% interval {low:.2%} to {high:.2%})"),
                labelled("test loss", f"{self.loss:.4f}"),
            )
        )

    def report(self) -> str:
        """Return the evaluation as `mnist-scratch evaluate` prints it, as wide as the terminal."""
        return f"{self.summary()}\n{self.details()}"

    def details(self) -> str:
        """Return the report without the summary: metrics, scores of every class, confusions."""
        return "\n".join(
            (
                metrics_line(self.metrics),
                "",
                *class_table(self.confusion, self.classes),
                "",
                *confusions(self.confusion, self.classes),
            )
        )

    def as_json(self) -> dict[str, Any]:
        """Return the evaluation as JSON values; null where a score is undefined."""
        names = self.classes
        scores = class_scores(self.confusion)
        return {
            "dataset": self.dataset,
            "examples": self.examples,
            "loss": self.loss,
            "accuracy": self.accuracy,
            "accuracy_interval_95": list(self.accuracy_interval),
            **self.metrics,
            "classes": [
                {"class": number, "name": name} | score._asdict()
                for number, (name, score) in enumerate(zip(names, scores, strict=True))
            ],
            "most_confused": [pair._asdict() for pair in most_confused(self.confusion)],
            "confusion": self.confusion.tolist(),
            "calibration_bins": self.calibration.as_json(),
        }


def evaluate(
    network: Network,
    dataset: Examples,
    loss_function: Loss | None = None,
) -> Evaluation:
    """Evaluate a network on every example of a data set.

    Each thread of the BLAS computes batches of its own. Several threads may evaluate one network at
    once, as long as none trains it.

    Parameters
    ----------
    network, dataset
        The network, and N examples.
    loss_function
        The loss; cross-entropy by default, whatever the network was trained with, so that any two
        networks can be compared. It stays as it is.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If the network is not one from 784 pixels to as many classes as the data set has.
    MnistScratchError
        If the loss is not finite.
    """
    check_classifier(network, dataset, "dataset", "evaluate(network, dataset)")
    loss_function = SoftmaxCrossEntropy() if loss_function is None else loss_function
    check_loss(loss_function)
    # What standardises the pixels of every image is multiplied into a few weights instead: 5 to 10%
    # of the time that 784-128-10 takes.
    with _quiet():
        of_pixels = taking_pixels(network)
    dtype = network.parameters.dtype
    one_hot = np.eye(len(dataset.classes), dtype=np.float32)  # (C, C), row k the target of class k
    numbers = np.arange(len(dataset))
    predicted = np.empty(len(dataset), np.int64)  # (N,)
    confidences = np.empty(len(dataset), dtype)  # (N,)

    def evaluate_batch(start: int) -> float:
        batch = slice(start, start + _BATCH_SIZE)
        pixels, labels = dataset.take(numbers[batch])
        own = copy.copy(loss_function)  # other threads use it too
        with _quiet():
            logits = of_pixels.logits(pixels.astype(dtype))
            loss = own.forward(logits, one_hot[labels])
        np.argmax(logits, axis=1, out=predicted[batch])
        np.max(own.predictions, axis=1, out=confidences[batch])
        return loss * len(labels)

    losses = in_threads(evaluate_batch, range(0, len(dataset), _BATCH_SIZE))
    # The order of the losses is that in which threads end; an exact sum does not depend on it.
    return _evaluation(dataset, math.fsum(losses), predicted, confidences)


def _quiet() -> np.errstate:
    """Keep NumPy from warning of numbers that are not finite: the loss shows them."""
    return np.errstate(over="ignore", invalid="ignore")


def check_classifier(network: Network, dataset: Examples, argument: str, call: str) -> None:
    """Raise an error if that is no network from pixels to the classes of the data set.

    The message shows the call, and what the data set is called there.
    """
    check_network(network, f"{call}: network")
    check_examples(dataset, argument)
    if (network.widths[0], network.widths[-1]) != (PIXELS, len(dataset.classes)):
        raise ValueError(
            f"the network is {network.title}: it must take {PIXELS} pixels and give "
            f"{len(dataset.classes)} logits, one for each class of {dataset.name}"
        )


def check_loss(loss_function: object) -> None:
    """Raise a TypeError if that is no loss."""
    if isinstance(loss_function, type) or not hasattr(loss_function, "forward"):
        raise TypeError(
            f"loss_function = {shown(loss_function)}: must be an instance of a loss, like "
            "SquaredError()"
        )


def evaluate_predictions(dataset: Examples, log_predictions: npt.NDArray[np.float64]) -> Evaluation:
    """Evaluate predictions, of one network or of several together, by their cross-entropy.

    Parameters
    ----------
    dataset
        N examples.
    log_predictions
        float64 (N, C), the logarithms of the predictions for each of them.

    Raises
    ------
    MnistScratchError
        If the loss is not finite.
    """
    labels = dataset.labels.astype(np.int64)
    predicted = np.argmax(log_predictions, axis=1)
    rows = np.arange(len(dataset))
    loss_sum = -float(log_predictions[rows, labels].sum())
    return _evaluation(dataset, loss_sum, predicted, np.exp(log_predictions[rows, predicted]))


def _evaluation(
    dataset: Examples,
    loss_sum: float,
    predicted: npt.NDArray[np.int64],
    confidences: npt.NDArray[np.floating[Any]],
) -> Evaluation:
    if not math.isfinite(loss_sum):
        raise MnistScratchError(
            f"the network's loss on {dataset.name} is {loss_sum}: its training has diverged; "
            f"{ADVICE}"
        )
    count = len(dataset.classes)
    cells = dataset.labels.astype(np.int64) * count + predicted
    confusion = np.bincount(cells, minlength=count * count).reshape(count, count)
    return Evaluation(
        dataset=dataset.name,
        examples=len(dataset),
        loss=loss_sum / len(dataset),
        accuracy=int(np.trace(confusion)) / len(dataset),
        confusion=confusion,
        calibration=calibration(confidences, predicted == dataset.labels),
        classes=dataset.classes,
    )
