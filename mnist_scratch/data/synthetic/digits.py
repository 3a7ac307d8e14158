"""The embedded data set: digits drawn by the program itself.

It stands in for MNIST where MNIST can neither be found nor downloaded. Nothing in it was taken from
MNIST's images: every digit is a hand-authored skeleton (`skeletons`), written with a hand's
variations (`handwriting`), inked (`rendering`) and prepared as MNIST was (`picture`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_scratch.data.dataset import CLASSES
from mnist_scratch.data.pictures.prepare import FIELD, prepare
from mnist_scratch.data.synthetic.handwriting import choose_skeletons, write
from mnist_scratch.data.synthetic.rendering import render
from mnist_scratch.errors import MnistScratchError

# Bumped whenever the same seed would give other bytes.
SYNTHETIC_VERSION = 1


# Each chunk has its own generator, so this number is part of what a seed means.
CHUNK = 1000

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]
Examples = tuple[Images, Labels]


def draw_digits(labels: ArrayLike, rng: np.random.Generator) -> Images:
    """Draw one picture for every label.

    Parameters
    ----------
    labels : array of integers 0 to 9, shape (N,)
    rng : numpy.random.Generator

    Returns
    -------
    array of uint8, shape (N, 28, 28)

    Raises
    ------
    MnistScratchError
        If a label is not a digit.
    """
    digits = np.asarray(labels)
    if digits.ndim != 1 or (digits.size and not np.isin(digits, np.arange(CLASSES)).all()):
        raise MnistScratchError("the labels to draw must be a row of digits 0 to 9")
    images = np.empty((len(digits), FIELD, FIELD), np.uint8)
    for first in range(0, len(digits), CHUNK):
        chunk = slice(first, first + CHUNK)
        pen = write(choose_skeletons(digits[chunk], rng), rng)
        ink = render(pen.points, pen.radii, pen.pen_down, pen.softness)
        images[chunk] = prepare(ink)
    return images


def make_synthetic(
    train_examples: int = 60_000,
    test_examples: int = 10_000,
    *,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
    threads: int | None = None,
) -> tuple[Examples, Examples]:
    """Draw a training and a test set.

    The same arguments give the same bytes in every process and with any number of threads: each
    chunk of digits is drawn from its own generator, and drawing uses only comparisons, uniform
    draws and operations that IEEE 754 rounds exactly (+ - * / and square root), so that other
    machines should agree as well, as long as NumPy's generators keep their streams.

    Parameters
    ----------
    train_examples, test_examples : int
    seed : int, not negative
    progress : callable, optional
        Called from the calling thread with the number of images just finished.
    threads : int, optional
        How many threads draw; by default one for each processor.

    Returns
    -------
    (train_images, train_labels), (test_images, test_labels)
        Images uint8 (N, 28, 28), labels uint8 (N,): balanced to within one example, and shuffled.

    Raises
    ------
    MnistScratchError
        If a number is negative.
    """
    if min(train_examples, test_examples, seed) < 0:
        raise MnistScratchError("the numbers of examples and their seed cannot be negative")
    train_seed, test_seed = np.random.SeedSequence(seed).spawn(2)
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        train = _draw_set(train_examples, train_seed, pool, progress)
        test = _draw_set(test_examples, test_seed, pool, progress)
    return train, test


def _draw_set(
    count: int,
    seed: np.random.SeedSequence,
    pool: ThreadPoolExecutor,
    progress: Callable[[int], object] | None,
) -> Examples:
    order_seed, drawing_seed = seed.spawn(2)
    labels = (np.arange(count) % CLASSES).astype(np.uint8)
    np.random.default_rng(order_seed).shuffle(labels)
    images = np.empty((count, FIELD, FIELD), np.uint8)

    def draw(chunk: slice, chunk_seed: np.random.SeedSequence) -> int:
        images[chunk] = draw_digits(labels[chunk], np.random.default_rng(chunk_seed))
        return len(labels[chunk])

    chunks = [slice(first, first + CHUNK) for first in range(0, count, CHUNK)]
    seeds = drawing_seed.spawn(len(chunks))
    futures = [pool.submit(draw, *each) for each in zip(chunks, seeds, strict=True)]
    try:
        for future in futures:
            finished = future.result()
            if progress is not None:
                progress(finished)
    finally:
        for future in futures:
            future.cancel()
    return images, labels
