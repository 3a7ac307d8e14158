"""How many threads of the BLAS a run computes with: as many as the work of a step is worth.

Small matrix products end before a second thread has begun, and on a machine with other work two
threads wait for each other; large ones want every core.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

from mnist_scratch.config.schema import Config
from mnist_scratch.data.dataset import PIXELS
from mnist_scratch.system.threads import blas_threads, usable_cpus

_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
)  # in the order in which OpenBLAS reads them

# Floating-point operations of a step above which a second thread is faster: 784-128-10 with 128
# images is 8e7, and takes 500 us with two threads where one takes 700; with 32 images it is 2e7,
# 190 us where one takes 230. 784-100-10 with 10 images is 5e6: 100 us either way.
_MUCH_WORK = 1.5e7
# The same where images are distorted beside the step, by a thread that needs a CPU itself: with two
# CPUs an epoch of 784-800-10 (5e8) takes 2.0 s either way, and one of 784-1500-1000-10 (2e9) 10.4 s
# with one BLAS thread and 6.8 s with two.
_MUCH_WORK_BESIDE_DISTORTING = 1e9

_CLASSES = 10  # MNIST's; the number is not known before the data are, and changes the work little


@contextmanager
def computing(config: Config) -> Iterator[Config]:
    """Set the threads of the BLAS for a run while the context lasts.

    Yields
    ------
    Config
        The config with the number of threads that the BLAS reports: what the run computes with. It
        is 0 where the BLAS chooses for itself.
    """
    with blas_threads(threads_wanted(config)) as threads:
        yield replace(config, training=replace(config.training, threads=threads))


def threads_wanted(config: Config, most: int | None = None) -> int:
    """Return the number of threads for a run: from its config, else the environment, else its work.

    Parameters
    ----------
    config
        The run's.
    most
        The limit where neither the config nor the environment names a number; by default the number
        of CPUs.
    """
    fitting = min(fitting_threads(config), most or usable_cpus())
    return config.training.threads or _from_environment() or fitting


def fitting_threads(config: Config) -> int:
    """Return 1 for a step of little work, else the number of CPUs.

    Each weight is multiplied and added once an example in the forward product and twice in the
    backward products: six operations.
    """
    widths = (PIXELS, *config.network.hidden, _CLASSES)
    weights = sum(width_in * width_out for width_in, width_out in pairwise(widths))
    much = _MUCH_WORK_BESIDE_DISTORTING if config.augmentation.distorts else _MUCH_WORK
    return usable_cpus() if 6 * weights * config.training.batch_size >= much else 1


def _from_environment() -> int:
    """Return the first number that is set; 0 if there is none."""
    numbers = (os.environ.get(name, "") for name in _VARIABLES)
    return next((int(number) for number in numbers if number.isdecimal() and int(number)), 0)
