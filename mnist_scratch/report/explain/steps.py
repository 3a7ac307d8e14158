"""From logits to loss and gradient of one example, step by step.

The steps are the textbook's, one at a time, to be compared with the fused form that training uses.

Shapes: C classes.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn.cross_entropy_reference import (
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from mnist_scratch.nn.loss import cross_entropy_loss

Numbers = npt.NDArray[np.float64]

EPSILON = 1e-7  # the clip that is shown, `cross_entropy_loss`'s own


class Explanation(NamedTuple):
    """Every number on the way from the logits of an example to its gradient.

    Attributes
    ----------
    target
        The true class.
    logits, shifted, exponentials, predictions, targets, gradient
        float64 (C,), each computed from those before it; `targets` is one-hot.
    total
        The sum of the exponentials.
    loss
        -log of the true class's prediction: infinite if that was rounded to 0, and 0 if to 1.
    fused_loss, fused_gradient
        The same straight from the logits, by the log-softmax.
    clipped_loss
        The loss of predictions clipped to [EPSILON, 1 - EPSILON].
    """

    target: int
    logits: Numbers
    shifted: Numbers
    exponentials: Numbers
    total: float
    predictions: Numbers
    targets: Numbers
    loss: float
    gradient: Numbers
    fused_loss: float
    fused_gradient: Numbers
    clipped_loss: float

    @property
    def predicted(self) -> int:
        """The most probable class."""
        return int(np.argmax(self.logits))

    @property
    def loss_difference(self) -> float:
        """The distance of the loss in steps from the fused one; 0 where both are infinite."""
        return 0.0 if self.loss == self.fused_loss else abs(self.loss - self.fused_loss)

    @property
    def gradient_difference(self) -> float:
        """The largest distance of the gradient in steps from the fused one."""
        return float(np.abs(self.gradient - self.fused_gradient).max())

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values; infinity, which JSON lacks, is "inf" or "-inf"."""
        values = {
            **self._asdict(),
            "predicted": self.predicted,
            "loss_difference": self.loss_difference,
            "gradient_difference": self.gradient_difference,
        }
        return {name: as_json(value) for name, value in values.items()}


def explain(logits: npt.ArrayLike, target: int) -> Explanation:
    """Go from logits to loss and gradient, in steps and in the fused form.

    Parameters
    ----------
    logits
        (C,): finite, or -inf for a masked class.
    target
        The true class, 0 to C - 1.

    Raises
    ------
    ValueError
        If a logit is NaN or +inf, every logit is -inf, or the target is no class.
    """
    numbers = np.array(logits, np.float64)
    fused_loss = float(softmax_cross_entropy(numbers, target))  # which checks both
    with np.errstate(over="ignore"):  # logits at both ends of float64 give -inf, correctly
        shifted = numbers - numbers.max()
    exponentials = np.exp(shifted)
    total = float(exponentials.sum())
    predictions = exponentials / total
    targets = np.zeros(len(numbers))
    targets[target] = 1.0
    p = float(predictions[target])
    return Explanation(
        target=target,
        logits=numbers,
        shifted=shifted,
        exponentials=exponentials,
        total=total,
        predictions=predictions,
        targets=targets,
        loss=0.0 - math.log(p) if p else math.inf,
        gradient=predictions - targets,
        fused_loss=fused_loss,
        fused_gradient=softmax_cross_entropy_gradient(numbers, target).astype(np.float64),
        clipped_loss=float(cross_entropy_loss(predictions, target, EPSILON)),
    )


def as_json(value: Any) -> Any:
    """Return a number or an array (N,) as JSON values; infinity is "inf" or "-inf"."""
    if isinstance(value, np.ndarray):
        return [as_json(number) for number in value.tolist()]
    return str(value) if isinstance(value, float) and math.isinf(value) else value
