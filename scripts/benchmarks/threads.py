"""How many threads a process computes with."""

from __future__ import annotations

import os

from mnist_scratch.system.threads import usable_cpus

AUTO = "auto"
# What the libraries beside this program read their threads from.
_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def thread_counts() -> list[str]:
    """Return the numbers of threads that are tried: one, and one for every usable core."""
    return [str(count) for count in sorted({1, usable_cpus()})]


def environment(threads: str = AUTO) -> dict[str, str]:
    """Return the variables for a process that computes with so many threads."""
    variables = {name: os.environ[name] for name in os.environ if name not in _VARIABLES}
    if threads != AUTO:
        variables |= dict.fromkeys(_VARIABLES, threads)
    return variables
