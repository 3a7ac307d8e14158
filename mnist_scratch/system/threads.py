"""The CPUs of this process, and the threads of the BLAS that NumPy's matrix products run in."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def blas_threads(number: int) -> Iterator[int]:
    """Let the BLAS compute with a number of threads while the context lasts.

    Parameters
    ----------
    number
        How many threads, at least 1.

    Yields
    ------
    int
        How many the BLAS reports now; 0 if it cannot be told how many, like Apple's Accelerate.
    """
    libraries = _blas()
    with libraries.limit(limits=number):
        yield max((library["num_threads"] or 0 for library in libraries.info()), default=0)


@cache
def _blas() -> Any:
    """Return threadpoolctl's hold on NumPy's BLAS; to look for it takes 2 ms."""
    from threadpoolctl import ThreadpoolController  # 2% of NumPy's import

    return ThreadpoolController().select(user_api="blas")


def usable_cpus() -> int:
    """Count the CPUs that this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
