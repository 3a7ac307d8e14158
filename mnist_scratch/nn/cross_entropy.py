"""Cross-entropy: how surprised a classifier is by the right answer, and its gradient.

The loss of one example is -sum over c of targets_c log p_c. With a one-hot target one term
survives, -log of the probability given to the true class: 0 for certainty, growing without bound as
that probability falls to 0.

Here are the two formulas that everything else is made of, and the pair of functions in probability
space: it takes predictions and clips them, as most explanations do.

Everything is computed in float64 and rounded once, to the dtype of the predictions.

Shapes: C classes, B examples in a batch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn.arrays import Array, checked_numbers, classes_first
from mnist_scratch.nn.softmax import Softmax
from mnist_scratch.nn.targets import check_probabilities, check_shape, read_targets


def cross_entropies(coefficients: Array, log_predictions: Array) -> Array:
    """Return -sum over c of coefficients * log_predictions, both (C, B), for every example (B,).

    0 * log 0 counts as 0: a class without a part in the target may be impossible. `log_predictions`
    is used up.

    Parameters
    ----------
    coefficients
        (C, B): the targets, or what weights and smoothing made of them.
    log_predictions
        (C, B): the log-softmax of the logits.
    """
    # A quarter of what the mask costs; `argmin` takes half the time of `min`.
    if log_predictions.size and log_predictions.reshape(-1)[log_predictions.argmin()] == -np.inf:
        np.copyto(log_predictions, 0.0, where=coefficients == 0.0)
    log_predictions *= coefficients
    # From 0.0, so that nothing costs 0.0 and not -0.0.
    losses: Array = np.subtract.reduce(log_predictions, axis=0, initial=0.0)  # (B,)
    return losses


def cross_entropies_gradient(
    coefficients: Array, softmaxes: Softmax, totals: Array | None = None
) -> Array:
    """Return the derivatives of `cross_entropies` with respect to the logits z, (C, B).

    With log p_c = z_c - log sum_j exp(z_j) a loss is totals log sum_j exp(z_j) - sum_c k_c z_c,
    k the coefficients. The first term has the derivative totals p_i by z_i, the second k_i.

    Where the largest p_i is so near 1 that p_i - 1 would round to 0, it is written as 1 less its
    doubt: totals p_i - k_i = (totals - k_i) - totals doubt, of which the first part is exactly 0
    when all is on that class.

    Parameters
    ----------
    coefficients
        (C, B): the targets, or what weights and smoothing made of them.
    softmaxes
        The softmax of the logits.
    totals
        (B,): the sums of the coefficients. Those of targets are 1: predictions - targets is left.
    """
    predictions, doubts = softmaxes.predictions, softmaxes.doubts
    if totals is not None:
        predictions, doubts = predictions * totals, doubts * totals
    d_logits = predictions - coefficients  # (C, B)
    largest = softmaxes.largest
    rest = (1.0 if totals is None else totals) - coefficients.reshape(-1)[largest]  # (B,)
    d_logits.reshape(-1)[largest] = rest - doubts
    return d_logits


def cross_entropy_loss(
    predictions: npt.ArrayLike, targets: npt.ArrayLike, epsilon: float = 1e-7
) -> np.floating[Any]:
    """Return -sum(targets * log(predictions)), averaged over the batch.

    The predictions are clipped to [epsilon, 1 - epsilon] against log(0); so the loss of one
    example is never above -log(epsilon), which is 16.118 for the default.

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
    _check_epsilon(epsilon)
    columns, distributions, dtype = _read_pair(predictions, targets)
    with np.errstate(divide="ignore"):  # without a clip, log 0 is -inf, and means it
        log_predictions = np.log(np.clip(columns, epsilon, 1.0 - epsilon))  # (C, B)
    losses = cross_entropies(distributions, log_predictions)  # (B,)
    loss: np.floating[Any] = dtype.type(losses.sum() / divisor(len(losses)))
    return loss


def cross_entropy_gradient(predictions: npt.ArrayLike, targets: npt.ArrayLike) -> Array:
    """Return dL/d(logits) = predictions - targets, over B for a batch.

    The gradient is with respect to the logits: softmax is already differentiated in it
    (`cross_entropies_gradient` says how). It is negative for the true class, whose logit a descent
    step raises, and positive for the others.

    The clip of `cross_entropy_loss` is not differentiated: a network that is sure of the wrong
    class is pushed, though the clipped loss has gone flat.

    Parameters
    ----------
    predictions
        Probabilities, (C,) for one example or (B, C) for a batch: the output of `softmax`.
    targets
        One-hot or probabilities, the shape of the predictions; or class indices, () or (B,).

    Returns
    -------
    Array
        The shape and dtype of the predictions.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is no class, or a row does not hold probabilities.
    """
    columns, distributions, dtype = _read_pair(predictions, targets)
    d_logits = columns - distributions  # (C, B)
    d_logits /= divisor(columns.shape[1])
    return d_logits.T.reshape(np.shape(predictions)).astype(dtype, order="C")


def divisor(counted: float) -> float:
    """Return what a mean divides by: NaN for 0, since then the mean is NaN without a warning."""
    return counted or math.nan


def _check_epsilon(epsilon: object) -> None:
    if not isinstance(epsilon, (int, float, np.floating)) or not 0.0 <= epsilon < 0.5:
        raise ValueError(f"epsilon = {epsilon!r:.60}: must be at least 0 and below 0.5")


def _read_pair(
    predictions: npt.ArrayLike, targets: npt.ArrayLike
) -> tuple[Array, Array, np.dtype[Any]]:
    """Return predictions and distributions of the targets, (C, B) both, and the first's dtype."""
    numbers, dtype = checked_numbers(predictions, "predictions")
    check_shape(numbers.shape, "predictions")
    columns = classes_first(numbers)
    check_probabilities(columns, "predictions", numbers.shape)
    return columns, read_targets(targets, numbers.shape).distributions, dtype
