from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from central_differences import central_differences

from mnist_scratch.nn.loss import (
    SoftmaxCrossEntropy,
    cross_entropy_gradient,
    cross_entropy_loss,
    log_softmax,
    softmax,
)

# Logits, true class, probabilities, loss: computed in float64, to six places.
KNOWN: list[tuple[list[float], int, list[float], float]] = [
    ([1.2, 0.9, 3.1], 2, [0.118670, 0.087913, 0.793417], 0.231407),
    ([1.0, 3.5, -0.5], 1, [0.074596, 0.908760, 0.016645], 0.095674),
    ([2.0, 1.0, 0.1], 0, [0.659001, 0.242433, 0.098566], 0.417030),
]
BATCH_LOGITS = np.array([[2, 1, 0.1, 0.5], [0.5, 2.5, 0.8, 0.2], [0.1, 0.3, 1.5, 0.7]])
BATCH_TARGETS = np.eye(4)[:3]
TEN_PREDICTIONS = np.array([0.02, 0.01, 0.85, 0.03, 0.01, 0.02, 0.01, 0.03, 0.01, 0.01])


@pytest.mark.parametrize(("logits", "target", "probabilities", "loss"), KNOWN)
def test_known_logits_have_their_known_probabilities_and_loss(
    logits: list[float], target: int, probabilities: list[float], loss: float
) -> None:
    row = np.array(logits)
    targets = np.eye(3)[target]
    np.testing.assert_allclose(softmax(row), probabilities, atol=5.1e-7)
    assert cross_entropy_loss(softmax(row), targets) == pytest.approx(loss, abs=5.1e-7)
    fused = SoftmaxCrossEntropy().forward(row[np.newaxis], targets[np.newaxis])
    assert fused == pytest.approx(loss, abs=5.1e-7)


def test_softmax_of_logits_without_a_target() -> None:
    expected = [0.862025, 0.021312, 0.116662]
    np.testing.assert_allclose(softmax(np.array([2.5, -1.2, 0.5])), expected, atol=5.1e-7)


def test_the_loss_of_a_batch_is_the_average_of_its_examples() -> None:
    for row, target, loss in zip(
        BATCH_LOGITS, BATCH_TARGETS, (0.554217, 0.349443, 0.691706), strict=True
    ):
        assert cross_entropy_loss(softmax(row), target) == pytest.approx(loss, abs=5.1e-7)
    fused = SoftmaxCrossEntropy().forward(BATCH_LOGITS, BATCH_TARGETS)
    assert fused == pytest.approx(0.531789, abs=5.1e-7)
    assert cross_entropy_loss(softmax(BATCH_LOGITS), BATCH_TARGETS) == pytest.approx(fused)


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


def test_certainty_costs_nothing_but_the_clip() -> None:
    loss = cross_entropy_loss(np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    assert loss == pytest.approx(1e-7, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_clip_caps_the_loss(dtype: npt.DTypeLike) -> None:
    predictions = np.array([1, 0], dtype)
    assert cross_entropy_loss(predictions, np.array([0, 1], dtype)) == pytest.approx(
        16.118, abs=1e-3
    )


def test_another_epsilon_caps_elsewhere() -> None:
    loss = cross_entropy_loss(np.array([1.0, 0.0]), np.array([0.0, 1.0]), epsilon=1e-3)
    assert loss == pytest.approx(6.907755, abs=1e-6)


def test_the_fused_loss_never_saturates() -> None:
    logits, targets = np.array([[200, 0]], np.float32), np.array([[0, 1]], np.float32)
    assert SoftmaxCrossEntropy().forward(logits, targets) == 200.0


def test_the_gradient_is_predictions_minus_targets() -> None:
    targets = np.eye(10)[2]
    expected = TEN_PREDICTIONS.copy()
    expected[2] = -0.15
    np.testing.assert_allclose(cross_entropy_gradient(TEN_PREDICTIONS, targets), expected)


def test_the_gradient_of_a_batch_is_averaged() -> None:
    predictions = np.stack([TEN_PREDICTIONS] * 4)
    targets = np.eye(10)[[2, 0, 1, 9]]
    gradient = cross_entropy_gradient(predictions, targets)
    np.testing.assert_allclose(gradient, (predictions - targets) / 4)


def test_the_fused_gradient_agrees_with_central_differences() -> None:
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(5, 4)), softmax(rng.normal(size=(5, 4)))
    loss_function = SoftmaxCrossEntropy()
    loss_function.forward(logits, targets)
    gradient = loss_function.backward()
    measured = central_differences(lambda: loss_function.forward(logits, targets), logits)
    np.testing.assert_allclose(gradient, measured, atol=1e-9)


def test_a_repeated_backward_gives_the_same() -> None:
    loss_function = SoftmaxCrossEntropy()
    loss_function.forward(BATCH_LOGITS, BATCH_TARGETS)
    first = loss_function.backward().copy()
    np.testing.assert_array_equal(first, loss_function.backward())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_keeps_the_dtype_and_survives_large_logits(dtype: npt.DTypeLike) -> None:
    predictions = softmax(np.array([[1e4, 0, -1e4], [-1e4, -1e4, -1e4]], dtype))
    assert predictions.dtype == dtype
    expected = np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
    np.testing.assert_allclose(predictions, expected, rtol=1e-6)


def test_the_maximum_is_taken_of_each_row() -> None:
    # Under the maximum of the whole batch the first row's exponentials would all be 0, and 0 / 0.
    logits = np.array([[-1000.0, -1001.0], [1000.0, 1001.0]])
    small, large = 1 / (1 + math.e), math.e / (1 + math.e)
    expected = np.array([[large, small], [small, large]])
    np.testing.assert_allclose(softmax(logits), expected)


def test_log_softmax_is_the_logarithm_of_softmax_where_that_can_be_taken() -> None:
    np.testing.assert_allclose(log_softmax(BATCH_LOGITS), np.log(softmax(BATCH_LOGITS)))
    np.testing.assert_allclose(log_softmax(np.array([0.0, 2000.0])), [-2000.0, 0.0])


def test_the_axis_of_the_classes_can_be_another() -> None:
    np.testing.assert_allclose(softmax(BATCH_LOGITS.T, axis=0), softmax(BATCH_LOGITS).T)
    np.testing.assert_allclose(log_softmax(BATCH_LOGITS.T, axis=0), log_softmax(BATCH_LOGITS).T)


def test_probabilities_as_targets_have_the_entropy_as_their_least_loss() -> None:
    targets = np.array([[0.7, 0.2, 0.1]])
    entropy = -float(np.sum(targets * np.log(targets)))
    loss_function = SoftmaxCrossEntropy()
    assert loss_function.forward(np.log(targets), targets) == pytest.approx(entropy)
    np.testing.assert_allclose(loss_function.backward(), 0, atol=5e-16)


def test_a_class_that_is_no_target_may_be_impossible() -> None:
    logits, targets = np.array([[0.0, -np.inf]]), np.array([[1.0, 0.0]])
    assert SoftmaxCrossEntropy().forward(logits, targets) == 0.0
