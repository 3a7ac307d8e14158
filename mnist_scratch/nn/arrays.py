"""Arrays of floating-point numbers, and buffers that every batch uses again.

In this folder sums are taken with `np.add.reduce`: what `np.sum` adds to it, a microsecond of
Python, a small step would feel a dozen times.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]

_CACHE_LINE = 64  # bytes


class RowBuffer:
    """Memory for one row per example, kept from batch to batch.

    A training step makes arrays of the same shapes thousands of times. Taking them from the
    allocator each time costs page faults; taking them from here costs a slice.
    """

    def __init__(self) -> None:
        self._memory: Array = np.empty((0, 0), np.float32)
        self._rows = self._memory  # as they were last asked for: mostly they are again

    def rows(self, count: int, width: int, dtype: np.dtype[Any]) -> Array:
        """Return an uninitialised array (count, width); its memory is that of the last call."""
        if self._rows.shape != (count, width) or self._rows.dtype != dtype:
            memory = self._memory
            if len(memory) < count or memory.shape[1] != width or memory.dtype != dtype:
                memory = self._memory = aligned((count, width), dtype)
            self._rows = memory[:count]
        return self._rows


def aligned(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return an uninitialised array that begins where a line of the processor's cache does.

    NumPy's own large arrays begin 16 bytes after one, so that half of what the processor reads at
    once lies across two lines. A step of 784-128-10 with 128 images takes 515 us instead of 530.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % _CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)


def checked_numbers(numbers: npt.ArrayLike, what: str) -> tuple[npt.NDArray[Any], np.dtype[Any]]:
    """Return numbers as an array, and the dtype in which to answer: theirs, float64 for integers.

    Raises
    ------
    ValueError
        If they are neither float32 nor float64, nor integers, which stand for themselves.
    """
    array = np.asarray(numbers)
    if array.dtype.kind in "iub":
        return array, np.dtype(np.float64)
    if array.dtype.kind != "f":
        raise ValueError(f"{what} must be real numbers, not {array.dtype}")
    if array.dtype.itemsize not in (4, 8):
        raise ValueError(
            f"{what} must be float32 or float64, not {array.dtype}: convert them with .astype"
        )
    return array, array.dtype


def row_name(row: int, shape: tuple[int, ...]) -> str:
    """Return what to call a row in front of a message, nothing where there is but one example.

    Parameters
    ----------
    row
        The number of the example.
    shape
        What the user gave: (C,) or (B, C).
    """
    return f"row {row}: " if len(shape) == 2 else ""


def classes_first(rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return a copy of rows (B, C), or of one row (C,), in float64 with the classes first: (C, B).

    NumPy reduces along whole rows of memory much faster: the maximum over the classes takes 7 us
    of an array (128, 10), and 1 us of its transposed copy.
    """
    return np.array(np.atleast_2d(rows).T, np.float64, order="C")
