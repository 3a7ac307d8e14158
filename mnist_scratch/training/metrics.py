"""Metrics beside the accuracy: scores of each class, confusions, calibration, confidence intervals.

`METRICS` lists those that are reported of every evaluation.

Shapes: N examples, C classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

BINS = 15  # of confidence, as in Guo et al. 2017


class ClassScores(NamedTuple):
    """Precision, recall and F1 of one class, each 0 to 1, or None where it is undefined.

    Attributes
    ----------
    examples
        How many examples are of the class.
    precision
        Of the examples predicted as the class, the share that is of it; None if there are none.
    recall
        Of the examples of the class, the share predicted as it; None if there are none.
    f1
        The harmonic mean of the two; None where neither is defined. If no example was predicted as
        a class that has examples, it is 0: all of them were missed.
    """

    examples: int
    precision: float | None
    recall: float | None
    f1: float | None


class Confused(NamedTuple):
    """How many examples of one class were predicted as another."""

    true: int
    predicted: int
    examples: int


def class_scores(confusion: npt.NDArray[np.int64]) -> list[ClassScores]:
    """Return precision, recall and F1 of every class.

    With TP on the diagonal of the confusion matrix, FP beside it in the class's column and FN in
    its row: precision = TP / (TP + FP), recall = TP / (TP + FN), and
    F1 = 2 TP / (2 TP + FP + FN), which is 2 precision recall / (precision + recall) without its
    0 / 0 (van Rijsbergen, Information Retrieval, 1979, chapter 7).

    Parameters
    ----------
    confusion
        int64 (C, C): numbers of examples, true class by row, predicted class by column.
    """
    return [
        ClassScores(
            int(true),
            _share(correct, predicted),
            _share(correct, true),
            _share(2 * correct, predicted + true),
        )
        for correct, predicted, true in zip(
            confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1), strict=True
        )
    ]


def most_confused(confusion: npt.NDArray[np.int64], count: int = 5) -> list[Confused]:
    """Return the most confused pairs of classes, the most frequent first.

    Parameters
    ----------
    confusion
        As for `class_scores`.
    count
        How many pairs at most; 4 predicted as 9 and 9 predicted as 4 are two.
    """
    mistakes = confusion.copy()
    np.fill_diagonal(mistakes, 0)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:count]
    pairs = [divmod(int(cell), len(confusion)) for cell in order]
    found = [Confused(true, predicted, int(mistakes[true, predicted])) for true, predicted in pairs]
    return [pair for pair in found if pair.examples]


class Calibration(NamedTuple):
    """How confident a network was, and how accurate, in bins of confidence.

    The confidence of a prediction is the probability of the predicted class. Bin m of M holds the
    predictions with a confidence in ((m - 1) / M, m / M].

    Attributes
    ----------
    examples : int64 (M,)
        How many predictions fell into each bin.
    confidence : float64 (M,)
        The sum of their confidences.
    correct : int64 (M,)
        How many of them were correct.
    """

    examples: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    correct: npt.NDArray[np.int64]

    @property
    def expected_error(self) -> float:
        """The expected calibration error, 0 to 1.

        ECE = sum over the bins of n_m / N |acc(m) - conf(m)|, with a bin's accuracy and its mean
        confidence (Guo et al. 2017, arXiv 1706.04599, equation 3): n_m cancels.
        """
        return float(np.abs(self.correct - self.confidence).sum() / self.examples.sum())

    @property
    def mean_confidence(self) -> float:
        """The mean confidence of all predictions."""
        return float(self.confidence.sum() / self.examples.sum())

    def as_json(self) -> list[dict[str, Any]]:
        """Return the bins that are not empty as JSON values."""
        bins = len(self.examples)
        return [
            {
                "above": number / bins,
                "to": (number + 1) / bins,
                "examples": int(examples),
                "confidence": float(self.confidence[number] / examples),
                "accuracy": float(self.correct[number] / examples),
            }
            for number, examples in enumerate(self.examples)
            if examples
        ]


class Metric(NamedTuple):
    """A number from 0 to 1 that is reported beside the accuracy.

    Attributes
    ----------
    title
        Its name in tables.
    value
        Computes it from the confusion matrix int64 (C, C) and the calibration.
    """

    title: str
    value: Callable[[npt.NDArray[np.int64], Calibration], float]


# The only list of these metrics: evaluation.json, `evaluate` and the report follow from it.
METRICS = {
    "expected_calibration_error": Metric("calibration error", lambda _, bins: bins.expected_error),
    "mean_confidence": Metric("mean confidence", lambda _, bins: bins.mean_confidence),
}


def calibration(
    confidences: npt.NDArray[np.floating[Any]], correct: npt.NDArray[np.bool_]
) -> Calibration:
    """Sort predictions into bins of equal width by their confidence.

    Parameters
    ----------
    confidences
        float (N,), each above 0 and at most 1, but for rounding.
    correct
        bool (N,), whether the predicted class is the true one.

    Raises
    ------
    ValueError
        If `correct` is not bool or the shapes differ.
    """
    # Numbers 0 and 1 would be taken for the first two predictions.
    if correct.dtype != np.bool_ or correct.shape != confidences.shape or correct.ndim != 1:
        raise ValueError(
            f"confidences {confidences.shape} and correct {correct.shape} {correct.dtype} must be "
            "floats (N,) and bool (N,): for each prediction whether it is right"
        )
    exact = confidences.astype(np.float64)
    # The first bin takes what lies on its lower end, the last what rounding put above 1.
    edges = np.arange(1, BINS) / BINS
    numbers = np.searchsorted(edges, exact, side="left")
    return Calibration(
        np.bincount(numbers, minlength=BINS),
        np.bincount(numbers, exact, minlength=BINS).astype(np.float64, copy=False),
        np.bincount(numbers[correct], minlength=BINS),
    )


def wilson_interval(correct: int, examples: int) -> tuple[float, float]:
    """Return the 95 % interval of an accuracy: Wilson's score interval (Wilson 1927).

    Parameters
    ----------
    correct, examples
        Number of correct predictions, and of examples (at least 1).

    Raises
    ------
    ValueError
        If `correct` is not a whole number from 0 to `examples`.
    """
    if not 0 <= correct <= examples or examples < 1 or correct != int(correct):
        raise ValueError(f"{correct} correct of {examples}: must be numbers of examples")
    z, n, p = 1.959964, examples, correct / examples
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
