from __future__ import annotations

from itertools import chain

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.data.dataset import Dataset, Subset, split
from mnist_scratch.data.loader import PIXEL_MEAN, PIXEL_STD, BatchLoader, standardise
from mnist_scratch.errors import MnistScratchError


def numbered(count: int) -> Dataset:
    """Images that say in their first two pixels which example they are."""
    numbers = np.arange(count)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = numbers // 256, numbers % 256
    return Dataset("numbered", images, (numbers % 10).astype(np.uint8))


def numbers_of(images: npt.NDArray[np.float32]) -> list[int]:
    """The numbers of the examples in a batch, read back from the pixels."""
    pixels = np.rint((images[:, :2] * PIXEL_STD + PIXEL_MEAN) * 255).astype(int)
    return [int(number) for number in pixels[:, 0] * 256 + pixels[:, 1]]


def members(loader: BatchLoader) -> list[list[int]]:
    """The numbers of the examples in each batch of one epoch."""
    return [numbers_of(images) for images, _ in loader]


def flat(batches: list[list[int]]) -> list[int]:
    return list(chain.from_iterable(batches))


@pytest.mark.parametrize("size", [1, 10, 50, 100, 200])
def test_each_example_comes_once_an_epoch_and_the_last_batch_is_smaller(size: int) -> None:
    loader = BatchLoader(numbered(1003), size, np.random.default_rng(0))
    for _ in range(2):
        positions, batches = [], []
        for images, targets in loader:
            positions.append(loader.position)
            batches.append(numbers_of(images))
            assert targets.argmax(axis=1).tolist() == [number % 10 for number in batches[-1]]
        assert [len(batch) for batch in batches] == [size] * (1003 // size) + [3] * (size > 1)
        assert positions == [min(end, 1003) for end in range(size, 1003 + size, size)]
        assert sorted(flat(batches)) == list(range(1003))
        assert flat(batches) == loader.order.tolist()
    assert len(loader) == len(batches)


@pytest.mark.parametrize("taken", [10, 70, 120, 1000])
def test_an_epoch_goes_on_where_another_loader_stopped(taken: int) -> None:
    whole = BatchLoader(numbered(1003), 10, np.random.default_rng(0))
    batches = members(whole)
    rest = BatchLoader(numbered(1003), 10)
    rest.resume(whole.order, taken)
    assert members(rest) == batches[taken // 10 :]


def test_the_membership_of_batches_changes_between_epochs() -> None:
    loader = BatchLoader(numbered(1000), 100, np.random.default_rng(0))
    first, second = ([frozenset(batch) for batch in members(loader)] for _ in range(2))
    # Were only the order of the batches shuffled, every set would come again.
    assert not set(first) & set(second)
    # By chance ten of the hundred in a batch were together before, too.
    assert max(len(a & b) for a in first for b in second) < 30


def test_the_same_seed_gives_the_same_batches() -> None:
    def two_epochs(seed: int) -> list[list[list[int]]]:
        loader = BatchLoader(numbered(300), 64, np.random.default_rng(seed))
        return [members(loader), members(loader)]

    assert two_epochs(1) == two_epochs(1)
    assert two_epochs(1) != two_epochs(2)


def test_without_a_generator_examples_keep_their_order() -> None:
    loader = BatchLoader(numbered(250), 100)
    assert flat(members(loader)) == list(range(250))


def test_images_are_standardised_and_targets_one_hot() -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    images[1] = 255
    dataset = Dataset("two", images, np.array([3, 9], np.uint8))
    (batch,) = BatchLoader(dataset, 2)
    assert batch.images.dtype == batch.targets.dtype == np.float32
    assert batch.images.shape == (2, 784)
    np.testing.assert_allclose(batch.images[0], (0 - 0.1307) / 0.3081, rtol=1e-6)
    np.testing.assert_allclose(batch.images[1], (1 - 0.1307) / 0.3081, rtol=1e-6)
    np.testing.assert_array_equal(batch.targets, np.eye(10)[[3, 9]])


@pytest.mark.parametrize("shape", [(300, 28, 28), (300, 784)])
def test_standardised_images_are_those_of_the_loader(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8)
    dataset = Dataset("random", images, np.zeros(300, np.uint8))
    batches = [batch.images for batch in BatchLoader(dataset, 70)]
    standardised = standardise(images.reshape(shape))
    assert standardised.dtype == np.float32
    np.testing.assert_array_equal(standardised, np.concatenate(batches))
    one = standardise(images.reshape(shape)[7])
    np.testing.assert_array_equal(one, standardised[7:8])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.ones((2, 28, 28)), r"float64 \(2, 28, 28\).*\(images \* 255\)"),
        (np.full((2, 784), 255.0), r"float64 \(2, 784\).*: images.astype\(np.uint8\)"),
        (np.zeros((2, 784), np.int64), r"int64 \(2, 784\).*: images.astype\(np.uint8\)"),
        (np.zeros((2, 20, 20), np.uint8), r"not uint8 \(2, 20, 20\)"),
        (np.zeros((3, 2, 28, 28), np.uint8), r"not uint8 \(3, 2, 28, 28\)"),
        (np.zeros((), np.uint8), r"not uint8 \(\)"),
        ([[0] * 784], "not a list; .* np.array"),
        (np.ma.zeros((2, 784), np.uint8), r"not a masked array.* images.filled\(0\)"),
    ],
)
def test_what_is_no_image_is_not_standardised(images: object, message: str) -> None:
    with pytest.raises(ValueError, match=r"images must be uint8 \(N, 28, 28\).*" + message):
        standardise(images)  # type: ignore[arg-type]


def test_images_and_targets_belong_together() -> None:
    loader = BatchLoader(numbered(500), 33, np.random.default_rng(0))
    for images, targets in loader:
        second = np.rint((images[:, 1] * PIXEL_STD + PIXEL_MEAN) * 255).astype(int)
        first = np.rint((images[:, 0] * PIXEL_STD + PIXEL_MEAN) * 255).astype(int)
        assert ((first * 256 + second) % 10).tolist() == targets.argmax(1).tolist()


def test_batches_are_arrays_of_their_own() -> None:
    loader = BatchLoader(numbered(300), 100)
    kept = [(batch, batch.images.copy(), batch.targets.copy()) for batch in loader]
    for batch, images, targets in kept:
        np.testing.assert_array_equal(batch.images, images)
        np.testing.assert_array_equal(batch.targets, targets)


def test_a_batch_larger_than_the_data_set_is_all_of_it() -> None:
    assert members(BatchLoader(numbered(7), 100)) == [list(range(7))]


def test_a_batch_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one example"):
        BatchLoader(numbered(7), 0)


def test_a_split_holds_every_example_once() -> None:
    training, validation = split(numbered(1000), 200, np.random.default_rng(0))
    assert (len(training), len(validation)) == (800, 200)
    numbers = flat(members(BatchLoader(training, 1000)) + members(BatchLoader(validation, 200)))
    assert sorted(numbers) == list(range(1000))
    assert numbers[800:] != list(range(800, 1000))


def test_a_split_depends_on_its_generator_alone() -> None:
    first, again, other = (
        split(numbered(1000), 200, np.random.default_rng(seed))[1] for seed in (0, 0, 1)
    )
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("count", [0, 10, 11])
def test_a_split_that_leaves_one_side_empty_is_an_error(count: int) -> None:
    with pytest.raises(MnistScratchError, match="set aside 1 to 9"):
        split(numbered(10), count, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 28, 28), np.float32), np.zeros(2, np.uint8), "images must be uint8"),
        (np.zeros((2, 20, 20), np.uint8), np.zeros(2, np.uint8), "images must be uint8"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(3, np.uint8), "need uint8 labels"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.int64), "need uint8 labels"),
        (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8), "there is no image"),
        (
            np.zeros((2, 28, 28), np.uint8),
            np.array([9, 10], np.uint8),
            "example 1 has the label 10",
        ),
    ],
)
def test_images_and_labels_that_cannot_be_are_named(
    images: object, labels: object, message: str
) -> None:
    with pytest.raises(MnistScratchError, match=f"bad: .*{message}"):
        Dataset("bad", images, labels)  # type: ignore[arg-type]


def test_a_subset_has_the_images_and_labels_of_its_examples() -> None:
    dataset = numbered(20)
    subset = Subset(Subset(dataset, np.array([3, 5, 7, 11, 13])), np.array([4, 0, 2]))
    assert len(subset) == 3
    assert np.array_equal(subset.images, dataset.images[[13, 3, 7]])
    assert np.array_equal(subset.labels, dataset.labels[[13, 3, 7]])
    whole = Dataset(dataset.name, dataset.images[[13, 3, 7]], dataset.labels[[13, 3, 7]])
    for mine, expected in zip(BatchLoader(subset, 2), BatchLoader(whole, 2), strict=True):
        assert np.array_equal(mine.images, expected.images)
        assert np.array_equal(mine.targets, expected.targets)
