"""Softmax: from logits, which can be any numbers, to predictions, which are probabilities.

    p_i = exp(z_i) / sum over j of exp(z_j)

Only the differences between the logits of an example count: a constant added to all of them stands
above and below the fraction line. So the largest is subtracted first, and exp cannot overflow
(float32: above 88.72). With it p_i = exp(z_i - max) / sum, and log p_i = z_i - max - log sum. The
sum has a 1 among its terms, the largest's own, so its logarithm is finite even where p_i rounds to
0.

That 1 would swallow the others where the network is sure: 1 + exp(-60) is 1, and its logarithm 0.
So the others are summed alone, and log sum = log1p(others) keeps every digit of them; so does
others / sum, which is 1 less the largest prediction.

A logit of -inf takes its class out: probability 0, logarithm -inf.

Shapes: C classes, B examples in a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn.arrays import Array, checked_numbers


class Softmax(NamedTuple):
    """The softmax of a batch, with what rounding would take from it.

    Attributes
    ----------
    predictions, log_predictions
        (C, B).
    maxima
        (B,): the largest logit of each example; NaN or +inf if one of its logits is.
    largest
        intp (B,): where the largest prediction of each example stands in a flat array (C * B,).
    doubts
        (B,): 1 less that prediction, in full precision also where the prediction rounds to 1.
    """

    predictions: Array
    log_predictions: Array
    maxima: Array
    largest: npt.NDArray[np.intp]
    doubts: Array


def softmax(logits: npt.ArrayLike, axis: int = -1) -> Array:
    """Return exp(logits) / sum(exp(logits)) along an axis: the predictions.

    Parameters
    ----------
    logits
        (C,), (B, C) or more dimensions, float32 or float64; integers are taken as float64. -inf for
        a class that is out.
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
        (C,), (B, C) or more dimensions, float32 or float64; integers are taken as float64. -inf for
        a class that is out.
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


def normalised(logits: npt.NDArray[Any], dtype: np.dtype[Any]) -> Softmax:
    """Return the softmax of logits (B, C), computed in the given dtype.

    The predictions of an example with NaN or +inf, or with -inf alone, are NaN.
    """
    examples = len(logits)
    # NumPy reduces along whole rows of memory much faster: the sum over the classes takes 4 us of
    # an array (128, 10), and 1 us of its transposed copy. One index into flat memory takes a
    # quarter of the time of two.
    log_predictions = np.array(logits.T, dtype, order="C")  # (C, B)
    largest = logits.argmax(axis=1)  # (B,)
    largest *= examples
    largest += np.arange(examples)
    maxima = log_predictions.reshape(-1)[largest]  # (B,)
    log_predictions -= maxima
    predictions = np.exp(log_predictions)  # (C, B)
    flat = predictions.reshape(-1)  # (C * B,)
    ones = flat[largest]  # (B,): exp(0), or NaN, which spreads, where logits have no softmax
    flat[largest] = 0.0
    others = np.add.reduce(predictions, axis=0)  # (B,)
    flat[largest] = ones
    log_predictions -= np.log1p(others)
    sums = others + ones  # (B,)
    predictions /= sums
    others /= sums
    return Softmax(predictions, log_predictions, maxima, largest, others)


def check_maxima(softmaxes: Softmax, logits: npt.NDArray[Any], name: Callable[[int], str]) -> None:
    """Raise a ValueError that names example and value if logits (B, C) have no softmax.

    Parameters
    ----------
    softmaxes
        What `normalised` made of them: B maxima to look at instead of B * C logits.
    logits
        The logits.
    name
        What to call an example in front of a message.
    """
    wrong = ~np.isfinite(softmaxes.maxima)  # (B,)
    if not wrong.any():
        return
    row = int(np.argmax(wrong))
    values = logits[row]  # (C,)
    if values.max() == -np.inf:
        raise ValueError(f"{name(row)}every logit is -inf: no class is left")
    logit = int(np.argmax(np.isnan(values) | (values == np.inf)))
    raise ValueError(f"{name(row)}logit {logit} is {values[logit]}: logits must be finite, or -inf")


@np.errstate(all="ignore")  # what leaves the range of its dtype is inf or 0, rightly
def _along(axis: int, logits: npt.ArrayLike) -> tuple[Array, Array]:
    """Return softmax and log-softmax along an axis, computed in float64, in the logits' dtype."""
    numbers, dtype = checked_numbers(logits, "logits")
    if type(axis) is not int or not -numbers.ndim <= axis < numbers.ndim:
        raise ValueError(f"axis = {axis!r}: logits of shape {numbers.shape} have no such axis")
    classes_last = np.moveaxis(numbers, axis, -1)
    shape = classes_last.shape
    if not shape[-1]:
        raise ValueError(f"logits of shape {numbers.shape} have no class along axis {axis}")
    rows = classes_last.reshape(-1, shape[-1])  # (B, C)
    softmaxes = normalised(rows, np.dtype(np.float64))

    def name(row: int) -> str:
        places = [str(place) for place in np.unravel_index(row, shape[:-1])]
        if numbers.ndim == 1:
            return ""
        if numbers.ndim == 2:
            return f"{'column' if axis in (0, -2) else 'row'} {places[0]}: "
        places.insert(axis % numbers.ndim, ":")
        return f"logits[{', '.join(places)}]: "

    check_maxima(softmaxes, rows, name)
    predictions, logarithms = (
        np.array(np.moveaxis(result.T.reshape(shape), -1, axis), dtype, order="C")
        for result in (softmaxes.predictions, softmaxes.log_predictions)
    )
    return predictions, logarithms
