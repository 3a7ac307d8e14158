from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.central_differences import central_differences

from mnist_scratch.nn.loss import cross_entropy_gradient, cross_entropy_loss, softmax

BATCH_LOGITS = np.array([[2, 1, 0.1, 0.5], [0.5, 2.5, 0.8, 0.2], [0.1, 0.3, 1.5, 0.7]])
TEN_PREDICTIONS = np.array([0.02, 0.01, 0.85, 0.03, 0.01, 0.02, 0.01, 0.03, 0.01, 0.01])


@pytest.mark.parametrize(
    ("probability", "loss"),
    [
        (0.9, 0.105361),
        (0.5, 0.693147),
        (0.1, 2.302585),
        (0.01, 4.605170),
        (0.001, 6.907755),
    ],
)
def test_the_loss_is_minus_the_logarithm(probability: float, loss: float) -> None:
    predictions = np.array([probability, 1 - probability])
    assert cross_entropy_loss(predictions, np.array([1.0, 0.0])) == pytest.approx(loss, abs=5.1e-7)


@pytest.mark.parametrize(
    ("logits", "target", "loss"),
    [
        ([1.2, 0.9, 3.1], 2, 0.231407),
        ([1.0, 3.5, -0.5], 1, 0.095674),
        ([2.0, 1.0, 0.1], 0, 0.417030),
    ],
)
def test_known_logits_have_their_known_loss(logits: list[float], target: int, loss: float) -> None:
    predictions = softmax(logits)
    assert cross_entropy_loss(predictions, np.eye(3)[target]) == pytest.approx(loss, abs=5.1e-7)
    assert cross_entropy_loss(predictions, target) == pytest.approx(loss, abs=5.1e-7)


def test_the_loss_of_a_batch_is_the_average_of_its_examples() -> None:
    predictions = softmax(BATCH_LOGITS)
    losses = [cross_entropy_loss(row, target) for target, row in enumerate(predictions)]
    assert losses == pytest.approx([0.554217, 0.349443, 0.691706], abs=5.1e-7)
    mean = cross_entropy_loss(predictions, [0, 1, 2])
    assert mean == pytest.approx(0.531789, abs=5.1e-7)
    assert mean == pytest.approx(np.mean(losses), rel=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_certainty_costs_nothing_but_the_clip(dtype: npt.DTypeLike) -> None:
    for epsilon in (1e-7, 1e-8):  # 1 - 1e-8 is 1 in float32
        loss = cross_entropy_loss(np.array([1, 0], dtype), np.array([1, 0], dtype), epsilon)
        assert loss == pytest.approx(epsilon, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_clip_caps_the_loss(dtype: npt.DTypeLike) -> None:
    loss = cross_entropy_loss(np.array([1, 0], dtype), np.array([0, 1], dtype))
    assert loss.dtype == dtype
    assert loss == pytest.approx(16.118, abs=1e-3)


def test_another_epsilon_caps_elsewhere() -> None:
    loss = cross_entropy_loss([1.0, 0.0], [0.0, 1.0], epsilon=1e-3)
    assert loss == pytest.approx(6.907755, abs=1e-6)


def test_without_a_clip_the_impossible_costs_infinity_and_certainty_nothing() -> None:
    assert cross_entropy_loss([1.0, 0.0], 1, epsilon=0.0) == math.inf
    assert cross_entropy_loss([1.0, 0.0], 0, epsilon=0.0) == 0.0


def test_the_mean_is_not_rounded_on_the_way() -> None:
    # 2**24 + 1 is no float32: a running sum in float32 would stop growing.
    predictions = np.full((3 * 10**5, 2), 0.5, np.float32)
    loss = cross_entropy_loss(predictions, np.zeros(len(predictions), int))
    assert loss == np.float32(math.log(2.0))


def test_the_gradient_is_predictions_minus_targets() -> None:
    expected = TEN_PREDICTIONS.copy()
    expected[2] = -0.15
    for targets in (np.eye(10)[2], 2):
        gradient = cross_entropy_gradient(TEN_PREDICTIONS, targets)
        np.testing.assert_allclose(gradient, expected, rtol=1e-14)


def test_the_gradient_of_a_batch_is_averaged() -> None:
    predictions = np.stack([TEN_PREDICTIONS] * 4)
    labels = np.array([2, 0, 1, 9], np.uint8)
    expected = (predictions - np.eye(10)[labels]) / 4
    np.testing.assert_allclose(cross_entropy_gradient(predictions, labels), expected)
    np.testing.assert_allclose(cross_entropy_gradient(predictions, np.eye(10)[labels]), expected)


def test_the_gradient_has_the_dtype_and_the_order_of_the_predictions() -> None:
    predictions = np.full((4, 2), 0.5, np.float32)
    gradient = cross_entropy_gradient(predictions, np.eye(2)[[0, 1, 1, 0]])
    assert gradient.dtype == np.float32
    assert gradient.flags.c_contiguous


@pytest.mark.parametrize("shape", [(4,), (5, 4)])
def test_the_gradient_agrees_with_central_differences(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=shape), softmax(rng.normal(size=shape))
    gradient = cross_entropy_gradient(softmax(logits), targets)
    measured = central_differences(
        lambda: float(cross_entropy_loss(softmax(logits), targets)), logits
    )
    np.testing.assert_allclose(gradient, measured, atol=1e-9)


def test_nothing_has_no_mean() -> None:
    nothing = np.empty((0, 3))
    assert math.isnan(cross_entropy_loss(nothing, nothing))
    assert cross_entropy_gradient(nothing, nothing).shape == (0, 3)


@pytest.mark.parametrize("function", [cross_entropy_loss, cross_entropy_gradient])
@pytest.mark.parametrize(
    ("predictions", "targets", "message"),
    [
        ([[0.5, 0.5], [0.9, 0.2]], [0, 1], r"^example 1: predictions .* sum to 1\.1$"),
        ([[0.5, 0.5], [-0.2, 1.2]], [0, 1], r"^example 1: predictions .* one is -0\.2$"),
        ([[0.5, math.nan]], [0], r"^example 0: predictions .* one is nan$"),
        ([0.5, math.inf], 0, r"^example 0: predictions .* sum to inf$"),
        ([[0.5, 0.5]], [[0.5, 0.4]], r"^example 0: targets .* sum to 0\.9$"),
        ([[0.5, 0.5]], [2], r"^example 0: target 2 is no class; the classes are 0 to 1$"),
        ([[0.5, 0.5]], [0, 1], r"targets of shape \(2,\) do not fit \(1, 2\)"),
        (0.5, 0, r"predictions of shape \(\)"),
        ([1j, 0], 0, "predictions must be float32 or float64 numbers"),
    ],
)
def test_what_is_no_probability_is_named(
    function: Any, predictions: Any, targets: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        function(predictions, targets)


@pytest.mark.parametrize("epsilon", [-1e-7, 0.5, math.nan, "0.1", True, None, 1j])
def test_an_impossible_clip_is_named(epsilon: Any) -> None:
    with pytest.raises(ValueError, match=r"epsilon = .*: must be a number, .* below 0\.5"):
        cross_entropy_loss([0.5, 0.5], 0, epsilon)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_the_clip_may_be_a_number_of_numpy(kind: type) -> None:
    # 1 - epsilon is not rounded to float16, where it would be 1.
    epsilon = kind(1e-4)
    loss = cross_entropy_loss([1.0, 0.0], 0, epsilon)
    assert loss == pytest.approx(-math.log1p(-float(epsilon)), rel=1e-12)
