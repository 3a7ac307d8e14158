"""The batches that training takes from a data set.

Shapes: N examples, B examples in a batch, C classes; 784 = 28 x 28 pixels.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.augment import Augmentation, Float32Array
from mnist_scratch.data.checks import as_integer, as_rows
from mnist_scratch.data.dataset import Examples, UInt8Array, check_examples
from mnist_scratch.nn.checks import as_generator
from mnist_scratch.nn.network import Network
from mnist_scratch.system.text import shown

# Mean and standard deviation of MNIST's training pixels after division by 255. Every data set is
# standardised with these two, so that an image gives the same input whichever data set it is from.
PIXEL_MEAN = 0.1307
PIXEL_STD = 0.3081
# (x / 255 - mean) / std = x * scale - shift
_SCALE = np.float32(1.0 / (255.0 * PIXEL_STD))
_SHIFT = np.float32(PIXEL_MEAN / PIXEL_STD)

# Small batches are gathered several at a time, about this many examples: of a step of 784-30-10
# with 10 images, 95 us, gathering takes 7 us instead of 14.
_GATHERED_TOGETHER = 128


def standardise(images: UInt8Array) -> Float32Array:
    """Return images as a network takes them, the same numbers as in the batches of training.

    Parameters
    ----------
    images
        uint8 (N, 28, 28) or (N, 784), 0 background to 255 ink; or one image, (28, 28) or (784,).

    Returns
    -------
    float32 (N, 784)
        (pixels / 255 - 0.1307) / 0.3081, with the mean and standard deviation of MNIST's pixels.

    Raises
    ------
    ValueError
        If they are no such images.
    """
    return _standardised(as_rows(images).astype(np.float32))


def taking_pixels(network: Network) -> Network:
    """Return the network that takes pixels, 0 to 255, as this one takes standardised images."""
    return network.with_scaled_inputs(float(_SCALE), float(_SHIFT))


def _standardised(pixels: Float32Array) -> Float32Array:
    """Standardise pixels (B, 784), 0 to 255, in place."""
    pixels *= _SCALE
    pixels -= _SHIFT
    return pixels


class Batch(NamedTuple):
    """What a network trains on in one step.

    Attributes
    ----------
    images
        float32 (B, 784), standardised.
    targets
        float32 (B, C), one-hot.
    """

    images: Float32Array
    targets: Float32Array


class BatchLoader:
    """Batches of a data set, every example once an epoch.

    One `for` over the loader is one epoch; after a `break`, the next `for` begins another. The
    arrays of a batch are the user's own: nothing changes them later, and changing them changes
    nothing else. Several iterators over one loader are epochs of their own.

    Parameters
    ----------
    dataset
        N examples.
    batch_size
        B; the last batch of an epoch is smaller when B does not divide N.
    rng
        A generator, or a seed, that draws a fresh permutation of the examples for each epoch.
        Without it the examples come in their own order, as evaluation wants them.
    augmentation
        Distorts the images, if given.

    Attributes
    ----------
    epoch
        How many epochs have begun: the number, from 0, of the next.
    order : int64 (N,)
        The order of the examples in the last of them; read-only.

    Raises
    ------
    TypeError, ValueError
        If an argument is of another kind, or the batch size is below 1.
    """

    def __init__(
        self,
        dataset: Examples,
        batch_size: int,
        rng: np.random.Generator | int | None = None,
        augmentation: Augmentation | None = None,
    ) -> None:
        check_examples(dataset, "dataset")
        batch_size = as_integer(batch_size, "batch_size")
        if batch_size < 1:
            raise ValueError(f"batch_size = {batch_size}: a batch has at least one example")
        if not isinstance(augmentation, Augmentation | None):
            raise TypeError(
                f"augmentation = {shown(augmentation)}: must be an Augmentation, or None"
            )
        self.dataset = dataset
        # Row k is the target of class k.
        self._one_hot = np.eye(len(dataset.classes), dtype=np.float32)  # (C, C)
        self.batch_size = min(batch_size, len(dataset))
        self.rng = None if rng is None else as_generator(rng)
        self.augmentation = augmentation
        self.epoch = 0
        self.order = np.arange(len(dataset))
        self._first: int | None = None  # where the next epoch begins, if it is one to continue

    def __setattr__(self, name: str, value: object) -> None:
        if name in ("dataset", "batch_size", "rng", "augmentation") and hasattr(self, name):
            raise AttributeError(f"{name} of a loader stays as it is; make a new BatchLoader")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return f"BatchLoader({self.dataset!r}, {len(self):,} batches of {self.batch_size})"

    def __copy__(self) -> BatchLoader:
        return copy.deepcopy(self)  # two loaders cannot share a generator

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of one epoch."""
        epoch, order, first = self._begin()
        if self.augmentation is not None:
            yield from self._batches_ahead(self.augmentation, epoch, order, first)
            return
        size = self.batch_size
        together = max(1, _GATHERED_TOGETHER // size) * size
        for start in range(first, len(order), together):
            # Rows are gathered as bytes, a quarter of the memory traffic of floats.
            pixels, labels = self.dataset.take(order[start : start + together])
            images, targets = _standardised(pixels.astype(np.float32)), self._one_hot[labels]
            for i in range(0, len(images), size):
                yield Batch(images[i : i + size], targets[i : i + size])

    def resume(self, order: npt.NDArray[np.int64], position: int) -> None:
        """Let the next `for` continue an epoch that was begun elsewhere; `epoch` is its number.

        Parameters
        ----------
        order
            int64 (N,), the order of the examples in that epoch; it is copied.
        position
            How many of them were taken: whole batches, and not all.

        Raises
        ------
        ValueError
            If there is no such order or position.
        """
        count = len(self.dataset)
        order = np.array(order)
        if order.dtype.kind not in "iu" or not np.array_equal(np.sort(order), np.arange(count)):
            raise ValueError(f"the order is not one of {count} examples")
        position = as_integer(position, "position")
        if not 0 <= position < count or position % self.batch_size:
            raise ValueError(f"no batch of {self.batch_size} ends at position {position}")
        self.order, self._first = order, position

    def _begin(self) -> tuple[int, npt.NDArray[np.int64], int]:
        """Begin an epoch: return its number from 0, its order (N,), and where in it to start."""
        epoch, first = self.epoch, self._first
        self.epoch, self._first = epoch + 1, None
        if first is None:
            first, count = 0, len(self.dataset)
            self.order = np.arange(count) if self.rng is None else self.rng.permutation(count)
        self.order.setflags(write=False)
        return epoch, self.order, first

    def _batches_ahead(
        self, augmentation: Augmentation, epoch: int, order: npt.NDArray[np.int64], first: int
    ) -> Iterator[Batch]:
        """Yield distorted batches, each made while the network trains on the one before.

        Distorting costs more than a small network's step. A thread of its own does it; NumPy lets
        both compute at once.
        """
        from concurrent.futures import ThreadPoolExecutor  # only to distort

        size = self.batch_size

        def distorted(start: int) -> Batch:
            pixels, labels = self.dataset.take(order[start : start + size])
            images = augmentation.distort(pixels, epoch, start // size)
            return Batch(_standardised(images), self._one_hot[labels])

        with ThreadPoolExecutor(1) as thread:
            ahead = thread.submit(distorted, first)
            for start in range(first + size, len(order), size):
                batch, ahead = ahead.result(), thread.submit(distorted, start)
                yield batch
            yield ahead.result()
