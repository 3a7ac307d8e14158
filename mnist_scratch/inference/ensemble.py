"""Runs on a test set: each alone, and all together by the mean of their predictions.

Networks that began elsewhere are wrong about other images, so that a committee of them is wrong
about fewer. Shapes: N examples, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import Examples
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.views import answer, mean_of_networks
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.rundir import RunDirectory
from mnist_scratch.training.evaluation import Evaluation, evaluate, evaluate_predictions


class Measured(NamedTuple):
    """What the answers of one run, or of several together, are worth.

    Attributes
    ----------
    plain
        Of the images as they are.
    viewed
        Of the predictions' mean over several views of each image, if it was asked for.
    """

    plain: Evaluation
    viewed: Evaluation | None


class Verdict(NamedTuple):
    """What runs said about a test set.

    Attributes
    ----------
    alone
        Of each run.
    together
        Of all; a single run's is its own.
    log_predictions
        float64 (N, C), the logarithms of what all say together, in all views.
    """

    alone: list[Measured]
    together: Measured
    log_predictions: npt.NDArray[np.float64]


def judge(
    runs: Sequence[RunDirectory],
    test: Examples,
    views: int,
    after_batch: Callable[[int], object],
) -> Verdict:
    """Measure runs on a test set, each alone and all together.

    Parameters
    ----------
    runs
        At least one; `check_together` has nothing against them.
    test
        N examples.
    views, after_batch
        As of `answer`.

    Raises
    ------
    MnistScratchError
        If a model cannot be read, or its loss is not finite.
    """
    networks = [run.model() for run in runs]
    # What a run is worth alone is measured as at the end of its training, to the last digit.
    alone = [
        Measured(_alone(run, network, test), None)
        for run, network in zip(runs, networks, strict=True)
    ]
    answers = answer(networks, test, views, after_batch)
    plain, viewed = map(mean_of_networks, answers)
    together = alone[0]
    if len(runs) > 1:
        together = Measured(evaluate_predictions(test, plain), None)
    if views > 1:
        alone = [
            measured._replace(viewed=evaluate_predictions(test, each))
            for measured, each in zip(alone, answers.viewed, strict=True)
        ]
        together = together._replace(viewed=evaluate_predictions(test, viewed))
    return Verdict(alone, together, viewed)


def check_together(runs: Sequence[RunDirectory], dataset: str | None) -> None:
    """Make sure that the predictions of runs have a mean, and that it is known on which images.

    Parameters
    ----------
    runs
        Of a committee.
    dataset
        Whose test images they are asked about, if not those of their own data set.

    Raises
    ------
    MnistScratchError
        If two runs tell other classes apart, or were trained on other data and no data set is
        named.
    """
    first = runs[0]
    name = first.config().data.dataset
    for run in runs[1:]:
        other = run.config().data.dataset
        trained = f"{first.path} was trained on {name}, {run.path} on {other}"
        if class_names(other) != class_names(name):
            raise MnistScratchError(
                f"{trained}: their classes are not the same, so their predictions have no mean; "
                "evaluate them one by one"
            )
        if dataset is None and other != name:
            raise MnistScratchError(
                f"{trained}; say with --dataset NAME whose test images to ask them about"
            )
        if dataset is None and run.data_sha256() != first.data_sha256():
            raise MnistScratchError(
                f"{first.path} and {run.path} were trained on other files of {name}; say with "
                f"--dataset {name} --data-dir DIR whose test images to ask them about"
            )


def _alone(run: RunDirectory, network: Network, test: Examples) -> Evaluation:
    try:
        return evaluate(network, test)
    except MnistScratchError as error:
        raise MnistScratchError(f"{run.path}: {error}") from error
