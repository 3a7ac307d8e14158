from __future__ import annotations

import json
import re

import numpy as np
import pytest

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.loader import standardise
from mnist_scratch.data.sources.registry import DIGITS
from mnist_scratch.nn.loss import LOSSES, SoftmaxCrossEntropy
from mnist_scratch.nn.network import Network
from mnist_scratch.report.explain.backward_text import describe_batch
from mnist_scratch.report.explain.batch import explain_batch


@pytest.fixture
def network() -> Network:
    return Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0))


@pytest.fixture
def untrained() -> Network:
    return Network.of_widths((784, 6, 10), "relu", np.random.default_rng(1))


@pytest.mark.parametrize("loss", LOSSES)
def test_the_mean_of_the_images_derivatives_is_that_of_the_batch(
    network: Network, untrained: Network, digits: Dataset, loss: str
) -> None:
    batch = explain_batch(network, untrained, digits, 32, LOSSES[loss](), (2, 3, 7))
    assert batch.check.of == "weight 2,3,7"
    assert batch.check.agrees
    assert batch.derivatives.mean() == pytest.approx(batch.check.stated, rel=1e-9)
    assert batch.labels.tolist() == digits.labels[:32].tolist()
    # The same by the network itself, in float32.
    loss_function, targets = LOSSES[loss](), np.eye(10, dtype=np.float32)[digits.labels[:32]]
    mean = loss_function.forward(network.forward(standardise(digits.images[:32])), targets)
    network.backward(loss_function.backward())
    assert batch.losses.mean() == pytest.approx(mean, rel=1e-4)
    assert batch.check.stated == pytest.approx(network.dense_layers[1].d_weights[3, 7], rel=1e-4)


def test_without_a_weight_the_largest_derivative_of_the_batch_is_followed(
    network: Network, untrained: Network, digits: Dataset
) -> None:
    batch = explain_batch(network, untrained, digits, 16, SoftmaxCrossEntropy(), None)
    loss_function, targets = SoftmaxCrossEntropy(), np.eye(10, dtype=np.float32)
    loss_function.forward(
        network.forward(standardise(digits.images[:16])), targets[digits.labels[:16]]
    )
    network.backward(loss_function.backward())
    largest = max(np.abs(layer.d_weights).max() for layer in network.dense_layers)
    assert abs(batch.check.stated) == pytest.approx(largest, rel=1e-4)


def test_the_norms_are_of_batches_of_8_to_as_many_images_as_there_are(
    network: Network, untrained: Network, digits: Dataset
) -> None:
    batch = explain_batch(network, untrained, digits, 1, SoftmaxCrossEntropy(), None)
    assert (batch.images, [row.size for row in batch.norms]) == (100, [8, 16, 32, 64])
    for row in batch.norms:
        assert row.sum == row.size * row.mean
        assert row.untrained_sum == row.size * row.untrained_mean
    loss_function, norms = SoftmaxCrossEntropy(), []
    targets = np.eye(10, dtype=np.float32)[digits.labels]
    for start in (0, 32, 64):
        images = standardise(digits.images[start : start + 32])
        loss_function.forward(untrained.forward(images), targets[start : start + 32])
        untrained.backward(loss_function.backward())
        norms.append(np.linalg.norm(untrained.gradients))
    assert batch.norms[2].untrained_mean == pytest.approx(np.mean(norms), rel=1e-4)


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("size", [1, 5, 32, 100])
def test_the_text_adds_up_and_fits_the_terminal(
    network: Network, untrained: Network, digits: Dataset, size: int, width: int
) -> None:
    batch = explain_batch(network, untrained, digits, size, SoftmaxCrossEntropy(), None)
    lines = describe_batch(batch, DIGITS, width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines == [line.rstrip() for line in lines]
    table = [line.split() for line in lines if re.match(r"^ *\d+ (more| +\d) ", line)]
    rows = [float(cells[-1]) for cells in table[: min(size, 6)]]
    assert sum(rows) == pytest.approx(batch.derivatives.sum(), abs=2e-4)
    (total,) = (float(line.split()[-1]) for line in lines if "sum of dL/dw" in line)
    (mean,) = (float(line.split()[-1]) for line in lines if f"mean: sum / {size}" in line)
    assert mean == pytest.approx(total / size, rel=1e-4)


def test_too_few_images_to_compare_sizes_are_said(network: Network, untrained: Network) -> None:
    few = Dataset("few", np.zeros((9, 28, 28), np.uint8), np.arange(9, dtype=np.uint8))
    batch = explain_batch(network, untrained, few, 9, SoftmaxCrossEntropy(), None)
    assert "takes 16 test images or more; here are 9." in describe_batch(batch, DIGITS)


def test_json_has_the_numbers_by_name(
    network: Network, untrained: Network, digits: Dataset
) -> None:
    batch = explain_batch(network, untrained, digits, 8, SoftmaxCrossEntropy(), (1, 400, 2))
    values = json.loads(json.dumps(batch.as_json(), allow_nan=False))
    assert values["weight"] == {"layer": 1, "input": 400, "output": 2}
    assert values["derivatives"] == batch.derivatives.tolist()
    assert values["mean"] == pytest.approx(values["check"]["stated"])
    assert [row["size"] for row in values["norms"]] == [8, 16, 32, 64]
