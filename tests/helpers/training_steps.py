"""A short training, to be called in this process or in another."""

from __future__ import annotations

import numpy as np

from mnist_scratch.nn import Array
from mnist_scratch.nn.loss import SoftmaxCrossEntropy
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import SGD, Adam


def trained_parameters(network: Network, optimizer: SGD | Adam, steps: int = 20) -> Array:
    """Train a network on noise, and return a copy of its parameters."""
    rng = np.random.default_rng(9)
    loss_function = SoftmaxCrossEntropy()
    inputs, *_, classes = network.widths
    for _ in range(steps):
        logits = network.forward(rng.normal(size=(8, inputs)))
        loss_function.forward(logits, np.eye(classes)[rng.integers(0, classes, 8)])
        network.backward(loss_function.backward())
        optimizer.step()
    return network.parameters.copy()
