from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.training_steps import trained_parameters

from mnist_scratch.nn import Array
from mnist_scratch.nn import optimizer as optimizer_module
from mnist_scratch.nn.layers import Dense, ReLU
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import OPTIMIZERS, SGD, Adam


def one_parameter(value: float, gradient: float) -> Network:
    """A network of which only the first parameter counts."""
    network = Network([Dense(1, 1)], np.random.default_rng(0), np.float64)
    network.parameters[...] = (value, 0.0)
    network.gradients[...] = (gradient, 0.0)
    return network


@pytest.mark.parametrize(
    ("momentum", "nesterov", "weight_decay", "expected"),
    [
        # From 1.0 with gradient 2.0 and learning rate 0.1, two steps.
        (0.0, False, 0.0, [0.8, 0.6]),
        # v = 2, 3; p = 1 - 0.2, 0.8 - 0.3.
        (0.5, False, 0.0, [0.8, 0.5]),
        # v = 2, 3; moves 0.1 (2 + 1), 0.1 (2 + 1.5).
        (0.5, True, 0.0, [0.7, 0.35]),
        # g = 2 + 0.5 p = 2.5, then 2 + 0.375; p = 1 - 0.25, 0.75 - 0.2375.
        (0.0, False, 0.5, [0.75, 0.5125]),
        # g = 2.5, v = 2.5, move 0.1 (2.5 + 1.25);
        # g = 2.3125, v = 3.5625, move 0.1 (2.3125 + 1.78125).
        (0.5, True, 0.5, [0.625, 0.215625]),
    ],
)
def test_two_steps_are_those_worked_by_hand(
    momentum: float, nesterov: bool, weight_decay: float, expected: list[float]
) -> None:
    network = one_parameter(1.0, 2.0)
    optimizer = SGD(network, 0.1, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)
    for value in expected:
        optimizer.step()
        assert network.parameters[0] == pytest.approx(value, rel=1e-14)
    assert network.gradients.tolist() == [2.0, 0.0]


def test_the_learning_rate_can_be_set_between_steps() -> None:
    network = one_parameter(1.0, 2.0)
    optimizer = SGD(network, 0.1)
    optimizer.step()
    optimizer.learning_rate = 0.0
    optimizer.step()
    assert network.parameters[0] == pytest.approx(0.8)


def test_momentum_converges_on_a_bowl_where_plain_descent_is_slow() -> None:
    # L = (p0^2 + 100 p1^2) / 2: plain descent at 0.015 shrinks p0 by 0.985 a step.
    curvatures = np.array([1.0, 100.0])

    def distance(momentum: float) -> float:
        network = one_parameter(1.0, 0.0)
        network.parameters[...] = 1.0
        optimizer = SGD(network, 0.015, momentum=momentum)
        for _ in range(150):
            network.gradients[...] = curvatures * network.parameters
            optimizer.step()
        return float(np.abs(network.parameters).max())

    assert distance(0.0) == pytest.approx(0.985**150, rel=1e-6)
    assert distance(0.8) < 1e-4


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_what_shrinks_without_a_gradient_is_zero_before_it_is_subnormal(
    kind: type[SGD | Adam],
) -> None:
    rng = np.random.default_rng(1)
    network = Network([Dense(100, 10)], rng)
    optimizer = SGD(network, 0.3, momentum=0.9) if kind is SGD else Adam(network, 0.001, beta2=0.9)
    # Of every size that float32 has, and then none at all, as in a unit that has died.
    network.gradients[...] = 10.0 ** rng.uniform(-15, 1, network.gradients.shape)
    optimizer.step()
    network.gradients[...] = 0.0
    arrays = [getattr(optimizer, name) for name in kind.state_names]
    for step in range(2000):
        optimizer.step()
        if step > 100:
            for array in arrays:
                assert not ((array != 0) & (np.abs(array) < np.finfo(np.float32).tiny)).any()
    assert not any(array.any() for array in arrays)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("block", [10**6, 100, 510, 509])
def test_blocks_of_any_size_move_as_by_the_formula(
    block: int, nesterov: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizer_module, "_BLOCK", block)
    rng = np.random.default_rng(2)
    network = Network([Dense(50, 10)], rng, np.float64)
    sgd = SGD(network, 0.1, momentum=0.9, nesterov=nesterov, weight_decay=0.001)
    parameters, velocities = network.parameters.copy(), np.zeros_like(network.parameters)
    for _ in range(1000):
        network.gradients[...] = rng.normal(size=network.gradients.shape)
        sgd.step()
        gradients = network.gradients + 0.001 * parameters
        velocities = 0.9 * velocities + gradients
        parameters = parameters - 0.1 * (gradients + 0.9 * velocities if nesterov else velocities)
    np.testing.assert_allclose(network.parameters, parameters, rtol=0, atol=1e-12)
    np.testing.assert_allclose(sgd.velocities, velocities, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_float32_does_not_round_a_small_weight_decay_away(momentum: float, nesterov: bool) -> None:
    def moved(dtype: npt.DTypeLike, weight_decay: float) -> Array:
        rng = np.random.default_rng(3)
        network = Network([Dense(20, 10)], rng, dtype)
        settings = {"momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
        sgd = SGD(network, 0.001, **settings)  # type: ignore[arg-type]  # a float for a bool
        for _ in range(5000):
            network.gradients[...] = rng.normal(size=network.gradients.shape)
            sgd.step()
        return network.parameters.astype(np.float64)

    # As a share of the parameters it is 5e-5 without momentum, of which each step gives 1e-8.
    exact = moved(np.float64, 1e-5) - moved(np.float64, 0.0)
    effect = moved(np.float32, 1e-5) - moved(np.float32, 0.0)
    assert effect @ exact / (exact @ exact) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_number_that_is_not_finite_stays_one(kind: str) -> None:
    network = one_parameter(1.0, np.nan)
    optimizer = OPTIMIZERS[kind](network, 0.1)
    for _ in range(400):
        optimizer.step()
    assert np.isnan(network.parameters[0])
    assert network.parameters[1] == 0.0


def test_two_steps_of_adam_are_those_worked_by_hand() -> None:
    # From 1.0 with gradients 2.0 and -1.0, learning rate 0.1, beta1 0.5, beta2 0.75, decay 0.5.
    # m = 1, v = 1; corrected 2 and 4, a step of 2 / (2 + e); p = 1 - 0.1 (1 + 0.5).
    # m = 0, v = 1; corrected 0: only the decay is left, p = 0.85 - 0.1 * 0.5 * 0.85.
    network = one_parameter(1.0, 2.0)
    adam = Adam(network, 0.1, beta1=0.5, beta2=0.75, epsilon=1e-12, weight_decay=0.5)
    adam.step()
    assert network.parameters[0] == pytest.approx(0.85, rel=1e-11)
    network.gradients[0] = -1.0
    adam.step()
    assert adam.first_moments[0] == 0.0
    assert adam.second_moments[0] == 1.0
    assert network.parameters[0] == pytest.approx(0.8075, rel=1e-11)


def test_the_first_step_of_adam_is_as_long_as_the_learning_rate_whatever_the_gradient() -> None:
    for gradient in (1e-3, 1.0, -1e3):
        network = one_parameter(1.0, gradient)
        Adam(network, 0.01).step()
        assert network.parameters[0] == pytest.approx(1.0 - math.copysign(0.01, gradient), rel=1e-6)


NOT_NEGATIVE = (-1, -1e-9, math.nan, math.inf, "0.1", None, True, 1j, np.array(0.1))
FRACTION = (*NOT_NEGATIVE, 1, 1.5)


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        (SGD, "learning_rate", NOT_NEGATIVE),
        (SGD, "momentum", FRACTION),
        (SGD, "weight_decay", NOT_NEGATIVE),
        (Adam, "learning_rate", NOT_NEGATIVE),
        (Adam, "beta1", FRACTION),
        (Adam, "beta2", FRACTION),
        (Adam, "epsilon", (*NOT_NEGATIVE, 0, 1e-60)),
        (Adam, "weight_decay", NOT_NEGATIVE),
    ],
)
def test_a_setting_outside_its_limits_is_named_at_once_and_later(
    kind: Any, name: str, values: tuple[Any, ...]
) -> None:
    network = one_parameter(1.0, 2.0)
    optimizer = kind(network, 0.1)
    before = getattr(optimizer, name)
    for value in values:
        with pytest.raises(ValueError, match=f"^{name} = .*: must be a number"):
            kind(network, **({"learning_rate": 0.1} | {name: value}))
        with pytest.raises(ValueError, match=f"^{name} = .*: must be a number"):
            setattr(optimizer, name, value)
        assert getattr(optimizer, name) == before


def test_nesterov_needs_a_momentum() -> None:
    network = one_parameter(1.0, 2.0)
    with pytest.raises(ValueError, match="nesterov = True: looking ahead needs a momentum above 0"):
        SGD(network, 0.1, nesterov=True)
    with pytest.raises(ValueError, match="nesterov = 'yes': must be True or False"):
        SGD(network, 0.1, momentum=0.9, nesterov="yes")  # type: ignore[arg-type]
    sgd = SGD(network, 0.1)
    with pytest.raises(ValueError, match="nesterov = 'x': must be True or False"):
        sgd.nesterov = "x"  # type: ignore[assignment]
    with pytest.raises(ValueError, match="looking ahead needs a momentum above 0"):
        sgd.nesterov = True
    assert not sgd.nesterov


@pytest.mark.parametrize(
    ("kind", "name", "name_here"),
    [
        (SGD, "lr", "learning_rate"),
        (Adam, "lr", "learning_rate"),
        (Adam, "betas", "beta1 and beta2"),
        (Adam, "eps", "epsilon"),
    ],
)
def test_the_names_that_others_give_a_setting_are_refused_with_the_name_here(
    kind: Any, name: str, name_here: str
) -> None:
    optimizer = kind(one_parameter(1.0, 2.0), 0.1)
    with pytest.raises(AttributeError, match=f"^{kind.__name__} has no {name}: it is {name_here}$"):
        setattr(optimizer, name, 0.01)
    assert not hasattr(optimizer, name)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_what_is_no_network_is_named(kind: Any) -> None:
    for other, called in (
        ([1.0], "list"),
        (np.zeros(3), "float64"),
        (Network, "the class Network"),
    ):
        with pytest.raises(TypeError, match=f"^network must be a Network.* not {called}"):
            kind(other, 0.1)


@pytest.mark.parametrize("number", [np.float16, np.float32, np.float64])
def test_numbers_of_numpy_move_float32_parameters_as_python_s_do(number: type) -> None:
    rate, momentum = number(0.1), number(0.9)
    networks = [Network([Dense(20, 10)], 0) for _ in range(2)]
    moved = trained_parameters(networks[0], SGD(networks[0], rate, momentum=momentum))
    plain = SGD(networks[1], float(rate), momentum=float(momentum))
    np.testing.assert_array_equal(moved, trained_parameters(networks[1], plain))


def test_what_is_assigned_to_the_arrays_of_an_optimizer_is_copied_into_them() -> None:
    network = one_parameter(1.0, 0.0)
    sgd, adam = SGD(network, 0.1, momentum=0.5), Adam(network, 0.1)
    for optimizer, name in ((sgd, "velocities"), (adam, "first_moments"), (adam, "second_moments")):
        array, values = getattr(optimizer, name), np.array([4.0, 0.0])
        setattr(optimizer, name, values)
        assert getattr(optimizer, name) is array
        assert array.tolist() == [4.0, 0.0]
        values[0] = 5.0
        assert array[0] == 4.0
        write = rf"write {type(optimizer).__name__.lower()}\.{name}\[\.\.\.\] = x"
        for wrong in (0.0, np.zeros(3), np.zeros((2, 1)), np.zeros(2, complex), ["a", "b"]):
            with pytest.raises(AttributeError, match=write):
                setattr(optimizer, name, wrong)
    sgd.step()
    assert network.parameters[0] == pytest.approx(1.0 - 0.1 * 0.5 * 4.0)


def settings(kind: type) -> dict[str, Any]:
    return {"momentum": 0.9, "nesterov": True} if kind is SGD else {"beta1": 0.8}


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_copy_of_network_and_optimizer_is_a_pair_of_its_own(kind: Any) -> None:
    network = Network([Dense(6, 5), ReLU(), Dense(5, 3)], 0)
    optimizer = kind(network, 0.01, **settings(kind))
    trained_parameters(network, optimizer)
    pairs = (
        copy.deepcopy((network, optimizer)),
        pickle.loads(pickle.dumps((network, optimizer))),  # noqa: S301  # its own bytes
    )
    expected = trained_parameters(network, optimizer)
    for copied, with_it in pairs:
        assert with_it.network is copied
        assert repr(with_it) == repr(optimizer)
        np.testing.assert_array_equal(trained_parameters(copied, with_it), expected)
        for array in (copied.parameters, *(getattr(with_it, name) for name in kind.state_names)):
            assert array.ctypes.data % 64 == 0
    np.testing.assert_array_equal(network.parameters, expected)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_shallow_copy_of_an_optimizer_moves_the_same_network_with_arrays_of_its_own(
    kind: Any,
) -> None:
    network = Network([Dense(6, 3)], 0)
    optimizer = kind(network, 0.01, **settings(kind))
    trained_parameters(network, optimizer)
    copied, kept = copy.copy(optimizer), copy.deepcopy(optimizer)
    assert copied.network is network
    optimizer.step()
    for name in kind.state_names:
        np.testing.assert_array_equal(getattr(copied, name), getattr(kept, name))


def test_an_optimizer_shows_its_settings() -> None:
    network = one_parameter(1.0, 0.0)
    assert repr(SGD(network, np.float64(0.1), momentum=0.9, nesterov=True)) == (
        "SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=0.0)"
    )
    assert repr(Adam(network, 1)) == (
        "Adam(learning_rate=1.0, beta1=0.9, beta2=0.999, epsilon=1e-08, weight_decay=0.0)"
    )
