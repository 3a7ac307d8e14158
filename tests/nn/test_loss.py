from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.central_differences import central_differences

from mnist_scratch.config.schema import settings
from mnist_scratch.nn.cross_entropy_reference import (
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from mnist_scratch.nn.loss import LOSSES, Loss, SoftmaxCrossEntropy, SquaredError, softmax

BATCH_LOGITS = np.array([[2, 1, 0.1, 0.5], [0.5, 2.5, 0.8, 0.2], [0.1, 0.3, 1.5, 0.7]])
BATCH_TARGETS = np.eye(4)[:3]
# Two classes with these probabilities; the first is the true one.
EXPLAINED = [(0.9, 0.01, 0.105361), (0.1, 0.81, 2.302585), (0.01, 0.9801, 4.605170)]


def two_classes(probability: float) -> tuple[Any, Any]:
    logits = np.log([[probability, 1.0 - probability]])
    return logits, np.array([[1.0, 0.0]])


@pytest.mark.parametrize(("probability", "squared", "minus_logarithm"), EXPLAINED)
def test_the_two_losses_of_known_probabilities(
    probability: float, squared: float, minus_logarithm: float
) -> None:
    logits, targets = two_classes(probability)
    loss = SoftmaxCrossEntropy().forward(logits, targets)
    assert loss == pytest.approx(minus_logarithm, abs=5.1e-7)
    # Of two classes the other one is as far off as the true one.
    assert SquaredError().forward(logits, targets) == pytest.approx(2 * squared, rel=1e-12)


def test_the_loss_of_a_batch_is_the_average_of_its_examples() -> None:
    loss = SoftmaxCrossEntropy().forward(BATCH_LOGITS, BATCH_TARGETS)
    assert loss == pytest.approx(0.531789, abs=5.1e-7)
    rows = [
        SquaredError().forward(BATCH_LOGITS[row : row + 1], BATCH_TARGETS[row : row + 1])
        for row in range(3)
    ]
    mean = SquaredError().forward(BATCH_LOGITS, BATCH_TARGETS)
    assert mean == pytest.approx(sum(rows) / 3, rel=1e-14)


def test_the_squared_error_is_the_sum_over_the_classes() -> None:
    p = softmax(BATCH_LOGITS)
    expected = math.fsum((p - BATCH_TARGETS).ravel() ** 2) / 3
    loss = SquaredError().forward(BATCH_LOGITS, BATCH_TARGETS)
    assert loss == pytest.approx(expected, rel=1e-14)


def test_cross_entropy_is_never_clipped() -> None:
    logits, targets = np.array([[200, 0]], np.float32), np.array([[0, 1]], np.float32)
    assert SoftmaxCrossEntropy().forward(logits, targets) == 200.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["one-hot", "probabilities"])
@pytest.mark.parametrize("spread", [1.0, 1e4])
def test_training_has_the_loss_and_the_gradient_of_the_checked_functions(
    dtype: npt.DTypeLike, kind: str, spread: float
) -> None:
    rng = np.random.default_rng(0)
    logits = (spread * rng.normal(size=(128, 10))).astype(dtype)
    one_hot = np.eye(10)[rng.integers(0, 10, 128)]
    targets = (one_hot if kind == "one-hot" else softmax(rng.normal(size=(128, 10)))).astype(dtype)
    loss_function = SoftmaxCrossEntropy()
    loss = loss_function.forward(logits, targets)
    rtol = 1e-13 if dtype == np.float64 else 2e-6
    assert isinstance(loss, float)
    assert loss == pytest.approx(float(softmax_cross_entropy(logits, targets)), rel=rtol)
    gradient = loss_function.backward()
    expected = softmax_cross_entropy_gradient(logits, targets)
    np.testing.assert_allclose(gradient, expected, rtol=rtol, atol=rtol / 128)
    np.testing.assert_allclose(loss_function.predictions, softmax(logits), rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("loss_function", [SoftmaxCrossEntropy(), SquaredError()])
def test_the_gradient_agrees_with_central_differences(
    loss_function: SoftmaxCrossEntropy | SquaredError,
) -> None:
    rng = np.random.default_rng(0)
    for targets in (softmax(rng.normal(size=(5, 4))), np.eye(4)[[0, 3, 3, 1, 2]]):
        logits = rng.normal(size=(5, 4))
        loss_function.forward(logits, targets)
        gradient = loss_function.backward()
        measured = central_differences(lambda: loss_function.forward(logits, targets), logits)  # noqa: B023
        np.testing.assert_allclose(gradient, measured, atol=1e-9)


def test_a_network_that_is_sure_of_the_wrong_class_learns_from_cross_entropy_alone() -> None:
    logits, targets = np.array([[20.0, 0.0]]), np.array([[0.0, 1.0]])
    gradients = {}
    for name, loss in LOSSES.items():
        loss_function = loss()
        loss_function.forward(logits, targets)
        gradients[name] = loss_function.backward()
    np.testing.assert_allclose(gradients["cross-entropy"], [[1.0, -1.0]], rtol=1e-8)
    # 2 p_0 p_1 (e_0 - e_1) with e = (1, -1): 4 exp(-20).
    expected = 4 * math.exp(-20.0)
    np.testing.assert_allclose(gradients["squared-error"], [[expected, -expected]], rtol=1e-7)


@pytest.mark.parametrize("loss", LOSSES.values())
def test_a_step_leaves_arrays_that_the_next_layer_can_use(
    loss: type[Loss],
) -> None:
    loss_function = loss()
    for examples in (4, 2, 4):  # the last batch of an epoch is smaller
        logits = np.random.default_rng(examples).normal(size=(examples, 3)).astype(np.float32)
        kept, targets = logits.copy(), np.eye(3, dtype=np.float32)[[0, 1, 2, 0]][:examples]
        assert isinstance(loss_function.forward(logits, targets), float)
        first = loss_function.backward()
        assert first.shape == loss_function.predictions.shape == (examples, 3)
        assert first.dtype == loss_function.predictions.dtype == np.float32
        assert first.flags.c_contiguous
        np.testing.assert_array_equal(first, loss_function.backward())
        np.testing.assert_array_equal(logits, kept)


def test_probabilities_as_targets_have_the_entropy_as_their_least_loss() -> None:
    targets = np.array([[0.7, 0.2, 0.1]])
    entropy = -float(np.sum(targets * np.log(targets)))
    loss_function = SoftmaxCrossEntropy()
    assert loss_function.forward(np.log(targets), targets) == pytest.approx(entropy)
    np.testing.assert_allclose(loss_function.backward(), 0, atol=5e-16)


@pytest.mark.parametrize("loss", LOSSES.values())
def test_a_class_that_is_no_target_may_be_impossible(
    loss: type[Loss],
) -> None:
    loss_function = loss()
    assert loss_function.forward(np.array([[0.0, -np.inf]]), np.array([[1.0, 0.0]])) == 0.0
    np.testing.assert_array_equal(loss_function.backward(), 0.0)


@pytest.mark.parametrize("loss", LOSSES.values())
def test_labels_are_not_taken_for_targets(loss: type[Loss]) -> None:
    logits = np.zeros((3, 3))  # as many examples as classes, so that labels would broadcast
    with pytest.raises(ValueError, match=r"logits \(3, 3\) and targets \(3,\) must both be"):
        loss().forward(logits, np.array([0.0, 1.0, 2.0]))
    with pytest.raises(ValueError, match="must both be"):
        loss().forward(logits[0], logits[0])


def test_every_loss_can_be_chosen_by_its_name() -> None:
    (setting,) = (each for each in settings() if each.key == "loss")
    assert setting.limits.choices == LOSSES
    assert LOSSES[setting.default] is SoftmaxCrossEntropy


INF = math.inf
every_loss = pytest.mark.parametrize("loss", LOSSES.values())


@every_loss
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("row", [[math.nan, 0], [0, INF], [INF, INF], [-INF, -INF]])
def test_logits_without_a_softmax_make_the_loss_nan(loss: type[Loss], row: list[float]) -> None:
    loss_function = loss()
    logits, targets = np.array([[0, 1], row, [0, -INF]]), np.eye(2)[[1, 0, 0]]
    assert math.isnan(loss_function.forward(logits, targets))
    gradient = loss_function.backward()
    assert np.isnan(gradient[1]).all()
    assert np.isfinite(gradient[[0, 2]]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gap_that_overflows_leaves_the_loss_of_soft_targets_right(dtype: Any) -> None:
    largest = float(np.finfo(dtype).max)
    logits = np.array([[0.9 * largest, -0.9 * largest]], dtype)
    with np.errstate(over="ignore"):
        loss = SoftmaxCrossEntropy().forward(logits, np.array([[0.75, 0.25]], dtype))
    assert loss == pytest.approx(0.45 * largest, rel=1e-6)  # a quarter of the gap


@every_loss
def test_backward_needs_a_forward_before_it(loss: type[Loss]) -> None:
    with pytest.raises(AttributeError, match="has no predictions yet: call forward first"):
        loss().backward()


@every_loss
def test_what_has_no_loss_is_refused(loss: type[Loss]) -> None:
    for shape in ((0, 3), (2, 0)):
        with pytest.raises(ValueError, match="are empty"):
            loss().forward(np.zeros(shape), np.zeros(shape))
    for dtype in (np.int64, np.float16, np.complex128, object, "U1"):
        with pytest.raises(ValueError, match="logits must be float32 or float64, not"):
            loss().forward(np.zeros((2, 3), dtype), np.eye(3)[:2])


@every_loss
@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]], "^example 0: targets .* they sum to 2$"),
        ([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0]], "^example 0: targets .* they sum to 2$"),
        ([[0.0, 1.0, 0.0], [2.0, -1.0, 0.0]], "^example 1: targets .* one is -1$"),
        ([[0.0, 1.0, 0.0], [1.0, math.nan, 0.0]], "^example 1: targets .* one is nan$"),
        ([["0", "1", "0"], ["1", "0", "0"]], "targets must be float32 or float64 numbers, not <U1"),
        ([[0, 1j, 0], [1, 0, 0]], "targets must be float32 or float64 numbers, not complex128"),
        ([[0, 1, 0], [1, 0]], "^targets cannot be read as an array"),
        (None, "not None"),
    ],
)
def test_what_is_no_distribution_is_refused(loss: type[Loss], targets: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss().forward(np.zeros((2, 3)), targets)


@every_loss
def test_lists_are_taken_as_arrays(loss: type[Loss]) -> None:
    lists, arrays = loss(), loss()
    expected = arrays.forward(BATCH_LOGITS, BATCH_TARGETS)
    assert lists.forward(BATCH_LOGITS.tolist(), BATCH_TARGETS.tolist()) == expected
    np.testing.assert_array_equal(lists.backward(), arrays.backward())


@every_loss
def test_a_loss_and_its_copies_go_their_own_ways(loss: type[Loss]) -> None:
    original = loss()
    original.forward(BATCH_LOGITS, BATCH_TARGETS)
    gradient = original.backward()
    for copied in (
        copy.copy(original),
        copy.deepcopy(original),
        pickle.loads(pickle.dumps(original)),  # noqa: S301  # its own bytes
    ):
        original.forward(BATCH_LOGITS[::-1], BATCH_TARGETS)
        np.testing.assert_array_equal(copied.backward(), gradient)
        assert repr(copied) == f"{loss.__name__}()"


@every_loss
@pytest.mark.parametrize("targets_dtype", [bool, np.int64, np.float64])
def test_the_gradient_has_the_dtype_of_the_logits_whatever_that_of_the_targets(
    loss: type[Loss], targets_dtype: npt.DTypeLike
) -> None:
    loss_function = loss()
    loss_function.forward(np.zeros((2, 3), np.float32), np.eye(3, dtype=targets_dtype)[:2])
    assert loss_function.backward().dtype == np.float32
