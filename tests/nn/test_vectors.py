from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.nn import vectors
from mnist_scratch.nn.arrays import Array, aligned
from mnist_scratch.nn.vectors import Vector


@pytest.fixture(params=["the BLAS", "NumPy"])
def summing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to sum: a BLAS without axpby leaves it to NumPy."""
    if request.param == "NumPy":
        monkeypatch.setattr(vectors, "_find_axpby", lambda _: None)


@pytest.mark.skipif(
    np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"] != "scipy-openblas"
    or sys.platform == "win32",
    reason="only NumPy's own wheels for Linux and macOS are known to have it",
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_blas_of_numpys_wheels_sums_in_one_pass(dtype: npt.DTypeLike) -> None:
    assert vectors._find_axpby(np.dtype(dtype).str) is not None


@pytest.mark.usefixtures("summing")
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1.2e-7), (np.float64, 2.3e-16)])
@pytest.mark.parametrize("count", [0, 1, 31, 32, 1003, 20_011])
def test_a_vector_becomes_the_scaled_sum_and_nothing_else_changes(
    count: int, dtype: type[np.float32 | np.float64], tolerance: float
) -> None:
    rng = np.random.default_rng(count)
    memory: Array = np.empty(count + 2, dtype)
    memory[...] = rng.normal(size=count + 2)
    array, added = memory[1:-1], memory[1:-1].copy()
    added[...] = rng.normal(size=count)
    before, added_before = memory.copy(), added.copy()
    scale, factor = dtype(0.9), dtype(-0.03)

    Vector(array).scale_and_add(float(scale), float(factor), Vector(added))

    exact = scale * before[1:-1].astype(np.longdouble) + factor * added.astype(np.longdouble)
    terms = abs(before[1:-1]) + abs(added)
    assert (abs(array - exact) <= tolerance * terms).all()
    assert memory[[0, -1]].tobytes() == before[[0, -1]].tobytes()
    assert added.tobytes() == added_before.tobytes()


@pytest.mark.usefixtures("summing")
def test_what_is_not_finite_spreads_to_its_own_place_alone() -> None:
    array: Array = np.ones(100, np.float32)
    added: Array = np.ones(100, np.float32)
    array[3], added[40], added[99] = np.nan, np.inf, np.nan
    Vector(array).scale_and_add(0.5, 2.0, Vector(added))
    assert np.isnan(array[[3, 99]]).all()
    assert array[40] == np.inf
    assert (np.delete(array, [3, 40, 99]) == 2.5).all()


def test_what_the_blas_would_misread_is_no_vector() -> None:
    frozen = np.zeros(10)
    frozen.flags.writeable = False
    unaligned = np.zeros(81, np.uint8)[1:].view(np.float64)
    wrong = (np.zeros(10)[::2], np.zeros((2, 5)), np.zeros(10, ">f4"), np.zeros(10, "i4"))
    for array in (*wrong, np.zeros(10, np.float16), frozen, unaligned):
        with pytest.raises(ValueError, match="must be flat, contiguous, aligned and writeable"):
            Vector(array)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_vector_is_not_copied_with_the_address_of_another_s_memory(
    copied: Callable[[Vector], object],
) -> None:
    with pytest.raises(TypeError, match="cannot be copied"):
        copied(Vector(np.zeros(10)))


@pytest.mark.parametrize("shape", [(3,), (1000, 7), (80, 1000)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_aligned_arrays_begin_with_a_cache_line(
    shape: tuple[int, ...], dtype: npt.DTypeLike
) -> None:
    arrays = [aligned(shape, dtype) for _ in range(5)]
    for array in arrays:
        assert array.shape == shape
        assert array.dtype == dtype
        assert array.ctypes.data % 64 == 0
        array[...] = 1.0
    assert all((array == 1.0).all() for array in arrays)
