from __future__ import annotations

import struct
import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnist_scratch.data.idx import format_idx, parse_idx
from mnist_scratch.errors import MnistScratchError

DTYPES = ["u1", "i1", "i2", "i4", "f4", "f8"]


@pytest.mark.no_cover
@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays.arrays(
            dtype, arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)
        )
    )
)
def test_what_is_written_reads_back_the_same(array: npt.NDArray[np.generic]) -> None:
    back = parse_idx(format_idx(array), "x")
    assert back.dtype == array.dtype
    assert back.dtype.isnative
    np.testing.assert_array_equal(back, array)


def test_the_bytes_are_those_of_the_specification() -> None:
    labels = format_idx(np.array([5, 0, 4], np.uint8))
    assert labels.hex(" ") == "00 00 08 01 00 00 00 03 05 00 04"
    numbers = format_idx(np.array([[1, -2]], np.int16))
    assert numbers.hex(" ") == "00 00 0b 02 00 00 00 01 00 00 00 02 00 01 ff fe"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes are too few"),
        (b"\x00\x00\x08", "3 bytes are too few"),
        (b"\x01\x00\x08\x01\x00\x00\x00\x01\x07", "not an IDX file but a file of an unknown kind"),
        (b"\x00\x00\x0a\x01\x00\x00\x00\x01\x07", "not an IDX file but a file of an unknown kind"),
        (b"\x00\x00\x08\x00", "not an IDX file but a file of an unknown kind"),
        (
            b"<!DOCTYPE html>",
            "not an IDX file but an HTML page; .*'mnist-scratch data import' makes",
        ),
        (b"\x00\x00\x08\x03\x00\x00\x00\x01\x00", "ends at byte 9, inside its header of 16"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x03\x07\x07", "3 values, 3 bytes, but 2 follow"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x01\x07\x07", "1 values, 1 bytes, but 2 follow"),
        (
            # 2^31 x 2^31 x 4 is 0 in 64 bits, which is exactly what follows.
            b"\x00\x00\x08\x03" + struct.pack(">3I", 2**31, 2**31, 4),
            "18446744073709551616 bytes, but 0 follow",
        ),
        (b"\x00\x00\x08\xff" + struct.pack(">255I", *[1] * 255) + b"\x07", "255 dimensions, where"),
        (b"\x00\x00\x08\x09" + struct.pack(">9I", *[1] * 9) + b"\x07", "9 dimensions, where at"),
        (
            b"\x00\x00\x0e\x08" + struct.pack(">8I", *[2**32 - 1] * 8),
            r"(4294967295 x ){7}4294967295 values, \d+ bytes, but 0 follow",
        ),
        (b"\x00\x00\x08\x03" + struct.pack(">3I", 0, 2**32 - 1, 2**32 - 1), "not a data set"),
    ],
)
def test_a_file_that_is_not_exactly_one_array_is_named(content: bytes, message: str) -> None:
    with pytest.raises(MnistScratchError, match=f"(?s)some-file.*{message}"):
        parse_idx(content, "some-file")


def test_a_header_that_lies_allocates_nothing() -> None:
    content = b"\x00\x00\x0e\x02" + struct.pack(">2I", 2**28, 2**20)
    tracemalloc.start()
    try:
        with pytest.raises(MnistScratchError, match="2251799813685248 bytes, but 0 follow"):
            parse_idx(content, "some-file")
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "array",
    [np.array(3, np.uint8), np.zeros(2, np.int64), np.zeros([1] * 9, np.uint8), [1, 2], "text"],
)
def test_what_idx_cannot_hold_is_refused(array: npt.NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match="IDX cannot hold"):
        format_idx(array)


def test_a_masked_array_is_not_written_without_its_mask() -> None:
    with pytest.raises(ValueError, match="masked array"):
        format_idx(np.ma.zeros(3, np.uint8))
