"""Training in float32 beside PyTorch's; scripts/make_golden.py made the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_scratch.nn import Array
from mnist_scratch.nn.loss import SoftmaxCrossEntropy
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import SGD, Adam, Optimizer

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "torch_training.npz")
OPTIMIZERS: dict[str, Callable[[Network], Optimizer]] = {
    "plain": lambda network: SGD(network, 0.1),
    "momentum": lambda network: SGD(network, 0.1, momentum=0.9),
    "nesterov": lambda network: SGD(network, 0.1, momentum=0.9, nesterov=True),
    "weight_decay": lambda network: SGD(network, 0.1, weight_decay=0.01),
    "all": lambda network: SGD(network, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda network: Adam(network, 0.01),
    "adam_all": lambda network: Adam(
        network, 0.02, beta1=0.8, beta2=0.95, epsilon=1e-3, weight_decay=0.1
    ),
}


def assert_close(actual: Array, expected: Any) -> None:
    """Compare sums of a dozen float32 numbers in another order: a few units in the last place."""
    np.testing.assert_allclose(actual, expected, rtol=2e-6, atol=3e-7)


def initial_network(activation: str) -> Network:
    network = Network.of_widths((12, 8, 5, 3), activation, np.random.default_rng(0))
    network.parameters[...] = GOLDEN["initial"]
    return network


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_logits_and_gradients_are_those_of_pytorch(activation: str) -> None:
    network, loss_function = initial_network(activation), SoftmaxCrossEntropy()
    targets = np.eye(3, dtype=np.float32)[GOLDEN["labels"][0]]
    logits = network.forward(GOLDEN["images"][0])
    assert logits.dtype == np.float32
    assert_close(logits, GOLDEN[f"{activation}.logits"])
    loss_function.forward(logits, targets)
    network.backward(loss_function.backward())
    assert_close(network.gradients, GOLDEN[f"{activation}.gradients"])


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_five_steps_of_an_optimizer_are_those_of_pytorch(activation: str, kind: str) -> None:
    network, loss_function = initial_network(activation), SoftmaxCrossEntropy()
    optimizer = OPTIMIZERS[kind](network)
    losses = []
    for images, labels in zip(GOLDEN["images"], GOLDEN["labels"], strict=True):
        targets = np.eye(3, dtype=np.float32)[labels]
        losses.append(loss_function.forward(network.forward(images), targets))
        network.backward(loss_function.backward())
        optimizer.step()
    np.testing.assert_allclose(losses, GOLDEN[f"{activation}.{kind}.losses"], rtol=2e-6)
    expected = GOLDEN[f"{activation}.{kind}.parameters"]
    assert_close(network.parameters, expected)
