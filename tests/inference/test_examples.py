from __future__ import annotations

import numpy as np
import pytest

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.inference.examples import show_examples, worst_examples
from mnist_scratch.nn.network import Network


@pytest.fixture
def network() -> Network:
    return Network.of_widths((784, 12, 10), "relu", np.random.default_rng(3))


def losses_one_by_one(network: Network, dataset: Dataset) -> list[float]:
    """The cross-entropy of every example, each sent through the network alone, in plain Python."""
    losses = []
    for picture, label in zip(dataset.images, dataset.labels, strict=True):
        pixels = ((picture / 255.0 - 0.1307) / 0.3081).reshape(1, 784).astype(np.float32)
        logits = network.forward(pixels)[0].astype(np.float64)
        losses.append(float(np.log(np.exp(logits).sum()) - logits[label]))
    return losses


def test_the_worst_examples_are_those_with_the_largest_losses(
    network: Network, digits: Dataset
) -> None:
    losses = losses_one_by_one(network, digits)
    expected = sorted(range(100), key=lambda number: -losses[number])[:7]
    worst = worst_examples(network, digits, 7)
    assert [example.number for example in worst] == expected
    for example in worst:
        assert example.label == digits.labels[example.number]
        assert np.array_equal(example.image, digits.images[example.number])


def test_examples_come_with_their_own_logits_in_the_order_asked_for(
    network: Network, digits: Dataset
) -> None:
    losses = losses_one_by_one(network, digits)
    for example, number in zip(
        show_examples(network, digits, [42, 7, 42]), [42, 7, 42], strict=True
    ):
        assert example.number == number
        loss = np.log(np.exp(example.logits).sum()) - example.logits[example.label]
        assert loss == pytest.approx(losses[number], rel=1e-5)
