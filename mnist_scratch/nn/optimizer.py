"""Stochastic gradient descent with momentum, on flat arrays."""

from __future__ import annotations

import numpy as np

from mnist_scratch.nn.network import Network


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
        self.velocities = np.zeros_like(self.parameters)  # (P,)
        self._moves = np.empty_like(self.parameters)  # (P,)

    def step(self) -> None:
        """Move the parameters once along the network's gradients, which stay as they are."""
        rate, gradients, moves = self.learning_rate, self.gradients, self._moves
        if self.weight_decay:
            np.multiply(self.parameters, self.weight_decay, out=moves)
            moves += gradients
            gradients = moves
        if self.momentum:
            self.velocities *= self.momentum
            self.velocities += gradients
            if self.nesterov:
                np.multiply(gradients, rate, out=moves)
                self.parameters -= moves
                rate *= self.momentum
            gradients = self.velocities
        np.multiply(gradients, rate, out=moves)
        self.parameters -= moves
