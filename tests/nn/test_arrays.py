from __future__ import annotations

from typing import Any

import numpy as np

from mnist_scratch.nn.arrays import RowBuffer

FLOAT32 = np.dtype(np.float32)
SHAPES: list[tuple[int, int, np.dtype[Any]]] = [
    (3, 2, FLOAT32),
    (5, 2, FLOAT32),
    (5, 7, np.dtype(np.float64)),
    (5, 7, FLOAT32),
]


def test_rows_are_of_the_shape_and_dtype_asked_for() -> None:
    buffer = RowBuffer()
    for count, width, dtype in SHAPES:
        rows = buffer.rows(count, width, dtype)
        assert rows.shape == (count, width)
        assert rows.dtype == dtype
        assert rows.flags.c_contiguous


def test_memory_is_taken_once_for_the_largest_count() -> None:
    buffer = RowBuffer()
    large = buffer.rows(8, 4, FLOAT32)
    assert np.shares_memory(large, buffer.rows(3, 4, FLOAT32))
    assert np.shares_memory(large, buffer.rows(8, 4, FLOAT32))
