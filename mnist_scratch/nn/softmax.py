"""Softmax: from logits, which can be any numbers, to predictions, which are probabilities.

    p_i = exp(z_i) / sum over j of exp(z_j)

Only the differences between the logits of an example count: a constant added to all of them stands
above and below the fraction line. So the largest is subtracted first, and exp cannot overflow
(float32: above 88.72). With it p_i = exp(z_i - max) / sum, and log p_i = z_i - max - log sum. The
sum has a 1 among its terms, so its logarithm is finite even where p_i rounds to 0.

A logit of -inf takes its class out: probability 0, logarithm -inf.

Shapes: C classes, B examples in a batch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn.arrays import Array, checked_numbers


def softmax(logits: npt.ArrayLike, axis: int = -1) -> Array:
    """Return exp(logits) / sum(exp(logits)) along an axis: the predictions.

    Parameters
    ----------
    logits
        (C,) or (B, C), float32 or float64; -inf for a class that is out.
    axis
        The axis of the classes.

    Returns
    -------
    Array
        The predictions, same shape and dtype; along the axis they sum to 1.

    Raises
    ------
    ValueError
        If a logit is NaN or +inf, or all logits of an example are -inf.
    """
    return _along(axis, logits)[0]


def log_softmax(logits: npt.ArrayLike, axis: int = -1) -> Array:
    """Return log(softmax(logits)) without ever making a probability that could round to 0.

    Parameters
    ----------
    logits
        (C,) or (B, C), float32 or float64; -inf for a class that is out.
    axis
        The axis of the classes.

    Returns
    -------
    Array
        The logarithms of the predictions, same shape and dtype.

    Raises
    ------
    ValueError
        If a logit is NaN or +inf, or all logits of an example are -inf.
    """
    return _along(axis, logits)[1]


def normalised(logits: Array) -> tuple[Array, Array]:
    """Return predictions (C, B) and their logarithms (C, B) of logits (C, B)."""
    log_predictions = logits - logits.max(axis=0)  # (C, B)
    predictions = np.exp(log_predictions)  # (C, B)
    sums = predictions.sum(axis=0)  # (B,)
    predictions /= sums
    log_predictions -= np.log(sums)
    return predictions, log_predictions


def check_logits(logits: Array) -> None:
    """Raise a ValueError that names row and value if logits (C, B) have no softmax."""
    # NaN and +inf come through the maximum, and it is -inf only where all are: B numbers to look at
    # instead of B * C.
    maxima = logits.max(axis=0)  # (B,)
    if np.isfinite(maxima).all():
        return
    row = list(np.argwhere(~np.isfinite(maxima))[0])
    values = np.moveaxis(logits, 0, -1)[tuple(row)]  # (C,)
    where = f"row {', '.join(map(str, row))}: " if row else ""
    if values.max() == -np.inf:
        raise ValueError(f"{where}every logit is -inf: no class is left")
    wrong = int(np.argmax(np.isnan(values) | (values == np.inf)))
    raise ValueError(f"{where}logit {wrong} is {values[wrong]}: logits must be finite, or -inf")


def _along(axis: int, logits: npt.ArrayLike) -> tuple[Array, Array]:
    """Return softmax and log-softmax along an axis, computed in float64, in the logits' dtype."""
    numbers, dtype = checked_numbers(logits, "logits")
    classes_first = np.array(np.moveaxis(numbers, axis, 0), np.float64, order="C")  # (C, ...)
    if not len(classes_first):
        raise ValueError(f"logits of shape {numbers.shape} have no class along axis {axis}")
    check_logits(classes_first)
    predictions, logarithms = (
        np.array(np.moveaxis(result, 0, axis), dtype, order="C")
        for result in normalised(classes_first)
    )
    return predictions, logarithms
