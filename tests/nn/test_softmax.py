from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_scratch.nn import Array
from mnist_scratch.nn.loss import log_softmax, softmax

# Logits and probabilities computed in float64, to six places.
KNOWN = [
    ([1.2, 0.9, 3.1], [0.118670, 0.087913, 0.793417]),
    ([1.0, 3.5, -0.5], [0.074596, 0.908760, 0.016645]),
    ([2.0, 1.0, 0.1], [0.659001, 0.242433, 0.098566]),
    ([2.5, -1.2, 0.5], [0.862025, 0.021312, 0.116662]),
]
BATCH_LOGITS = np.array([[2, 1, 0.1, 0.5], [0.5, 2.5, 0.8, 0.2], [0.1, 0.3, 1.5, 0.7]])
SHAPES = st.one_of(st.tuples(st.integers(1, 12)), st.tuples(st.integers(1, 6), st.integers(1, 12)))
DTYPES = st.sampled_from([np.float32, np.float64])
EXTREME = st.sampled_from([-math.inf, -1e4, 1e4, 0.0, 88.8, -104.0, 1e-30])


@st.composite
def logits_of_any_kind(draw: st.DrawFn) -> Array:
    """Draw logits with a softmax: ordinary, extreme, equal, masked."""
    elements = st.one_of(st.floats(-50.0, 50.0, width=32), EXTREME)
    logits: Array = draw(arrays.arrays(draw(DTYPES), draw(SHAPES), elements=elements))
    assume(np.isfinite(logits.max(axis=-1)).all())
    return logits


@pytest.mark.parametrize(("logits", "probabilities"), KNOWN)
def test_known_logits_have_their_known_probabilities(
    logits: list[float], probabilities: list[float]
) -> None:
    np.testing.assert_allclose(softmax(np.array(logits)), probabilities, atol=5.1e-7)
    np.testing.assert_allclose(np.exp(log_softmax(logits)), probabilities, atol=5.1e-7)


@pytest.mark.no_cover
@given(logits_of_any_kind())
def test_predictions_are_probabilities_whatever_the_logits(logits: Array) -> None:
    predictions = softmax(logits)
    assert predictions.dtype == logits.dtype
    assert predictions.shape == logits.shape
    assert np.all((predictions >= 0.0) & (predictions <= 1.0))
    ulp = float(np.finfo(logits.dtype).eps)
    np.testing.assert_allclose(predictions.sum(axis=-1, dtype=float), 1.0, atol=8 * ulp)
    assert np.all(predictions[np.isneginf(logits)] == 0.0)


@pytest.mark.no_cover
@given(logits_of_any_kind())
def test_logarithms_are_those_of_the_predictions_where_these_can_be_told_from_0(
    logits: Array,
) -> None:
    predictions, logarithms = softmax(logits.astype(np.float64)), log_softmax(logits)
    assert logarithms.dtype == logits.dtype
    assert np.all(logarithms <= 0.0)
    told = predictions > 1e-300
    ulp = 8 * float(np.finfo(logits.dtype).eps)
    np.testing.assert_allclose(logarithms[told], np.log(predictions[told]), rtol=ulp, atol=ulp)
    assert np.all(logarithms[np.isneginf(logits)] == -np.inf)


@pytest.mark.no_cover
@given(
    arrays.arrays(np.float32, (3, 5), elements=st.integers(-10_000, 10_000)),
    st.integers(-10_000, 10_000),
)
def test_a_shift_of_all_logits_changes_nothing(logits: Array, shift: int) -> None:
    # Whole numbers, so that the sum itself is not rounded: then the bits are the same.
    np.testing.assert_array_equal(softmax(logits + shift), softmax(logits))
    np.testing.assert_array_equal(log_softmax(logits + shift), log_softmax(logits))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_logits_are_equally_probable(dtype: npt.DTypeLike) -> None:
    for value in (0.0, -1e4, 1e4, 1e30):
        np.testing.assert_array_equal(softmax(np.full((2, 8), value, dtype)), 0.125)


def test_the_maximum_is_taken_of_each_row() -> None:
    # Under the maximum of the whole batch the first row's exponentials would all be 0, and 0 / 0.
    logits = np.array([[-1000.0, -1001.0], [1000.0, 1001.0]])
    small, large = 1 / (1 + math.e), math.e / (1 + math.e)
    np.testing.assert_allclose(softmax(logits), [[large, small], [small, large]])


def test_log_softmax_goes_on_where_the_probability_is_0() -> None:
    np.testing.assert_array_equal(log_softmax(np.array([0.0, 2000.0])), [-2000.0, 0.0])
    assert softmax(np.array([0.0, 2000.0]))[0] == 0.0


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_the_axis_of_the_classes_can_be_any(axis: int) -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 4))
    for function in (softmax, log_softmax):
        expected = np.apply_along_axis(function, axis, logits)
        actual = function(logits, axis)
        assert actual.flags.c_contiguous
        np.testing.assert_allclose(actual, expected, rtol=1e-14)


def test_the_arguments_stay_as_they_are() -> None:
    logits = BATCH_LOGITS.copy()
    softmax(logits)
    log_softmax(logits, 0)
    np.testing.assert_array_equal(logits, BATCH_LOGITS)


def test_whole_numbers_are_taken_as_float64() -> None:
    predictions = softmax([1, 2, 3])
    assert predictions.dtype == np.float64
    np.testing.assert_array_equal(predictions, softmax(np.array([1.0, 2.0, 3.0])))


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize(
    ("logits", "message"),
    [
        ([[0, 1], [2, math.nan]], r"^logits\[1, 1\] is nan: it must be finite, or -inf"),
        ([[0, 1], [-math.inf, math.inf]], r"^logits\[1, 1\] is inf"),
        ([[math.nan, math.inf]], r"^logits\[0, 0\] is nan"),
        ([[0, 1], [1, 0], [-math.inf] * 2], "are all -inf: no class is left"),
        ([0.0, math.nan], r"^logits\[1\] is nan"),
        ([[[0.0, 1.0], [math.inf, 0.0]]], r"^logits\[0, 1, 0\] is inf"),
        ([[], []], r"shape \(2, 0\) have no class"),
        ([1j, 2], "float32 or float64 numbers, not complex"),
        (["a"], "float32 or float64 numbers, not <U1"),
        (1.0, "axis"),
    ],
)
def test_logits_without_a_softmax_are_named(function: Any, logits: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(logits)


def test_in_more_dimensions_the_place_is_named_as_an_index() -> None:
    logits = np.zeros((2, 3, 4))
    logits[1, 2, 3] = math.inf
    with pytest.raises(ValueError, match=r"^logits\[1, 2, 3\] is inf"):
        softmax(logits, axis=1)


@pytest.mark.parametrize("axis", [2, -3, None, (0, 1), True])
def test_an_axis_that_is_none_of_the_logits_is_named(axis: Any) -> None:
    with pytest.raises(
        ValueError, match=r"axis = .*: logits of shape \(2, 2\) have no class along it"
    ):
        softmax([[1.0, 2.0], [3.0, 4.0]], axis=axis)


@pytest.mark.parametrize("axis", [np.int64(0), np.uint8(1), np.int8(-1)])
def test_the_axis_may_be_an_integer_of_numpy(axis: Any) -> None:
    for function in (softmax, log_softmax):
        expected = function(BATCH_LOGITS, int(axis))
        np.testing.assert_array_equal(function(BATCH_LOGITS, axis), expected)
