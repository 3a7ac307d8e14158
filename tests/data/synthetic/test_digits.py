"""The digits that the program draws itself."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_scratch.data.pictures.prepare import prepare
from mnist_scratch.data.sources.load import DataSplits, load_dataset
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.data.synthetic.digits import make_synthetic
from mnist_scratch.data.synthetic.handwriting import stencils, write
from mnist_scratch.data.synthetic.rendering import render
from mnist_scratch.data.synthetic.skeletons import SKELETONS

WAYS = [
    pytest.param(digit, index, id=f"{digit}: {skeleton.name}")
    for digit, ways in enumerate(SKELETONS)
    for index, skeleton in enumerate(ways)
]

# What this program has always drawn.
DIGEST = "b775eb6d5e2819ed1991b9d9e70c36cb9bd101f141baaf3b053a465a9599c76d"  # 2500 + 300, seed 5
FILE_DIGESTS = (
    "7fe2dbcca437d33b21453ac07e070a39966f4bc5323965d8c5ac7aa59b8cbf71",
    "0c83fe168012db627755b2badd5fbe060cfb959e8d573b0a90ec695665e88857",
    "9c07083bd51f4d4b620f05cf2361411749a3834bc3ca89be2923587fee5201d4",
    "f8514f736f9a34f58378d9703a36ac5ccaab0e6ba997304fbdca9bb80a16f172",
)
Arrays = tuple[NDArray[np.uint8], ...]


def digest(arrays: Arrays) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


@pytest.fixture(scope="module")
def small() -> Arrays:
    return make_synthetic(2500, 300, seed=5)


@pytest.mark.parametrize("threads", [None, 1, 5])
def test_the_bytes_stay_whatever_the_number_of_threads(small: Arrays, threads: int | None) -> None:
    drawn = small if threads is None else make_synthetic(2500, 300, seed=5, threads=threads)
    assert digest(drawn) == DIGEST


@pytest.mark.slow
def test_the_bytes_of_the_whole_data_set_stay(tmp_path: Path) -> None:
    load_dataset("synthetic", tmp_path / "synthetic")
    files = [tmp_path / "synthetic" / name for name in FILE_NAMES]
    assert tuple(hashlib.sha256(file.read_bytes()).hexdigest() for file in files) == FILE_DIGESTS


def test_another_seed_draws_other_digits_in_another_order(small: Arrays) -> None:
    images, labels, test_images, _ = small
    other_images, other_labels, *_ = make_synthetic(500, 0, seed=6)
    assert not np.array_equal(labels[:500], other_labels)
    seen = {image.tobytes() for image in images}
    assert len(seen) == len(images)
    assert not seen & {image.tobytes() for image in other_images}
    assert not seen & {image.tobytes() for image in test_images}


def test_the_test_set_does_not_depend_on_the_size_of_the_training_set(small: Arrays) -> None:
    assert digest(make_synthetic(0, 300, seed=5)[2:]) == digest(small[2:])


def test_classes_are_balanced_to_within_one_example_and_shuffled() -> None:
    images, labels, *_ = make_synthetic(123, 0, seed=0)
    assert images.shape == (123, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    counts = np.bincount(labels, minlength=10)
    assert counts.max() - counts.min() <= 1
    assert not np.array_equal(labels, np.arange(len(labels)) % 10)


def test_progress_is_told_of_every_image_from_the_calling_thread() -> None:
    told: list[tuple[int, int]] = []

    def progress(count: int) -> None:
        told.append((count, threading.get_ident()))

    make_synthetic(1100, 40, seed=0, progress=progress)
    assert told == [(count, threading.get_ident()) for count in (1000, 100, 40)]


class SmallClassifier:
    """Least squares on random features: quick, and no part of what is tested."""

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
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
def synthetic(synthetic_dir: Path) -> DataSplits:
    return load_dataset("synthetic", str(synthetic_dir))


@pytest.fixture(scope="module")
def classifier(synthetic: DataSplits) -> SmallClassifier:
    return SmallClassifier(synthetic.training.images, synthetic.training.labels)


@pytest.mark.parametrize(("digit", "way"), WAYS)
def test_every_way_of_writing_a_digit_is_recognised_as_that_digit(
    classifier: SmallClassifier, digit: int, way: int
) -> None:
    skeletons = np.full(100, stencils().first[digit] + way)
    pen = write(skeletons, np.random.default_rng(2))
    images = prepare(render(pen.points, pen.radii, pen.pen_down, pen.softness))
    answers = np.bincount(classifier(images), minlength=10)
    assert answers.argmax() == digit
    assert answers[digit] > 30  # of 100; chance gives 10


def test_held_out_digits_are_recognised(classifier: SmallClassifier, synthetic: DataSplits) -> None:
    images, labels = synthetic.test.images, synthetic.test.labels
    assert (classifier(images) == labels).mean() > 0.65


def test_the_ink_is_as_heavy_as_that_of_mnist(synthetic: DataSplits) -> None:
    """MNIST's training pixels have the mean 0.1307 and the standard deviation 0.3081."""
    values = synthetic.training.images[:3000] / 255
    assert values.mean() == pytest.approx(0.1307, abs=0.02)
    assert values.std() == pytest.approx(0.3081, abs=0.03)
