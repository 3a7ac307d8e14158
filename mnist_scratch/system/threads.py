"""The CPUs of this process, and the threads of the BLAS that NumPy's matrix products run in."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_changing = threading.Lock()  # the number of threads, of which the process has one


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
    with _blas().limit(limits=number):
        yield _reported()


def in_threads(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Return the results of independent work, in any order.

    It is done in as many threads as the BLAS computes with, each with one thread of the BLAS to
    itself, which need not wait for another. What is computed beside matrix products is divided too:
    to evaluate 784-256-128-10 on 10,000 images takes 50 ms instead of 71, and 290 instead of 645
    beside many other programs.
    """
    with _changing:
        number = min(_reported(), len(items))
        if number > 1:
            limited = _blas().limit(limits=1)
    if number <= 1:  # for a second caller at the same time, too
        return list(map(work, items))
    from concurrent.futures import ThreadPoolExecutor  # only with several threads

    left = list(items)

    def work_off() -> list[_Result]:
        return [work(item) for item in _taken(left)]

    try:
        with ThreadPoolExecutor(number - 1) as pool:
            others = [pool.submit(work_off) for _ in range(number - 1)]
            try:
                results = work_off()
            finally:
                left.clear()  # after an error or Ctrl-C nothing more begins
            return sum((other.result() for other in others), results)
    finally:
        with _changing:
            limited.restore_original_limits()


def _taken(items: list[_Item]) -> Iterator[_Item]:
    """Take items from a list that other threads take from too."""
    while True:
        try:
            item = items.pop()
        except IndexError:
            return
        yield item


def _reported() -> int:
    """Return how many threads the BLAS computes with; 0 if it cannot be told how many."""
    return max((library["num_threads"] or 0 for library in _blas().info()), default=0)


@cache
def _blas() -> Any:
    """Return threadpoolctl's hold on NumPy's BLAS; to look for it takes 2 ms."""
    from threadpoolctl import ThreadpoolController  # 2% of NumPy's import

    return ThreadpoolController().select(user_api="blas")


def thread_counts(cpus: int) -> list[int]:
    """Return the numbers of threads that are worth trying: one, half of the CPUs, all."""
    return sorted({1, max(1, cpus // 2), cpus})


def usable_cpus() -> int:
    """Count the CPUs that this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
