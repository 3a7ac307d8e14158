"""A data set in memory or on disk, and parts of it.

Shapes: N examples in a data set, B in a batch; 784 = 28 x 28 pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import index
from typing import Any, Never, TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.checks import as_generator
from mnist_scratch.system.text import shown

Bytes: TypeAlias = npt.NDArray[np.uint8]

PIXELS = 28 * 28
CLASSES = 10


class Dataset:
    """Images of digits with their labels. It is not changed: other images are another data set.

    Parameters
    ----------
    name
        What to call it in messages and results.
    images
        uint8 (N, 28, 28), 0 background to 255 ink. They are not copied.
    labels
        uint8 (N,), 0 to 9. They are not copied.
    sha256
        File name to SHA-256 of the files it was read from, if it was.
    invert
        Whether the images are dark on light: 255 minus their pixels is then taken, when they are
        taken, so that they may be larger than the memory.

    Attributes
    ----------
    name, labels, sha256, invert
        As they were given.
    images
        uint8 (N, 28, 28); of a data set that inverts, 255 minus what was given, computed anew. They
        stay bytes: 47 MB for MNIST, not 188.

    Raises
    ------
    MnistScratchError
        If the two do not belong together, or a label is out of range.
    TypeError
        If the name is no text, or the hashes are no mapping.
    """

    name: str
    labels: Bytes
    sha256: Mapping[str, str]
    invert: bool
    _images: Bytes

    def __init__(
        self,
        name: str,
        images: Bytes,
        labels: Bytes,
        sha256: Mapping[str, str] | None = None,
        *,
        invert: bool = False,
    ) -> None:
        if not isinstance(name, str):
            raise TypeError(f"name = {shown(name)}: must be a text, what to call the data set")
        if not isinstance(sha256, Mapping | None):
            raise TypeError(f"sha256 = {shown(sha256)}: must be a mapping of file names to hashes")
        problem = images_problem(images)
        if not problem and images.shape[1:] != (28, 28):
            remedy = "; images.reshape(-1, 28, 28)" if images.shape[1:] == (PIXELS,) else ""
            problem = f"uint8 {images.shape}{remedy}"
        if problem:
            raise MnistScratchError(f"{name}: images must be uint8 (N, 28, 28), not {problem}")
        if problem := _labels_problem(labels, len(images)):
            raise MnistScratchError(f"{name}: {problem}")
        if len(labels) == 0:
            raise MnistScratchError(f"{name}: there is no image in it")
        vars(self).update(
            name=name,
            _images=images,
            labels=labels,
            sha256=dict(sha256 or {}),
            invert=checked_flag(invert, "invert"),
        )

    def __setattr__(self, name: str, value: object) -> Never:
        """Refuse: images, labels and hashes belong together."""
        raise AttributeError(
            f"a data set is not changed, so {name} cannot be assigned; make another: "
            "Dataset(name, images, labels)"
        )

    def __repr__(self) -> str:
        """Return what a person wants to know of it."""
        inverted = ", inverted" if self.invert else ""
        return f"Dataset({self.name}, {len(self):,} images, {CLASSES} classes{inverted})"

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.labels)

    @property
    def images(self) -> Bytes:
        """The images, uint8 (N, 28, 28), light on dark."""
        return 255 - self._images if self.invert else self._images

    @property
    def pixels(self) -> Bytes:
        """The images as rows, uint8 (N, 784)."""
        return self.images.reshape(-1, PIXELS)

    def take(self, examples: npt.NDArray[np.int64]) -> tuple[Bytes, Bytes]:
        """Return pixels (B, 784) and labels (B,) of some examples, given their numbers (B,)."""
        pixels = self._images.take(examples, axis=0).reshape(-1, PIXELS)
        return 255 - pixels if self.invert else pixels, self.labels.take(examples)


@dataclass(frozen=True, eq=False, repr=False)
class Subset:
    """Some examples of a data set, which share its images without a copy.

    Attributes
    ----------
    dataset
        The data set, or a subset of one.
    examples
        int64 (N,), the numbers of its examples that belong to the subset, in their order.

    Raises
    ------
    MnistScratchError
        If there are no such examples.
    TypeError
        If the data set is none.
    """

    dataset: Examples
    examples: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        """Keep a copy of the numbers, which nobody changes."""
        check_examples(self.dataset, "dataset")
        count = len(self.dataset)
        examples = _example_numbers(self.examples, self.dataset.name, count)
        examples.setflags(write=False)
        object.__setattr__(self, "examples", examples)

    def __repr__(self) -> str:
        """Return what a person wants to know of it."""
        return f"Subset({self.name}, {len(self):,} of {len(self.dataset):,} images)"

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.examples)

    @property
    def name(self) -> str:
        """The name of the data set."""
        return self.dataset.name

    @property
    def sha256(self) -> Mapping[str, str]:
        """File name to SHA-256 of the data set's files."""
        return self.dataset.sha256

    @cached_property
    def labels(self) -> Bytes:
        """The labels of the subset, uint8 (N,)."""
        return self.dataset.labels[self.examples]

    @property
    def images(self) -> Bytes:
        """A copy of the subset's images, uint8 (N, 28, 28)."""
        return self.dataset.take(self.examples)[0].reshape(-1, 28, 28)

    def take(self, examples: npt.NDArray[np.int64]) -> tuple[Bytes, Bytes]:
        """Return pixels (B, 784) and labels (B,) of some examples, given their numbers (B,)."""
        return self.dataset.take(self.examples.take(examples))


Examples: TypeAlias = Dataset | Subset


def split(
    dataset: Examples, validation_examples: int, rng: np.random.Generator | int
) -> tuple[Subset, Subset]:
    """Draw validation examples from a training set at random.

    Parameters
    ----------
    dataset
        The training set, N examples.
    validation_examples
        How many to set aside: at least 1, fewer than N.
    rng
        Chooses them: a generator, or a seed.

    Returns
    -------
    training, validation : Subset
        Together every example once.

    Raises
    ------
    MnistScratchError
        If no example would be left on one side.
    TypeError, ValueError
        If an argument is of another kind.
    """
    check_examples(dataset, "dataset")
    count = len(dataset)
    validation_examples = whole_number(validation_examples, "validation_examples")
    rng = as_generator(rng)
    if not 0 < validation_examples < count:
        raise MnistScratchError(
            f"{validation_examples} validation examples: {dataset.name} has {count} "
            f"training examples; set aside 1 to {count - 1} of them (--validation-examples)"
        )
    order = rng.permutation(count)
    chosen = np.sort(order[:validation_examples])
    remaining = np.sort(order[validation_examples:])
    return Subset(dataset, remaining), Subset(dataset, chosen)


def check_examples(dataset: object, argument: str) -> None:
    """Raise a TypeError if that is neither a data set nor a part of one."""
    if isinstance(dataset, Dataset | Subset):
        return
    raise TypeError(
        f"{argument} must be a Dataset or a Subset, not {type(dataset).__name__}: one of the two "
        "that load_dataset() returns, .training or .test, or Dataset(name, images, labels)"
    )


def whole_number(value: int, argument: str) -> int:
    """Return a whole number as Python's, or raise a TypeError."""
    if not isinstance(value, bool | np.bool_):
        try:
            return index(value)
        except TypeError:
            pass
    raise TypeError(f"{argument} = {shown(value)}: must be a whole number")


def checked_flag(value: bool, argument: str) -> bool:
    """Return True or False as Python's, or raise a TypeError."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{argument} = {shown(value)}: must be True or False")
    return bool(value)


def images_problem(images: Any) -> str:
    """Return what is wrong with images that are no array of bytes, and the remedy; or ""."""
    if problem := _array_problem(images, "images"):
        return problem
    if images.dtype == np.uint8:
        return ""
    given = f"{images.dtype} {images.shape}; grey levels are whole numbers from 0 to 255"
    if images.dtype.kind not in "biuf" or not images.size:
        return given
    lowest, highest = images.min(), images.max()
    if not 0 <= lowest <= highest <= 255:
        return (
            f"{given}, and these are from {lowest:g} to {highest:g}; give them as they were loaded"
        )
    if images.dtype.kind == "f" and highest <= 1:
        return f"{given}: (images * 255).round().astype(np.uint8)"
    return f"{given}: images.astype(np.uint8)"


def _array_problem(array: object, what: str) -> str:
    if isinstance(array, np.ma.MaskedArray):
        return f"a masked array, whose mask would be ignored; fill it: {what}.filled(0)"
    if not isinstance(array, np.ndarray):
        return f"a {type(array).__name__}; make it an array: np.array({what}, np.uint8)"
    return ""


def _labels_problem(labels: Any, count: int) -> str:
    """Return what is wrong with the labels of some images, and the remedy; or ""."""
    wanted = f"{count} images need uint8 labels ({count},), not "
    if problem := _array_problem(labels, "labels"):
        return wanted + problem
    given = f"{labels.dtype} {labels.shape}"
    if labels.shape == (count, CLASSES):
        return f"{wanted}{given}; of one-hot labels: labels.argmax(axis=1).astype(np.uint8)"
    if labels.shape != (count,):
        return wanted + given
    if labels.dtype.kind not in "biuf":
        return f"{wanted}{given}; labels are whole numbers"
    # Before the remedy for another dtype, which would make 256 a 0 and 1.5 a 1.
    if (wrong := ~np.isin(labels, np.arange(CLASSES))).any():
        example = int(np.argmax(wrong))
        return f"example {example} has the label {labels[example]}; labels are 0 to {CLASSES - 1}"
    return "" if labels.dtype == np.uint8 else f"{wanted}{given}; labels.astype(np.uint8)"


def _example_numbers(
    examples: npt.NDArray[np.int64] | Sequence[int], name: str, count: int
) -> npt.NDArray[np.int64]:
    """Return a copy of the numbers of some examples of a data set, checked."""
    if isinstance(examples, np.ma.MaskedArray):
        raise MnistScratchError(f"{name}: examples must not be a masked array")
    numbers = np.array(examples)
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1 or not len(numbers):
        remedy = "; of a mask: np.flatnonzero(mask)" if numbers.dtype.kind == "b" else ""
        raise MnistScratchError(
            f"{name}: examples must be whole numbers (N,), not {numbers.dtype} "
            f"{numbers.shape}{remedy}"
        )
    for number in numbers[(numbers < 0) | (numbers >= count)]:
        raise MnistScratchError(f"{name} has no example {number}: they are 0 to {count - 1}")
    return numbers.astype(np.int64)
