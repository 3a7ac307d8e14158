"""Cross-entropy: how surprised a classifier is by the true class, and its gradient.

The last layer of a network gives logits z, any numbers. `softmax` makes predictions of them:
p_i = exp(z_i) / sum over j of exp(z_j), positive and summing to 1. The loss of one example is
-sum over i of targets_i log p_i; with one-hot targets one term survives, -log of the probability
given to the true class: 0 for certainty, growing without bound as that probability falls to 0.

Two forms are here. The probability-space pair `cross_entropy_loss`, `cross_entropy_gradient`
takes predictions and clips them, as most explanations do. `SoftmaxCrossEntropy`, which training
uses, takes logits and goes through the log-softmax, so that nothing has to be clipped.

Shapes: C classes, B examples in a batch.
"""

from __future__ import annotations

import numpy as np

from mnist_scratch.nn.arrays import Array


def softmax(logits: Array, axis: int = -1) -> Array:
    """Return exp(logits) / sum(exp(logits)) along an axis: the predictions.

    The maximum of each row is subtracted first. That changes nothing, since exp(-max) stands above
    and below the fraction line, and it keeps exp from overflowing (float32: above 88.72).

    Parameters
    ----------
    logits
        (C,) or (B, C), float32 or float64.
    axis
        The axis of the classes.

    Returns
    -------
    Array
        The predictions, same shape and dtype; along the axis they sum to 1.
    """
    exponentials: Array = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    exponentials /= np.sum(exponentials, axis=axis, keepdims=True)
    return exponentials


def log_softmax(logits: Array, axis: int = -1) -> Array:
    """Return log(softmax(logits)) without ever making a probability that could round to 0.

    log softmax(z)_i = z_i - max - log sum over j of exp(z_j - max). The sum has a 1 among its
    terms, so its logarithm is finite.

    Parameters
    ----------
    logits
        (C,) or (B, C), float32 or float64.
    axis
        The axis of the classes.

    Returns
    -------
    Array
        The logarithms of the predictions, same shape and dtype.
    """
    shifted: Array = logits - np.max(logits, axis=axis, keepdims=True)
    shifted -= np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
    return shifted


def cross_entropy_loss(predictions: Array, targets: Array, epsilon: float = 1e-7) -> float:
    """Return -sum(targets * log(predictions)), averaged over the batch.

    The predictions are clipped to [epsilon, 1 - epsilon] against log(0); so the loss of one
    example is never above -log(epsilon), which is 16.118 for the default.

    Parameters
    ----------
    predictions
        Probabilities, (C,) for one example or (B, C) for a batch: the output of `softmax`.
    targets
        One-hot or probabilities, the shape of the predictions.
    epsilon
        The clip. In float32 nothing below 3e-8 keeps 1 - epsilon apart from 1.
    """
    clipped = np.clip(predictions, epsilon, 1.0 - epsilon)
    losses = -np.sum(targets * np.log(clipped), axis=-1)  # () or (B,)
    return float(np.mean(losses, dtype=np.float64))


def cross_entropy_gradient(predictions: Array, targets: Array) -> Array:
    """Return dL/d(logits) = predictions - targets, over B for a batch.

    The gradient is with respect to the logits: softmax is already differentiated in it. With
    L = log sum_j exp(z_j) - sum_j targets_j z_j, the first term has the derivative softmax(z)_i
    and the second targets_i. Negative for the true class, whose logit a descent step raises.

    Parameters
    ----------
    predictions
        Probabilities, (C,) for one example or (B, C) for a batch: the output of `softmax`.
    targets
        One-hot or probabilities, the shape of the predictions.
    """
    examples = 1 if predictions.ndim == 1 else len(predictions)
    return (predictions - targets) / examples


class SoftmaxCrossEntropy:
    """The loss that training uses: softmax and cross-entropy in one, batch-averaged.

    Attributes
    ----------
    predictions : Array (B, C)
        softmax of the logits of the last forward.
    """

    def forward(self, logits: Array, targets: Array) -> float:
        """Return the batch-averaged loss, never clipped: logits (200, 0), class 1 true, cost 200.

        Parameters
        ----------
        logits
            (B, C), float32 or float64.
        targets
            One-hot or probabilities, (B, C).
        """
        shifted = logits - np.max(logits, axis=1, keepdims=True)  # (B, C)
        exponentials = np.exp(shifted)  # (B, C)
        sums = np.sum(exponentials, axis=1, keepdims=True)  # (B, 1)
        shifted -= np.log(sums)  # now the log-softmax
        # 0 * log 0 counts as 0: a class that is no target may have probability 0.
        terms = np.zeros_like(shifted)  # (B, C)
        np.multiply(targets, shifted, out=terms, where=targets != 0.0)
        losses = -np.sum(terms, axis=1)  # (B,)
        exponentials /= sums
        self.predictions = exponentials
        self.targets = targets
        return float(np.mean(losses, dtype=np.float64))

    def backward(self) -> Array:
        """Return dL/d(logits) (B, C) = (predictions - targets) / B of the last forward.

        This is the only place where the batch size is divided by.
        """
        return cross_entropy_gradient(self.predictions, self.targets)
