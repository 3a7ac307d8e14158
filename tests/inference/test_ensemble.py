from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.config.schema import Config, DataConfig
from mnist_scratch.data.augment import Augmentation
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.ensemble import (
    MILD,
    EnsembleResult,
    check_ensemble,
    evaluate_ensemble,
    mean_prediction,
    predict_with_tta,
)
from mnist_scratch.inference.examples import most_confident_errors
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.training.evaluation import evaluate, evaluate_predictions
from mnist_scratch.training.seeding import seeds


def network(seed: int) -> Network:
    return Network.of_widths((784, 12, 10), "relu", np.random.default_rng(seed))


def predictions(subject: Network, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The softmax, written out in float64."""
    exponentials = np.exp(subject.forward(images).astype(float))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def nothing(_: int) -> None:
    pass


def evaluated(
    runs: list[RunFolder],
    test: Dataset,
    versions: int = 1,
    after_batch: Callable[[int], None] = nothing,
) -> EnsembleResult:
    networks = [run.model() for run in runs]
    return evaluate_ensemble(runs, networks, test, versions, after_batch)


def make_run(path: Path, dataset: str, seed: int, file_hash: str = "its hash") -> RunFolder:
    """Write what an evaluation reads of a run."""
    run = RunFolder.create(path, Config(data=DataConfig(dataset=dataset)))
    run.save_model(network(seed), class_names(dataset))
    run.write_environment({"data_sha256": {"a-file": file_hash}})
    return run


@pytest.fixture
def runs(tmp_path: Path) -> list[RunFolder]:
    """Two runs with different seeds on the same data."""
    return [make_run(tmp_path / str(seed), "synthetic", seed) for seed in (0, 1)]


def test_the_first_version_is_the_image_and_the_mean_is_over_all(digits: Dataset) -> None:
    subject = network(0)
    plain, averaged = predict_with_tta([subject], digits, 3, nothing)
    (batch,) = BatchLoader(digits, len(digits))
    expected = predictions(subject, batch.images)
    np.testing.assert_allclose(np.exp(plain[0]), expected, rtol=1e-5)
    for epoch in range(2):
        distorted = Augmentation(seeds(0, "tta"), **MILD).distort(digits.pixels, epoch, 0)
        standardised = (distorted / 255 - 0.1307) / 0.3081
        expected = expected + predictions(subject, standardised.astype(np.float32))
    np.testing.assert_allclose(np.exp(averaged[0]), expected / 3, rtol=1e-4)


def test_one_version_is_the_plain_prediction_and_the_versions_are_reproducible(
    digits: Dataset,
) -> None:
    subject = network(0)
    plain, averaged = predict_with_tta([subject], digits, 1, nothing)
    np.testing.assert_array_equal(plain, averaged)
    again = [predict_with_tta([subject], digits, 4, nothing)[1] for _ in range(2)]
    np.testing.assert_array_equal(again[0], again[1])
    assert (again[0] != plain).any()


def test_an_ensemble_predicts_the_mean_of_its_models_predictions(digits: Dataset) -> None:
    models = [network(seed) for seed in range(3)]
    (batch,) = BatchLoader(digits, len(digits))
    expected = np.mean([predictions(model, batch.images) for model in models], axis=0)
    together = mean_prediction(predict_with_tta(models, digits, 1, nothing)[0])
    np.testing.assert_allclose(np.exp(together), expected, rtol=1e-5)
    measured = evaluate_predictions(digits, together)
    assert measured.accuracy == np.mean(expected.argmax(axis=1) == digits.labels)
    true = expected[np.arange(len(digits)), digits.labels]
    assert measured.loss == pytest.approx(np.mean(-np.log(true)), rel=1e-5)
    assert measured.mistakes == np.sum(expected.argmax(axis=1) != digits.labels)


def test_the_mean_of_tiny_probabilities_does_not_round_to_zero() -> None:
    # Predictions of exp(-2000) are 0 in float64; their logarithms are not.
    sure = np.array([[[0.0, -2000.0]], [[0.0, -2000.0]]])
    np.testing.assert_allclose(mean_prediction(sure), [[0.0, -2000.0]])


def test_an_ensemble_of_one_run_or_of_it_twice_equals_the_run(
    runs: list[RunFolder], digits: Dataset
) -> None:
    alone = evaluated(runs[:1], digits)
    twice = evaluated([runs[0], runs[0]], digits)
    plain = evaluate(runs[0].model(), digits)
    np.testing.assert_array_equal(alone.ensemble.plain.confusion, plain.confusion)
    np.testing.assert_array_equal(twice.ensemble.plain.confusion, plain.confusion)
    assert alone.ensemble.plain.loss == plain.loss
    assert twice.ensemble.plain.loss == pytest.approx(plain.loss, rel=1e-6)


def test_each_model_is_evaluated_alone_with_and_without_augmentation(
    runs: list[RunFolder], digits: Dataset
) -> None:
    counted: list[int] = []
    result = evaluated(runs, digits, 4, counted.append)
    assert sum(counted) == 4 * len(digits)
    for directory, measured in zip(runs, result.models, strict=True):
        plain = evaluate(directory.model(), digits)
        assert measured.plain.loss == plain.loss
        by_itself = evaluated([directory], digits, 4).ensemble.with_tta
        assert measured.with_tta is not None
        assert by_itself is not None
        assert measured.with_tta.loss == by_itself.loss
    assert result.ensemble.with_tta is not None


def test_a_diverged_run_is_named(digits: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "synthetic", 0)
    diverged = network(0)
    diverged.parameters[:] = np.finfo(np.float32).max
    run.save_model(diverged)
    with pytest.raises(MnistScratchError, match="diverged") as caught:
        evaluated([run], digits)
    assert str(caught.value).startswith(f"{run.path}: ")


def test_runs_with_different_classes_or_data_are_refused(
    runs: list[RunFolder], tmp_path: Path
) -> None:
    check_ensemble(runs, None)
    clothes = make_run(tmp_path / "clothes", "fashion-mnist", 0)
    with pytest.raises(MnistScratchError, match="their classes differ"):
        check_ensemble([runs[0], clothes], "mnist")
    mnist = make_run(tmp_path / "mnist", "mnist", 0)
    with pytest.raises(MnistScratchError, match=r"evaluate on \(--dataset NAME\)"):
        check_ensemble([runs[0], mnist], None)
    check_ensemble([runs[0], mnist], "mnist")
    other = make_run(tmp_path / "other", "synthetic", 0, "another hash")
    with pytest.raises(MnistScratchError, match="trained on different files of synthetic"):
        check_ensemble([runs[0], other], None)


def test_the_most_confident_errors_come_first(digits: Dataset) -> None:
    labels = digits.labels.astype(int)
    log_predictions = np.full((len(digits), 10), np.log(0.01))
    log_predictions[np.arange(len(digits)), labels] = np.log(0.91)
    for example, probability in ((7, 0.6), (3, 0.9), (50, 0.7)):
        log_predictions[example] = np.log((1 - probability) / 9)
        log_predictions[example, (labels[example] + 1) % 10] = np.log(probability)
    shown = most_confident_errors(digits, log_predictions, 2)
    assert [example.number for example in shown] == [3, 50]
    np.testing.assert_array_equal(shown[0].image, digits.images[3])
    assert shown[0].label == labels[3]


def test_without_errors_there_are_no_examples(digits: Dataset) -> None:
    log_predictions = np.log(np.eye(10)[digits.labels] + 1e-9)
    assert most_confident_errors(digits, log_predictions, 5) == []
