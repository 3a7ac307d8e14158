"""A data set in memory, its split, and the batches that training takes from it.

Shapes: N examples, B examples in a batch, C classes; 784 = 28 x 28 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError

PIXELS = 28 * 28
CLASSES = 10

# Mean and standard deviation of MNIST's training pixels over 255. Every data set is standardised
# with these two, so that a network means the same by an image wherever the image comes from.
PIXEL_MEAN = 0.1307
PIXEL_STD = 0.3081


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
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    sha256: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what no type can say."""
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


def split(
    dataset: Dataset, validation_examples: int, rng: np.random.Generator
) -> tuple[Dataset, Dataset]:
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
    training, validation : Dataset
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
    return _subset(dataset, remaining), _subset(dataset, chosen)


def _subset(dataset: Dataset, examples: npt.NDArray[np.int64]) -> Dataset:
    images, labels = dataset.images[examples], dataset.labels[examples]
    return Dataset(dataset.name, images, labels, dataset.sha256)


class Batch(NamedTuple):
    """What a network trains on in one step.

    Attributes
    ----------
    images
        float32 (B, 784), standardised.
    targets
        float32 (B, 10), one-hot.
    """

    images: npt.NDArray[np.float32]
    targets: npt.NDArray[np.float32]


class BatchLoader:
    """Batches of a data set, every example once an epoch.

    One `for` over the loader is one epoch. The batches are views of buffers that the next batch
    overwrites: copy what you want to keep.

    Parameters
    ----------
    dataset
        N examples.
    batch_size
        B; the last batch of an epoch is smaller when B does not divide N.
    rng
        Draws a fresh permutation of the examples for each epoch. Without it the examples come in
        their own order, as evaluation wants them.

    Attributes
    ----------
    order : int64 (N,)
        The order of the examples in the epoch under way.
    position
        How many of them were taken.
    """

    def __init__(
        self, dataset: Dataset, batch_size: int, rng: np.random.Generator | None = None
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size = {batch_size}: a batch has at least one example")
        self.dataset = dataset
        self.batch_size = min(batch_size, len(dataset))
        self.rng = rng
        self.order = np.arange(len(dataset))
        self.position = 0
        self._resumed = False
        self._pixels = dataset.images.reshape(len(dataset), PIXELS)  # (N, 784)
        self._bytes = np.empty((self.batch_size, PIXELS), np.uint8)
        self._images = np.empty(self._bytes.shape, np.float32)
        self._targets = np.empty((self.batch_size, CLASSES), np.float32)
        self._one_hot = np.eye(CLASSES, dtype=np.float32)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of one epoch."""
        count = len(self.dataset)
        if not self._resumed:
            self.position = 0
            if self.rng is not None:
                self.order = self.rng.permutation(count)
        self._resumed = False
        while self.position < count:
            start = self.position
            self.position = min(start + self.batch_size, count)
            yield self._batch(self.order[start : self.position])

    def resume(self, order: npt.NDArray[np.int64], position: int) -> None:
        """Let the next `for` go on within an epoch that was begun elsewhere.

        Parameters
        ----------
        order
            int64 (N,), the order of the examples in that epoch.
        position
            How many of them were taken: whole batches, and not all.

        Raises
        ------
        ValueError
            If there is no such order or position.
        """
        count = len(self.dataset)
        if not np.array_equal(np.sort(order), np.arange(count)):
            raise ValueError(f"the order is not one of {count} examples")
        if not 0 <= position < count or position % self.batch_size:
            raise ValueError(f"no batch of {self.batch_size} ends at position {position}")
        self.order, self.position, self._resumed = order, position, True

    def _batch(self, examples: npt.NDArray[np.int64]) -> Batch:
        count = len(examples)
        pixels, images, targets = self._bytes[:count], self._images[:count], self._targets[:count]
        # Rows are gathered as bytes, a quarter of the memory traffic of floats: 7.5 microseconds
        # for 128 images, not 49. mode="clip" lets `take` write to `out` without another buffer.
        np.take(self._pixels, examples, axis=0, out=pixels, mode="clip")
        np.multiply(pixels, np.float32(1.0 / (255.0 * PIXEL_STD)), out=images)
        images -= np.float32(PIXEL_MEAN / PIXEL_STD)
        np.take(self._one_hot, self.dataset.labels[examples], axis=0, out=targets, mode="clip")
        return Batch(images, targets)
