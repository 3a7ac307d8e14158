from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
from helpers.central_differences import central_differences
from helpers.training_steps import trained_parameters

from mnist_scratch.nn import Array
from mnist_scratch.nn.layers import ACTIVATIONS, Activation, Dense, Layer, ReLU, Tanh
from mnist_scratch.nn.loss import SoftmaxCrossEntropy
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import SGD

TWICE, SQUARE = ReLU(), Dense(2, 2)


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
        ([SQUARE, ReLU(), SQUARE], "a layer is there twice"),
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


def test_the_gradient_check_of_a_float64_network_holds_with_float32_batches() -> None:
    network = small(Tanh())
    loss_function = SoftmaxCrossEntropy()
    rng = np.random.default_rng(1)
    images = rng.normal(size=(4, 6)).astype(np.float32)
    targets = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]

    def loss() -> float:
        return loss_function.forward(network.forward(images), targets)

    loss()
    network.backward(loss_function.backward())
    expected = central_differences(loss, network.parameters)
    np.testing.assert_allclose(network.gradients, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.longdouble, ">f4"])
def test_floats_of_another_precision_are_converted(dtype: Any) -> None:
    network = small(ReLU(), dtype=np.float32)
    images = np.random.default_rng(1).normal(size=(4, 6)).astype(np.float16)
    expected = network.forward(images.astype(np.float32))
    assert expected.dtype == np.float32
    np.testing.assert_array_equal(network.forward(images.astype(dtype)), expected)
    np.testing.assert_array_equal(network.forward(images.tolist()), expected)
    gradient = np.full((4, 3), 0.5, np.float32)
    network.backward(gradient)
    gradients = network.gradients.copy()
    network.backward(gradient.astype(dtype))
    np.testing.assert_array_equal(network.gradients, gradients)


RAW = r"standardise\(images\) .*predict\(network, images\)"


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros(784, np.float32), rf"floats \(B, 784\), not float32 \(784,\): {RAW}.*newaxis"),
        (np.zeros((5, 784), np.uint8), rf"floats \(B, 784\), not uint8 \(5, 784\): {RAW}"),
        (np.zeros((5, 28, 28), np.uint8), rf"not uint8 \(5, 28, 28\): {RAW}"),
        (np.zeros((5, 28, 28)), rf"not float64 \(5, 28, 28\): {RAW}"),
        (np.zeros((5, 783)), r"not float64 \(5, 783\)"),
        (np.zeros((5, 784), complex), "not complex128"),
        (np.zeros((5, 784), bool), "not bool"),
        (np.zeros((5, 784), object), "not object"),
        ([[0] * 784], "not int64"),
        (np.ma.masked_array(np.zeros((5, 784))), "masked"),
        ([np.ma.masked_array(np.zeros(784))], "masked"),
        ([[np.ma.masked_array(np.zeros(784))]], "masked"),
        ([[0.0], [0.0, 1.0]], "^images cannot be read as an array"),
        (None, r"floats \(B, 784\), not None"),
        (ReLU, "not the class ReLU"),
    ],
    ids=str,
)
def test_what_is_no_batch_is_refused_at_the_door(images: Any, message: str) -> None:
    network = Network.of_widths((784, 10), "relu", 0)
    with pytest.raises(ValueError, match=message):
        network.forward(images)


def test_an_empty_batch_has_no_logits_and_no_gradient() -> None:
    network = small(ReLU())
    logits = network.forward(np.empty((0, 6)))
    assert logits.shape == (0, 3)
    network.backward(logits)
    assert not network.gradients.any()


def test_backward_needs_a_forward_with_logits_of_its_shape() -> None:
    network = small(ReLU())
    for d_logits in (np.zeros((2, 3)), np.zeros((2, 3), np.float32)):
        with pytest.raises(AttributeError, match=r"^Dense has no inputs yet: call forward first$"):
            network.backward(d_logits)
    network.forward(np.zeros((2, 6)))
    for wrong in (np.zeros((1, 3)), np.zeros(3), np.zeros((2, 3), int), None, np.zeros((4, 3))):
        with pytest.raises(ValueError, match=r"the gradient must be floats \(2, 3\).* not "):
            network.backward(wrong)  # type: ignore[arg-type]


def test_to_ask_for_logits_leaves_what_backward_needs() -> None:
    network = small(Tanh())
    images, others = np.random.default_rng(1).normal(size=(2, 4, 6))
    expected = network.forward(images)
    network.backward(expected)
    gradients = network.gradients.copy()
    assert not np.array_equal(network.logits(others), expected)
    np.testing.assert_array_equal(network.logits(images), expected)
    network.logits(others[:2])
    network.backward(expected)
    np.testing.assert_array_equal(network.gradients, gradients)
    network.parameters[...] *= 0.5  # they are the same parameters, not copies
    assert not np.array_equal(network.logits(images), expected)


def copies(network: Network) -> list[Network]:
    pickled = pickle.dumps(network)
    return [copy.copy(network), copy.deepcopy(network), pickle.loads(pickled)]  # noqa: S301


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_copy_of_a_network_is_whole_and_independent(dtype: type) -> None:
    network = small(ReLU(), dtype=dtype)
    images, d_logits = np.random.default_rng(1).normal(size=(4, 6)), np.full((4, 3), 0.25)
    logits = network.forward(images)
    network.backward(d_logits)
    for copied in copies(network):
        assert repr(copied) == repr(network)
        np.testing.assert_array_equal(copied.parameters, network.parameters)
        np.testing.assert_array_equal(copied.gradients, network.gradients)
        copied.gradients[...] = 0.0
        copied.backward(d_logits)  # of the forward that was copied with it
        np.testing.assert_array_equal(copied.gradients, network.gradients)
        copied.parameters[...] = 0.0
        assert not copied.forward(images).any()
        np.testing.assert_array_equal(network.forward(images), logits)
        for layer, original in zip(copied.dense_layers, network.dense_layers, strict=True):
            assert np.shares_memory(layer.weights, copied.parameters)
            assert np.shares_memory(layer.d_biases, copied.gradients)
            assert not np.shares_memory(layer.weights, original.weights)


def test_a_copy_of_a_network_trains_as_the_network_does() -> None:
    network = small(ReLU())
    trained = [trained_parameters(each, SGD(each, 0.1)) for each in copies(network)]
    assert not np.array_equal(trained[0], network.parameters)
    expected = trained_parameters(network, SGD(network, 0.1))
    for parameters in trained:
        np.testing.assert_array_equal(parameters, expected)


def test_another_process_trains_as_this_one_does() -> None:
    network = small(ReLU())
    optimizer = SGD(network, 0.1, momentum=0.9)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        elsewhere = pool.apply(trained_parameters, (network, optimizer))
    np.testing.assert_array_equal(elsewhere, trained_parameters(network, optimizer))


def test_a_layer_of_another_network_is_refused() -> None:
    network = small(ReLU())
    dense, relu, _ = network.layers
    with pytest.raises(ValueError, match=r"layer 1, Dense\(6, 5\), belongs to another network"):
        Network([dense], 0)
    for copied in (network, *copies(network)):
        relu = copied.layers[1]
        with pytest.raises(ValueError, match=r"layer 2, ReLU\(\), belongs to another network"):
            Network([Dense(2, 2), relu, Dense(2, 2)], 0)
    Network([Dense(2, 2), copy.copy(relu), Dense(2, 2)], 0)


def test_a_network_is_gone_when_nobody_has_it() -> None:
    gone = weakref.ref(small(ReLU()))
    gc.collect()
    assert gone() is None


class Nameless:
    size = 0


class Halved(Dense):
    """Were its backward not called, as the first layer's is not, its gradients would be wrong."""


def test_an_initialisation_that_does_not_exist_is_named() -> None:
    class Odd(ReLU):
        initialisation: Any = "lecun"

    with pytest.raises(
        ValueError, match=r"^layer 2, .*: its initialisation is 'lecun'; he or glorot"
    ):
        Network([Dense(2, 2), Odd(), Dense(2, 2)], 0)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Dense(2, 2), ReLU, Dense(2, 2)], r"^layer 2 is the class ReLU: write ReLU\(...\) to"),
        ([Halved(2, 2)], r"^layer 1, Dense\(2, 2\), is of a class made from Dense"),
        ([Dense(2, 2), Nameless(), Dense(2, 2)], "^layer 2, Nameless, has no name: a layer has"),
        ([None], "^layer 1, None, has no name"),
        (Dense(2, 2), "^layers must be a list, not Dense$"),
        (7, "^layers must be a list, not int$"),
    ],
)
def test_what_is_no_layer_is_named(layers: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Network(layers, 0)


@pytest.mark.parametrize("dtype", [np.float16, np.int64, None, "nonsense", np.longdouble, "c16"])
def test_a_dtype_that_a_network_cannot_have_is_named(dtype: Any) -> None:
    with pytest.raises(ValueError, match=r"^dtype = .*: must be numpy.float32 or numpy.float64$"):
        Network([Dense(2, 2)], 0, dtype)


@pytest.mark.parametrize(
    ("widths", "activation", "message"),
    [
        ((784, 10), "gelu", "^activation = 'gelu': choose one of relu, tanh, sigmoid"),
        ((784, 10), ReLU, "^activation = .*ReLU.*: choose one of relu, tanh, sigmoid"),
        ((784,), "relu", r"^widths = \(784,\): give two at least, such as \(784, 128, 10\)$"),
        ((784, 12.5), "relu", "^Dense: outputs = 12.5: must be an integer, at least 1$"),
        ((784, 0), "relu", "^Dense: outputs = 0: must be an integer, at least 1$"),
        (784, "relu", "^widths must be a list, not int$"),
    ],
)
def test_widths_and_activations_that_do_not_exist_are_named(
    widths: Any, activation: Any, message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Network.of_widths(widths, activation, 0)


def test_what_is_assigned_to_the_arrays_of_a_network_is_copied_into_them() -> None:
    network = small(ReLU())
    first = network.dense_layers[0]
    holders: list[Any] = [network, first]
    for holder, name in (
        *((holders[0], name) for name in ("parameters", "gradients")),
        *((holders[1], name) for name in ("weights", "biases", "d_weights", "d_biases")),
    ):
        array = getattr(holder, name)
        values = np.arange(array.size, dtype=np.float32).reshape(array.shape)
        setattr(holder, name, values)
        assert getattr(holder, name) is array
        np.testing.assert_array_equal(array, values)
        values[...] = -1.0
        assert array.flat[0] == 0.0
        setattr(holder, name, array.tolist())
        write = rf"^{name} must stay float64 .*write \w+\.{name}\[\.\.\.\] = x$"
        for wrong in (0.0, np.zeros(2), array.T[None], array.astype(complex), "a", None):
            with pytest.raises(AttributeError, match=write):
                setattr(holder, name, wrong)
        with pytest.raises(ValueError, match=f"{name}: a masked array would lose its mask"):
            setattr(holder, name, np.ma.masked_array(values))
    network.parameters = network.parameters * 0.0
    assert not first.weights.any()
    first.biases += 1.0
    assert network.parameters.sum() == first.biases.size


def test_the_layers_of_a_network_stay() -> None:
    network = small(ReLU())
    for name in ("layers", "dense_layers"):
        assert isinstance(getattr(network, name), tuple)
        with pytest.raises(AttributeError, match=name):
            setattr(network, name, [])


def test_a_network_shows_its_widths_its_activations_and_its_size() -> None:
    assert repr(Network.of_widths((784, 128, 10), "relu", 0)) == (
        "Network(784-128-10, relu, 101,770 parameters)"
    )
    assert repr(Network.of_widths((784, 10), "relu", 0)) == "Network(784-10, 7,850 parameters)"
    layers: list[Layer] = [
        Dense(6, 5),
        Tanh(),
        Dense(5, 5),
        ReLU(),
        Dense(5, 5),
        Tanh(),
        Dense(5, 3),
    ]
    assert repr(Network(layers, 0, np.float64)) == (
        "Network(6-5-5-5-3, tanh, relu, 113 parameters, float64)"
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_with_scaled_inputs_gives_the_logits_of_inputs_that_are_scaled(
    dtype: str,
) -> None:
    network = Network([Dense(6, 5), ReLU(), Dense(5, 3)], 0, dtype)
    network.parameters[...] += 0.1
    before = network.parameters.copy()
    inputs = np.random.default_rng(1).normal(size=(4, 6)).astype(dtype)
    logits = network.with_scaled_inputs(3.0, 0.5).logits(inputs)
    assert logits.dtype == dtype
    expected = network.logits((inputs * 3.0 - 0.5).astype(dtype))
    np.testing.assert_allclose(logits, expected, rtol=1e-5)
    np.testing.assert_array_equal(network.parameters, before)
