from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.central_differences import central_differences

from mnist_scratch.nn import Array
from mnist_scratch.nn.layers import ACTIVATIONS, Activation, Dense, Layer, ReLU, Tanh
from mnist_scratch.nn.loss import SoftmaxCrossEntropy
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import SGD

TWICE = ReLU()


class Scaled(ReLU):
    """An activation that claims a parameter."""

    size = 1


def small(*middle: Layer, dtype: type = np.float64) -> Network:
    layers: list[Layer] = [Dense(6, 5), *middle, Dense(5, 3)]
    return Network(layers, np.random.default_rng(0), dtype)


def assert_close(actual: Array, expected: list[Any]) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("activation", ACTIVATIONS.values())
@pytest.mark.parametrize("batch", [1, 7])
def test_the_whole_gradient_agrees_with_central_differences(
    activation: type[Activation], batch: int
) -> None:
    rng = np.random.default_rng(batch)
    network = Network(
        [Dense(6, 5), activation(), Dense(5, 4), activation(), Dense(4, 3)], rng, np.float64
    )
    network.parameters += 0.1 * rng.normal(size=network.parameters.shape)
    loss_function = SoftmaxCrossEntropy()
    images = rng.normal(size=(batch, 6))
    targets = np.eye(3)[rng.integers(0, 3, batch)]

    def loss() -> float:
        return loss_function.forward(network.forward(images), targets)

    loss()
    network.backward(loss_function.backward())
    expected = central_differences(loss, network.parameters)
    np.testing.assert_allclose(network.gradients, expected, rtol=1e-6, atol=1e-9)


def test_one_training_step_is_the_one_worked_by_hand() -> None:
    # Two pixels, two hidden units, two classes; batch of two; learning rate 0.5.
    network = Network([Dense(2, 2), ReLU(), Dense(2, 2)], np.random.default_rng(0), np.float64)
    first, second = network.dense_layers
    first.weights[...] = [[1, -1], [0, 1]]
    first.biases[...] = [0, 0]
    second.weights[...] = [[1, 0], [0, 1]]
    second.biases[...] = [0, 0]
    images = np.array([[1.0, 1.0], [1.0, 3.0]])
    targets = np.array([[1.0, 0.0], [0.0, 1.0]])
    # Hidden before ReLU: (1, 0), (1, 2); after it the same, with slopes (1, 0), (1, 1).
    # Logits (1, 0), (1, 2): both are one apart in favour of the true class, so both examples have
    # p = 1 / (1 + e^-1) = 0.731059 for it, loss -log p = 0.313262 and q = 1 - p = 0.268941.
    q = 0.2689414213699951
    loss_function = SoftmaxCrossEntropy()
    loss = loss_function.forward(network.forward(images), targets)
    assert loss == pytest.approx(0.31326168751822286, rel=1e-14)
    # dL/d(logits) = (p - y) / 2: (-q, q) / 2 and (q, -q) / 2. From there:
    #   second weights: (1, 0)^T (-q, q) / 2 + (1, 2)^T (q, -q) / 2 = ((0, 0), (q, -q));
    #   second biases: (0, 0);
    #   hidden: the same as the logits', the weights being one; past ReLU (-q, 0) / 2, (q, -q) / 2;
    #   first weights: (1, 1)^T (-q, 0) / 2 + (1, 3)^T (q, -q) / 2 = ((0, -q / 2), (q, -3 q / 2));
    #   first biases: (0, -q / 2).
    network.backward(loss_function.backward())
    SGD(network, 0.5).step()
    assert_close(second.weights, [[1, 0], [-q / 2, 1 + q / 2]])
    assert_close(second.biases, [0, 0])
    assert_close(first.weights, [[1, -1 + q / 4], [-q / 2, 1 + 3 * q / 4]])
    assert_close(first.biases, [0, q / 4])


def test_the_gradient_does_not_grow_with_the_batch() -> None:
    network = small(Tanh())
    loss_function = SoftmaxCrossEntropy()
    images = np.random.default_rng(1).normal(size=(4, 6))
    targets = np.eye(3)[[0, 1, 2, 0]]
    gradients = []
    for times in (1, 5):
        logits = network.forward(np.tile(images, (times, 1)))
        loss_function.forward(logits, np.tile(targets, (times, 1)))
        network.backward(loss_function.backward())
        gradients.append(network.gradients.copy())
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-12, atol=1e-16)


def test_layers_hold_views_of_the_flat_parameters() -> None:
    network = small(ReLU())
    network.parameters[:] = np.arange(network.parameters.size)
    first, second = network.dense_layers
    assert network.parameters.size == 6 * 5 + 5 + 5 * 3 + 3
    assert first.weights[0].tolist() == [0, 1, 2, 3, 4]
    assert first.biases.tolist() == [30, 31, 32, 33, 34]
    assert second.weights[0].tolist() == [35, 36, 37]
    assert second.biases.tolist() == [50, 51, 52]


@pytest.mark.parametrize(("activation", "fan"), [("relu", 400), ("tanh", 600), ("sigmoid", 600)])
def test_the_activation_decides_the_initialisation(activation: str, fan: int) -> None:
    network = Network.of_widths((400, 200, 100), activation, np.random.default_rng(0))
    hidden, logits = network.dense_layers
    assert np.var(hidden.weights) == pytest.approx(2 / fan, rel=0.03)
    assert np.var(logits.weights) == pytest.approx(2 / 300, rel=0.05)


def test_widths_are_those_it_was_made_of() -> None:
    network = Network.of_widths((12, 8, 5, 3), "tanh", np.random.default_rng(0))
    assert network.widths == (12, 8, 5, 3)
    assert [type(layer) for layer in network.layers] == [Dense, Tanh, Dense, Tanh, Dense]
    assert network.parameters.dtype == np.float32


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "first layer must be a Dense"),
        ([ReLU(), Dense(2, 2)], "first layer must be a Dense"),
        ([Dense(2, 2), ReLU()], "last layer must be a Dense"),
        ([Dense(2, 3), ReLU(), Dense(4, 2)], "3 outputs, but Dense layer 2 takes 4"),
        ([Dense(2, 2), TWICE, Dense(2, 2), TWICE, Dense(2, 2)], "a layer is there twice"),
        ([Dense(2, 2), Scaled(), Dense(2, 2)], "Scaled: only Dense layers can have parameters"),
    ],
)
def test_layers_that_do_not_fit_are_named(layers: list[Layer], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network(layers, np.random.default_rng(0))


def test_a_float64_network_computes_in_float64_from_float32_images() -> None:
    network = small(ReLU())
    images = np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32)
    logits = network.forward(images)
    assert logits.dtype == np.float64
    np.testing.assert_array_equal(logits, network.forward(images.astype(np.float64)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_and_gradients_begin_with_a_cache_line(dtype: type) -> None:
    networks = [small(ReLU(), dtype=dtype) for _ in range(5)]
    for network in networks:
        for array in (network.parameters, network.gradients, SGD(network, 0.1).velocities):
            assert array.ctypes.data % 64 == 0
            assert array.dtype == dtype
            assert array.shape == (6 * 5 + 5 + 5 * 3 + 3,)


@pytest.mark.parametrize("seed", [7, np.int64(7), np.uint8(7)])
def test_a_seed_draws_what_its_generator_draws(seed: Any) -> None:
    network = Network([Dense(6, 5)], seed)
    expected = Network([Dense(6, 5)], np.random.default_rng(7))
    np.testing.assert_array_equal(network.parameters, expected.parameters)
    small = Network.of_widths((6, 5), "relu", seed)
    np.testing.assert_array_equal(small.parameters, expected.parameters)


@pytest.mark.parametrize(
    ("rng", "message"),
    [
        (None, "rng must be a seed such as 0, or a numpy.random.Generator, not None"),
        (True, "not bool"),
        (0.0, "not float"),
        ("0", "not str"),
        (np.random.Generator, "not the class Generator"),
        (-1, "rng = -1: a seed must be 0 or above"),
    ],
)
def test_what_is_neither_a_seed_nor_a_generator_is_named(rng: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Network([Dense(2, 2)], rng)
