"""Arrays of floating-point numbers, and buffers that every batch uses again."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]


class RowBuffer:
    """Memory for one row per example, kept from batch to batch.

    A training step makes arrays of the same shapes thousands of times. Taking them from the
    allocator each time costs page faults; taking them from here costs a slice.
    """

    def __init__(self) -> None:
        self._memory: Array = np.empty((0, 0), np.float32)

    def rows(self, count: int, width: int, dtype: np.dtype[Any]) -> Array:
        """Return an uninitialised array (count, width); its memory is that of the last call."""
        memory = self._memory
        if len(memory) < count or memory.shape[1] != width or memory.dtype != dtype:
            memory = self._memory = np.empty((count, width), dtype)
        return memory[:count]
