"""The batches that training takes from a data set.

Shapes: N examples, B examples in a batch, C classes; 784 = 28 x 28 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.augment import Augmentation
from mnist_scratch.data.dataset import CLASSES, PIXELS, Examples

# Mean and standard deviation of MNIST's training pixels over 255. Every data set is standardised
# with these two, so that a network means the same by an image wherever the image comes from.
PIXEL_MEAN = 0.1307
PIXEL_STD = 0.3081
_SCALE = np.float32(1.0 / (255.0 * PIXEL_STD))
_SHIFT = np.float32(PIXEL_MEAN / PIXEL_STD)

# Small batches are filled together, as many as make so many examples. Images lie scattered, and
# memory hands out many at a time more quickly: steps of 784-100-10 with 10 images take 109 us
# instead of 115, those of 784-128-10 with 32 images 245 instead of 250.
_FILLED_TOGETHER = 128


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
    augmentation
        Distorts the images, if given.

    Attributes
    ----------
    epoch
        How many epochs are over.
    order : int64 (N,)
        The order of the examples in the epoch under way.
    position
        How many of them were taken.
    """

    def __init__(
        self,
        dataset: Examples,
        batch_size: int,
        rng: np.random.Generator | None = None,
        augmentation: Augmentation | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size = {batch_size}: a batch has at least one example")
        self.dataset = dataset
        self.batch_size = min(batch_size, len(dataset))
        self.rng = rng
        self.augmentation = augmentation
        self.epoch = 0
        self.order = np.arange(len(dataset))
        self.position = 0
        self._resumed = False
        # Distorted images are prepared a batch at a time.
        together = 1 if augmentation else max(1, _FILLED_TOGETHER // self.batch_size)
        self._filled = together * self.batch_size
        self._bytes = np.empty((self._filled, PIXELS), np.uint8)
        self._batches = [self._make_batch() for _ in range(2 if augmentation else 1)]
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
        # Looked up once an epoch: in every batch it would cost as much as gathering the pixels.
        rows, labels = self.dataset.rows(self.order), self.dataset.labels[self.order]  # (N,)
        starts = range(self.position, count, self.batch_size)
        for start, batch in zip(starts, self._fill_all(starts, rows, labels), strict=True):
            self.position = min(start + self.batch_size, count)
            yield batch
        self.epoch += 1

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

    def _make_batch(self) -> Batch:
        return Batch(
            np.empty((self._filled, PIXELS), np.float32),
            np.empty((self._filled, CLASSES), np.float32),
        )

    def _fill_all(
        self, starts: range, rows: npt.NDArray[np.int64], labels: npt.NDArray[np.uint8]
    ) -> Iterator[Batch]:
        """Yield the batches that begin at some positions of the epoch."""

        def fill(start: int) -> Batch:
            batch = self._batches[start // self._filled % len(self._batches)]
            examples = slice(start, start + self._filled)
            return self._fill(batch, rows[examples], labels[examples], start // self.batch_size)

        if self.augmentation is None:
            for start in range(starts.start, starts.stop, self._filled):
                images, targets = fill(start)
                for first in range(0, len(images), self.batch_size):
                    examples = slice(first, first + self.batch_size)
                    yield Batch(images[examples], targets[examples])
            return
        # Distorting costs more than a small network's step. A thread of its own does it for the
        # next batch while the network takes a step; NumPy lets both compute at once.
        with ThreadPoolExecutor(1) as thread:
            prepared = thread.submit(fill, starts[0])
            for following in starts[1:]:
                batch = prepared.result()
                prepared = thread.submit(fill, following)
                yield batch
            yield prepared.result()

    def _fill(
        self,
        batch: Batch,
        rows: npt.NDArray[np.int64],
        labels: npt.NDArray[np.uint8],
        number: int,
    ) -> Batch:
        """Return the examples' batch, or batches in a row, from the `number`-th of the epoch on."""
        count = len(rows)
        pixels, images, targets = self._bytes[:count], batch.images[:count], batch.targets[:count]
        # Rows are gathered as bytes, a quarter of the memory traffic of floats: 7.5 microseconds
        # for 128 images, not 49.
        self.dataset.gather(rows, pixels)
        if self.augmentation is None:
            np.multiply(pixels, _SCALE, out=images)
        else:
            self.augmentation.distort(pixels, images, self.epoch, number)
            images *= _SCALE
        images -= _SHIFT
        self._one_hot.take(labels, axis=0, out=targets, mode="clip")
        return Batch(images, targets)
