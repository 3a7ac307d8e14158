"""The training losses at their limits: no softmax, wrong arguments, sure answers, large sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.exact_cross_entropy import exact_squared_error

from mnist_scratch.nn.loss import LOSSES, SquaredError

INF = math.inf
every_loss = pytest.mark.parametrize("loss", LOSSES.values())
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@every_loss
@every_dtype
@pytest.mark.parametrize("row", [[math.nan, 0], [0, INF], [INF, 0], [INF, INF], [-INF, -INF]])
def test_logits_without_a_softmax_make_the_loss_nan_without_a_warning(
    loss: Any, dtype: npt.DTypeLike, row: list[float]
) -> None:
    loss_function = loss()
    logits, targets = np.array([[0, 1], row, [0, -INF]], dtype), np.eye(2, dtype=dtype)[[1, 0, 0]]
    with np.errstate(all="raise"):
        assert math.isnan(loss_function.forward(logits, targets))
        gradient = loss_function.backward()
    assert np.isnan(gradient[1]).all()
    assert np.isfinite(gradient[[0, 2]]).all()


@every_loss
def test_logits_as_far_apart_as_their_dtype_reaches_need_no_warning(loss: Any) -> None:
    logits = np.array([[3e38, -3e38]], np.float32)
    with np.errstate(all="raise"):
        loss_function = loss()
        assert loss_function.forward(logits, np.array([[1, 0]], np.float32)) == 0.0
        np.testing.assert_array_equal(loss_function.backward(), 0.0)
        wrong = loss_function.forward(logits, np.array([[0, 1]], np.float32))
    assert wrong == (2.0 if loss is SquaredError else INF)


@every_loss
def test_what_has_no_loss_is_told(loss: Any) -> None:
    with pytest.raises(ValueError, match="backward needs a forward before it"):
        loss().backward()
    for shape in ((0, 3), (2, 0)):
        with pytest.raises(ValueError, match="are empty"):
            loss().forward(np.zeros(shape), np.zeros(shape))
    for dtype in (np.int64, np.float16, np.complex128):
        with pytest.raises(ValueError, match="logits must be float32 or float64, not"):
            loss().forward(np.zeros((2, 3), dtype), np.eye(3)[:2])


@every_loss
@pytest.mark.parametrize("targets_dtype", [bool, np.int64, np.float64])
def test_the_gradient_has_the_dtype_of_the_logits_whatever_that_of_the_targets(
    loss: Any, targets_dtype: npt.DTypeLike
) -> None:
    loss_function = loss()
    loss_function.forward(np.zeros((2, 3), np.float32), np.eye(3, dtype=targets_dtype)[:2])
    assert loss_function.backward().dtype == np.float32


@every_loss
def test_targets_that_change_after_the_forward_change_no_gradient(loss: Any) -> None:
    loss_function = loss()
    # Of one example even the transposed targets would be the caller's memory.
    logits, targets = np.array([[0.0, 1.0, 2.0]]), np.array([[1.0, 0.0, 0.0]])
    loss_function.forward(logits, targets)
    expected = loss_function.backward()
    loss_function.forward(logits, targets)
    targets[...] = [[0.0, 0.0, 1.0]]
    np.testing.assert_array_equal(loss_function.backward(), expected)


def test_losses_whose_float32_sum_overflows_have_their_mean() -> None:
    logits = np.array([[3e38, 0.0]] * 4, np.float32)
    loss = LOSSES["cross-entropy"]().forward(logits, np.array([[0, 1]] * 4, np.float32))
    assert loss == float(logits[0, 0])


@every_loss
def test_the_mean_of_equal_losses_is_that_loss_in_every_digit(loss: Any) -> None:
    # A sum in float32 would be right to 1e-7.
    logits = np.array([[0.3, -0.7, 1.9]], np.float32)
    targets = np.array([[1, 0, 0]], np.float32)
    one = loss().forward(logits, targets)
    many = loss().forward(np.repeat(logits, 1001, axis=0), np.repeat(targets, 1001, axis=0))
    assert many == pytest.approx(one, rel=1e-13)


@every_dtype
@pytest.mark.parametrize("gap", [0.5, 10.0, 20.0, 60.0])
@pytest.mark.parametrize("label", [0, 1, 2])
def test_the_squared_error_is_right_where_the_network_is_sure(
    dtype: npt.DTypeLike, gap: float, label: int
) -> None:
    logits, targets = np.array([[gap, 0.0, 0.5]], dtype), np.eye(3, dtype=dtype)[[label]]
    expected, slopes = exact_squared_error(logits[0], targets[0])
    loss_function = SquaredError()
    # exp passes the rounding of a gap on times the gap; float32 ends at 1e-45.
    rtol = 4.0 * float(np.finfo(dtype).eps) * (gap + 4.0)
    smallest = float(np.finfo(dtype).tiny)
    loss = loss_function.forward(logits, targets)
    assert loss == pytest.approx(expected, rel=rtol, abs=smallest)
    np.testing.assert_allclose(loss_function.backward(), [slopes], rtol=rtol, atol=smallest)
