"""Stochastic gradient descent with momentum, on flat arrays."""

from __future__ import annotations

import math

import numpy as np

from mnist_scratch.nn.arrays import Array, aligned
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.vectors import Vector

# Where no gradient comes any more, a velocity shrinks until float32 holds it only as a subnormal
# number, and at a momentum above one half it stays there: rounding gives the last of them back.
# The processor takes many times as long for these. So every now and then what is nearer to zero
# than 2^40 times the smallest normal number, 1.3e-26 in float32, becomes zero; what is kept has not
# shrunk by more than 2^27 when its turn comes again, and has 2^13 left for a learning rate.
_KEPT = 2.0**40
_SHRINKS_BY_BITS = 27

# Parameters at a time. Every pass over all of a large network's comes from memory, those over a
# piece after the first from the cache: with Nesterov and weight decay 10 ms a step instead of 18
# for the 12 million of 784-2500-2000-1500-1000-500-10. What is smaller than a piece feels nothing.
_PIECE = 2**19


class SGD:
    """Stochastic gradient descent.

    With learning rate r, momentum m, weight decay w and the gradient g of the parameters p:

        g <- g + w p
        v <- m v + g
        p <- p - r v                  or, with Nesterov,  p <- p - r (g + m v)

    the form of Sutskever et al. 2013 (section 2) with the learning rate outside the velocity, as
    `torch.optim.SGD` has it. Weight decay acts on every parameter, as it does there.

    Parameters
    ----------
    network
        Its `parameters` are moved along its `gradients`.
    learning_rate
        Step length; may be set anew before every step, as a schedule does.
    momentum
        0 for plain descent; below 1.
    nesterov
        Look ahead along the velocity; needs momentum.
    weight_decay
        Factor of the parameters that is added to the gradient.

    Attributes
    ----------
    velocities : Array (P,)
        Where the parameters are heading.
    steps
        Steps done. Whoever goes on from other velocities sets them too, since some steps end by
        setting to zero what is next to zero.
    """

    def __init__(
        self,
        network: Network,
        learning_rate: float,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.parameters = network.parameters  # (P,)
        self.gradients = network.gradients  # (P,)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.velocities = aligned(self.parameters.shape, self.parameters.dtype)  # (P,)
        self.velocities[...] = 0.0
        self.steps = 0
        self._least = _KEPT * float(np.finfo(self.parameters.dtype).tiny)
        # At one half and below, velocities fall to zero by themselves.
        self._cleared_every = math.floor(_SHRINKS_BY_BITS / -math.log2(max(momentum, 0.5)))
        scratch = aligned(self.parameters[:_PIECE].shape, self.parameters.dtype)
        pieces = [slice(start, start + _PIECE) for start in range(0, len(self.parameters), _PIECE)]
        self._pieces = [
            (
                Vector(self.parameters[piece]),
                Vector(self.gradients[piece]),
                Vector(self.velocities[piece]),
                Vector(scratch[: self.parameters[piece].size]),
            )
            for piece in pieces
        ]

    def step(self) -> None:
        """Move the parameters once along the network's gradients, which stay as they are."""
        self.steps += 1
        clears = self.steps % self._cleared_every == 0
        for parameters, gradients, velocities, scratch in self._pieces:
            self._move(parameters, gradients, velocities, scratch)
            if clears and self.momentum:
                self._clear_tiny(velocities.array, scratch.array)
            if clears and self.weight_decay:  # those of a dead unit shrink as well
                self._clear_tiny(parameters.array, scratch.array)

    def _move(
        self, parameters: Vector, gradients: Vector, velocities: Vector, scratch: Vector
    ) -> None:
        """Move some parameters; what `scratch` holds is overwritten."""
        rate, decay = self.learning_rate, self.weight_decay
        if decay:  # beside parameters alone, float32 would round it away
            np.multiply(parameters.array, decay, out=scratch.array)
            scratch.array += gradients.array
            gradients = scratch
        if self.momentum:
            velocities.scale_and_add(self.momentum, 1.0, gradients)
        if self.nesterov or not self.momentum:
            parameters.scale_and_add(1.0, -rate, gradients)
        if self.momentum:
            ahead = self.momentum if self.nesterov else 1.0
            parameters.scale_and_add(1.0, -rate * ahead, velocities)

    def _clear_tiny(self, array: Array, kept: Array) -> None:
        """Set to zero what is next to zero, and leave all else, NaN too, as it is."""
        np.abs(array, out=kept)
        np.greater_equal(kept, self._least, out=kept)  # 1 or 0
        array *= kept
