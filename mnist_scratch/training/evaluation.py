"""Evaluation of a network on a data set: loss, accuracy, confusion matrix, calibration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import CLASSES, Examples
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.loss import Loss, SoftmaxCrossEntropy
from mnist_scratch.nn.network import Network
from mnist_scratch.training.metrics import (
    METRICS,
    Calibration,
    calibration,
    class_scores,
    most_confused,
    wilson_interval,
)

# Enough for the matrix products to run at full speed; 3 MB of images stay in the cache.
_BATCH_SIZE = 1000


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
        int64 (10, 10): numbers of examples, true class by row, predicted class by column.
    calibration
        Confidence and accuracy, bin by bin.
    """

    dataset: str
    examples: int
    loss: float
    accuracy: float
    confusion: npt.NDArray[np.int64]
    calibration: Calibration

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

    def as_json(self) -> dict[str, Any]:
        """Return the evaluation as JSON values; null where a score is undefined."""
        names = class_names(self.dataset)
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
    """Evaluate a network on every example of a data set, in order.

    Parameters
    ----------
    network, dataset
        The network, and N examples.
    loss_function
        The loss; cross-entropy by default, whatever the network was trained with, so that any two
        networks can be compared.

    Raises
    ------
    MnistScratchError
        If the loss is not finite.
    """
    loss_function = loss_function or SoftmaxCrossEntropy()
    loss_sum = 0.0
    predicted = np.empty(len(dataset), np.int64)  # (N,)
    confidences = np.empty(len(dataset), network.parameters.dtype)  # (N,)
    start = 0
    with np.errstate(over="ignore", invalid="ignore"):  # the error below says it better
        for images, targets in BatchLoader(dataset, _BATCH_SIZE):
            logits = network.forward(images)
            end = start + len(images)
            loss_sum += loss_function.forward(logits, targets) * len(images)
            np.argmax(logits, axis=1, out=predicted[start:end])
            np.max(loss_function.predictions, axis=1, out=confidences[start:end])
            start = end
    return _evaluation(dataset, loss_sum, predicted, confidences)


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
            f"the loss on {dataset.name} is {loss_sum}: the network's training has diverged.\n"
            "Train it again with a lower --learning-rate."
        )
    cells = dataset.labels.astype(np.int64) * CLASSES + predicted
    confusion = np.bincount(cells, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)
    return Evaluation(
        dataset=dataset.name,
        examples=len(dataset),
        loss=loss_sum / len(dataset),
        accuracy=int(np.trace(confusion)) / len(dataset),
        confusion=confusion,
        calibration=calibration(confidences, predicted == dataset.labels),
    )
