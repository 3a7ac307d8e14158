"""The results of a sweep: the figures of each run, their mean and spread for each combination."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import EVALUATION, RunFolder
from mnist_scratch.sweep.execute import is_finished
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
    """The result of a combination: its finished runs by seed, and the folders of the others."""

    combination: Combination
    runs: list[Figures]
    unfinished: list[str]

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
            "unfinished": len(self.unfinished),
        }
        if self.runs:
            values |= {
                "validation_accuracy": self.validation._asdict(),
                "test_accuracy": self.test._asdict(),
                "training_seconds": self.seconds,
            }
        return values | {"runs": [run._asdict() for run in self.runs]}


def read_results(combinations: Sequence[Combination], runs: Sequence[SweepRun]) -> list[Result]:
    """Return the result of each combination, given all runs of a sweep.

    Raises
    ------
    MnistScratchError
        If the files of a finished run cannot be read.
    """
    results = [Result(combination, [], []) for combination in combinations]
    for run in runs:
        result = results[run.combination]
        if is_finished(run.path):
            result.runs.append(_read_figures(run.path))
        else:
            result.unfinished.append(str(run.path))
    return results


def best(results: Sequence[Result]) -> Result | None:
    """Return the combination with the highest mean validation accuracy, never chosen by the test.

    Combinations with unfinished runs do not count; a single combination has no best.
    """
    complete = [result for result in results if result.runs and not result.unfinished]
    if len(results) < 2 or not complete:
        return None
    return max(complete, key=lambda result: result.validation.mean)


def _read_figures(path: Path) -> Figures:
    run = RunFolder(path)
    training, best_epoch = run.config().training, run.epochs().best
    try:
        values = json.loads((path / EVALUATION).read_bytes())
        return Figures(
            str(path),
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
            f"{path / EVALUATION} is damaged ({type(error).__name__}: {error}); delete {path}, and "
            "the sweep trains the run again"
        ) from error
