"""What came of a sweep: each run's figures, and their mean and spread for each combination."""

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
from mnist_scratch.system.reading import read_whole

_MOST_BYTES = 2**20


class Figures(NamedTuple):
    """What one finished run reached.

    Attributes
    ----------
    run
        Its folder.
    seed, threads
        Of its config.
    validation_accuracy
        Of its best epoch, 0 to 1.
    test_accuracy, test_loss
        Of the parameters of that epoch.
    training_seconds, best_epoch
        How long it trained, and which epoch that was.
    """

    run: str
    seed: int
    threads: int
    validation_accuracy: float
    test_accuracy: float
    test_loss: float
    training_seconds: float
    best_epoch: int


class Spread(NamedTuple):
    """The distribution of some figures; what takes two of them is None for one.

    Attributes
    ----------
    mean, minimum, maximum
        Of the figures.
    standard_deviation
        Of the sample: with n - 1.
    standard_error
        Of the mean: the standard deviation over the root of n.
    """

    mean: float
    standard_error: float | None
    standard_deviation: float | None
    minimum: float
    maximum: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the distribution of one figure or more."""
        deviation = statistics.stdev(values) if len(values) > 1 else None
        error = None if deviation is None else deviation / math.sqrt(len(values))
        return cls(statistics.fmean(values), error, deviation, min(values), max(values))


class Result(NamedTuple):
    """What came of one combination.

    Attributes
    ----------
    combination
        Which one.
    runs
        Its finished runs, by seed.
    unfinished
        How many of its runs are not finished.
    """

    combination: Combination
    runs: list[Figures]
    unfinished: int

    @property
    def validation(self) -> Spread:
        """Of the accuracy on validation."""
        return Spread.of([run.validation_accuracy for run in self.runs])

    @property
    def test(self) -> Spread:
        """Of the accuracy on the test set."""
        return Spread.of([run.test_accuracy for run in self.runs])

    @property
    def seconds(self) -> float:
        """The median of the training's seconds."""
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


def results(
    combinations: Sequence[Combination], runs: Sequence[SweepRun], finished: Collection[Path]
) -> list[Result]:
    """Return what came of every combination.

    Parameters
    ----------
    combinations, runs
        Of the sweep.
    finished
        The folders of the runs that are.

    Raises
    ------
    MnistScratchError
        If the files of a finished run cannot be read.
    """
    found = []
    for number, combination in enumerate(combinations):
        mine = [run for run in runs if run.combination == number]
        figures = [_figures(run) for run in mine if run.path in finished]
        found.append(Result(combination, figures, len(mine) - len(figures)))
    return found


def best(found: Sequence[Result]) -> Result | None:
    """Return the combination with the highest mean accuracy on validation, never on the test set.

    One whose runs are not all finished is none; nor is there a best of one.
    """
    complete = [result for result in found if result.runs and not result.unfinished]
    if len(found) < 2 or not complete:
        return None
    return max(complete, key=lambda result: result.validation.mean)


def _figures(run: SweepRun) -> Figures:
    directory = RunFolder(run.path)
    training, best_epoch = directory.config().training, directory.epochs().best
    path = run.path / EVALUATION
    try:
        values = json.loads(read_whole(path, _MOST_BYTES))
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
            f"{path}: cannot be read as a result ({type(error).__name__}: {error}); delete "
            f"{run.path}, and the sweep trains it again"
        ) from error
