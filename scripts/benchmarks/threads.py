"""How many threads a process computes with."""

from __future__ import annotations

import os
import sys

# Every library that computes in the contestants heeds one of these.
_THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

AUTO = "auto"


def usable_cores() -> int:
    """Count the cores that this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_counts() -> list[str]:
    """Return the numbers of threads that are tried: one, and one for every usable core."""
    return [str(count) for count in sorted({1, usable_cores()})]


def environment(threads: str = AUTO) -> dict[str, str]:
    """Return the variables for a process that computes with so many threads."""
    variables = {name: os.environ[name] for name in os.environ if name not in _THREAD_VARIABLES}
    if threads != AUTO:
        variables |= dict.fromkeys(_THREAD_VARIABLES, threads)
    return variables
