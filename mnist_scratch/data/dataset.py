"""A data set in memory or on disk, and parts of it.

Shapes: N examples in a data set, B in a batch; 784 = 28 x 28 pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.checks import (
    as_class_names,
    as_images,
    as_integer,
    as_labels,
    as_numbers,
    as_resized,
    stays_as_it_is,
)
from mnist_scratch.data.sources.registry import DIGITS
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.checks import as_generator
from mnist_scratch.system.text import shown

UInt8Array: TypeAlias = npt.NDArray[np.uint8]

PIXELS = 28 * 28
# Mean grey level, above which images are dark on light. Light on dark MNIST has 33, EMNIST's digits
# 44, KMNIST 49, the synthetic digits 32, Fashion-MNIST 73; dark on light they have 182 to 222.
DARK_ON_LIGHT = 127.5


@stays_as_it_is
@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images of digits, or of other classes, with their labels.

    Attributes
    ----------
    name
        What to call it in messages and results.
    images
        uint8 (N, 28, 28), 0 background to 255 ink. They stay bytes: 47 MB for MNIST, not 188.
    labels
        uint8 (N,), the class of each image, from 0. Neither is copied.
    sha256
        File name to SHA-256 of the files it was read from, if it was.
    classes
        The names of the classes, 2 to 256, in the order of their labels: by default the ten digits.
    resized : {"", "auto", "dark", "light"}
        What is drawn in whole pictures that were resized: darker than the paper, lighter, or
        "auto", found out for each; "" for images that were prepared as MNIST was. `predict`
        prepares new pictures as those that a network has learned from.

    Raises
    ------
    ValueError
        If the two do not belong together, a label is out of range, or the names are not valid.
    TypeError
        If the name is no text, the hashes are no mapping, or the classes no list or tuple.
    """

    name: str
    images: UInt8Array
    labels: UInt8Array
    sha256: Mapping[str, str] = field(default_factory=dict)
    classes: Sequence[str] = DIGITS
    resized: str = ""

    def __post_init__(self) -> None:
        """Check that images and labels belong together."""
        if not isinstance(self.name, str):
            raise TypeError(f"name = {shown(self.name)}: must be a text, to call the data set by")
        if not isinstance(self.sha256, Mapping):
            raise TypeError(
                f"sha256 = {shown(self.sha256)}: must be a mapping of file names to hashes"
            )
        if not isinstance(self.classes, list | tuple):
            raise TypeError(
                f"classes = {shown(self.classes)}: must be a list of the names of the classes"
            )
        try:
            images = as_images(self.images)
            classes = as_class_names(self.classes)
            labels = as_labels(self.labels, len(images), len(classes))
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from error
        if len(images) == 0:
            raise ValueError(f"{self.name}: there is no image in it")
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "classes", classes)
        object.__setattr__(self, "resized", as_resized(self.resized, "resized"))

    def __repr__(self) -> str:
        """Return what a person wants to know of it."""
        return f"Dataset({self.name}, {len(self):,} images, {len(self.classes)} classes)"

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.labels)

    @property
    def pixels(self) -> UInt8Array:
        """The images as rows, uint8 (N, 784)."""
        return self.images.reshape(-1, PIXELS)

    def take(self, examples: npt.NDArray[np.int64]) -> tuple[UInt8Array, UInt8Array]:
        """Return pixels (B, 784) and labels (B,) of some examples, given their numbers (B,)."""
        return self.images.take(examples, axis=0).reshape(-1, PIXELS), self.labels.take(examples)


@dataclass(frozen=True, eq=False, repr=False)
class _View:
    """A data set that shows the images of another."""

    dataset: Examples

    @property
    def name(self) -> str:
        """The name of the data set."""
        return self.dataset.name

    @property
    def sha256(self) -> Mapping[str, str]:
        """File name to SHA-256 of the data set's files."""
        return self.dataset.sha256

    @property
    def classes(self) -> Sequence[str]:
        """The names of the data set's classes, in the order of their labels."""
        return self.dataset.classes

    @property
    def resized(self) -> str:
        """How the data set's images were resized, if they were."""
        return self.dataset.resized


@stays_as_it_is
@dataclass(frozen=True, eq=False, repr=False)
class Inverted(_View):
    """A data set of images that are dark on light, as light on dark: 255 minus every pixel.

    They are inverted each time that they are taken, since they may be larger than the memory.
    """

    def __repr__(self) -> str:
        """Return what a person wants to know of it."""
        return f"Inverted({self.dataset!r})"

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.dataset)

    @property
    def labels(self) -> UInt8Array:
        """The labels, uint8 (N,)."""
        return self.dataset.labels

    @property
    def images(self) -> UInt8Array:
        """A copy of all images, uint8 (N, 28, 28), inverted."""
        return 255 - self.dataset.images

    def take(self, examples: npt.NDArray[np.int64]) -> tuple[UInt8Array, UInt8Array]:
        """Return pixels (B, 784) and labels (B,) of some examples, given their numbers (B,)."""
        pixels, labels = self.dataset.take(examples)
        return 255 - pixels, labels


@stays_as_it_is
@dataclass(frozen=True, eq=False, repr=False)
class Subset(_View):
    """Some examples of a data set, which share its images without a copy.

    Attributes
    ----------
    dataset
        The data set, or a subset of one.
    examples
        int64 (N,), the numbers of its examples that belong to the subset, in their order.

    Raises
    ------
    ValueError
        If there are no such examples.
    TypeError
        If it is given something else than a data set.
    """

    examples: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        """Keep a read-only copy of the numbers."""
        check_examples(self.dataset, "dataset")
        try:
            examples = as_numbers(self.examples, len(self.dataset))
        except ValueError as error:
            raise ValueError(f"{self.dataset.name}: {error}") from error
        examples.setflags(write=False)
        object.__setattr__(self, "examples", examples)

    def __repr__(self) -> str:
        """Return what a person wants to know of it."""
        return f"Subset({self.name}, {len(self):,} of {len(self.dataset):,} images)"

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.examples)

    @cached_property
    def labels(self) -> UInt8Array:
        """The labels of the subset, uint8 (N,); a read-only copy."""
        labels = self.dataset.labels[self.examples]
        labels.setflags(write=False)
        return labels

    @property
    def images(self) -> UInt8Array:
        """A copy of the subset's images, uint8 (N, 28, 28)."""
        return self.dataset.take(self.examples)[0].reshape(-1, 28, 28)

    def take(self, examples: npt.NDArray[np.int64]) -> tuple[UInt8Array, UInt8Array]:
        """Return pixels (B, 784) and labels (B,) of some examples, given their numbers (B,)."""
        return self.dataset.take(self.examples.take(examples))


Examples: TypeAlias = Dataset | Inverted | Subset


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
    validation_examples = as_integer(validation_examples, "validation_examples")
    rng = as_generator(rng)
    if not 0 < validation_examples < count:
        raise MnistScratchError(
            f"validation_examples = {validation_examples}: {dataset.name} has {count} training "
            f"examples; set aside 1 to {count - 1} of them, "
            f"such as a tenth: {max(1, count // 10)}"
        )
    order = rng.permutation(count)
    chosen = np.sort(order[:validation_examples])
    remaining = np.sort(order[validation_examples:])
    return Subset(dataset, remaining), Subset(dataset, chosen)


def check_examples(dataset: object, argument: str) -> None:
    """Raise a TypeError if that is neither a data set nor a part of one."""
    if not isinstance(dataset, Examples):
        raise TypeError(
            f"{argument} must be a Dataset or a Subset, not {type(dataset).__name__}: one of the "
            "two that load_dataset() returns, .training or .test, or Dataset(name, images, labels)"
        )
