"""What the functions of nn/ refuse, with messages that name place and value.

Shapes: B examples in a batch, C classes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn import Array


def as_floats(numbers: npt.ArrayLike, what: str) -> Array:
    """Return numbers as an array of float32 or float64; integers become float64."""
    array = np.asarray(numbers)
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype not in (np.float32, np.float64):
        raise ValueError(f"{what} must be float32 or float64 numbers, not {array.dtype}")
    return array


def checked_logits(logits: npt.ArrayLike, axis: int) -> Array:
    """Return logits that have a softmax along an axis, or raise a ValueError that says why not."""
    z = as_floats(logits, "logits")
    if type(axis) is not int or not -z.ndim <= axis < z.ndim or not z.shape[axis]:
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
    given = np.asarray(targets)
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


def as_generator(rng: np.random.Generator | int) -> np.random.Generator:
    """Return a generator as it is, and for a seed that of `numpy.random.default_rng(seed)`.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or a negative seed.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, (int, np.integer)):
        raise TypeError(
            f"rng must be a seed such as 0, or a numpy.random.Generator, not {_named(rng)}"
        )
    if rng < 0:
        raise ValueError(f"rng = {rng}: a seed must be 0 or above")
    return np.random.default_rng(int(rng))


def _named(given: object) -> str:
    """Return what something is, for a message: a class by its name, anything else by its type."""
    if given is None:
        return "None"
    if isinstance(given, type):
        return f"the class {given.__name__}"
    return type(given).__name__
