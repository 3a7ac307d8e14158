"""What the functions and classes of nn/ refuse, with messages that name place and value.

Shapes: B examples in a batch, C classes.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeGuard

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn import Array

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def as_array(given: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    """Return what is given as an array, or raise a ValueError that says why it is none."""
    if type(given) is np.ndarray:
        return given
    if _is_masked(given):
        raise ValueError(
            f"{what}: a masked array would lose its mask; give x.filled(value) or x.data"
        )
    try:
        return np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{what} cannot be read as an array: {error}") from error


def _is_masked(given: object) -> bool:
    """Return whether something is a masked array, or a list that has one in it."""
    if isinstance(given, (list, tuple)):
        return any(map(_is_masked, given))
    return isinstance(given, np.ma.MaskedArray)


def as_floats(numbers: npt.ArrayLike, what: str) -> Array:
    """Return numbers as an array of float32 or float64; integers become float64."""
    array = as_array(numbers, what)
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.newbyteorder("=") not in FLOATS:
        raise ValueError(f"{what} must be float32 or float64 numbers, not {kind_of(array)}")
    return array


def as_batch(images: npt.ArrayLike, pixels: int, dtype: np.dtype[Any]) -> Array:
    """Return images as a batch (B, pixels) of a network's dtype, or raise a ValueError."""
    array = as_inputs(as_array(images, "images"), pixels)
    if array.dtype.kind != "f":
        raise _wrong_inputs(array, pixels)
    return array.astype(dtype, copy=False)


def as_inputs(inputs: npt.ArrayLike, width: int) -> Array:
    """Return the inputs (B, I) of a layer as an array, or raise a ValueError."""
    array = as_array(inputs, "inputs")
    if array.shape[1:] != (width,):
        raise _wrong_inputs(array, width)
    return array


def _wrong_inputs(array: Array, width: int) -> ValueError:
    remedy = ""
    if width == 28 * 28:
        remedy = ": standardise(images) makes them of raw images, and "
        remedy += "predict(network, images) takes raw images as they are"
    if array.shape == (width,):
        remedy += "; one image is the batch images[np.newaxis]"
    return ValueError(f"inputs must be floats (B, {width}), not {kind_of(array)}{remedy}")


def as_gradient(d_outputs: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    """Return dL/d(outputs) as an array, or raise a ValueError if it lacks the outputs' shape."""
    array = as_array(d_outputs, "the gradient")
    if array.shape != shape or array.dtype.kind != "f":
        raise ValueError(
            f"the gradient must be floats {shape}, as the outputs of the last forward, "
            f"not {kind_of(array)}"
        )
    return array


def kind_of(given: object) -> str:
    """Return what something is, for a message: of an array dtype and shape."""
    if isinstance(given, np.ndarray):
        is_object = given.dtype == object and given.ndim == 0
        return kind_of(given.item()) if is_object else f"{given.dtype} {given.shape}"
    if isinstance(given, type):
        return f"the class {given.__name__}"
    return "None" if given is None else type(given).__name__


def checked_logits(logits: npt.ArrayLike, axis: object) -> Array:
    """Return logits that have a softmax along an axis, or raise a ValueError that says why not."""
    z = as_floats(logits, "logits")
    if not _is_integer(axis) or not -z.ndim <= axis < z.ndim or not z.shape[axis]:
        raise ValueError(f"axis = {axis!r}: logits of shape {z.shape} have no class along it")
    for place in np.argwhere(np.isnan(z) | (z == np.inf)):
        where = ", ".join(map(str, place))
        raise ValueError(f"logits[{where}] is {z[tuple(place)]}: it must be finite, or -inf")
    if np.isneginf(z.max(axis=axis)).any():
        raise ValueError("the logits of an example are all -inf: no class is left")
    return z


def check_probabilities(rows: Array, what: str) -> None:
    """Raise a ValueError that names example and value if a row (C,) of (B, C) is no distribution.

    A row may miss 1 by 1e-5: rounding stays within, logits taken for probabilities do not.
    """
    for number in np.flatnonzero(~(rows >= 0.0).all(axis=1)):
        wrong = rows[number][~(rows[number] >= 0.0)][0]
        raise ValueError(f"example {number}: {what} must be probabilities, but one is {wrong:g}")
    sums = rows.sum(axis=1)  # (B,)
    for number in np.flatnonzero(~(np.abs(sums - 1.0) <= 1e-5)):
        raise ValueError(
            f"example {number}: {what} must be probabilities, but they sum to {sums[number]:.7g}"
        )


def read_targets(targets: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    """Return targets of logits or predictions of a shape, (C,) or (B, C), as float64 rows (B, C).

    Raises
    ------
    ValueError
        If they are neither probabilities of that shape nor class indices, () or (B,), in range.
    """
    given = as_array(targets, "targets")
    if given.shape == shape:
        rows = np.atleast_2d(as_floats(given, "targets")).astype(np.float64)
        check_probabilities(rows, "targets")
        return rows
    if given.shape != shape[:-1]:
        raise ValueError(
            f"targets of shape {given.shape} do not fit {shape}: one-hot targets or probabilities "
            f"have the shape {shape}, class indices {shape[:-1]}"
        )
    if given.dtype.kind not in "iu":
        raise ValueError(f"class indices must have an integer dtype, not {given.dtype}")
    classes = shape[-1]
    for number in np.flatnonzero((given < 0) | (given >= classes)):
        raise ValueError(
            f"example {number}: target {given.flat[number]} is no class; the classes are 0 to "
            f"{classes - 1}"
        )
    one_hot = np.zeros((given.size, classes))
    one_hot[np.arange(given.size), given.reshape(-1)] = 1.0
    return one_hot


def check_rows(shape: tuple[int, ...], what: str) -> None:
    """Raise a ValueError if a shape is neither (C,) nor (B, C)."""
    if len(shape) not in (1, 2) or shape[-1] == 0:
        raise ValueError(f"{what} of shape {shape} must be (C,) or (B, C), with a class at least")


def _is_integer(given: object) -> TypeGuard[int]:
    """Return whether something is an integer, Python's or NumPy's."""
    return isinstance(given, (int, np.integer)) and not isinstance(given, bool)


class Range(NamedTuple):
    """The limits of a number, minimum <= number < below, and the words that say so."""

    words: str
    minimum: float
    below: float


NOT_NEGATIVE = Range("a number, 0 or above", 0.0, math.inf)
POSITIVE = Range("a number above 0", math.ulp(0.0), math.inf)
FRACTION = Range("a number, at least 0 and below 1", 0.0, 1.0)


def as_number(given: object, what: str, limits: Range) -> float:
    """Return a number, which may be NumPy's, as Python's float, or raise a ValueError."""
    if (
        isinstance(given, (int, float, np.integer, np.floating))
        and not isinstance(given, bool)
        and limits.minimum <= given < limits.below
    ):
        return float(given)
    raise ValueError(f"{what} = {given!r:.60}: must be {limits.words}")


def as_width(given: object, what: str) -> int:
    """Return the width of a layer, which may be NumPy's, as Python's int, or raise a ValueError."""
    if _is_integer(given) and given >= 1:
        return int(given)
    raise ValueError(f"Dense: {what} = {given!r:.60}: must be an integer, at least 1")


def as_generator(rng: np.random.Generator | int) -> np.random.Generator:
    """Return a generator as it is, and for a seed that of `numpy.random.default_rng(seed)`.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or a negative seed.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if not _is_integer(rng):
        raise TypeError(
            f"rng must be a seed such as 0, or a numpy.random.Generator, not {kind_of(rng)}"
        )
    if rng < 0:
        raise ValueError(f"rng = {rng}: a seed must be 0 or above")
    return np.random.default_rng(int(rng))
