"""The accuracy of one run or of an ensemble on a test set, with test-time augmentation or without.

An ensemble predicts the mean of what its models predict: networks that started from other seeds
misclassify other images, so the mean makes fewer errors. Test-time augmentation averages in the
same way over several versions of each image: the image itself and mild distortions of it.

Shapes: M models, N examples, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.augment import Augmentation
from mnist_scratch.data.dataset import Examples
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.loss import log_softmax
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.training.evaluation import Evaluation, evaluate, evaluate_predictions
from mnist_scratch.training.seeding import seeds

# Of ten settings the one with the fewest errors on the validation images of the three runs of
# `record`, 0.35%. Without augmentation these are 0.31%, but the loss is higher: 0.0129 instead of
# 0.0110. Elastic distortions were no better.
MILD: dict[str, Any] = {"rotation": 6.0, "scale": 0.07, "shear": 0.06, "shift": 1.0}

_BATCH_SIZE = 1000  # fixed: each batch draws its own distortions
_SEED = 0  # the same distortions for every run


class ModelResult(NamedTuple):
    """The evaluation of a model or an ensemble.

    Attributes
    ----------
    plain
        On the images as they are.
    with_tta
        With test-time augmentation, if it was asked for.
    """

    plain: Evaluation
    with_tta: Evaluation | None


class EnsembleResult(NamedTuple):
    """The evaluation of one run or several on a test set.

    Attributes
    ----------
    models
        Of each run alone.
    ensemble
        Of their mean prediction; of a single run the same as its own.
    log_predictions
        float64 (N, C), the logarithm of the mean prediction, over all versions of each image.
    """

    models: list[ModelResult]
    ensemble: ModelResult
    log_predictions: npt.NDArray[np.float64]


def evaluate_ensemble(
    runs: Sequence[RunFolder],
    networks: Sequence[Network],
    test: Examples,
    versions: int,
    after_batch: Callable[[int], object],
) -> EnsembleResult:
    """Evaluate runs on a test set, each alone and all as an ensemble.

    Parameters
    ----------
    runs, networks
        At least one, with its model; `check_ensemble` accepts them.
    test
        N examples.
    versions
        The number of versions of each image, 1 for no test-time augmentation.
    after_batch
        Called with the number of images in each batch, N times `versions` in all.

    Raises
    ------
    MnistScratchError
        If the loss of a model is not finite.
    """
    # Exactly as at the end of training, so that both give the same loss to the last digit.
    alone = [
        _evaluate_alone(run, network, test) for run, network in zip(runs, networks, strict=True)
    ]
    plain, averaged = predict_with_tta(networks, test, versions, after_batch)
    augmented: list[Evaluation | None] = [None] * len(runs)
    if versions > 1:
        augmented = [evaluate_predictions(test, each) for each in averaged]
    models = [ModelResult(*pair) for pair in zip(alone, augmented, strict=True)]
    mean = mean_prediction(averaged)
    if len(runs) == 1:
        return EnsembleResult(models, models[0], mean)
    ensemble = ModelResult(
        evaluate_predictions(test, mean_prediction(plain)),
        evaluate_predictions(test, mean) if versions > 1 else None,
    )
    return EnsembleResult(models, ensemble, mean)


def predict_with_tta(
    networks: Sequence[Network],
    dataset: Examples,
    versions: int,
    after_batch: Callable[[int], object],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the log-predictions of networks for every example, plain and with augmentation.

    The first version of an image is the image itself. The others are the same in each call, for
    each network, and do not change when more versions are asked for.

    Parameters
    ----------
    networks, dataset
        M networks and N examples.
    versions
        The number of versions of each image, at least 1.
    after_batch
        Called with the number of images in each batch, N times `versions` in all.

    Returns
    -------
    plain, averaged : NDArray
        float64 (M, N, C): the logarithms of the predictions for the images as they are, and of
        their mean over all versions. Logarithms, since a prediction may round to 0.
    """
    augmentation = Augmentation(seeds(_SEED, "tta"), **MILD)
    distorted = BatchLoader(dataset, _BATCH_SIZE, augmentation=augmentation)  # an epoch a version
    plain = np.empty((len(networks), len(dataset), len(dataset.classes)))
    total = np.full_like(plain, -np.inf)  # the logarithm of the sum of predictions so far
    for version in range(versions):
        start = 0
        for images, _ in distorted if version else BatchLoader(dataset, _BATCH_SIZE):
            end = start + len(images)
            for model, network in enumerate(networks):
                log_predictions = log_softmax(network.logits(images).astype(np.float64))
                if version == 0:
                    plain[model, start:end] = log_predictions
                part = total[model, start:end]
                np.logaddexp(part, log_predictions, out=part)
            start = end
            after_batch(len(images))
    return plain, total - np.log(versions)


def mean_prediction(log_predictions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the logarithm (N, C) of the mean over models, given log-predictions (M, N, C)."""
    total: npt.NDArray[np.float64] = np.logaddexp.reduce(log_predictions, axis=0)  # (N, C)
    total -= np.log(len(log_predictions))
    return total


def check_ensemble(runs: Sequence[RunFolder], dataset: str | None) -> None:
    """Check that the mean of the runs' predictions has a meaning, and on which test images.

    Parameters
    ----------
    runs
        Of the ensemble.
    dataset
        Whose test images to evaluate on, if it is not the data set of the runs.

    Raises
    ------
    MnistScratchError
        If two runs have different classes, or were trained on different data and no data set is
        named.
    """
    first = runs[0]
    name = first.config().data.dataset
    for run in runs[1:]:
        other = run.config().data.dataset
        trained = f"{first.path} was trained on {name}, {run.path} on {other}"
        if run.classes() != first.classes():
            raise MnistScratchError(
                f"{trained}: their classes differ, so they are no ensemble; evaluate each alone"
            )
        if dataset in (None, name) and run.config().data.invert != first.config().data.invert:
            raise MnistScratchError(
                f"{first.path} and {run.path}: one was trained on inverted images; evaluate each "
                "alone"
            )
        if dataset is None and other != name:
            raise MnistScratchError(
                f"{trained}; choose the data set to evaluate on (--dataset NAME)"
            )
        if dataset is None and run.data_sha256() != first.data_sha256():
            raise MnistScratchError(
                f"{first.path} and {run.path} were trained on different files of {name}; choose "
                f"the test images to evaluate on (--dataset {name} --data-dir DIR)"
            )


def _evaluate_alone(run: RunFolder, network: Network, test: Examples) -> Evaluation:
    try:
        return evaluate(network, test)
    except MnistScratchError as error:
        raise MnistScratchError(f"{run.path}: {error}") from error
