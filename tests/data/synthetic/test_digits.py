"""The digits that the program draws itself."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_scratch.data.pictures.prepare import prepare
from mnist_scratch.data.synthetic.digits import Examples, draw_digits, make_synthetic
from mnist_scratch.data.synthetic.handwriting import stencils, write
from mnist_scratch.data.synthetic.rendering import render
from mnist_scratch.data.synthetic.skeletons import SKELETONS
from mnist_scratch.errors import MnistScratchError

WAYS = [
    pytest.param(digit, index, id=f"{digit}: {skeleton.name}")
    for digit, ways in enumerate(SKELETONS)
    for index, skeleton in enumerate(ways)
]

PRINT_DIGEST = """
import hashlib
from mnist_scratch.data.synthetic.digits import make_synthetic
(images, labels), (test_images, test_labels) = make_synthetic(2500, 300, seed=5)
data = images.tobytes() + labels.tobytes() + test_images.tobytes() + test_labels.tobytes()
print(hashlib.sha256(data).hexdigest())
"""


def digest(sets: tuple[Examples, Examples]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for each in sets for array in each)).hexdigest()


@pytest.fixture(scope="module")
def small() -> tuple[Examples, Examples]:
    return make_synthetic(2500, 300, seed=5)


def test_one_thread_and_many_draw_the_same_bytes(small: tuple[Examples, Examples]) -> None:
    assert digest(make_synthetic(2500, 300, seed=5, threads=1)) == digest(small)
    assert digest(make_synthetic(2500, 300, seed=5, threads=5)) == digest(small)


@pytest.mark.parametrize("blas_threads", ["1", "2"])
def test_another_process_draws_the_same_bytes(
    small: tuple[Examples, Examples], blas_threads: str
) -> None:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": blas_threads}
    printed = subprocess.run(
        [sys.executable, "-c", PRINT_DIGEST],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.strip() == digest(small)


def test_another_seed_draws_other_digits_in_another_order(
    small: tuple[Examples, Examples],
) -> None:
    (images, labels), (test_images, _) = small
    (other_images, other_labels), _ = make_synthetic(2500, 300, seed=6)
    assert not np.array_equal(labels, other_labels)
    seen = {image.tobytes() for image in images}
    assert len(seen) == len(images)
    assert not seen & {image.tobytes() for image in other_images}
    assert not seen & {image.tobytes() for image in test_images}


def test_the_test_set_does_not_depend_on_the_size_of_the_training_set(
    small: tuple[Examples, Examples],
) -> None:
    _, (images, labels) = make_synthetic(0, 300, seed=5)
    assert np.array_equal(images, small[1][0])
    assert np.array_equal(labels, small[1][1])


def test_classes_are_balanced_to_within_one_example_and_shuffled() -> None:
    for _, labels in make_synthetic(123, 57):
        counts = np.bincount(labels, minlength=10)
        assert counts.max() - counts.min() <= 1
        assert not np.array_equal(labels, np.arange(len(labels)) % 10)


def test_images_and_labels_have_the_shapes_and_types_of_mnist() -> None:
    for images, labels in make_synthetic(31, 12):
        assert images.shape == (len(labels), 28, 28)
        assert images.dtype == labels.dtype == np.uint8


def test_progress_is_told_of_every_image_from_the_calling_thread() -> None:
    told: list[tuple[int, int]] = []
    make_synthetic(2100, 40, progress=lambda count: told.append((count, threading.get_ident())))
    assert sum(count for count, _ in told) == 2140
    assert len(told) > 2
    assert {thread for _, thread in told} == {threading.get_ident()}


@pytest.mark.parametrize("arguments", [(-1, 10, 0), (10, -1, 0), (10, 10, -1)])
def test_negative_numbers_are_an_error(arguments: tuple[int, int, int]) -> None:
    train_examples, test_examples, seed = arguments
    with pytest.raises(MnistScratchError, match="cannot be negative"):
        make_synthetic(train_examples, test_examples, seed=seed)


@pytest.mark.parametrize("labels", [[3, 10], [-1], [0.5], [[1, 2]]])
def test_labels_that_are_no_digits_are_an_error(labels: list[float]) -> None:
    with pytest.raises(MnistScratchError, match="digits 0 to 9"):
        draw_digits(labels, np.random.default_rng(0))


def test_a_generator_in_the_same_state_draws_the_same_digits() -> None:
    labels = np.array([3, 1, 4, 1, 5])
    first = draw_digits(labels, np.random.default_rng(9))
    assert np.array_equal(first, draw_digits(labels, np.random.default_rng(9)))
    assert not np.array_equal(first[1], first[3])


class SmallClassifier:
    """Least squares on random features: quick, and no part of what is tested."""

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int_]) -> None:
        self.directions = np.random.default_rng(0).standard_normal((784, 1200), np.float32)
        features = self.features(images)
        square = features.T @ features + 100 * np.eye(features.shape[1], dtype=np.float32)
        targets = np.eye(10, dtype=np.float32)[labels]
        self.weights = np.linalg.solve(square, features.T @ targets)

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = images.reshape(len(images), -1).astype(np.float32) / np.float32(255) - 0.13
        features: NDArray[np.float32] = np.maximum(pixels @ self.directions / 28, 0)
        return features

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.int_]:
        digits: NDArray[np.int_] = (self.features(images) @ self.weights).argmax(axis=1)
        return digits


@pytest.fixture(scope="module")
def classifier() -> SmallClassifier:
    labels = np.arange(16_000) % 10
    return SmallClassifier(draw_digits(labels, np.random.default_rng(1)), labels)


@pytest.mark.parametrize(("digit", "way"), WAYS)
def test_every_way_of_writing_a_digit_is_recognised_as_that_digit(
    classifier: SmallClassifier, digit: int, way: int
) -> None:
    skeletons = np.full(200, stencils().first[digit] + way)
    pen = write(skeletons, np.random.default_rng(2))
    images = prepare(render(pen.points, pen.radii, pen.pen_down, pen.softness))
    answers = np.bincount(classifier(images), minlength=10)
    assert answers.argmax() == digit
    assert answers[digit] > 60  # of 200; chance gives 20


def test_held_out_digits_are_recognised(classifier: SmallClassifier) -> None:
    labels = np.arange(2000) % 10
    images = draw_digits(labels, np.random.default_rng(3))
    assert (classifier(images) == labels).mean() > 0.7


def test_the_ink_is_as_heavy_as_that_of_mnist() -> None:
    """MNIST's training pixels have the mean 0.1307 and the standard deviation 0.3081."""
    values = draw_digits(np.arange(3000) % 10, np.random.default_rng(4)) / 255
    assert values.mean() == pytest.approx(0.1307, abs=0.02)
    assert values.std() == pytest.approx(0.3081, abs=0.03)
