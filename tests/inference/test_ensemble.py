from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.config.schema import Config
from mnist_scratch.config.settings import with_values
from mnist_scratch.data.augment import Augmentation
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.data.sources.load import DataSplits
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.ensemble import check_together, judge
from mnist_scratch.inference.examples import surest_mistakes
from mnist_scratch.inference.views import MILD, answer, mean_of_networks
from mnist_scratch.nn.network import Network
from mnist_scratch.runs import run
from mnist_scratch.runs.run import run_training
from mnist_scratch.runs.rundir import RunDirectory
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


@pytest.fixture
def runs(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[RunDirectory]:
    """Two runs with different seeds on the same digits."""
    data = dataclasses.replace(digits, name="synthetic", sha256={"a-file": "its hash"})
    monkeypatch.setattr(run, "load_dataset", lambda *_: DataSplits(data, data))
    directories = []
    for seed in (0, 1):
        values: dict[tuple[str, str], Any] = {
            ("data", "validation_examples"): 20,
            ("network", "hidden"): [12],
            ("training", "epochs"): 2,
            ("training", "batch_size"): 10,
            ("training", "seed"): seed,
        }
        config = with_values(Config(), values, "test")
        directories.append(run_training(config, tmp_path / str(seed)).directory)
    return directories


def test_the_first_view_is_the_image_and_the_mean_is_over_all(digits: Dataset) -> None:
    subject = network(0)
    plain, viewed = answer([subject], digits, 3, nothing)
    (batch,) = BatchLoader(digits, len(digits))
    expected = predictions(subject, batch.images)
    np.testing.assert_allclose(np.exp(plain[0]), expected, rtol=1e-5)
    for epoch in range(2):
        distorted = np.empty(batch.images.shape, np.float32)
        Augmentation(MILD, seeds(0, "views")).distort(digits.pixels, distorted, epoch, 0)
        standardised = (distorted / 255 - 0.1307) / 0.3081
        expected = expected + predictions(subject, standardised.astype(np.float32))
    np.testing.assert_allclose(np.exp(viewed[0]), expected / 3, rtol=1e-4)


def test_one_view_is_the_plain_answer_and_the_same_views_come_again(digits: Dataset) -> None:
    subject = network(0)
    plain, viewed = answer([subject], digits, 1, nothing)
    np.testing.assert_array_equal(plain, viewed)
    again = [answer([subject], digits, 4, nothing).viewed for _ in range(2)]
    np.testing.assert_array_equal(again[0], again[1])
    assert (again[0] != plain).any()


def test_a_committee_says_the_mean_of_what_its_members_say(digits: Dataset) -> None:
    members = [network(seed) for seed in range(3)]
    (batch,) = BatchLoader(digits, len(digits))
    expected = np.mean([predictions(member, batch.images) for member in members], axis=0)
    together = mean_of_networks(answer(members, digits, 1, nothing).plain)
    np.testing.assert_allclose(np.exp(together), expected, rtol=1e-5)
    measured = evaluate_predictions(digits, together)
    assert measured.accuracy == np.mean(expected.argmax(axis=1) == digits.labels)
    true = expected[np.arange(len(digits)), digits.labels]
    assert measured.loss == pytest.approx(np.mean(-np.log(true)), rel=1e-5)
    assert measured.mistakes == np.sum(expected.argmax(axis=1) != digits.labels)


def test_certainty_costs_no_accuracy_of_the_mean() -> None:
    # Predictions of exp(-2000) are 0 in float64; their logarithms are not.
    sure = np.array([[[0.0, -2000.0]], [[0.0, -2000.0]]])
    np.testing.assert_allclose(mean_of_networks(sure), [[0.0, -2000.0]])


def test_a_committee_of_one_and_of_the_same_twice_is_the_run(
    runs: list[RunDirectory], digits: Dataset
) -> None:
    alone = judge(runs[:1], digits, 1, nothing)
    twice = judge([runs[0], runs[0]], digits, 1, nothing)
    plain = evaluate(runs[0].model(), digits)
    np.testing.assert_array_equal(alone.together.plain.confusion, plain.confusion)
    np.testing.assert_array_equal(twice.together.plain.confusion, plain.confusion)
    assert alone.together.plain.loss == plain.loss
    assert twice.together.plain.loss == pytest.approx(plain.loss, rel=1e-6)


def test_each_member_is_measured_alone_with_and_without_views(
    runs: list[RunDirectory], digits: Dataset
) -> None:
    counted: list[int] = []
    verdict = judge(runs, digits, 4, counted.append)
    assert sum(counted) == 4 * len(digits)
    for directory, measured in zip(runs, verdict.alone, strict=True):
        plain = evaluate(directory.model(), digits)
        assert measured.plain.loss == plain.loss
        by_itself = judge([directory], digits, 4, nothing).together.viewed
        assert measured.viewed is not None
        assert by_itself is not None
        assert measured.viewed.loss == by_itself.loss
    assert verdict.together.viewed is not None


def test_runs_of_other_classes_or_other_data_are_no_committee(
    runs: list[RunDirectory], tmp_path: Path
) -> None:
    check_together(runs, None)
    clothes = with_values(Config(), {("data", "dataset"): "fashion-mnist"}, "test")
    other = RunDirectory.create(tmp_path / "clothes", clothes)
    with pytest.raises(MnistScratchError, match="their classes are not the same"):
        check_together([runs[0], other], "mnist")
    digits_too = with_values(Config(), {("data", "dataset"): "mnist"}, "test")
    other = RunDirectory.create(tmp_path / "digits", digits_too)
    with pytest.raises(MnistScratchError, match="say with --dataset NAME"):
        check_together([runs[0], other], None)
    check_together([runs[0], other], "mnist")
    environment = runs[1].path / "environment.json"
    environment.write_text(environment.read_text().replace("its hash", "another"))
    with pytest.raises(MnistScratchError, match="trained on other files of synthetic"):
        check_together(runs, None)


def test_the_surest_mistakes_come_first(digits: Dataset) -> None:
    labels = digits.labels.astype(int)
    said = np.full((len(digits), 10), np.log(0.01))
    said[np.arange(len(digits)), labels] = np.log(0.91)
    for example, probability in ((7, 0.6), (3, 0.9), (50, 0.7)):
        said[example] = np.log((1 - probability) / 9)
        said[example, (labels[example] + 1) % 10] = np.log(probability)
    shown = surest_mistakes(digits, said, 2)
    assert [example.number for example in shown] == [3, 50]
    np.testing.assert_array_equal(shown[0].image, digits.images[3])
    assert shown[0].label == labels[3]
