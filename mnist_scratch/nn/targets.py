"""Targets: what the right answer to an example is, in each of the forms it comes in.

A class index says which class is true. A distribution says how probable each class is: one-hot, all
of it on one class, or spread over several. Inside, an index becomes the one-hot distribution of its
class; all that follows then is the same for every form.

Shapes: C classes, B examples in a batch. Inside, the classes come first (see `nn.softmax`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn.arrays import Array, checked_numbers, classes_first, row_name

# How far from 1 a row of probabilities may sum. Float32 arithmetic over thousands of classes stays
# within, and up to 20 classes printed to six places; logits taken for probabilities do not.
_TOLERANCE = 1e-5


class Targets(NamedTuple):
    """The targets of a batch.

    Attributes
    ----------
    distributions
        float64 (C, B): how probable each class is. 0 throughout for an example that is ignored.
    are_indices
        Whether they were given as class indices.
    ignored
        Which examples are ignored: their numbers.
    """

    distributions: Array
    are_indices: bool
    ignored: npt.NDArray[np.intp]


def read_targets(
    targets: npt.ArrayLike, shape: tuple[int, ...], ignore_index: int | None = None
) -> Targets:
    """Read the targets of logits or predictions of shape (C,) or (B, C).

    Parameters
    ----------
    targets
        Of that shape: one-hot or probabilities. Without its last axis, () or (B,), and of an
        integer dtype: class indices.
    shape
        (C,) or (B, C).
    ignore_index
        The index that stands for "ignore this example", a class or not.

    Raises
    ------
    ValueError
        If they are none of these, naming row and value.
    """
    given = np.asarray(targets)
    if given.shape == shape:
        if ignore_index is not None and ignore_index >= 0:
            raise ValueError(
                f"ignore_index={ignore_index} needs class indices as targets, not probabilities"
            )
        distributions = classes_first(checked_numbers(given, "targets")[0])
        check_probabilities(distributions, "targets", shape)
        return Targets(distributions, are_indices=False, ignored=np.empty(0, np.intp))
    if given.shape != shape[:-1]:
        raise ValueError(
            f"targets of shape {given.shape} do not fit {shape}: one-hot targets or probabilities "
            f"have the shape {shape}, class indices {shape[:-1]}"
        )
    if given.dtype.kind not in "iu":
        raise ValueError(f"class indices must have an integer dtype, not {given.dtype}")
    return _read_indices(given.reshape(-1), shape, ignore_index)


def check_shape(shape: tuple[int, ...], what: str) -> None:
    """Raise a ValueError if a shape is neither (C,) nor (B, C)."""
    if len(shape) not in (1, 2) or shape[-1] == 0:
        raise ValueError(
            f"{what} of shape {shape}: they must be (C,) or (B, C), with a class at least"
        )


def check_probabilities(columns: Array, what: str, shape: tuple[int, ...]) -> None:
    """Raise a ValueError that names row and value if a column of (C, B) is no distribution.

    Parameters
    ----------
    columns, what
        What to check, and what it is called.
    shape
        How it was given: (C,) or (B, C).
    """
    # NaN compares as false, so both are asked for what must hold.
    if columns.min(initial=0.0) >= 0.0:
        excess = columns.sum(axis=0) - 1.0  # (B,)
        if np.abs(excess).max(initial=0.0) <= _TOLERANCE:
            return
    for number, row in enumerate(columns.T):
        wanted = f"{row_name(number, shape)}{what} must be probabilities"
        for place, value in enumerate(row):
            if not 0.0 <= value <= 1.0 + _TOLERANCE:
                raise ValueError(f"{wanted}, but number {place} is {value:g}")
        if abs(row.sum() - 1.0) > _TOLERANCE:
            raise ValueError(f"{wanted}, but they sum to {row.sum():.7g}")


def _read_indices(
    indices: npt.NDArray[Any], shape: tuple[int, ...], ignore_index: int | None
) -> Targets:
    classes = shape[-1]
    ignore = np.zeros(len(indices), bool) if ignore_index is None else indices == ignore_index
    wrong = ~ignore & ((indices < 0) | (indices >= classes))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{row_name(row, shape)}target {indices[row]} is no class; "
            f"the classes are 0 to {classes - 1}"
        )
    kept = np.flatnonzero(~ignore)
    distributions = np.zeros((classes, len(indices)))
    distributions[indices[kept], kept] = 1.0
    return Targets(distributions, are_indices=True, ignored=np.flatnonzero(ignore))
