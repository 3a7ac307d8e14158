"""How many threads of the BLAS a run computes with: the number given, or the best of those tried.

The threads of a BLAS wait for each other in loops. On an idle machine a second one makes a step up
to a third faster; beside other programs it makes it many times slower. So a few steps are taken
with each number before a run begins. The run keeps the number to its end, since the last bits of a
matrix product depend on it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mnist_scratch.config.schema import Config
from mnist_scratch.data.dataset import PIXELS, Dataset
from mnist_scratch.nn.network import Network
from mnist_scratch.system.threads import blas_threads, thread_counts, usable_cpus
from mnist_scratch.training.trainer import Trainer

_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
)  # in the order in which OpenBLAS reads them

_TURN = 0.01  # seconds of a turn, if that is more than a step
_WARM_UP = 0.003  # seconds before a turn in which caches fill and a CPU that slept gets up to speed
_DISTORTED = 5  # times as long as those two where a thread distorts images, which settles later
_CLOSE = 1.05  # times as long as the best: as good as it, with fewer threads
_CLEAR = 2.0  # times as long as the best: needs no second round
_SPINNING = 0.13  # seconds for which OpenBLAS's threads wait in a loop for more work: 2^28 cycles
_MOST_EXAMPLES = 1024  # of a step that is tried: what holds for that many holds for more
_CLASSES = 10  # MNIST's; the number is not known before the data are, and changes the work little


class Threads(NamedTuple):
    """A number of threads, and how it was found.

    Attributes
    ----------
    number
        Of threads.
    tried
        Seconds that a step took with each number that was tried; empty if the number was given, or
        there is only one.
    """

    number: int
    tried: Mapping[int, float]


@contextmanager
def computing(config: Config) -> Iterator[tuple[Config, Threads]]:
    """Set the threads of the BLAS for a run while the context lasts.

    Yields
    ------
    Config
        The config with the number of threads that the BLAS reports: what the run computes with. It
        is 0 where the BLAS chooses for itself.
    Threads
        What was asked for, and why.
    """
    chosen = choose_threads(config)
    with blas_threads(chosen.number) as threads:
        yield replace(config, training=replace(config.training, threads=threads)), chosen


def choose_threads(config: Config, most: int | None = None) -> Threads:
    """Return the number of threads for a run: from its config, else the environment, else by trial.

    Parameters
    ----------
    config
        The run's.
    most
        The limit where neither the config nor the environment names a number; by default the number
        of CPUs.
    """
    if given := config.training.threads or _from_environment():
        return Threads(given, {})
    numbers = thread_counts(min(usable_cpus(), most or usable_cpus()))
    with blas_threads(1) as threads:
        if not threads or numbers == [1]:
            return Threads(1, {})
    return _try(step_settings(config), numbers)


def step_settings(config: Config) -> Config:
    """Return the default config, with those settings that decide how long a step takes."""
    plain = Config()
    return replace(
        plain,
        augmentation=config.augmentation,
        network=config.network,
        optimizer=replace(config.optimizer, learning_rate=plain.optimizer.learning_rate),
        training=replace(
            plain.training, loss=config.training.loss, batch_size=config.training.batch_size
        ),
    )


def scratch_trainer(config: Config, batches: int, classes: int) -> Trainer:
    """Return a trainer like a run's, but with a network, images and random numbers of its own.

    Its images are blank, which take no memory. `take_steps` takes its steps.
    """
    count = batches * config.training.batch_size
    images, labels = np.zeros((count, 28, 28), np.uint8), np.zeros(count, np.uint8)
    blank = Dataset("blank", images, labels, classes=tuple(map(str, range(classes))))
    widths = (PIXELS, *config.network.hidden, classes)
    network = Network.of_widths(widths, config.network.activation, 0)
    trainer = Trainer(network, blank, blank, step_settings(config))
    trainer.optimizer.learning_rate = 1e-9  # a step's time is all that matters
    return trainer


def take_steps(trainer: Trainer) -> Iterator[None]:
    """Take a training step for each `next`, without end."""
    network, loss_function = trainer.network, trainer.loss_function
    while True:
        trainer.loader.epoch = 0  # in the last epochs images may be distorted less
        for images, targets in trainer.loader:
            loss_function.forward(network.forward(images), targets)
            network.backward(loss_function.backward())
            trainer.optimizer.step()
            yield


def _try(config: Config, numbers: Sequence[int]) -> Threads:
    """Let the numbers take turns until one wins clearly, or has won two rounds.

    Fewer threads win where it is close. What else the machine does can spoil a round, but rarely
    two that agree.
    """
    size = config.training.batch_size
    distorts = config.augmentation.distorts
    longer = _DISTORTED if distorts else 1
    training = replace(config.training, batch_size=min(size, _MOST_EXAMPLES))
    trainer = scratch_trainer(replace(config, training=training), 100, _CLASSES)
    steps = take_steps(trainer)
    rounds: list[dict[int, float]] = []
    wins: Counter[int] = Counter()
    while max(wins.values(), default=0) < 2:
        if rounds and distorts:
            # Or one thread would share two CPUs with the thread that distorts and with one that the
            # last turn left waiting: steps of `simard` took 14 ms instead of 8.
            time.sleep(_SPINNING)
        seconds: dict[int, float] = {}
        for number in numbers:
            # Of long steps the first round's are warm-up enough; but a turn's first distorted batch
            # was made before it.
            warm = bool(rounds) and rounds[-1][number] > _WARM_UP and not distorts
            warm_up = 0.0 if warm else _WARM_UP
            seconds[number] = _turn(steps, number, longer * _TURN, longer * warm_up)
        rounds.append(seconds)
        best, *others = sorted(rounds[-1].values())
        winner = min(number for number in numbers if rounds[-1][number] <= _CLOSE * best)
        wins[winner] += 2 if others[0] > _CLEAR * best else 1
    share = training.batch_size / size
    means = {n: sum(each[n] for each in rounds) / len(rounds) / share for n in numbers}
    return Threads(wins.most_common(1)[0][0], means)


def _turn(steps: Iterator[None], threads: int, at_least: float, warm_up: float) -> float:
    """Return the mean time of a step, which counts all waiting; a median would hide most of it."""
    with blas_threads(threads):
        if warm_up:
            _seconds_a_step(steps, warm_up)
        return _seconds_a_step(steps, at_least)


def _seconds_a_step(steps: Iterator[None], at_least: float) -> float:
    """Take steps for this many seconds, but one at least; return their mean time."""
    count, started = 0, time.perf_counter()
    while not count or time.perf_counter() < started + at_least:
        next(steps)
        count += 1
    return (time.perf_counter() - started) / count


def _from_environment() -> int:
    """Return the first number that is set; 0 if there is none."""
    numbers = (os.environ.get(name, "") for name in _VARIABLES)
    return next((int(number) for number in numbers if number.isdecimal() and int(number)), 0)
