"""Softmax and the losses: from logits to predictions to one number, and back to the logits.

Softmax turns logits z, which can be any numbers, into predictions p, the predicted probabilities:

    p_i = exp(z_i) / sum over j of exp(z_j)

A constant added to all logits of an example changes nothing, so the largest is subtracted first and
exp cannot overflow. Cross-entropy is small if the network gives the target y a high probability:

    L = -sum over c of y_c log p_c        with    log p_c = z_c - log(sum over j of exp(z_j))

With a one-hot target one term is left, -log of the probability of the true class: 0 for certainty,
growing without bound as that probability falls to 0. Taken from the logits, the logarithm needs no
clip. Since the y_c sum to 1,

    L = log(sum over j of exp(z_j)) - sum over c of y_c z_c

By z_i, the first term's derivative is exp(z_i) / sum over j of exp(z_j) = p_i, the second's y_i, so

    dL/dz_i = p_i - y_i

which is where the backward pass starts. Shapes: B examples in a batch, C classes.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn import Array
from mnist_scratch.nn.attributes import set_by_forward
from mnist_scratch.nn.checks import (
    FLOATS,
    Range,
    as_array,
    as_floats,
    as_number,
    check_probabilities,
    check_rows,
    checked_logits,
    read_targets,
)

# Where z - max(z) overflows it becomes -inf, and exp(-inf) = 0 is the correct result.
_quiet = np.errstate(over="ignore", under="ignore")


@_quiet
def softmax(logits: npt.ArrayLike, axis: int = -1) -> Array:
    """Return exp(logits) / sum(exp(logits)) along an axis: the predictions.

    Parameters
    ----------
    logits
        (C,), (B, C) or more dimensions, float32 or float64; integers are taken as float64. -inf
        leaves a class out: its probability is 0.
    axis
        The axis of the classes.

    Returns
    -------
    Array
        Same shape and dtype; sums to 1 along the axis.

    Raises
    ------
    ValueError
        If a logit is NaN or +inf, or all logits of an example are -inf.
    """
    z = np.moveaxis(checked_logits(logits, axis), axis, -1)
    return np.moveaxis(_softmaxes(z)[0], -1, axis)


@_quiet
def log_softmax(logits: npt.ArrayLike, axis: int = -1) -> Array:
    """Return log(softmax(logits)) without making a probability that could round to 0.

    Parameters, result and errors are those of `softmax`.
    """
    z = np.moveaxis(checked_logits(logits, axis), axis, -1)
    return np.moveaxis(_softmaxes(z)[1], -1, axis)


@lru_cache(8)
def _ones(count: int, dtype: np.dtype[Any]) -> Array:
    """Return ones (count, 1): a product with them sums three times as fast as `sum`."""
    return np.ones((count, 1), dtype)


def _softmaxes(z: Array) -> tuple[Array, Array]:
    """Return softmax and log-softmax along the last axis."""
    shifted = z - z.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.dot(_ones(z.shape[-1], z.dtype))  # (..., 1), at least the largest's 1
    return exponentials / sums, shifted - np.log(sums)


def half_log_softmax(z: Array) -> Array:
    """Return log(softmax(logits)) / 2 of (B, C), which no gap between two logits overflows."""
    half = z / 2.0
    half -= half.max(axis=1, keepdims=True)
    half -= np.log(np.exp(2.0 * half).sum(axis=1, keepdims=True)) / 2.0
    return half


def cross_entropies(targets: Array, log_predictions: Array) -> Array:
    """Return -sum over c of targets_c log p_c for every example (B,), where 0 log 0 is 0."""
    possible = np.where(targets == 0.0, 0.0, log_predictions)  # (B, C)
    losses: Array = 0.0 - (targets * possible).sum(axis=1)
    return losses


class Loss(Protocol):
    """The interface of a loss."""

    predictions: Array

    def forward(self, logits: Array, targets: Array) -> float:
        """Return the batch-averaged loss of logits and targets (B, C); set `predictions` (B, C)."""

    def backward(self) -> Array:
        """Return dL/d(logits) (B, C) of the last forward."""


def _as_batch(logits: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[Array, Array]:
    """Return logits and targets, both (B, C) and of the dtype of the logits."""
    z, y = logits, targets
    if type(z) is not np.ndarray or type(y) is not np.ndarray:
        z, y = as_array(logits, "logits"), as_floats(targets, "targets")
    if z.dtype not in FLOATS:
        raise ValueError(f"logits must be float32 or float64, not {z.dtype}")
    # Labels (B,) would broadcast against logits where B is C, and give nonsense.
    if z.ndim != 2 or y.shape != z.shape:
        raise ValueError(
            f"logits {z.shape} and targets {y.shape} must both be (B, C); "
            "np.eye(C)[labels] makes one-hot targets of labels"
        )
    if not z.size:
        raise ValueError(f"logits {z.shape} are empty: there is no loss to average")
    if y.dtype is not z.dtype:
        y = as_floats(y, "targets").astype(z.dtype)
    # One-hot, as in training: every row sums to 1, and has one number that is not 0.
    count, classes = y.shape
    are_one = y.dot(_ones(classes, y.dtype)) == _ones(count, y.dtype)  # (B, 1)
    if not np.count_nonzero(y) == np.count_nonzero(are_one) == count:
        check_probabilities(y, "targets")
    return z, y


class SoftmaxCrossEntropy:
    """Cross-entropy of softmax, batch-averaged; never clipped.

    Logits that have no softmax (NaN or +inf among them) make the loss NaN.

    Attributes
    ----------
    predictions, targets : Array (B, C)
        softmax of the logits of the last forward, and what they should have been.
    """

    predictions: Array = set_by_forward()
    targets: Array = set_by_forward()

    def forward(self, logits: Array, targets: Array) -> float:
        """Return the batch-averaged loss.

        Parameters
        ----------
        logits
            (B, C), float32 or float64.
        targets
            One-hot or probabilities, (B, C). They have to stay as they are until `backward`.

        Raises
        ------
        ValueError
            If shapes or dtype do not fit, there is no example, or the targets do not sum to 1.
        """
        logits, targets = _as_batch(logits, targets)
        predictions, log_predictions = _softmaxes(logits)  # (B, C) both
        self.predictions, self.targets = predictions, targets
        loss_sum = 0.0 - float(np.vdot(targets, log_predictions))  # 0.0 - x is never -0.0
        if not math.isfinite(loss_sum):  # 0 * -inf counts as 0; the gap of two logits overflowed
            loss_sum = 2.0 * float(cross_entropies(targets, half_log_softmax(logits)).sum())
        return loss_sum / len(targets)

    def backward(self) -> Array:
        """Return dL/d(logits) (B, C) of the last forward.

        p - y for an example, as derived at the top of this page, over B since the loss is a mean.
        No layer divides by the batch size again.
        """
        return (self.predictions - self.targets) / len(self.targets)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class SquaredError:
    """Squared error of softmax: the sum over the classes of (p - y)^2, batch-averaged.

    What cross-entropy is compared with. The factor is 1, neither halved nor divided by C, so that
    the true class's term is the (p - 1)^2 of the textbooks; the loss lies between 0 and 2. Its
    gradient vanishes where the network is sure, of a wrong class too.

    Attributes
    ----------
    predictions, targets : Array (B, C)
        softmax of the logits of the last forward, and what they should have been.
    """

    predictions: Array = set_by_forward()
    targets: Array = set_by_forward()

    def forward(self, logits: Array, targets: Array) -> float:
        """Return the batch-averaged loss; arguments and errors as for `SoftmaxCrossEntropy`."""
        logits, targets = _as_batch(logits, targets)
        predictions, _ = _softmaxes(logits)  # (B, C)
        self.predictions, self.targets = predictions, targets
        squares = np.square(predictions - targets)  # (B, C)
        return float(squares.sum(dtype=np.float64)) / len(targets)

    def backward(self) -> Array:
        """Return dL/d(logits) (B, C) of the last forward.

        dL/dp_i = 2 (p_i - y_i), and softmax has dp_i/dz_j = p_i (1 if i = j else 0) - p_i p_j,
        so dL/dz_j = p_j (dL/dp_j - sum over i of dL/dp_i p_i).
        """
        d_predictions = 2.0 * (self.predictions - self.targets) / len(self.targets)  # (B, C)
        projections = (d_predictions * self.predictions).sum(axis=1, keepdims=True)  # (B, 1)
        d_logits: Array = self.predictions * (d_predictions - projections)
        return d_logits

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


LOSSES: dict[str, type[Loss]] = {
    "cross-entropy": SoftmaxCrossEntropy,
    "squared-error": SquaredError,
}


_CLIP = Range("a number, at least 0 and below 0.5", 0.0, 0.5)


def cross_entropy_loss(
    predictions: npt.ArrayLike, targets: npt.ArrayLike, epsilon: float = 1e-7
) -> np.floating[Any]:
    """Return -sum(targets * log(predictions)), averaged over the batch, as most texts write it.

    The predictions are clipped to [epsilon, 1 - epsilon] against log 0, so the loss of one example
    is never above -log(epsilon), which is 16.118 for the default.

    Parameters
    ----------
    predictions
        Probabilities, (C,) for one example or (B, C) for a batch: the output of `softmax`.
    targets
        One-hot or probabilities, the shape of the predictions; or class indices, () or (B,).
    epsilon
        The clip; at least 0 and below 0.5.

    Returns
    -------
    float
        In the dtype of the predictions.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is no class, or a row does not hold probabilities.
    """
    epsilon = as_number(epsilon, "epsilon", _CLIP)
    p, y, dtype = _read_pair(predictions, targets)
    with np.errstate(divide="ignore"):  # with epsilon 0, log 0 = -inf is intended
        log_p = np.log(np.clip(p, epsilon, 1.0 - epsilon))  # (B, C)
    losses = cross_entropies(y, log_p)  # (B,)
    mean: np.floating[Any] = dtype.type(losses.sum() / (len(losses) or math.nan))
    return mean


def cross_entropy_gradient(predictions: npt.ArrayLike, targets: npt.ArrayLike) -> Array:
    """Return dL/d(logits) = predictions - targets, over B for a batch.

    The gradient is with respect to the logits: softmax is already differentiated in it. It is
    negative for the true class, whose logit a step raises, and positive for the others. The clip
    of `cross_entropy_loss` is not differentiated: a network that is sure of the wrong class is
    pushed although the clipped loss has gone flat.

    Parameters
    ----------
    predictions, targets
        As for `cross_entropy_loss`.

    Returns
    -------
    Array
        The shape and dtype of the predictions.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is no class, or a row does not hold probabilities.
    """
    p, y, dtype = _read_pair(predictions, targets)
    d_logits: Array = (p - y) / max(len(p), 1)
    return d_logits.reshape(np.shape(predictions)).astype(dtype)


def _read_pair(
    predictions: npt.ArrayLike, targets: npt.ArrayLike
) -> tuple[Array, Array, np.dtype[Any]]:
    """Return predictions and targets as float64 rows (B, C), and the dtype of the predictions."""
    given = as_floats(predictions, "predictions")
    check_rows(given.shape, "predictions")
    p = np.atleast_2d(given).astype(np.float64)
    check_probabilities(p, "predictions")
    return p, read_targets(targets, given.shape), given.dtype
