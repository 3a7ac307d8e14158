from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.data.sources.registry import DIGITS, class_names
from mnist_scratch.nn.layers import Dense, ReLU
from mnist_scratch.nn.loss import SquaredError, cross_entropy_loss, softmax
from mnist_scratch.nn.network import Network
from mnist_scratch.system.threads import blas_threads
from mnist_scratch.training.evaluation import Evaluation, evaluate
from mnist_scratch.training.metrics import calibration


def result(examples: int, right: int) -> Evaluation:
    confusion = np.zeros((10, 10), np.int64)
    confusion[0, 0], confusion[0, 1] = right, examples - right
    sure = calibration(np.full(examples, 0.9), np.arange(examples) < right)
    return Evaluation("some", examples, 0.5, right / examples, confusion, sure, DIGITS)


def test_every_example_counts_whatever_the_batches_are() -> None:
    # 2,345 examples: two full batches of evaluation and one that is smaller.
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2345, 28, 28), dtype=np.uint8)
    dataset = Dataset("noise", images, rng.integers(0, 10, 2345).astype(np.uint8))
    network = Network([Dense(784, 10)], rng, np.float64)
    measured = evaluate(network, dataset)
    (whole,) = BatchLoader(dataset, 2345)
    logits = whole.images.astype(np.float64) @ network.dense_layers[0].weights
    assert measured.examples == 2345
    assert measured.accuracy == np.mean(logits.argmax(1) == dataset.labels)
    loss = cross_entropy_loss(softmax(logits), whole.targets.astype(np.float64), 1e-300)
    assert measured.loss == pytest.approx(loss, rel=1e-6)


def test_an_evaluation_is_the_same_whatever_the_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (1700, 28, 28), dtype=np.uint8)
    dataset = Dataset("noise", images, rng.integers(0, 10, 1700).astype(np.uint8))
    network = Network([Dense(784, 30), ReLU(), Dense(30, 10)], rng)
    with blas_threads(1):
        one = evaluate(network, dataset)
    with blas_threads(3):
        three = evaluate(network, dataset)
    assert three.as_json() == one.as_json()


def test_another_loss_changes_the_loss_alone() -> None:
    network = Network([Dense(784, 10)], np.random.default_rng(0))
    network.parameters[...] = 0.0
    dataset = Dataset("two", np.zeros((3, 28, 28), np.uint8), np.array([2, 7, 2], np.uint8))
    measured, squared = evaluate(network, dataset), evaluate(network, dataset, SquaredError())
    assert measured.loss == pytest.approx(np.log(10.0), rel=1e-6)
    assert squared.loss == pytest.approx(0.9**2 + 9 * 0.1**2, rel=1e-6)
    assert squared.accuracy == measured.accuracy
    np.testing.assert_array_equal(squared.confusion, measured.confusion)


def test_the_confusion_matrix_has_the_truth_in_its_rows() -> None:
    # A network that says 7 to everything, whatever it is.
    network = Network([Dense(784, 10)], np.random.default_rng(0))
    network.parameters[...] = 0.0
    network.dense_layers[0].biases[7] = 1.0
    dataset = Dataset("two", np.zeros((3, 28, 28), np.uint8), np.array([2, 7, 2], np.uint8))
    measured = evaluate(network, dataset)
    assert measured.confusion[2, 7] == 2
    assert measured.confusion[7, 7] == 1
    assert measured.confusion.sum() == 3
    assert measured.accuracy == pytest.approx(1 / 3)


def test_the_calibration_is_of_the_probability_of_the_class_that_was_named() -> None:
    # Nine logits of 0 and one of 1: every answer is 7, with e / (e + 9) = 0.231969 of certainty.
    network = Network([Dense(784, 10)], np.random.default_rng(0))
    network.parameters[...] = 0.0
    network.dense_layers[0].biases[7] = 1.0
    dataset = Dataset("two", np.zeros((4, 28, 28), np.uint8), np.array([2, 7, 2, 2], np.uint8))
    measured = evaluate(network, dataset)
    assert measured.calibration.mean_confidence == pytest.approx(0.231969, abs=1e-6)
    assert measured.calibration.expected_error == pytest.approx(0.25 - 0.231969, abs=1e-6)


@pytest.mark.parametrize(
    ("examples", "right", "low", "high"),
    [
        # (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n), z = 1.959964.
        (10_000, 9_800, 0.977066, 0.982565),
        (10, 10, 0.722467, 1.0),
        (10, 0, 0.0, 0.277533),
    ],
)
def test_the_interval_is_wilsons(examples: int, right: int, low: float, high: float) -> None:
    assert result(examples, right).accuracy_interval == pytest.approx((low, high), abs=1e-6)


def test_an_evaluation_is_json() -> None:
    values = json.loads(json.dumps(result(200, 150).as_json()))
    assert values["dataset"] == "some"
    assert values["examples"] == 200
    assert values["loss"] == 0.5
    assert values["accuracy"] == 0.75
    assert values["classes"][1] == {
        "class": 1,
        "name": "1",
        "examples": 0,
        "precision": 0.0,
        "recall": None,
        "f1": 0.0,
    }
    assert values["most_confused"] == [{"true": 0, "predicted": 1, "examples": 50}]
    assert values["expected_calibration_error"] == pytest.approx(0.15)


def of_clothes(confusion: npt.NDArray[np.int64]) -> Evaluation:
    right = np.repeat([True, False], [np.trace(confusion), confusion.sum() - np.trace(confusion)])
    sure = calibration(np.full(len(right), 0.95), right)
    names = class_names("fashion-mnist")
    accuracy = float(right.mean())
    return Evaluation("fashion-mnist", len(right), 0.25, accuracy, confusion, sure, names)


def test_every_class_has_a_line_and_the_most_confused_come_first() -> None:
    confusion = np.diag([8] * 9 + [0])
    confusion[0, 6] = confusion[8, 9] = 2
    confusion[6, 0] = 8
    lines = of_clothes(confusion).report().splitlines()
    assert lines == [
        "data set       fashion-mnist",
        "test accuracy  85.71% of 84 images (95% interval 76.67% to 91.63%)",
        "test loss      0.2500",
        "metrics        calibration error 9.29%; mean confidence 95.00%",
        "",
        "class        precision    recall        F1  images",
        "T-shirt/top     50.00%    80.00%    61.54%      10",
        *(
            f"{name:<11}    100.00%   100.00%   100.00%       8"
            for name in ("Trouser", "Pullover", "Dress", "Coat", "Sandal")
        ),
        "Shirt           80.00%    50.00%    61.54%      16",
        "Sneaker        100.00%   100.00%   100.00%       8",
        "Bag            100.00%    80.00%    88.89%      10",
        "Ankle boot       0.00%         -     0.00%       0",
        "-: undefined, no examples",
        "",
        "most confused",
        "true Shirt        predicted T-shirt/top       8, 50.00% of Shirt",
        "true T-shirt/top  predicted Shirt             2, 20.00% of T-shirt/top",
        "true Bag          predicted Ankle boot        2, 20.00% of Bag",
    ]


def test_without_an_error_no_classes_are_confused() -> None:
    text = of_clothes(np.diag([8] * 10)).report()
    assert text.endswith("\n\nno errors")
    assert "undefined" not in text


def test_an_evaluation_is_shown_in_a_line() -> None:
    shown = "Evaluation(some, 98.35% of 10,000 images, loss 0.5000)"
    assert repr(result(10_000, 9_835)) == shown


def test_arguments_that_are_exchanged_or_of_another_kind_are_named(digits: Dataset) -> None:
    network = Network([Dense(784, 10)], np.random.default_rng(0))
    wrong: list[tuple[tuple[Any, ...], type[Exception], str]] = [
        (
            (digits, network),
            TypeError,
            r"^evaluate\(network, dataset\): network must be a Net",
        ),
        ((network, digits.images), TypeError, "dataset must be a Dataset or a Subset, not ndarray"),
        ((network, digits, SquaredError), TypeError, r"must be an instance of a loss, like Squar"),
        ((network, digits, "squared-error"), TypeError, "loss_function = 'squared-error': must be"),
        ((Network, digits), TypeError, "network must be a Network, not the class Network"),
        (
            (Network([Dense(784, 26)], np.random.default_rng(0)), digits),
            ValueError,
            "the network is 784-26: it must take 784 pixels and give 10 logits",
        ),
    ]
    for arguments, kind, message in wrong:
        with pytest.raises(kind, match=message):
            evaluate(*arguments)


def test_the_loss_that_is_given_stays_as_it_is(digits: Dataset) -> None:
    network = Network([Dense(784, 10)], np.random.default_rng(0))
    loss = SquaredError()
    evaluate(network, digits, loss)
    assert vars(loss) == {}


@pytest.mark.parametrize("width", [40, 80])
def test_long_names_are_cut_to_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    confusion = np.array([[3, 1], [2, 4]])
    sure = calibration(np.full(10, 0.9), np.arange(10) < 7)
    names = ("a" * 40, "b" * 40)
    lines = Evaluation("two", 10, 0.5, 0.7, confusion, sure, names).report().splitlines()
    assert max(map(len, lines)) <= width
    cut = {
        40: "bbbbbbb... as aaaaaaa...  2, 33.33%",
        80: f"{'b' * 27}... as {'a' * 27}...  2, 33.33%",
    }
    assert lines[-2] == cut[width]
