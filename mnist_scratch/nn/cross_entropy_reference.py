"""Softmax cross-entropy with the options of PyTorch's `cross_entropy`, its arguments checked.

A reference, checked against PyTorch; training uses `loss.SoftmaxCrossEntropy`. Class weights w,
label smoothing e and ignored examples only replace the targets by coefficients k. With the
distribution y of a target (one-hot for a class index),

    k_c = w_c ((1 - e) y_c + e / C), and 0 for an ignored example
    loss = -sum over c of k_c log p_c
    derivative with respect to logit i = p_i sum over c of k_c - k_i

The mean divides both by the same number, which does not depend on the logits. Everything is
computed in float64 and rounded once, to the dtype of the logits.

Shapes: B examples in a batch, C classes.
"""

from __future__ import annotations

import math
from types import NoneType
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn import Array
from mnist_scratch.nn.checks import (
    Range,
    as_array,
    as_floats,
    as_number,
    check_rows,
    checked_logits,
    read_targets,
)
from mnist_scratch.nn.loss import cross_entropies, half_log_softmax

Reduction = Literal["mean", "sum", "none"]

# The upper limit of a class weight, so that no sum overflows float64.
_LARGEST_WEIGHT = 1e100

_SHARE = Range("a number from 0 to 1", 0.0, math.nextafter(1.0, 2.0))


@np.errstate(all="ignore")  # what leaves the range of its dtype is inf or 0, rightly
def softmax_cross_entropy(
    logits: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    class_weights: npt.ArrayLike | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: Reduction = "mean",
) -> np.floating[Any] | Array:
    """Return the cross-entropy of softmax(logits), never clipped.

    The same as `torch.nn.functional.cross_entropy`, with these differences:

    - Logits are (C,) or (B, C); there are no further dimensions.
    - 0 * log 0 is 0, where PyTorch has NaN: a masked class whose target or weight is 0.
    - No index is ignored unless `ignore_index` is given; there -100 is.
    - NaN and +inf among the logits, float16 logits, targets that do not sum to 1, and class weights
      that are negative or above 1e100 are errors.

    Parameters
    ----------
    logits
        (C,) for one example or (B, C) for a batch, float32 or float64; integers are taken as
        float64. -inf masks a class: the loss is finite if the class has no part in the target, and
        infinite if it has. Label smoothing gives every class a part, so with it a masked class
        makes the loss infinite (not the gradient); a class weight of 0 takes its part away again.
    targets
        One-hot or probabilities, of the shape of the logits; or class indices of an integer dtype,
        () or (B,).
    class_weights
        (C,), each from 0 to 1e100. Each class's terms are multiplied by its weight.
    ignore_index
        Class indices equal to this, which may be any integer, mark examples that are left out: loss
        0, gradient 0, not counted in the mean, and their logits may be anything. The class of that
        number, if there is one, stays in the softmax of the others. With distributions a negative
        one, which no class has, ignores nothing, and another is an error, as in PyTorch.
    label_smoothing
        The share e of a target, 0 to 1, that is spread evenly over all classes.
    reduction
        "mean", "sum", or "none" for the loss of every example.

        With weights the mean depends on the form of the targets. Class indices: the sum is divided
        by the weights of the true classes of the examples not ignored, a weighted mean; an example
        of weight 3 counts as three. A distribution has no one true class whose weight could be
        counted, so the sum is divided by B, also where it is one-hot. Without weights, and for the
        sum, both forms agree.

    Returns
    -------
    float or Array
        In the dtype of the logits: a number, or (B,) for a batch with "none". The mean is NaN if
        its divisor is 0: all examples ignored, or none there, or no weight on any target. A loss
        above the largest number of the dtype is inf.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is no class, a target row does not hold probabilities, a logit
        is NaN or +inf, all logits of an example are -inf, or an option is impossible. The message
        names place and value.
    """
    terms = _terms(
        logits,
        targets,
        class_weights=class_weights,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        reduction=reduction,
    )
    halves = cross_entropies(terms.coefficients, terms.half_log_predictions)  # (B,)
    shares = halves / terms.divisor  # before the sum, which could overflow where the mean does not
    if reduction == "none":
        reduced = 2.0 * shares.reshape(terms.shape[:-1])
    else:
        reduced = 2.0 * shares.sum(initial=0.0 * terms.divisor)  # of no examples: NaN for the mean
    rounded: np.floating[Any] | Array = np.asarray(reduced, terms.dtype)[()]
    return rounded


@np.errstate(all="ignore")
def softmax_cross_entropy_gradient(
    logits: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    class_weights: npt.ArrayLike | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: Reduction = "mean",
) -> Array:
    """Return dL/d(logits) of `softmax_cross_entropy`; for "none", of the sum of the losses.

    For plain targets it is predictions - targets, for the mean over B.

    Parameters
    ----------
    logits, targets, class_weights, ignore_index, label_smoothing, reduction
        As for `softmax_cross_entropy`, and so are the errors.

    Returns
    -------
    Array
        The shape and dtype of the logits; 0 for ignored examples, NaN for the others if the mean's
        divisor is 0.
    """
    terms = _terms(
        logits,
        targets,
        class_weights=class_weights,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        reduction=reduction,
    )
    k, predictions = terms.coefficients, np.exp(2.0 * terms.half_log_predictions)  # (B, C) both
    d_logits: Array = (predictions * k.sum(axis=1, keepdims=True) - k) / terms.divisor
    d_logits[terms.ignored] = 0.0  # also where all are ignored and the divisor is NaN
    return d_logits.reshape(terms.shape).astype(terms.dtype)


class _Terms(NamedTuple):
    """What the loss of a batch and its gradient are made of."""

    coefficients: Array  # (B, C)
    half_log_predictions: Array  # (B, C), halved: the difference of two logits can overflow
    divisor: float
    ignored: npt.NDArray[np.bool_]  # (B,)
    shape: tuple[int, ...]  # of the logits
    dtype: np.dtype[Any]  # of the logits


def _terms(
    logits: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    class_weights: npt.ArrayLike | None,
    ignore_index: int | None,
    label_smoothing: float,
    reduction: Reduction,
) -> _Terms:
    _check_options(ignore_index, reduction)
    smoothing = as_number(label_smoothing, "label_smoothing", _SHARE)
    given, truth = as_floats(logits, "logits"), as_array(targets, "targets")
    check_rows(given.shape, "logits")
    z = np.atleast_2d(given).astype(np.float64)  # (B, C)
    examples, classes = z.shape
    ignored = np.zeros(examples, bool)
    are_indices = truth.shape == given.shape[:-1]
    if ignore_index is not None and are_indices:
        ignored = (truth == ignore_index).reshape(-1)
        truth = np.where(truth == ignore_index, np.zeros_like(truth), truth)
        z[ignored] = 0.0  # what an ignored example holds does not matter
    elif ignore_index is not None and ignore_index >= 0:
        raise ValueError(
            f"ignore_index={ignore_index} needs class indices as targets, not probabilities"
        )
    y = read_targets(truth, given.shape)  # (B, C)
    y[ignored] = 0.0

    k = true_weights = y
    if smoothing:
        k = (1.0 - smoothing) * y + smoothing / classes
        k[ignored] = 0.0
    if class_weights is not None:
        weights = _read_weights(class_weights, classes)  # (C,)
        k, true_weights = weights * k, weights * y
    divisor = 1.0
    if reduction == "mean":
        # Of a class index, one-hot times weights leaves the true class's weight, or 0 if ignored.
        divisor = (float(true_weights.sum()) if are_indices else examples) or math.nan
    return _Terms(
        k, half_log_softmax(checked_logits(z, -1)), divisor, ignored, given.shape, given.dtype
    )


def _check_options(ignore_index: object, reduction: object) -> None:
    """Raise a ValueError that names the option and its value if there is no such thing."""
    if not isinstance(ignore_index, (int, np.integer, NoneType)) or isinstance(ignore_index, bool):
        raise ValueError(f"ignore_index = {ignore_index!r:.60}: must be an integer, or None")
    if not (isinstance(reduction, str) and reduction in ("mean", "sum", "none")):
        raise ValueError(f"reduction = {reduction!r:.60}: must be 'mean', 'sum' or 'none'")


def _read_weights(class_weights: npt.ArrayLike, classes: int) -> Array:
    weights = as_floats(class_weights, "class_weights").astype(np.float64)
    if weights.shape != (classes,):
        raise ValueError(f"class_weights of shape {weights.shape} must be of shape ({classes},)")
    for number in np.flatnonzero(~((weights >= 0.0) & (weights <= _LARGEST_WEIGHT))):
        raise ValueError(
            f"class_weights: that of class {number} is {weights[number]}; "
            f"give a number from 0 to {_LARGEST_WEIGHT:g}"
        )
    return weights
