"""How many threads the BLAS computes with: chosen by the work of a training step.

Small matrix products end before a second thread has begun, and on a machine with other work two
threads wait for each other; large ones want every core. A BLAS reads the number when NumPy loads
it, so this module does without NumPy.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from itertools import pairwise

from mnist_scratch.config.schema import Config

# In the order in which OpenBLAS heeds them, then the other libraries that NumPy may be built with.
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
# As in data/dataset.py, which needs NumPy.
_PIXELS, _CLASSES = 784, 10

# Floating-point operations of a step from which on a second thread pays: 784-128-10 with 128 images
# is 8e7, and takes 500 us with two threads where one takes 700; with 32 images it is 2e7, 190 us
# where one takes 230. 784-100-10 with 10 images is 5e6: 100 us either way.
_MUCH_WORK = 1.5e7
# The same where images are distorted beside the step, by a thread that needs a CPU itself: with two
# CPUs an epoch of 784-800-10 (5e8) takes 2.0 s either way, and one of 784-1500-1000-10 (2e9) 10.4 s
# with one BLAS thread and 6.8 s with two.
_MUCH_WORK_BESIDE_DISTORTING = 1e9


def with_threads(config: Config) -> Config:
    """Set the number of threads of the BLAS that NumPy is about to load, and write it down.

    What the config says counts; then what the user set in the environment; then the work of a
    step. Where NumPy is loaded already, it is too late, and the config stays as it is.

    Parameters
    ----------
    config
        Of the training that follows.

    Returns
    -------
    Config
        The same with the number of threads, if it is known.
    """
    if "numpy" in sys.modules:
        return config
    threads = threads_wanted(config)
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
    return replace(config, training=replace(config.training, threads=threads))


def threads_wanted(config: Config, most: int | None = None) -> int:
    """Return how many threads a training gets.

    Parameters
    ----------
    config
        Of the training.
    most
        How many it gets at most, if neither the config nor the environment says how many.
    """
    fitting = min(fitting_threads(config), most or usable_cpus())
    return config.training.threads or _asked_for() or fitting


def usable_cpus() -> int:
    """Count the CPUs that this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fitting_threads(config: Config) -> int:
    """Return 1 for a step of little work, else the number of CPUs.

    Each weight is multiplied and added once an example in the forward product and twice in the
    backward products: six operations.
    """
    widths = (_PIXELS, *config.network.hidden, _CLASSES)
    weights = sum(width_in * width_out for width_in, width_out in pairwise(widths))
    much = _MUCH_WORK_BESIDE_DISTORTING if config.augmentation.distorts else _MUCH_WORK
    return usable_cpus() if 6 * weights * config.training.batch_size >= much else 1


def _asked_for() -> int:
    """Return the number in the first variable that has one; 0 if none has."""
    numbers = (os.environ.get(name, "") for name in THREAD_VARIABLES)
    return next((int(number) for number in numbers if number.isdecimal() and int(number)), 0)
