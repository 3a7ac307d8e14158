from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.nn.cross_entropy_reference import (
    Reduction,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from mnist_scratch.nn.loss import softmax

INF = math.inf
# Logits, true class, loss: computed in float64, to six places.
KNOWN = [
    ([1.2, 0.9, 3.1], 2, 0.231407),
    ([1.0, 3.5, -0.5], 1, 0.095674),
    ([2.0, 1.0, 0.1], 0, 0.417030),
]
BATCH_LOGITS = np.array([[2, 1, 0.1, 0.5], [0.5, 2.5, 0.8, 0.2], [0.1, 0.3, 1.5, 0.7]])
REDUCTIONS: tuple[Reduction, ...] = ("mean", "sum", "none")
MASKED = [[0.0, -INF, 1.0]]


@pytest.mark.parametrize(("logits", "target", "loss"), KNOWN)
def test_known_logits_have_their_known_loss(logits: list[float], target: int, loss: float) -> None:
    assert softmax_cross_entropy(logits, target) == pytest.approx(loss, abs=5.1e-7)
    assert softmax_cross_entropy(logits, np.eye(3)[target]) == pytest.approx(loss, abs=5.1e-7)


def test_the_losses_of_a_batch_and_their_average() -> None:
    losses = softmax_cross_entropy(BATCH_LOGITS, [0, 1, 2], reduction="none")
    np.testing.assert_allclose(losses, [0.554217, 0.349443, 0.691706], atol=5.1e-7)
    mean = softmax_cross_entropy(BATCH_LOGITS, [0, 1, 2])
    assert mean == pytest.approx(0.531789, abs=5.1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neither_end_is_cut_off_in_float32_or_float64(dtype: npt.DTypeLike) -> None:
    assert softmax_cross_entropy(np.array([200, 0], dtype), 1) == 200.0
    sure = softmax_cross_entropy(np.array([20, 0], dtype), 0)
    assert sure == pytest.approx(2.0611536e-9, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_results_have_the_dtype_of_the_logits_and_their_shape(
    dtype: npt.DTypeLike, reduction: Reduction
) -> None:
    for shape, labels in (((3,), 1), ((2, 3), [1, 0]), ((0, 3), np.empty(0, int))):
        logits = np.zeros(shape, dtype)
        loss = softmax_cross_entropy(logits, labels, reduction=reduction)
        assert loss.dtype == dtype
        assert loss.shape == (shape[:-1] if reduction == "none" else ())
        gradient = softmax_cross_entropy_gradient(logits, labels, reduction=reduction)
        assert gradient.dtype == dtype
        assert gradient.shape == shape
        assert gradient.flags.c_contiguous


def test_the_arguments_stay_as_they_are() -> None:
    logits, targets, weights = BATCH_LOGITS.copy(), np.eye(4)[:3], np.arange(4.0)
    for function in (softmax_cross_entropy, softmax_cross_entropy_gradient):
        function(logits, targets, class_weights=weights, label_smoothing=0.1)
        function(logits, [0, -1, 2], class_weights=weights, ignore_index=-1)
    np.testing.assert_array_equal(logits, BATCH_LOGITS)
    np.testing.assert_array_equal(targets, np.eye(4)[:3])
    np.testing.assert_array_equal(weights, np.arange(4.0))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_where_everything_is_ignored_the_mean_is_nan_and_the_gradient_0(
    reduction: Reduction, smoothing: float
) -> None:
    options: dict[str, Any] = {
        "ignore_index": 1,
        "label_smoothing": smoothing,
        "reduction": reduction,
    }
    for logits, labels in ((BATCH_LOGITS, [1, 1, 1]), (BATCH_LOGITS[0], 1)):
        loss = softmax_cross_entropy(logits, labels, **options)
        expected = math.nan if reduction == "mean" else np.zeros_like(loss)
        np.testing.assert_array_equal(loss, expected)
        assert not np.signbit(loss).any()
        gradient = softmax_cross_entropy_gradient(logits, labels, **options)
        np.testing.assert_array_equal(gradient, np.zeros_like(logits))


def test_certainty_costs_0_without_a_sign() -> None:
    loss = softmax_cross_entropy([[0.0, -np.inf, -np.inf]], [0], reduction="none")
    assert loss == [0.0]
    assert not np.signbit(loss).any()


def test_the_class_that_is_ignored_stays_in_the_softmax() -> None:
    labels = [0, 3, 2]
    losses = softmax_cross_entropy(BATCH_LOGITS, labels, ignore_index=3, reduction="none")
    np.testing.assert_allclose(losses, [0.554217, 0.0, 0.691706], atol=5.1e-7)
    mean = softmax_cross_entropy(BATCH_LOGITS, labels, ignore_index=3)
    assert mean == pytest.approx((0.554217 + 0.691706) / 2, abs=5.1e-7)
    gradient = softmax_cross_entropy_gradient(BATCH_LOGITS, labels, ignore_index=3)
    assert np.all(gradient[[0, 2], 3] > 0.0)


@pytest.mark.parametrize("garbage", [math.nan, INF, -INF])
def test_what_an_ignored_example_holds_does_not_matter(garbage: float) -> None:
    logits = np.array([[0.0, 1.0, 2.0], [garbage] * 3])
    options: dict[str, Any] = {"ignore_index": -100, "label_smoothing": 0.1}
    loss = softmax_cross_entropy(logits, [1, -100], **options)
    assert loss == softmax_cross_entropy(logits[:1], [1], label_smoothing=0.1)
    gradient = softmax_cross_entropy_gradient(logits, [1, -100], **options)
    np.testing.assert_array_equal(gradient[1], 0.0)
    expected = softmax_cross_entropy_gradient(logits[:1], [1], label_smoothing=0.1)
    np.testing.assert_array_equal(gradient[:1], expected)


@pytest.mark.parametrize("targets", [[0], [[1.0, 0.0, 0.0]], [[0.25, 0.0, 0.75]]])
def test_a_masked_class_without_a_part_in_the_target_costs_nothing(targets: Any) -> None:
    without = [[0.0, 1.0]]
    others = targets if np.ndim(targets) == 1 else np.delete(targets, 1, axis=1)
    loss = softmax_cross_entropy(MASKED, targets)
    assert loss == pytest.approx(float(softmax_cross_entropy(without, others)), rel=1e-15)
    gradient = softmax_cross_entropy_gradient(MASKED, targets)
    assert gradient[0, 1] == 0.0
    expected = softmax_cross_entropy_gradient(without, others)
    np.testing.assert_allclose(gradient[:, [0, 2]], expected, rtol=1e-15)


@pytest.mark.parametrize("targets", [[1], [[0.0, 1.0, 0.0]], [[0.5, 0.5, 0.0]]])
def test_a_masked_class_with_a_part_in_the_target_costs_infinity(targets: Any) -> None:
    assert softmax_cross_entropy(MASKED, targets) == INF
    part = 1.0 if np.ndim(targets) == 1 else targets[0][1]
    gradient = softmax_cross_entropy_gradient(MASKED, targets)
    assert gradient[0, 1] == -part
    assert np.isfinite(gradient).all()


def test_smoothing_gives_a_masked_class_a_part_and_a_weight_of_0_takes_it_away() -> None:
    assert softmax_cross_entropy(MASKED, [0], label_smoothing=0.3) == INF
    gradient = softmax_cross_entropy_gradient(MASKED, [0], label_smoothing=0.3)
    p, q = softmax([0.0, 1.0])
    np.testing.assert_allclose(gradient, [[p - 0.8, -0.1, q - 0.1]])
    loss = softmax_cross_entropy(MASKED, [0], label_smoothing=0.3, class_weights=[1.0, 0.0, 1.0])
    assert loss == pytest.approx(-0.8 * math.log(p) - 0.1 * math.log(q))


def test_targets_without_weight_have_no_weighted_mean() -> None:
    options: dict[str, Any] = {"class_weights": [1.0, 0.0], "ignore_index": -1}
    logits = [[0.0, 1.0], [1.0, 2.0]]
    assert math.isnan(softmax_cross_entropy(logits, [1, -1], **options))
    gradient = softmax_cross_entropy_gradient(logits, [1, -1], **options)
    np.testing.assert_array_equal(gradient, [[math.nan] * 2, [0.0] * 2])
    assert softmax_cross_entropy(logits, [1, -1], reduction="sum", **options) == 0.0


def test_nothing_has_no_mean_and_the_sum_0() -> None:
    nothing = np.empty((0, 3))
    for targets in (nothing, np.empty(0, int)):
        assert math.isnan(softmax_cross_entropy(nothing, targets))
        assert softmax_cross_entropy(nothing, targets, reduction="sum") == 0.0


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint64])
def test_labels_of_every_integer_dtype_are_class_indices(dtype: npt.DTypeLike) -> None:
    labels = np.array([0, 1, 2], dtype)
    loss = softmax_cross_entropy(BATCH_LOGITS, labels, ignore_index=-100)
    assert loss == pytest.approx(0.531789, abs=5.1e-7)


@pytest.mark.parametrize("dtype", [bool, int, np.float32])
def test_one_hot_targets_may_be_of_any_dtype(dtype: npt.DTypeLike) -> None:
    loss = softmax_cross_entropy(BATCH_LOGITS, np.eye(4, dtype=dtype)[:3])
    assert loss == pytest.approx(0.531789, abs=5.1e-7)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_targets_may_sum_to_1_but_for_rounding(sign: float) -> None:
    logits = [0.0, 0.0]
    loss = softmax_cross_entropy(logits, [0.5, 0.5 + sign * 9e-6])
    assert loss == pytest.approx(math.log(2.0), rel=1e-5)
    with pytest.raises(ValueError, match="they sum to"):
        softmax_cross_entropy(logits, [0.5, 0.5 + sign * 2e-5])


LOGITS = np.zeros((2, 3))
HALVES = [0.5, 0.5, 0.0]
WRONG: list[tuple[Any, Any, dict[str, Any], str]] = [
    (LOGITS, [0, 3], {}, "^example 1: target 3 is no class; the classes are 0 to 2$"),
    (LOGITS, [-1, 0], {}, "^example 0: target -1 is no class"),
    (LOGITS, [0, -100], {}, "^example 1: target -100 is no class"),
    (LOGITS, [-100, -1], {"ignore_index": -100}, "^example 1: target -1 is no class"),
    (
        LOGITS,
        np.array([0, 2**64 - 1], np.uint64),
        {},
        "^example 1: target 18446744073709551615 is no",
    ),
    (LOGITS[0], 3, {}, "^example 0: target 3 is no class"),
    (LOGITS, [0.0, 1.0], {}, "class indices must have an integer dtype, not float64"),
    (LOGITS, [True, False], {}, "class indices must have an integer dtype, not bool"),
    (LOGITS, [0, 1, 2], {}, r"targets of shape \(3,\) do not fit \(2, 3\).*\(2, 3\).*\(2,\)"),
    (LOGITS, [HALVES], {}, r"targets of shape \(1, 3\) do not fit \(2, 3\)"),
    (LOGITS, [HALVES, [0.5, 0.6, 0.0]], {}, r"^example 1: targets .* sum to 1\.1$"),
    (LOGITS, [HALVES, [1.5, -0.5, 0.0]], {}, r"^example 1: targets .* one is -0.5$"),
    (LOGITS, [HALVES, [0.5, math.nan, 0.5]], {}, "^example 1: targets .* one is nan$"),
    (LOGITS, [HALVES, [0.5, INF, -INF]], {}, "^example 1: targets .* one is -inf$"),
    (LOGITS, [["a"] * 3] * 2, {}, "targets must be float32 or float64 numbers, not <U1"),
    ([[0, 1], [math.nan, 2]], [0, 0], {}, r"^logits\[1, 0\] is nan"),
    ([[0, 1], [2, INF]], [0, 0], {}, r"^logits\[1, 1\] is inf"),
    ([[0, 1], [-INF, -INF]], [0, 0], {}, "are all -inf: no class is left"),
    ([math.nan, 0], 1, {}, r"^logits\[0, 0\] is nan"),
    (LOGITS[0], [0.5, 0.6, 0.0], {}, "^example 0: targets .* sum to 1.1$"),
    (LOGITS[0], [1.5, -0.5, 0.0], {}, "^example 0: targets .* one is -0.5$"),
    (np.zeros((2, 3, 4)), [0, 1], {}, r"logits of shape \(2, 3, 4\)"),
    (np.zeros((2, 0)), [0, 1], {}, r"logits of shape \(2, 0\)"),
    (1.0, 0, {}, r"logits of shape \(\)"),
    (LOGITS + 1j, [0, 1], {}, "logits must be float32 or float64 numbers, not complex128"),
    (LOGITS, [0, 1], {"class_weights": [1, 2]}, r"class_weights of shape \(2,\) .*\(3,\)"),
    (
        LOGITS,
        [0, 1],
        {"class_weights": [1, 2, INF]},
        "class_weights: that of class 2 is inf; .* 0 to 1e\\+100$",
    ),
    (LOGITS, [0, 1], {"class_weights": [1, -0.5, 2]}, r"that of class 1 is -0\.5; give a number"),
    (LOGITS, [0, 1], {"class_weights": [1, 2, 1e101]}, r"that of class 2 is 1e\+101"),
    (LOGITS, [0, 1], {"class_weights": [1, math.nan, 2]}, "that of class 1 is nan; give a number"),
    (
        LOGITS,
        [0, 1],
        {"class_weights": "abc"},
        "class_weights must be float32 or float64 numbers, not <U3",
    ),
    (LOGITS, [HALVES] * 2, {"ignore_index": 0}, "ignore_index=0 needs class indices"),
    (
        LOGITS.astype(np.float16),
        [0, 1],
        {},
        "logits must be float32 or float64 numbers, not float16",
    ),
    (
        LOGITS,
        np.eye(3, dtype=np.float16)[:2],
        {},
        "targets must be float32 or float64 numbers, not float16",
    ),
]
OPTIONS: dict[str, list[Any]] = {
    "ignore_index": [1.0, "1", True, np.array([1]), np.array(1), [1], np.bool_(1), math.nan],
    "label_smoothing": [-0.1, 1.1, math.nan, "0.1", True, None, np.array(0.1), [0.1, 0.2], 1j],
    "reduction": ["avg", None, ["mean"], np.array(["mean", "sum"]), 0],
}
IMPOSSIBLE = [(name, value) for name, values in OPTIONS.items() for value in values]
WANTED = {
    "ignore_index": "an integer, or None",
    "label_smoothing": "a number from 0 to 1",
    "reduction": "'mean', 'sum' or 'none'",
}


@pytest.mark.parametrize("function", [softmax_cross_entropy, softmax_cross_entropy_gradient])
@pytest.mark.parametrize(("logits", "targets", "options", "message"), WRONG)
def test_what_is_wrong_is_named_with_row_and_value(
    function: Any, logits: Any, targets: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        function(logits, targets, **options)


@pytest.mark.parametrize("function", [softmax_cross_entropy, softmax_cross_entropy_gradient])
@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_an_option_that_is_none_is_named(function: Any, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} = .*: must be {WANTED[name]}$"):
        function(LOGITS, [0, 1], **{name: value})


@pytest.mark.parametrize("index", [1, np.int8(1), np.uint64(1)])
def test_options_may_be_numbers_of_numpy(index: Any) -> None:
    labels = np.array([0, 1, 2], np.uint64)
    loss = softmax_cross_entropy(
        BATCH_LOGITS, labels, ignore_index=index, label_smoothing=np.float64(0.0)
    )
    assert loss == pytest.approx((0.554217 + 0.691706) / 2, abs=5.1e-7)


def test_numbers_longer_than_float64_are_not_cut_off_unseen() -> None:
    if np.dtype(np.longdouble).itemsize > 8:  # on some systems it is another name for float64
        with pytest.raises(ValueError, match="logits must be float32 or float64 numbers, not"):
            softmax_cross_entropy(LOGITS.astype(np.longdouble), [0, 1])


@pytest.mark.filterwarnings("error")
def test_logits_as_far_apart_as_their_dtype_reaches_cost_infinity_without_a_warning() -> None:
    for dtype, far in ((np.float64, 1.5e308), (np.float32, 3e38)):
        logits = np.array([[far, -far], [0.0, far]], dtype)
        losses = softmax_cross_entropy(logits, [1, 0], reduction="none")
        # Of the second the gap is a number still, and the loss.
        np.testing.assert_array_equal(losses, np.array([INF, far], dtype))
        assert softmax_cross_entropy(logits, [1, 0]) == INF
        assert softmax_cross_entropy(logits, [0, 1]) == 0.0
        gradient = softmax_cross_entropy_gradient(logits, [1, 0], reduction="sum")
        np.testing.assert_array_equal(gradient, [[1.0, -1.0], [-1.0, 1.0]])
        np.testing.assert_array_equal(softmax(logits), [[1.0, 0.0], [0.0, 1.0]])
    with np.errstate(all="raise"):  # as some programs set it
        assert softmax_cross_entropy([2000.0, 0.0], 0) == 0.0
        softmax([2000.0, 0.0])


def test_a_negative_ignored_index_ignores_no_distribution() -> None:
    targets = np.eye(4)[[0, 2, 1]]
    expected = softmax_cross_entropy(BATCH_LOGITS, targets)
    assert softmax_cross_entropy(BATCH_LOGITS, targets, ignore_index=-100) == expected


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_a_smoothing_of_less_precision_is_not_rounded_further(kind: type) -> None:
    smoothing = kind(0.1)
    loss = softmax_cross_entropy(BATCH_LOGITS, [0, 1, 2], label_smoothing=smoothing)
    assert loss == softmax_cross_entropy(BATCH_LOGITS, [0, 1, 2], label_smoothing=float(smoothing))


@pytest.mark.parametrize(
    ("logits", "smoothing"),
    [
        ([1.5e308, -1.5e308], 0.1),
        ([1.7e308, -1.7e308], 0.5),
        ([-1.7e308, 0.0, 1.7e308], 0.001),
    ],
)
def test_a_gap_beyond_float64_costs_its_exact_share(logits: list[float], smoothing: float) -> None:
    # Exactly: the largest logit is so far above the others that its logarithm of the sum is itself.
    classes, largest = len(logits), logits.index(max(logits))
    part = Fraction(smoothing) / classes
    exact = sum(part * (Fraction(max(logits)) - Fraction(z)) for z in logits)
    for examples in (1, 5):  # of five the sum is beyond float64, and the mean is not
        batch, labels = [logits] * examples, [largest] * examples
        loss = softmax_cross_entropy(batch, labels, label_smoothing=smoothing)
        assert loss == pytest.approx(float(exact), rel=1e-14)
        losses = softmax_cross_entropy(batch, labels, label_smoothing=smoothing, reduction="none")
        np.testing.assert_allclose(losses, float(exact), rtol=1e-14)
