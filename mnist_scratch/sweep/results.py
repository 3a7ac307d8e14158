"""The results of a sweep: the figures of each run, their mean and spread for each combination."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import EVALUATION, RunFolder
from mnist_scratch.sweep.grid import Combination
from mnist_scratch.sweep.plan import SweepRun


class Figures(NamedTuple):
    """The figures of a finished run: its folder, seed, threads, and what its best epoch reached."""

    run: str
    seed: int
    threads: int
    validation_accuracy: float
    test_accuracy: float
    test_loss: float
    training_seconds: float
    best_epoch: int


class Spread(NamedTuple):
    """The distribution of a figure over runs; what needs two runs is None for one.

    Attributes
    ----------
    mean, minimum, maximum
        Of the runs.
    standard_deviation
        Of the sample, with n - 1.
    standard_error
        Of the mean: the standard deviation over the square root of n.
    """

    mean: float
    standard_error: float | None
    standard_deviation: float | None
    minimum: float
    maximum: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the distribution of one value or more."""
        deviation = statistics.stdev(values) if len(values) > 1 else None
        error = None if deviation is None else deviation / math.sqrt(len(values))
        return cls(statistics.fmean(values), error, deviation, min(values), max(values))


class Result(NamedTuple):
    """The result of a combination: its finished runs by seed, and the number of the others."""

    combination: Combination
    runs: list[Figures]
    unfinished: int

    @property
    def validation(self) -> Spread:
        """The distribution of the validation accuracy."""
        return Spread.of([run.validation_accuracy for run in self.runs])

    @property
    def test(self) -> Spread:
        """The distribution of the test accuracy."""
        return Spread.of([run.test_accuracy for run in self.runs])

    @property
    def seconds(self) -> float:
        """The median of the training times."""
        return statistics.median(run.training_seconds for run in self.runs)

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        values: dict[str, Any] = {
            "settings": self.combination.values,
            "n": len(self.runs),
            "unfinished": self.unfinished,
        }
        if self.runs:
            values |= {
                "validation_accuracy": self.validation._asdict(),
                "test_accuracy": self.test._asdict(),
                "training_seconds": self.seconds,
            }
        return values | {"runs": [run._asdict() for run in self.runs]}


def read_results(
    combinations: Sequence[Combination], runs: Sequence[SweepRun], finished: Collection[Path]
) -> list[Result]:
    """Return the result of each combination, given the runs of a sweep and the finished ones.

    Raises
    ------
    MnistScratchError
        If the files of a finished run cannot be read.
    """
    found = []
    for number, combination in enumerate(combinations):
        own = [run for run in runs if run.combination == number]
        figures = [_read_figures(run) for run in own if run.path in finished]
        found.append(Result(combination, figures, len(own) - len(figures)))
    return found


def best(found: Sequence[Result]) -> Result | None:
    """Return the combination with the highest mean validation accuracy, never chosen by the test.

    Combinations with unfinished runs do not count; a single combination has no best.
    """
    complete = [result for result in found if result.runs and not result.unfinished]
    if len(found) < 2 or not complete:
        return None
    return max(complete, key=lambda result: result.validation.mean)


def _read_figures(run: SweepRun) -> Figures:
    folder = RunFolder(run.path)
    training, best_epoch = folder.config().training, folder.epochs().best
    path = run.path / EVALUATION
    try:
        values = json.loads(path.read_bytes())
        return Figures(
            str(run.path),
            training.seed,
            training.threads,
            float(best_epoch.validation_accuracy or 0.0),
            float(values["accuracy"]),
            float(values["loss"]),
            float(values["training_seconds"]),
            int(values["best_epoch"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise MnistScratchError(
            f"{path} is damaged ({type(error).__name__}: {error}); delete {run.path}, and the "
            "sweep trains the run again"
        ) from error
