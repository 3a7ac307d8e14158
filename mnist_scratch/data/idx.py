"""The IDX file format, in which MNIST is published: read with every check, and written.

Two zero bytes, a byte for the type of the values, a byte for the number of dimensions, then the
size of each dimension as a big-endian uint32, then the values, big-endian, the last dimension
running fastest (yann.lecun.com/exdb/mnist, "The IDX file format"). MNIST's images begin
00 00 08 03 (2051 read as one number), its labels 00 00 08 01 (2049).
"""

from __future__ import annotations

import math
import mmap
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.file_kind import KNOWN_BY, file_kind
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.checks import as_array

_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_CODES: dict[np.dtype[Any], int] = {
    dtype.newbyteorder("="): code for code, dtype in _DTYPES.items()
}

_MOST_DIMENSIONS = 8  # images have 3


def parse_idx(content: bytes | memoryview | mmap.mmap, name: str) -> npt.NDArray[Any]:
    """Return the array in the bytes of an IDX file.

    The whole header is checked against the number of bytes before any array is made, with Python's
    integers: a product of three header sizes overflows 64 bits.

    Parameters
    ----------
    content
        The bytes of the file, decompressed; or a map of them, which is not read but for its header.
    name
        The file's name, for the error.

    Returns
    -------
    NDArray
        Native byte order; for single-byte types a read-only view of the content.

    Raises
    ------
    MnistScratchError
        If the content is not exactly one IDX array.
    """
    dtype, shape, start = _read_header(bytes(content[:KNOWN_BY]), name)
    expected = math.prod(shape) * dtype.itemsize
    if len(content) - start != expected:
        raise MnistScratchError(
            f"{name}: the header announces {' x '.join(map(str, shape))} values, {expected} bytes, "
            f"but {len(content) - start} follow; the file is damaged, make or copy it again"
        )
    try:
        values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    except ValueError as error:  # sizes that NumPy cannot index beside one of 0
        raise MnistScratchError(f"{name}: {error}; not a data set this program can use") from error
    return values.astype(dtype.newbyteorder("="), copy=False)


def idx_size(beginning: bytes, name: str) -> int:
    """Return how many bytes an IDX file has, as its header says, given its first 512 bytes.

    Raises
    ------
    MnistScratchError
        If it is no IDX file.
    """
    dtype, shape, start = _read_header(beginning, name)
    return start + math.prod(shape) * dtype.itemsize


def _read_header(beginning: bytes, name: str) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Return the type of the values, their shape, and where they begin."""
    if len(beginning) < 4:
        raise MnistScratchError(
            f"{name}: {len(beginning)} bytes are too few for an IDX file; make or copy it again"
        )
    zeros, code, dimensions = struct.unpack(">HBB", beginning[:4])
    if zeros != 0 or code not in _DTYPES or dimensions == 0:
        raise MnistScratchError(
            f"{name}: not an IDX file but {file_kind(beginning)}; place MNIST's files or others of "
            "that format; 'mnist-scratch data import' makes them from pictures, CSV and .npz"
        )
    if dimensions > _MOST_DIMENSIONS:
        raise MnistScratchError(
            f"{name}: byte 3 announces {dimensions} dimensions, where at most {_MOST_DIMENSIONS} "
            "are read; not a data set this program can use"
        )
    start = 4 + 4 * dimensions
    if len(beginning) < start:
        raise MnistScratchError(
            f"{name}: ends at byte {len(beginning)}, inside its header of {start} bytes; "
            "make or copy it again"
        )
    return _DTYPES[code], struct.unpack(f">{dimensions}I", beginning[4:start]), start


def format_idx(array: npt.NDArray[Any]) -> bytes:
    """Return the bytes of an IDX file that holds the array.

    Parameters
    ----------
    array
        1 to 8 dimensions of uint8, int8, int16, int32, float32 or float64.

    Raises
    ------
    ValueError
        If it is no array, IDX has no code for its dtype, or it has no dimension or too many.
    """
    array = as_array(array, "array")
    dtype = array.dtype.newbyteorder("=")
    if dtype not in _CODES or not 1 <= array.ndim <= _MOST_DIMENSIONS:
        raise ValueError(f"IDX cannot hold an array of {dtype} with shape {array.shape}")
    header = struct.pack(f">HBB{array.ndim}I", 0, _CODES[dtype], array.ndim, *array.shape)
    return header + array.astype(_DTYPES[_CODES[dtype]]).tobytes()
