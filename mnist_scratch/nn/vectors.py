"""Flat arrays that take in multiples of each other, in one pass over memory.

For y <- b y + a x NumPy needs three passes, and another array for what stands between them. The
BLAS below it, which multiplies its matrices, has a function for just that: axpby, "a x plus b y".
NumPy does not pass it on, so it is called here, in the library that NumPy has loaded: no other
dependency, and no other threads. For the 101,770 parameters of 784-128-10 a step of SGD with
momentum takes 20 us instead of 34.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from mnist_scratch.nn.arrays import Array

# What OpenBLAS calls it in NumPy's own wheels, in older ones, and where others have built it. The
# first two take integers of 64 bits; the third may look at 32 of them, enough for 2^31 numbers.
_NAMES = ("scipy_cblas_{}axpby64_", "cblas_{}axpby64_", "cblas_{}axpby")
_KINDS: dict[str, tuple[str, Any]] = {"f": ("s", ctypes.c_float), "d": ("d", ctypes.c_double)}


class Vector:
    """A flat array, to which multiples of others are added.

    Parameters
    ----------
    array
        (P,), float32 or float64, contiguous. It is changed in place.

    Raises
    ------
    ValueError
        If the array is not flat and contiguous.
    """

    def __init__(self, array: Array) -> None:
        if array.ndim != 1 or not array.flags.c_contiguous:
            raise ValueError(f"an array of shape {array.shape} must be flat and contiguous")
        self.array = array
        self._size = array.size
        self._address = array.ctypes.data  # to ask for it every time would take longer than the sum
        self._axpby = _find_axpby(array.dtype.char)

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or pickled: a copy would still write into this vector's memory."""
        raise TypeError("a Vector cannot be copied; make one of a copy of its array")

    def scale_and_add(self, scale: float, factor: float, other: Vector) -> None:
        """Make this vector `scale` times itself plus `factor` times the other.

        The BLAS may round a product and a sum together (a fused multiply-add), so its last digits
        can differ from NumPy's.

        Parameters
        ----------
        scale, factor
            Rounded to the dtype of the vectors.
        other
            A vector of the same length and dtype.
        """
        if self._axpby:
            self._axpby(self._size, factor, other._address, 1, scale, self._address, 1)
        else:
            self.array *= scale
            self.array += factor * other.array


def _find_axpby(kind: str) -> Callable[..., None] | None:
    """Return axpby of NumPy's BLAS for float32, "f", or float64, "d"; None if it has none."""
    umath = sys.modules.get("numpy._core._multiarray_umath")
    path = getattr(umath, "__file__", None)
    if path is None:
        return None
    letter, real = _KINDS[kind]
    library = ctypes.CDLL(path)  # a name is also looked for in what it is linked with
    for name in _NAMES:
        try:
            axpby = library[name.format(letter)]
        except AttributeError:
            continue
        vector = (ctypes.c_void_p, ctypes.c_int64)  # where it begins, and the stride
        axpby.argtypes = (ctypes.c_int64, real, *vector, real, *vector)
        axpby.restype = None
        return axpby
    return None
