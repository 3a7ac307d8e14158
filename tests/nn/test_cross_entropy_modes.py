"""What holds of the fused cross-entropy in every mode: definition, symmetries, gradient."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.central_differences import central_differences
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_scratch.nn import Array
from mnist_scratch.nn.cross_entropy_reference import (
    Reduction,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from mnist_scratch.nn.loss import softmax

REDUCTIONS: tuple[Reduction, ...] = ("mean", "sum", "none")
ORDINARY = st.floats(-30.0, 30.0, width=32)
EXTREME = st.sampled_from([-1e4, 1e4, 0.0, 90.0, -104.0]) | st.floats(-1e4, 1e4, width=32)
MASKING = st.sampled_from([-math.inf, -1e4, 1e4, 0.0]) | ORDINARY


def spelled_out(
    logits: Array, labels: npt.NDArray[np.int64], weights: Array, ignored: int, smoothing: float
) -> tuple[list[float], float]:
    """Return the losses, and the mean's divisor, of class indices, one number after the other."""
    losses, weight_sum = [], 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total = math.fsum(math.exp(z) for z in row)
        costs = [w * (math.log(total) - z) for w, z in zip(weights.tolist(), row, strict=True)]
        true = 0.0 if label == ignored else costs[label]
        smooth = 0.0 if label == ignored else math.fsum(costs) / len(row)
        losses.append((1.0 - smoothing) * true + smoothing * smooth)
        weight_sum += 0.0 if label == ignored else float(weights[label])
    return losses, weight_sum


@st.composite
def problems(draw: st.DrawFn, elements: st.SearchStrategy[float] = ORDINARY) -> dict[str, Any]:
    """Draw logits (B, C), class indices, weights, what to ignore, smoothing."""
    examples, classes = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    labels = draw(arrays.arrays(np.int64, examples, elements=st.integers(0, classes - 1)))
    return {
        "logits": draw(arrays.arrays(dtype, (examples, classes), elements=elements)),
        "labels": labels,
        "weights": draw(arrays.arrays(np.float64, classes, elements=st.floats(0.125, 8.0))),
        "ignored": draw(st.sampled_from([-100, classes, int(labels[0])])),
        "smoothing": draw(st.sampled_from([0.0, 0.1, 1.0]) | st.floats(0.0, 1.0)),
    }


@pytest.mark.no_cover
@given(problems())
def test_the_loss_is_what_its_definition_says(problem: dict[str, Any]) -> None:
    logits = problem["logits"]
    losses, weight_sum = spelled_out(*problem.values())
    options: dict[str, Any] = {
        "class_weights": problem["weights"],
        "ignore_index": problem["ignored"],
        "label_smoothing": problem["smoothing"],
    }
    rtol = 1e-12 if logits.dtype == np.float64 else 1e-6
    expected = {"none": losses, "sum": sum(losses), "mean": math.nan}
    if weight_sum:
        expected["mean"] = sum(losses) / weight_sum
    for reduction in REDUCTIONS:
        actual = softmax_cross_entropy(logits, problem["labels"], reduction=reduction, **options)
        # Both round 1 + exp(...), so of a loss near 0 they keep only what is above 1e-16 or so,
        # times the weights and the number of terms.
        np.testing.assert_allclose(actual, expected[reduction], rtol=rtol, atol=1e-12)


@pytest.mark.no_cover
@given(problems(EXTREME))
def test_no_loss_is_negative_or_nan_and_no_gradient_is_without_an_end(
    problem: dict[str, Any],
) -> None:
    logits, labels = problem["logits"], problem["labels"]
    options: dict[str, Any] = {
        "class_weights": problem["weights"],
        "label_smoothing": problem["smoothing"],
    }
    for targets in (labels, softmax(logits)):
        losses = softmax_cross_entropy(logits, targets, reduction="none", **options)
        assert np.all(np.isfinite(losses) & (losses >= 0.0))
        gradient = softmax_cross_entropy_gradient(logits, targets, reduction="sum", **options)
        assert np.isfinite(gradient).all()
        # A shift of the logits changes no loss, so each row of the gradient sums to 0.
        np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-5)


@pytest.mark.no_cover
@given(problems(st.integers(-10_000, 10_000).map(float)), st.integers(-10_000, 10_000))
def test_a_shift_of_all_logits_changes_nothing(problem: dict[str, Any], shift: int) -> None:
    # Whole numbers, so that the sum itself is not rounded: then the bits are the same.
    logits, labels, weights, ignored, smoothing = problem.values()
    for function in (softmax_cross_entropy, softmax_cross_entropy_gradient):
        before, after = (
            function(
                moved,
                labels,
                class_weights=weights,
                ignore_index=ignored,
                label_smoothing=smoothing,
                reduction="sum",
            )
            for moved in (logits, logits + np.asarray(shift, logits.dtype))
        )
        np.testing.assert_array_equal(before, after)


@pytest.mark.no_cover
@given(problems(MASKING), st.sampled_from(REDUCTIONS))
def test_indices_and_one_hot_targets_agree_but_for_the_weighted_mean(
    problem: dict[str, Any], reduction: Reduction
) -> None:
    logits, labels, weights, _, smoothing = problem.values()
    logits[:, 0] = 0.0  # one class of each example is not masked
    one_hot = np.eye(logits.shape[1])[labels]
    weighted_counts = {"mean": weights[labels].sum() / len(labels), "sum": 1.0, "none": 1.0}
    for function in (softmax_cross_entropy, softmax_cross_entropy_gradient):
        for options, factor in (
            ({}, 1.0),
            ({"class_weights": weights}, weighted_counts[reduction]),
        ):
            arguments: dict[str, Any] = {"reduction": reduction, "label_smoothing": smoothing}
            by_index = function(logits, labels, **options, **arguments)
            by_row = function(logits, one_hot, **options, **arguments)
            rtol = 1e-12 if logits.dtype == np.float64 else 1e-6
            # Subnormal numbers have fewer places.
            np.testing.assert_allclose(by_row, by_index * factor, rtol=rtol, atol=1e-37)


@pytest.mark.no_cover
@given(problems(), st.randoms(use_true_random=False))
def test_classes_and_examples_can_change_places(problem: dict[str, Any], random: Any) -> None:
    logits, labels, weights, ignored, smoothing = problem.values()
    rows, columns = (random.sample(range(size), size) for size in logits.shape)
    places = np.argsort(columns)  # where each class went
    moved = {
        "logits": logits[np.ix_(rows, columns)],
        "labels": places[labels][rows],
        "weights": weights[columns],
        "ignored": int(places[ignored]) if 0 <= ignored < len(places) else ignored,
        "smoothing": smoothing,
    }
    for function in (softmax_cross_entropy, softmax_cross_entropy_gradient):
        before, after = (
            np.asarray(
                function(
                    each["logits"],
                    each["labels"],
                    class_weights=each["weights"],
                    ignore_index=each["ignored"],
                    label_smoothing=each["smoothing"],
                    reduction="none",
                )
            )
            for each in (problem, moved)
        )
        expected = before[rows] if before.ndim == 1 else before[np.ix_(rows, columns)]
        ulp = float(np.finfo(logits.dtype).eps)
        np.testing.assert_allclose(after, expected, rtol=4 * ulp, atol=1e-14)


TARGETS: dict[str, Any] = {
    "indices": np.array([2, 0, 1, 2]),
    "one-hot": np.eye(3)[[2, 0, 1, 2]],
    "probabilities": softmax(np.random.default_rng(1).normal(size=(4, 3))),
}
WEIGHTS: dict[str, Any] = {
    "unweighted": None,
    "weighted": np.array([0.5, 2.0, 3.0]),
    "one class without weight": np.array([1.0, 0.0, 0.25]),
    "one heavy weight": np.array([1.0, 100.0, 2.0]),
}
COMBINATIONS = [
    pytest.param(
        targets,
        {
            "class_weights": WEIGHTS[weights],
            "ignore_index": ignored,
            "label_smoothing": smoothing,
            "reduction": reduction,
        },
        id=f"{targets} {weights} {ignored} {smoothing} {reduction}",
    )
    for targets, weights, ignored, smoothing, reduction in product(
        TARGETS, WEIGHTS, (None, -100, 2), (0.0, 0.1, 1.0), REDUCTIONS
    )
    if targets == "indices" or ignored is None
]


@pytest.mark.parametrize("single", [False, True], ids=["batch", "single"])
@pytest.mark.parametrize(("targets", "options"), COMBINATIONS)
def test_the_gradient_agrees_with_central_differences_in_every_mode(
    targets: str, options: dict[str, Any], single: bool
) -> None:
    logits, chosen = np.random.default_rng(0).normal(size=(4, 3)), TARGETS[targets].copy()
    if options["ignore_index"] == -100:
        chosen[1] = -100
    if single:
        logits, chosen = logits[0], chosen[0]
    gradient = softmax_cross_entropy_gradient(logits, chosen, **options)
    if single and chosen.ndim == 0 and chosen == options["ignore_index"]:
        np.testing.assert_array_equal(gradient, 0.0)  # of a mean that is NaN, nothing to measure
        return
    measured = central_differences(
        lambda: float(np.sum(softmax_cross_entropy(logits, chosen, **options))), logits
    )
    np.testing.assert_allclose(gradient, measured, atol=2e-9)
