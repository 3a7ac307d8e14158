from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from mnist_scratch.training.metrics import (
    BINS,
    ClassScores,
    calibration,
    class_scores,
    most_confused,
    wilson_interval,
)

# Three classes, worked out by hand. Of ten 0s eight are right; of five 1s two; of the 2s all four.
CONFUSION = np.array([[8, 1, 1], [3, 2, 0], [0, 0, 4]])


def test_the_scores_of_a_small_matrix_are_those_worked_out_by_hand() -> None:
    zero, one, two = class_scores(CONFUSION)
    assert zero == pytest.approx((10, 8 / 11, 8 / 10, 16 / 21))
    assert one == pytest.approx((5, 2 / 3, 2 / 5, 1 / 2))
    assert two == pytest.approx((4, 4 / 5, 1.0, 8 / 9))


def test_the_scores_are_those_of_counting_answer_by_answer() -> None:
    rng = np.random.default_rng(0)
    truth, answers = rng.integers(0, 10, (2, 500)).tolist()
    confusion = np.zeros((10, 10), np.int64)
    np.add.at(confusion, (truth, answers), 1)
    for digit, score in enumerate(class_scores(confusion)):
        both = sum(t == a == digit for t, a in zip(truth, answers, strict=True))
        precision, recall = Fraction(both, answers.count(digit)), Fraction(both, truth.count(digit))
        harmonic = 2 / (1 / precision + 1 / recall)
        assert score == pytest.approx(
            (truth.count(digit), float(precision), float(recall), float(harmonic))
        )


def test_a_share_of_nothing_is_none_and_a_missed_class_has_an_f1_of_zero() -> None:
    confusion = np.array([[2, 0, 0], [1, 0, 0], [0, 0, 0]])
    assert class_scores(confusion) == [
        ClassScores(2, 2 / 3, 1.0, 4 / 5),
        ClassScores(1, None, 0.0, 0.0),
        ClassScores(0, None, None, None),
    ]


def test_the_most_confused_pairs_come_first_and_right_answers_are_none() -> None:
    assert most_confused(CONFUSION) == [(1, 0, 3), (0, 1, 1), (0, 2, 1)]
    assert most_confused(CONFUSION, 1) == [(1, 0, 3)]
    assert most_confused(np.diag([3, 4])) == []


def test_the_expected_calibration_error_is_that_worked_out_by_hand() -> None:
    # Bins are 1/15 wide. 0.95 and 0.97 lie in the last, one of them right: |1 - 1.92| / 5; 0.62
    # and 0.66 in the tenth, both right: |2 - 1.28| / 5; 0.3 in the fifth, wrong: 0.3 / 5.
    confidences = np.array([0.95, 0.62, 0.97, 0.66, 0.3])
    right = np.array([True, True, False, True, False])
    found = calibration(confidences, right)
    assert found.expected_error == pytest.approx((0.92 + 0.72 + 0.3) / 5)
    assert found.mean_confidence == pytest.approx(3.5 / 5)
    assert [(entry["examples"], entry["accuracy"]) for entry in found.as_json()] == [
        (1, 0.0),
        (2, 1.0),
        (2, 0.5),
    ]


def test_the_expected_calibration_error_is_that_of_the_definition() -> None:
    rng = np.random.default_rng(1)
    confidences = rng.uniform(0.1, 1.0, 3000).astype(np.float32)
    right = rng.uniform(size=3000) < confidences
    # The definition read literally, answer by answer, with a bin's upper end inside it.
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, hit in zip(confidences.tolist(), right.tolist(), strict=True):
        bins.setdefault(math.ceil(Fraction(confidence) * 15), []).append((confidence, hit))
    error = sum(
        len(answers)
        / 3000
        * abs(
            sum(hit for _, hit in answers) / len(answers)
            - sum(confidence for confidence, _ in answers) / len(answers)
        )
        for answers in bins.values()
    )
    assert calibration(confidences, right).expected_error == pytest.approx(error, rel=1e-9)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    found = calibration(np.array([3 / 15, 1.0, 1.0000001]), np.array([True, True, True]))
    assert np.flatnonzero(found.examples).tolist() == [2, BINS - 1]


def test_answers_as_sure_as_they_are_right_have_no_calibration_error() -> None:
    confidences = np.full(10, 0.8)
    assert calibration(confidences, np.arange(10) < 8).expected_error == pytest.approx(0.0)
    assert calibration(confidences, np.arange(10) < 0).expected_error == pytest.approx(0.8)


def test_an_accuracy_is_not_taken_for_a_number_of_examples() -> None:
    for correct, examples in [(0.98, 10_000), (11, 10), (-1, 10), (0, 0)]:
        with pytest.raises(ValueError, match=f"{correct} correct of {examples}: must be numbers"):
            wilson_interval(correct, examples)  # type: ignore[arg-type]


def test_a_calibration_needs_to_know_of_each_prediction_whether_it_is_right() -> None:
    for correct in (np.array([1, 0, 1]), np.array([True, False])):
        with pytest.raises(ValueError, match=r"must be floats \(N,\) and bool \(N,\)"):
            calibration(np.full(3, 0.9), correct)
