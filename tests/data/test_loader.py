from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.data.augment import Augmentation
from mnist_scratch.data.dataset import Dataset, Inverted, Subset, split
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
        batches = []
        for images, targets in loader:
            batches.append(numbers_of(images))
            assert targets.argmax(axis=1).tolist() == [number % 10 for number in batches[-1]]
        assert [len(batch) for batch in batches] == [size] * (1003 // size) + [3] * (size > 1)
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
        (np.full((2, 784), 255.0), r"float64 \(2, 784\).*: np.array\(images, np.uint8\)"),
        (np.full((2, 784), 9), r"int64 \(2, 784\).*: np.array\(images, np.uint8\)"),
        (np.ones((2, 784), np.int64), r"int64 \(2, 784\).*: \(images \* 255\)"),
        (np.ones((2, 784), bool), r"bool \(2, 784\).*: \(images \* 255\)"),
        (np.zeros((2, 20, 20), np.uint8), r"not uint8 \(2, 20, 20\)"),
        (np.zeros((3, 2, 28, 28), np.uint8), r"not uint8 \(3, 2, 28, 28\)"),
        (np.zeros((), np.uint8), r"not uint8 \(\)"),
        ([[7] * 784], r"int64 \(1, 784\).*: np.array\(images"),
        (np.ma.zeros((2, 784), np.uint8), ": a masked array"),
    ],
)
def test_what_is_no_image_is_not_standardised(images: object, message: str) -> None:
    with pytest.raises(ValueError, match="images.*" + message):
        standardise(images)  # type: ignore[arg-type]


def test_images_and_targets_belong_together() -> None:
    loader = BatchLoader(numbered(500), 33, np.random.default_rng(0))
    for images, targets in loader:
        second = np.rint((images[:, 1] * PIXEL_STD + PIXEL_MEAN) * 255).astype(int)
        first = np.rint((images[:, 0] * PIXEL_STD + PIXEL_MEAN) * 255).astype(int)
        assert ((first * 256 + second) % 10).tolist() == targets.argmax(1).tolist()


COPIES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda given: pickle.loads(pickle.dumps(given)),  # noqa: S301
}


def loader_of(count: int, size: int, *, distorted: bool = False) -> BatchLoader:
    shifted = Augmentation(np.random.SeedSequence(0), shift=3.0)
    return BatchLoader(numbered(count), size, 0, shifted if distorted else None)


@pytest.mark.parametrize("size", [10, 100])  # small batches are gathered together
@pytest.mark.parametrize("distorted", [False, True])
def test_batches_are_the_users_own(size: int, distorted: bool) -> None:
    dataset = numbered(300)
    images, labels = dataset.images.copy(), dataset.labels.copy()
    expected = list(loader_of(300, size, distorted=distorted))
    kept = []
    for number, batch in enumerate(loader_of(300, size, distorted=distorted)):
        kept.append(batch)
        if number % 2:
            batch.images[...] = batch.targets[...] = np.nan
    assert len(kept) == 300 // size
    for number, (batch, other) in enumerate(zip(kept, expected, strict=True)):
        if number % 2:
            assert np.isnan(batch.images).all()
        else:
            np.testing.assert_array_equal(batch.images, other.images)
            np.testing.assert_array_equal(batch.targets, other.targets)
    np.testing.assert_array_equal(dataset.images, images)
    np.testing.assert_array_equal(dataset.labels, labels)
    (again,) = BatchLoader(numbered(10), 10)
    np.testing.assert_array_equal(again.targets, np.eye(10))


@pytest.mark.parametrize("distorted", [False, True])
def test_iterators_over_one_loader_are_epochs_of_their_own(distorted: bool) -> None:
    one_by_one = loader_of(300, 50, distorted=distorted)
    expected = [list(one_by_one), list(one_by_one)]
    loader = loader_of(300, 50, distorted=distorted)
    for number, pair in enumerate(zip(loader, loader, strict=True)):
        for epoch in range(2):
            np.testing.assert_array_equal(pair[epoch].images, expected[epoch][number].images)
            np.testing.assert_array_equal(pair[epoch].targets, expected[epoch][number].targets)
    assert loader.epoch == one_by_one.epoch == 2


@pytest.mark.parametrize("taken", [1, 3, 6])
def test_an_epoch_that_is_broken_off_is_followed_by_a_whole_one(taken: int) -> None:
    loader, whole = loader_of(300, 50, distorted=True), loader_of(300, 50, distorted=True)
    broken = list(islice(loader, taken))
    expected = [list(whole), list(whole)]
    for epoch, batches in enumerate((broken, list(loader))):
        for batch, other in zip(batches, expected[epoch], strict=epoch == 1):
            np.testing.assert_array_equal(batch.images, other.images)
    assert loader.epoch == 2, "distortion must not come again"


@pytest.mark.parametrize("copied", [*COPIES, "copy"])
@pytest.mark.parametrize("distorted", [False, True])
@pytest.mark.parametrize("taken", [0, 2])
def test_copies_of_a_loader_are_whole_and_independent(
    copied: str, distorted: bool, taken: int
) -> None:
    loader = loader_of(300, 50, distorted=distorted)
    first = iter(loader)
    begun = list(islice(first, taken))
    other = copy.copy(loader) if copied == "copy" else COPIES[copied](loader)
    assert not np.shares_memory(other.dataset.images, loader.dataset.images)
    rest = list(first)
    if taken:
        other.epoch = 0
        other.resume(other.order, taken * 50)
    mine = list(other)
    assert len(begun) + len(mine) == 6
    for batch, expected in zip(mine, rest, strict=True):
        np.testing.assert_array_equal(batch.images, expected.images)
        np.testing.assert_array_equal(batch.targets, expected.targets)
    for batch, expected in zip(other, loader, strict=True):
        np.testing.assert_array_equal(batch.images, expected.images)


def test_a_loader_s_order_and_a_subset_s_labels_cannot_be_changed() -> None:
    loader = loader_of(20, 5, distorted=False)
    next(iter(loader))
    subset = Subset(loader.dataset, np.array([3, 1]))
    for array in (loader.order, subset.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert repr(loader).endswith(", 4 batches of 5)")


def test_an_order_that_was_resumed_is_the_loaders_own() -> None:
    order = np.arange(10)[::-1].copy()
    loader = BatchLoader(numbered(10), 5)
    loader.resume(order, 5)
    order[:] = 0
    assert members(loader) == [[4, 3, 2, 1, 0]]


@pytest.mark.parametrize(
    ("order", "position"), [(np.arange(10.0), 5), (np.arange(9), 5), (np.arange(10), 5.0)]
)
def test_an_epoch_that_cannot_have_begun_is_not_resumed(order: object, position: object) -> None:
    with pytest.raises((ValueError, TypeError), match=r"10 examples|position = 5\.0"):
        BatchLoader(numbered(10), 5).resume(order, position)  # type: ignore[arg-type]


def test_a_batch_larger_than_the_data_set_is_all_of_it() -> None:
    assert members(BatchLoader(numbered(7), 100)) == [list(range(7))]


def test_a_seed_is_as_good_as_a_generator_and_numpys_integers_as_pythons() -> None:
    expected = members(BatchLoader(numbered(70), 20, np.random.default_rng(3)))
    loader = BatchLoader(numbered(70), np.int64(20), np.uint8(3))  # type: ignore[arg-type]
    assert members(loader) == expected
    assert type(loader.batch_size) is int


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size = 0: a batch has at least one example"),
        ({"batch_size": -5}, "batch_size = -5"),
        ({"batch_size": 32.0}, r"batch_size = 32\.0: must be an integer"),
        ({"batch_size": True}, "batch_size = True: must be an integer"),
        ({"batch_size": "32"}, "batch_size = '32': must be an integer"),
        ({"batch_size": None}, "batch_size = None: must be an integer"),
        ({"dataset": np.zeros((7, 28, 28), np.uint8)}, "dataset must be a Dataset .* not ndarray"),
        ({"dataset": (numbered(7), numbered(7))}, r"not tuple: .* \.training or \.test"),
        ({"rng": "0"}, "rng must be a seed"),
        ({"rng": -1}, "rng = -1"),
        ({"augmentation": True}, "augmentation = True: must be an Augmentation"),
    ],
)
def test_arguments_of_a_loader_are_checked_when_it_is_made(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        BatchLoader(**dict[str, Any](dataset=numbered(7), batch_size=2) | arguments)


def test_a_split_holds_every_example_once() -> None:
    training, validation = split(numbered(1000), 200, np.random.default_rng(0))
    assert (len(training), len(validation)) == (800, 200)
    numbers = flat(members(BatchLoader(training, 1000)) + members(BatchLoader(validation, 200)))
    assert sorted(numbers) == list(range(1000))
    assert numbers[800:] != list(range(800, 1000))


def test_a_split_depends_on_its_generator_alone() -> None:
    first, again, other = (
        split(numbered(1000), 200, rng)[1] for rng in (np.random.default_rng(0), 0, 1)
    )
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("count", [0, 10, 11])
def test_a_split_that_leaves_one_side_empty_is_an_error(count: int) -> None:
    with pytest.raises(MnistScratchError, match="set aside 1 to 9"):
        split(numbered(10), count, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((numbered(10), 2.0, 0), "validation_examples = 2.0: must be an integer"),
        ((numbered(10), True, 0), "validation_examples = True"),
        ((numbered(10), 2, 0.5), "rng must be a seed"),
        ((numbered(10).images, 2, 0), "dataset must be a Dataset"),
    ],
)
def test_arguments_of_a_split_are_checked(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        split(*arguments)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (
            np.ones((2, 28, 28), np.float32),
            np.zeros(2, np.uint8),
            r"not float32 .*: \(images \* 255\).round\(\).astype\(np.uint8\)",
        ),
        (
            np.full((2, 28, 28), -0.4, np.float32),
            np.zeros(2, np.uint8),
            "0 to 255, and these are from -0.4 to -0.4",
        ),
        (np.zeros((2, 784), np.uint8), np.zeros(2, np.uint8), r"images.reshape\(-1, 28, 28\)"),
        ([[[0] * 28] * 28] * 2, np.zeros(2, np.uint8), r"int64 \(2, 28, 28\).*np.array\(images"),
        (np.zeros((2, 28, 28), np.uint8), [0, 1], r"int64 \(2,\); np.array\(labels, np.uint8\)"),
        (np.ma.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8), "images.*masked array"),
        (np.zeros((2, 28, 28), np.uint8), np.ma.zeros(2, np.uint8), "labels.*masked array"),
        (np.zeros((2, 28, 28), np.uint8), np.eye(10)[:2], r"one-hot labels: labels.argmax"),
        (np.zeros((2, 28, 28), np.uint8), np.array([0, 256]), "example 1 has the label 256"),
        (np.zeros((2, 28, 28), np.uint8), np.array([1.5, 2]), "example 0 has the label 1.5"),
        (np.zeros((2, 28, 28), np.uint8), np.array(["1", "2"]), "labels are integers"),
        (np.zeros((2, 20, 20), np.uint8), np.zeros(2, np.uint8), "images must be uint8"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(3, np.uint8), "need uint8 labels"),
        (
            np.zeros((2, 28, 28), np.uint8),
            np.zeros(2, np.int64),
            r"need uint8 labels \(2,\), not int64 \(2,\); np.array\(labels, np.uint8\)",
        ),
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
    with pytest.raises(ValueError, match=f"bad: .*{message}"):
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


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([0, -1], "numbered: there is no example -1: they are 0 to 19"),
        ([0, 20], "no example 20"),
        ([0.0, 1.0], r"must be integers \(N,\), not float64 \(2,\)"),
        (np.ones(20, np.bool_), r"not bool \(20,\); of a mask: np.flatnonzero\(mask\)"),
        ([[0, 1]], r"not int64 \(1, 2\)"),
        ([], r"not float64 \(0,\)"),
        (3, r"not int64 \(\)"),
        (np.ma.array([0, 1], mask=[False, True]), "masked array"),
    ],
)
def test_a_subset_of_examples_that_are_not_there_is_an_error(
    examples: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Subset(numbered(20), examples)  # type: ignore[arg-type]


def test_a_subset_keeps_its_examples_and_stays_as_it_was_made() -> None:
    numbers = np.array([3, 1], np.uint8)
    subset = Subset(numbered(20), numbers)  # type: ignore[arg-type]
    numbers[:] = 0
    assert subset.examples.tolist() == [3, 1]
    for change in ("examples", "labels", "name"):
        with pytest.raises(AttributeError):
            setattr(subset, change, numbers)
    with pytest.raises(ValueError, match="read-only"):
        subset.examples[0] = 7


@pytest.mark.parametrize("name", ["dataset", "batch_size", "rng", "augmentation"])
def test_what_a_loader_was_made_of_is_not_assigned(name: str) -> None:
    loader = BatchLoader(numbered(20), 5, 0)
    with pytest.raises(AttributeError, match=f"{name} of a loader stays as it is; make a new"):
        setattr(loader, name, getattr(loader, name))
    assert len(list(copy.deepcopy(loader))) == 4


def test_a_data_set_is_not_changed() -> None:
    dataset = numbered(20)
    for change in ("name", "images", "labels", "sha256"):
        with pytest.raises(AttributeError, match=f"{change}: a Dataset is not changed in place"):
            setattr(dataset, change, getattr(dataset, change))
    renamed = dataclasses.replace(dataset, name="other")
    assert (renamed.name, renamed.images is dataset.images) == ("other", True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": 7}, "name = 7: must be a text"),
        ({"sha256": ["a"]}, "sha256 = .*: must be a mapping"),
    ],
)
def test_other_arguments_of_a_data_set_are_checked(arguments: dict[str, Any], message: str) -> None:
    images, labels = numbered(3).images, numbered(3).labels
    with pytest.raises(TypeError, match=message):
        Dataset(**({"name": "three", "images": images, "labels": labels} | arguments))


@pytest.mark.parametrize("copied", COPIES)
def test_copies_of_data_sets_and_subsets_are_whole_and_independent(copied: str) -> None:
    dataset = Dataset("n", numbered(20).images, numbered(20).labels, {"a": "b"})
    subset = Subset(Inverted(dataset), np.array([5, 2]))
    other = COPIES[copied](subset)
    assert repr(other) == repr(subset)
    np.testing.assert_array_equal(other.images, 255 - numbered(20).images[[5, 2]])
    assert other.labels.tolist() == [5, 2]
    assert other.sha256 == {"a": "b"}
    assert isinstance(other.dataset, Inverted)
    assert not np.shares_memory(other.dataset.dataset.images, dataset.images)


def test_an_inverted_data_set_is_255_minus_its_images_everywhere() -> None:
    images, labels = numbered(20).images, numbered(20).labels
    dataset = Inverted(Dataset("dark", images, labels))
    lit = Dataset("light", 255 - images, labels)
    np.testing.assert_array_equal(dataset.images, lit.images)
    some = np.array([7, 3])
    for mine, expected in zip(dataset.take(some), lit.take(some), strict=True):
        np.testing.assert_array_equal(mine, expected)
    np.testing.assert_array_equal(Subset(dataset, some).images, lit.images[some])
    for batch, other in zip(BatchLoader(dataset, 8), BatchLoader(lit, 8), strict=True):
        np.testing.assert_array_equal(batch.images, other.images)


def test_data_sets_say_in_a_line_what_they_are() -> None:
    dataset = numbered(1200)
    subset = Subset(dataset, np.arange(1100))
    assert repr(dataset) == "Dataset(numbered, 1,200 images, 10 classes)"
    assert repr(subset) == "Subset(numbered, 1,100 of 1,200 images)"
    assert repr(Inverted(dataset)) == f"Inverted({dataset!r})"
