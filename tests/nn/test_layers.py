from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from helpers.central_differences import central_differences

from mnist_scratch.nn.layers import ACTIVATIONS, Activation, Dense, ReLU, Sigmoid, Tanh


def dense(inputs: int, outputs: int, seed: int = 0) -> Dense:
    layer = Dense(inputs, outputs)
    rng = np.random.default_rng(seed)
    layer.bind(rng.normal(size=layer.size), np.zeros(layer.size))
    return layer


def test_dense_multiplies_by_the_weights_and_adds_the_biases() -> None:
    layer = dense(2, 3)
    layer.weights[...] = [[1, 2, 3], [4, 5, 6]]
    layer.biases[...] = [10, 20, 30]
    assert layer.forward(np.array([[1.0, 10.0]])).tolist() == [[51, 72, 93]]


def test_dense_gradients_agree_with_central_differences() -> None:
    rng = np.random.default_rng(1)
    layer = dense(4, 3)
    inputs, upstream = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))

    def loss() -> float:
        return float(np.sum(upstream * layer.forward(inputs)))

    loss()
    d_inputs = layer.backward(upstream).copy()
    d_weights, d_biases = layer.d_weights.copy(), layer.d_biases.copy()
    np.testing.assert_allclose(d_inputs, central_differences(loss, inputs), atol=1e-8)
    np.testing.assert_allclose(d_weights, central_differences(loss, layer.weights), atol=1e-8)
    np.testing.assert_allclose(d_biases, central_differences(loss, layer.biases), atol=1e-8)


@pytest.mark.parametrize("kind", ACTIVATIONS.values())
def test_activation_gradients_agree_with_central_differences(kind: type[Activation]) -> None:
    rng = np.random.default_rng(2)
    layer = kind()
    inputs, upstream = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    layer.forward(inputs)
    d_inputs = layer.backward(upstream).copy()

    def loss() -> float:
        return float(np.sum(upstream * layer.forward(inputs)))

    np.testing.assert_allclose(d_inputs, central_differences(loss, inputs), atol=1e-8)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ReLU, [0.0, 0.0, 2.0]),
        (Tanh, [-0.7615941559557649, 0.0, 0.9640275800758169]),
        (Sigmoid, [0.2689414213699951, 0.5, 0.8807970779778823]),
    ],
)
def test_activations_have_their_known_values(kind: type[Activation], expected: list[float]) -> None:
    outputs = kind().forward(np.array([[-1.0, 0.0, 2.0]]))
    np.testing.assert_allclose(outputs[0], expected, rtol=1e-15)


def test_relu_has_no_slope_at_zero() -> None:
    layer = ReLU()
    layer.forward(np.array([[0.0]]))
    assert layer.backward(np.array([[7.0]])).tolist() == [[0.0]]


def test_sigmoid_saturates_without_overflowing() -> None:
    outputs = Sigmoid().forward(np.array([[-1e4, 1e4]], np.float32))
    assert outputs.tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("kind", ACTIVATIONS.values())
def test_activations_leave_their_inputs_alone(kind: type[Activation]) -> None:
    inputs = np.array([[-1.0, 2.0]])
    layer = kind()
    layer.forward(inputs)
    upstream = np.array([[3.0, 4.0]])
    layer.backward(upstream)
    assert inputs.tolist() == [[-1.0, 2.0]]
    assert upstream.tolist() == [[3.0, 4.0]]


def test_gradients_are_assigned_and_not_accumulated() -> None:
    layer = dense(4, 3)
    inputs, upstream = np.ones((2, 4)), np.ones((2, 3))
    layer.forward(inputs)
    layer.backward(upstream)
    once = layer.d_weights.copy(), layer.d_biases.copy()
    layer.backward(upstream)
    assert np.array_equal(once[0], layer.d_weights)
    assert np.array_equal(once[1], layer.d_biases)


@pytest.mark.parametrize(("scheme", "variance"), [("he", 2 / 300), ("glorot", 2 / 500)])
def test_initialisation_has_the_variance_of_its_paper(scheme: str, variance: float) -> None:
    layer = Dense(300, 200)
    layer.bind(np.ones(layer.size), np.zeros(layer.size))
    layer.initialise(np.random.default_rng(4), scheme)  # type: ignore[arg-type]
    # 60,000 draws: the variance's relative standard error is sqrt(2 / 60,000) = 0.6%.
    assert np.var(layer.weights) == pytest.approx(variance, rel=0.03)
    assert abs(np.mean(layer.weights)) < 4 * np.sqrt(variance / 60_000)
    assert not layer.biases.any()


@pytest.mark.parametrize("width", [0, -1, 784.0, True, "784", None, np.float64(3.0)])
def test_a_width_that_is_no_positive_integer_is_named(width: Any) -> None:
    with pytest.raises(ValueError, match=r"^Dense: inputs = .*: must be an integer, at least 1$"):
        Dense(width, 3)
    with pytest.raises(ValueError, match=r"^Dense: outputs = .*: must be an integer, at least 1$"):
        Dense(3, width)


def test_a_width_may_be_an_integer_of_numpy() -> None:
    assert repr(Dense(np.int64(7), np.uint8(3))) == "Dense(7, 3)"  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ACTIVATIONS.values())
def test_backward_needs_a_forward_before_it(kind: type[Activation]) -> None:
    assert repr(kind()) == f"{kind.__name__}()"
    with pytest.raises(AttributeError, match=f"^{kind.__name__} has no outputs yet: call forward"):
        kind().backward(np.ones((1, 2)))
    with pytest.raises(AttributeError, match=r"^Dense has no inputs yet: call forward first$"):
        dense(2, 2).backward(np.ones((1, 2)))


def test_a_dense_layer_without_a_network_says_so() -> None:
    lonely = (Dense(2, 3), copy.copy(dense(2, 3)), copy.deepcopy(dense(2, 3)))
    for layer in (*lonely, pickle.loads(pickle.dumps(dense(2, 3)))):  # noqa: S301
        message = r"^Dense has no weights yet: it belongs to no network"
        with pytest.raises(AttributeError, match=message):
            layer.forward(np.ones((1, 2)))
        with pytest.raises(AttributeError, match=message):
            layer.weights = np.ones((2, 3))


def test_the_widths_of_a_layer_cannot_be_assigned() -> None:
    layer = dense(2, 3)
    for name in ("width_in", "width_out"):
        with pytest.raises(
            AttributeError, match=f"^{name} cannot be assigned: make another Dense$"
        ):
            setattr(layer, name, 5)
    assert repr(layer) == "Dense(2, 3)"


def test_lists_are_taken_as_arrays() -> None:
    inputs = np.array([[-1.0, 2.0, 0.5]])
    for layer in (dense(3, 2), *(kind() for kind in ACTIVATIONS.values())):
        expected = layer.forward(inputs)
        np.testing.assert_array_equal(layer.forward(inputs.tolist()), expected)


def test_inputs_and_gradients_that_do_not_fit_a_layer_are_named() -> None:
    for layer in (dense(3, 3), *(kind() for kind in ACTIVATIONS.values())):
        layer.forward(np.ones((2, 3)))
        expected = layer.backward(np.ones((2, 3)))
        np.testing.assert_array_equal(layer.backward([[1.0] * 3] * 2), expected)  # type: ignore[arg-type]
        integers = np.ones((2, 3), np.int64)
        for wrong in (np.ones((1, 3)), np.ones(3), np.ones((2, 2)), integers, None):
            with pytest.raises(ValueError, match=r"^the gradient must be floats \(2, 3\), as the"):
                layer.backward(wrong)  # type: ignore[arg-type]
    for inputs in (np.ones(3), np.ones((2, 4)), np.float64(1.0)):
        with pytest.raises(ValueError, match=r"^inputs must be floats \(B, 3\), not float64 \("):
            dense(3, 3).forward(inputs)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ACTIVATIONS.values())
def test_outputs_are_right_while_another_thread_is_in_the_same_layer(
    kind: type[Activation],
) -> None:
    class Interrupted(kind):  # type: ignore[misc, valid-type]
        """Runs another forward as soon as one has set what backward needs."""

        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if not vars(self).get("interrupted"):
                self.__dict__["interrupted"] = True
                self.forward(np.full((1, 3), 9.0))

    inputs = np.array([[-1.0, 0.5, 2.0]])
    np.testing.assert_array_equal(Interrupted().forward(inputs), kind().forward(inputs))


def test_what_a_layer_returned_stays_when_the_next_batch_comes() -> None:
    for layer in (dense(3, 3), *(kind() for kind in ACTIVATIONS.values())):
        first, upstream = layer.forward(np.ones((2, 3))), np.ones((2, 3))
        d_first = layer.backward(upstream)
        kept, d_kept = first.copy(), d_first.copy()
        layer.forward(np.full((2, 3), -2.0))
        layer.backward(3.0 * upstream)
        np.testing.assert_array_equal(first, kept)
        np.testing.assert_array_equal(d_first, d_kept)
