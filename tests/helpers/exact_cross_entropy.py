"""Cross-entropy with 400 digits, formula by formula: what float64 cannot say is no excuse here."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

# 1 + exp(-700) differs from 1 in the 305th digit.
_CONTEXT = decimal.Context(prec=400)


def exact_cross_entropy(
    logits: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    class_weights: npt.ArrayLike | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return losses (B,) or (1,) and the gradient in the shape of the logits (B, C) or (C,)."""
    rows, given = np.atleast_2d(logits), np.asarray(targets)
    indices = given.ndim < np.ndim(logits)
    classes = rows.shape[1]
    weights = np.ones(classes) if class_weights is None else np.asarray(class_weights)
    wanted = given.reshape(-1) if indices else np.atleast_2d(given)
    losses, gradient, counted = [], [], Decimal(0)
    with decimal.localcontext(_CONTEXT):
        share = Decimal(label_smoothing)
        for row, target in zip(rows, wanted, strict=True):
            truth = [Decimal(int(target == c)) for c in range(classes)] if indices else target
            ignored = indices and target == ignore_index
            factors = [Decimal(0 if ignored else float(weight)) for weight in weights]
            k = [
                factor * ((1 - share) * Decimal(float(y)) + share / classes)
                for factor, y in zip(factors, truth, strict=True)
            ]
            total = sum(k, Decimal(0))
            p, log_p = (k, k) if ignored else _softmax(tuple(map(float, row)))
            terms = [-one * log for one, log in zip(k, log_p, strict=True) if one]
            losses.append(sum(terms, Decimal(0)))
            gradient.append([total * each - one for each, one in zip(p, k, strict=True)])
            counted += factors[int(target)] if indices and not ignored else int(not indices)
        if reduction != "none":
            losses = [sum(losses, Decimal(0))]
        if reduction == "mean":
            losses = [loss / counted if counted else Decimal("NaN") for loss in losses]
            gradient = [
                [
                    each / counted if counted else Decimal(math.nan if any(row) else 0)
                    for each in row
                ]
                for row in gradient
            ]
    return np.array(losses, float), np.array(gradient, float).reshape(np.shape(logits))


def exact_squared_error(logits: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[float, list[float]]:
    """Return the squared error of one example, logits (C,), and its gradient (C,)."""
    with decimal.localcontext(_CONTEXT):
        p, _ = _softmax(tuple(map(float, np.asarray(logits))))
        errors = [each - Decimal(float(y)) for each, y in zip(p, np.asarray(targets), strict=True)]
        projection = sum((e * each for e, each in zip(errors, p, strict=True)), Decimal(0))
        slopes = [2 * each * (e - projection) for e, each in zip(errors, p, strict=True)]
        return float(sum((e * e for e in errors), Decimal(0))), [float(slope) for slope in slopes]


@lru_cache(maxsize=1000)
def _softmax(row: tuple[float, ...]) -> Any:
    """Return predictions and their logarithms."""
    exponentials = [(Decimal(logit) - Decimal(max(row))).exp() for logit in row]
    total = sum(exponentials, Decimal(0))
    p = [each / total for each in exponentials]
    log_total = total.ln()
    return p, [Decimal(logit) - Decimal(max(row)) - log_total for logit in row]
