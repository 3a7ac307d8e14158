"""The losses that training uses: softmax and loss in one, forward and backward side by side.

Each takes the logits of a batch, gives the batch-averaged loss, and starts the way back with its
gradient with respect to the logits. Their arguments come out of the program itself, so only what is
checked at once is: shapes and dtype. Logits that have no softmax (NaN or +inf among them, or -inf
alone) make the loss NaN, and their row of the gradient, without a warning: whoever trains looks at
the loss. `nn.softmax_cross_entropy` has the functions that check everything and name the row.

Shapes: C classes, B examples in a batch.
"""

from __future__ import annotations

import numpy as np

from mnist_scratch.nn.arrays import Array
from mnist_scratch.nn.cross_entropy import cross_entropies, cross_entropies_gradient
from mnist_scratch.nn.softmax import Softmax, normalised

# Logits too far apart for their dtype overflow, rightly; those without a softmax make NaN.
_silent = np.errstate(all="ignore")


class SoftmaxLoss:
    """What the losses have in common: predictions out of logits.

    Every step makes its arrays anew. A batch (128, 10) is 5 kB, which NumPy allocates in 0.2 us;
    keeping buffers costs more than that in looking them up.

    Attributes
    ----------
    predictions : Array (B, C)
        softmax of the logits of the last forward.
    """

    predictions: Array

    def __init__(self) -> None:
        self._softmaxes: Softmax | None = None

    def _predict(self, logits: Array, targets: Array) -> Softmax:
        """Keep predictions and targets, both (C, B); return the softmax."""
        # Labels (B,) would broadcast against logits where B is C, and give nonsense.
        if logits.ndim != 2 or targets.shape != logits.shape:
            raise ValueError(
                f"logits {logits.shape} and targets {targets.shape} must both be (B, C)"
            )
        if logits.dtype.char not in "fd":
            raise ValueError(f"logits must be float32 or float64, not {logits.dtype}")
        if not logits.size:
            raise ValueError(f"logits {logits.shape} are empty: there is no loss to average")
        self._targets = np.array(targets.T, logits.dtype, order="C")  # (C, B)
        softmaxes = self._softmaxes = normalised(logits, logits.dtype)
        self.predictions = softmaxes.predictions.T
        return softmaxes

    def _predicted(self) -> Softmax:
        """Return the softmax of the last forward."""
        if self._softmaxes is None:
            raise ValueError("backward needs a forward before it")
        return self._softmaxes


class SoftmaxCrossEntropy(SoftmaxLoss):
    """Cross-entropy of softmax, batch-averaged."""

    @_silent
    def forward(self, logits: Array, targets: Array) -> float:
        """Return the batch-averaged loss, never clipped: logits (200, 0), class 1 true, cost 200.

        Parameters
        ----------
        logits
            (B, C), float32 or float64.
        targets
            One-hot or probabilities, (B, C).

        Returns
        -------
        float
            NaN if an example's logits have no softmax.

        Raises
        ------
        ValueError
            If shapes or dtype do not fit, or there is no example.
        """
        log_predictions = self._predict(logits, targets).log_predictions
        losses = cross_entropies(self._targets, log_predictions)  # (B,)
        return float(np.add.reduce(losses, dtype=np.float64)) / len(losses)

    @_silent
    def backward(self) -> Array:
        """Return dL/d(logits) (B, C) = (predictions - targets) / B of the last forward.

        `cross_entropies_gradient` says why. This is the only place where the batch size is divided
        by. NaN for an example without a softmax.

        Raises
        ------
        ValueError
            If there was no forward.
        """
        softmaxes = self._predicted()
        d_logits = cross_entropies_gradient(self._targets, softmaxes)  # (C, B)
        d_logits /= d_logits.shape[1]
        return np.array(d_logits.T, order="C")


class SquaredError(SoftmaxLoss):
    """The squared error of softmax: the sum over the classes of (p - y)^2, batch-averaged.

    What cross-entropy is compared with. The factor is 1: neither halved nor divided by C, so that
    the true class's term is the (p - 1)^2 of the textbooks. It lies between 0 and 2. Its gradient
    vanishes where the network is sure, of a wrong class too: the plateaus that cross-entropy has
    not.
    """

    @_silent
    def forward(self, logits: Array, targets: Array) -> float:
        """Return the batch-averaged squared error.

        Parameters
        ----------
        logits
            (B, C), float32 or float64.
        targets
            One-hot or probabilities, (B, C).

        Returns
        -------
        float
            NaN if an example's logits have no softmax.

        Raises
        ------
        ValueError
            If shapes or dtype do not fit, or there is no example.
        """
        softmaxes = self._predict(logits, targets)
        # Cross-entropy's gradient is p - y too, and keeps the digits of p - 1 where p is near 1.
        self._errors = cross_entropies_gradient(self._targets, softmaxes)  # (C, B)
        losses = np.add.reduce(self._errors * self._errors, axis=0)  # (B,)
        return float(np.add.reduce(losses, dtype=np.float64)) / len(losses)

    @_silent
    def backward(self) -> Array:
        """Return dL/d(logits) (B, C) of the last forward.

        dL/dp_i = 2 (p_i - y_i), and softmax's Jacobian is dp_i/dz_j = p_i (1 if i = j else 0) -
        p_i p_j. So dL/dz_j = sum_i dL/dp_i dp_i/dz_j = 2 p_j (e_j - sum_i e_i p_i), e = p - y.
        Together they are 0, so that of the largest prediction, where near 1 the two e would cancel,
        comes from the others. NaN for an example without a softmax.

        Raises
        ------
        ValueError
            If there was no forward.
        """
        softmaxes = self._predicted()
        predictions = softmaxes.predictions  # (C, B)
        projections = np.add.reduce(self._errors * predictions, axis=0)  # (B,)
        d_logits = predictions * (self._errors - projections)  # (C, B)
        flat = d_logits.reshape(-1)  # (C * B,)
        flat[softmaxes.largest] = 0.0
        flat[softmaxes.largest] = -np.add.reduce(d_logits, axis=0)
        d_logits *= 2.0 / d_logits.shape[1]
        return np.array(d_logits.T, order="C")


LOSSES: dict[str, type[SoftmaxCrossEntropy | SquaredError]] = {
    "cross-entropy": SoftmaxCrossEntropy,
    "squared-error": SquaredError,
}
