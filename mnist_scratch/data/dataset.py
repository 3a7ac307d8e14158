"""A data set in memory or on disk, and parts of it.

Shapes: N examples in a data set, B in a batch; 784 = 28 x 28 pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError

Bytes: TypeAlias = npt.NDArray[np.uint8]

PIXELS = 28 * 28
CLASSES = 10


def images_problem(images: object) -> str:
    """Return what is wrong with images if they are no array of bytes, and the remedy; or ""."""
    if isinstance(images, np.ma.MaskedArray):
        return "a masked array, whose mask would be ignored; fill it: images.filled(0)"
    if not isinstance(images, np.ndarray):
        return f"a {type(images).__name__}; make it an array: np.array(images, np.uint8)"
    if images.dtype == np.uint8:
        return ""
    remedy = "images.astype(np.uint8)"
    if images.dtype.kind == "f" and images.size and images.max() <= 1:
        remedy = "(images * 255).round().astype(np.uint8)"
    return f"{images.dtype} {images.shape}; grey levels are whole numbers from 0 to 255: {remedy}"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images of digits with their labels.

    Attributes
    ----------
    name
        What to call it in messages and results.
    images
        uint8 (N, 28, 28), 0 background to 255 ink. They stay bytes: 47 MB for MNIST, not 188.
    labels
        uint8 (N,), 0 to 9.
    sha256
        File name to SHA-256 of the files it was read from, if it was.

    Raises
    ------
    MnistScratchError
        If the two do not belong together, or a label is out of range.
    """

    name: str
    images: Bytes
    labels: Bytes
    sha256: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shapes, dtypes and the range of the labels."""
        if self.images.dtype != np.uint8 or self.images.shape[1:] != (28, 28):
            raise MnistScratchError(
                f"{self.name}: images must be uint8 (N, 28, 28), "
                f"not {self.images.dtype} {self.images.shape}"
            )
        if self.labels.dtype != np.uint8 or self.labels.shape != self.images.shape[:1]:
            raise MnistScratchError(
                f"{self.name}: {len(self.images)} images need uint8 labels ({len(self.images)},), "
                f"not {self.labels.dtype} {self.labels.shape}"
            )
        if len(self.labels) == 0:
            raise MnistScratchError(f"{self.name}: there is no image in it")
        if self.labels.max() >= CLASSES:
            example = int(np.argmax(self.labels >= CLASSES))
            raise MnistScratchError(
                f"{self.name}: example {example} has the label {self.labels[example]}; "
                f"labels are 0 to {CLASSES - 1}"
            )

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.labels)

    @property
    def pixels(self) -> Bytes:
        """The images as rows, uint8 (N, 784)."""
        return self.images.reshape(-1, PIXELS)

    def take(self, examples: npt.NDArray[np.int64]) -> tuple[Bytes, Bytes]:
        """Return pixels (B, 784) and labels (B,) of some examples, given their numbers (B,)."""
        return self.pixels.take(examples, axis=0), self.labels.take(examples)


class Subset:
    """Some examples of a data set, which share its images without a copy.

    Parameters
    ----------
    dataset
        The data set.
    examples
        int64 (N,), the numbers of its examples that belong to the subset.

    Attributes
    ----------
    name, sha256
        Of the data set.
    labels
        uint8 (N,).
    """

    def __init__(self, dataset: Examples, examples: npt.NDArray[np.int64]) -> None:
        self.dataset = dataset
        self.examples = examples
        self.name: str = dataset.name
        self.sha256: Mapping[str, str] = dataset.sha256
        self.labels: Bytes = dataset.labels[examples]

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.examples)

    def take(self, examples: npt.NDArray[np.int64]) -> tuple[Bytes, Bytes]:
        """Return pixels (B, 784) and labels (B,) of some examples, given their numbers (B,)."""
        return self.dataset.take(self.examples.take(examples))

    @property
    def images(self) -> Bytes:
        """A copy of the subset's images, uint8 (N, 28, 28)."""
        return self.dataset.images[self.examples]


Examples: TypeAlias = Dataset | Subset


def split(
    dataset: Examples, validation_examples: int, rng: np.random.Generator
) -> tuple[Subset, Subset]:
    """Draw validation examples from a training set at random.

    Parameters
    ----------
    dataset
        The training set, N examples.
    validation_examples
        How many to set aside: at least 1, fewer than N.
    rng
        Chooses them.

    Returns
    -------
    training, validation : Subset
        Together every example once.

    Raises
    ------
    MnistScratchError
        If no example would be left on one side.
    """
    if not 0 < validation_examples < len(dataset):
        raise MnistScratchError(
            f"{validation_examples} validation examples: {dataset.name} has {len(dataset)} "
            f"training examples; set aside 1 to {len(dataset) - 1} of them (--validation-examples)"
        )
    order = rng.permutation(len(dataset))
    chosen = np.sort(order[:validation_examples])
    remaining = np.sort(order[validation_examples:])
    return Subset(dataset, remaining), Subset(dataset, chosen)
