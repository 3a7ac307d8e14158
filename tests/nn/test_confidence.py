"""Right answers of a network that is sure: their loss is small, and right in every digit.

A program that adds exp(z - max) up with the maximum's own 1 says 0 from a gap of 37 on, and in
float32 from one of 17. So PyTorch is no oracle here; arithmetic of 400 digits is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.exact_cross_entropy import exact_cross_entropy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_scratch.nn.arrays import Array
from mnist_scratch.nn.loss import SoftmaxCrossEntropy
from mnist_scratch.nn.softmax import log_softmax, softmax
from mnist_scratch.nn.softmax_cross_entropy import (
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)

DTYPES = [np.float32, np.float64]
# From where one place of float64 is missing beside 1, past where all are, to the smallest normals.
GAPS: dict[Any, list[float]] = {
    np.float32: [1.0, 5.0, 12.0, 16.5, 18.0, 37.5, 60.0, 80.0, 87.0],
    np.float64: [1.0, 5.0, 12.0, 16.5, 18.0, 36.0, 37.5, 60.0, 80.0, 400.0, 700.0, 708.0],
}
CASES = [(dtype, gap) for dtype, gaps in GAPS.items() for gap in gaps]


def rounding(dtype: npt.DTypeLike, gap: float) -> float:
    """Return what share of a loss may be rounding: exp passes that of a gap on times the gap."""
    return 2.0 * float(np.finfo(dtype).eps) * (gap + 2.0)


def test_a_gap_of_60_costs_what_it_costs() -> None:
    # ln(1 + exp(-60)), by a calculator of 40 digits.
    loss = 8.756510762696520e-27
    assert softmax_cross_entropy([60.0, 0.0], 0) == pytest.approx(loss, rel=1e-15)
    assert softmax_cross_entropy([60.0, 0.0], [1.0, 0.0]) == pytest.approx(loss, rel=1e-15)
    assert log_softmax([60.0, 0.0])[0] == pytest.approx(-loss, rel=1e-15)
    gradient = softmax_cross_entropy_gradient([60.0, 0.0], 0)
    np.testing.assert_allclose(gradient, [-loss, loss], rtol=1e-15)


@pytest.mark.parametrize(("dtype", "gap"), CASES)
@pytest.mark.parametrize("others", [1, 9])
def test_functions_and_training_keep_every_digit(
    dtype: npt.DTypeLike, gap: float, others: int
) -> None:
    logits = np.zeros((1, 1 + others), dtype)
    logits[0, -1] = gap
    doubt = others * math.exp(-gap)
    expected, slope = math.log1p(doubt), doubt / (1.0 + doubt)
    one_hot = np.eye(1 + others, dtype=dtype)[[others]]
    loss_function = SoftmaxCrossEntropy()
    pairs = [
        (loss_function.forward(logits, one_hot), loss_function.backward()),
        *(
            (
                softmax_cross_entropy(logits, targets),
                softmax_cross_entropy_gradient(logits, targets),
            )
            for targets in ([others], one_hot)
        ),
    ]
    for loss, gradient in pairs:
        assert loss == pytest.approx(expected, rel=rounding(dtype, gap), abs=0.0)
        wanted = [[slope / others] * others + [-slope]]
        np.testing.assert_allclose(gradient, wanted, rtol=rounding(dtype, gap))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_class_weight_multiplies_loss_and_gradient_in_every_digit(dtype: npt.DTypeLike) -> None:
    logits = np.array([[60.0, 0.0, 20.0]], dtype)
    options: dict[str, Any] = {"class_weights": [0.3, 5.0, 0.7], "reduction": "sum"}
    for targets in ([0], [[1.0, 0.0, 0.0]]):
        losses, wanted = exact_cross_entropy(logits, targets, **options)
        loss = softmax_cross_entropy(logits, targets, **options)
        assert loss == pytest.approx(losses[0], rel=rounding(dtype, 60.0), abs=0.0)
        gradient = softmax_cross_entropy_gradient(logits, targets, **options)
        np.testing.assert_allclose(gradient, wanted, rtol=rounding(dtype, 60.0))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ties", [2, 3])
def test_several_logits_can_be_the_largest(dtype: npt.DTypeLike, ties: int) -> None:
    logits = np.array([[0.0] + [60.0] * ties, [60.0] * ties + [0.0]], dtype)
    np.testing.assert_allclose(softmax(logits)[0, 1:], 1.0 / ties, rtol=rounding(dtype, 0.0))
    loss_function = SoftmaxCrossEntropy()
    one_hot = np.eye(1 + ties, dtype=dtype)[[1, 1]]
    loss = loss_function.forward(logits, one_hot)
    assert loss == pytest.approx(math.log(ties), rel=rounding(dtype, 1.0))
    assert softmax_cross_entropy(logits, [1, 1]) == pytest.approx(loss, rel=rounding(dtype, 1.0))
    wanted = [1.0 / ties] * ties
    wanted[0] -= 1.0
    for gradient in (
        loss_function.backward() * 2.0,
        softmax_cross_entropy_gradient(logits, [1, 1], reduction="sum"),
    ):
        np.testing.assert_allclose(gradient[0, 1:], wanted, rtol=rounding(dtype, 1.0))
        np.testing.assert_allclose(gradient[1, [1, 0, *range(2, ties)]], wanted, rtol=1e-6)


def test_the_pushes_on_the_logits_cancel_however_small_they_are() -> None:
    logits = np.random.default_rng(0).normal(scale=100.0, size=(200, 10))
    labels = logits.argmax(axis=1)
    gradient = softmax_cross_entropy_gradient(logits, labels, reduction="sum")
    true = gradient[np.arange(200), labels]
    assert np.all(true < 0.0)
    assert np.median(true) > -1e-15, "most are so sure that 1 less the prediction rounds to 0"
    np.testing.assert_allclose(gradient.sum(axis=1) / -true, 0.0, atol=1e-15)


LOGITS = st.integers(-300, 300).map(float) | st.floats(-300.0, 300.0, width=32)


@given(arrays.arrays(np.float64, (2, 4), elements=LOGITS), st.sampled_from(DTYPES), st.data())
def test_losses_and_gradients_are_those_of_400_digits(
    logits: Array, dtype: npt.DTypeLike, data: st.DataObject
) -> None:
    logits = logits.astype(dtype)
    labels = data.draw(st.tuples(*[st.integers(0, 3)] * 2))
    losses, gradient = exact_cross_entropy(logits, labels, reduction="none")
    # Rounded to float32 once; in float64 a gap of 600 is right to 1e-13.
    rtol = 1e-12 if dtype == np.float64 else 1e-7
    smallest = float(np.finfo(dtype).tiny)  # those below it have fewer digits
    actual = softmax_cross_entropy(logits, labels, reduction="none")
    np.testing.assert_allclose(actual, losses, rtol=rtol, atol=smallest)
    slopes = softmax_cross_entropy_gradient(logits, labels, reduction="none")
    np.testing.assert_allclose(slopes, gradient, rtol=rtol, atol=smallest)
    loss_function, one_hot = SoftmaxCrossEntropy(), np.eye(4, dtype=dtype)[list(labels)]
    loss = loss_function.forward(logits, one_hot)
    assert loss == pytest.approx(losses.mean(), rel=rounding(dtype, 600.0), abs=8 * smallest)
    np.testing.assert_allclose(
        loss_function.backward(), gradient / 2, rtol=rounding(dtype, 600.0), atol=8 * smallest
    )
