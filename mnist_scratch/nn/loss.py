"""The losses that training uses: softmax and loss in one, forward and backward side by side.

Each takes the logits of a batch, gives the batch-averaged loss, and starts the way back with its
gradient with respect to the logits. Their arguments come out of the program itself, so beside the
shapes nothing is checked; `nn.softmax_cross_entropy` has the functions that check everything.

Shapes: C classes, B examples in a batch.
"""

from __future__ import annotations

import numpy as np

from mnist_scratch.nn.arrays import Array
from mnist_scratch.nn.cross_entropy import cross_entropies, cross_entropies_gradient
from mnist_scratch.nn.softmax import normalised


class SoftmaxLoss:
    """What the losses have in common: predictions out of logits.

    Every step makes its arrays anew. A batch (128, 10) is 5 kB, which NumPy allocates in 0.2 us;
    keeping buffers costs more than that in looking them up.

    Attributes
    ----------
    predictions : Array (B, C)
        softmax of the logits of the last forward.
    """

    def _predict(self, logits: Array, targets: Array) -> Array:
        """Keep predictions and targets, both (C, B); return the log-softmax (C, B)."""
        # Labels (B,) would broadcast against logits where B is C, and give nonsense.
        if logits.ndim != 2 or targets.shape != logits.shape:
            raise ValueError(
                f"logits {logits.shape} and targets {targets.shape} must both be (B, C)"
            )
        self._targets = np.array(targets.T, order="C")  # (C, B)
        self._softmaxes = normalised(logits, logits.dtype)
        self.predictions = self._softmaxes.predictions.T
        return self._softmaxes.log_predictions


class SoftmaxCrossEntropy(SoftmaxLoss):
    """Cross-entropy of softmax, batch-averaged."""

    def forward(self, logits: Array, targets: Array) -> float:
        """Return the batch-averaged loss, never clipped: logits (200, 0), class 1 true, cost 200.

        Parameters
        ----------
        logits
            (B, C), float32 or float64.
        targets
            One-hot or probabilities, (B, C).
        """
        log_predictions = self._predict(logits, targets)
        losses = cross_entropies(self._targets, log_predictions)  # (B,)
        return float(losses.sum(dtype=np.float64)) / len(losses)

    def backward(self) -> Array:
        """Return dL/d(logits) (B, C) = (predictions - targets) / B of the last forward.

        `cross_entropies_gradient` says why. This is the only place where the batch size is divided
        by.
        """
        d_logits = cross_entropies_gradient(self._targets, self._softmaxes)  # (C, B)
        d_logits /= d_logits.shape[1]
        return np.array(d_logits.T, order="C")


class SquaredError(SoftmaxLoss):
    """The squared error of softmax: the sum over the classes of (p - y)^2, batch-averaged.

    What cross-entropy is compared with. The factor is 1: neither halved nor divided by C, so that
    the true class's term is the (p - 1)^2 of the textbooks. It lies between 0 and 2. Its gradient
    vanishes where the network is sure, of a wrong class too: the plateaus that cross-entropy has
    not.
    """

    def forward(self, logits: Array, targets: Array) -> float:
        """Return the batch-averaged squared error.

        Parameters
        ----------
        logits
            (B, C), float32 or float64.
        targets
            One-hot or probabilities, (B, C).
        """
        self._predict(logits, targets)
        self._errors = self._softmaxes.predictions - self._targets  # (C, B)
        losses = (self._errors * self._errors).sum(axis=0)  # (B,)
        return float(losses.sum(dtype=np.float64)) / len(losses)

    def backward(self) -> Array:
        """Return dL/d(logits) (B, C) of the last forward.

        dL/dp_i = 2 (p_i - y_i), and softmax's Jacobian is dp_i/dz_j = p_i (1 if i = j else 0) -
        p_i p_j. So dL/dz_j = sum_i dL/dp_i dp_i/dz_j = 2 p_j (e_j - sum_i e_i p_i), e = p - y.
        """
        predictions = self._softmaxes.predictions  # (C, B)
        projections = (self._errors * predictions).sum(axis=0)  # (B,)
        d_logits = predictions * (self._errors - projections)  # (C, B)
        d_logits *= 2.0 / d_logits.shape[1]
        return np.array(d_logits.T, order="C")


LOSSES: dict[str, type[SoftmaxCrossEntropy | SquaredError]] = {
    "cross-entropy": SoftmaxCrossEntropy,
    "squared-error": SquaredError,
}
