"""The synthetic data set: digits drawn by the program itself, once, and kept as files.

It stands in for MNIST where that can neither be found nor downloaded. Nothing in it was taken from
MNIST's images: every digit is a hand-authored skeleton (`skeletons`), written with a hand's
variations (`handwriting`), inked (`rendering`) and prepared as MNIST was (`pictures.prepare`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import UInt8Array
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.pictures.prepare import FIELD, prepare
from mnist_scratch.data.sources.registry import DIGITS, FILE_NAMES, SourceFile
from mnist_scratch.data.synthetic.handwriting import choose_skeletons, write
from mnist_scratch.data.synthetic.rendering import render
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.bar import progress_bar
from mnist_scratch.system.files import write_text_whole, written_whole

# Bumped whenever the same seed would give other bytes.
VERSION = 1
# A data set has to be the same for two runs to be compared, so its seed is not the run's.
SEED = 0
# Each chunk has its own generator, so this number is part of what a seed means.
CHUNK = 1000
RECORD = "synthetic.json"


def draw_digits(labels: npt.ArrayLike, rng: np.random.Generator) -> UInt8Array:
    """Draw a picture for every label (N,), 0 to 9: uint8 (N, 28, 28)."""
    digits = np.asarray(labels)
    images = np.empty((len(digits), FIELD, FIELD), np.uint8)
    for first in range(0, len(digits), CHUNK):
        chunk = slice(first, first + CHUNK)
        pen = write(choose_skeletons(digits[chunk], rng), rng)
        ink = render(pen.points, pen.radii, pen.pen_down, pen.softness)
        images[chunk] = prepare(ink)
    return images


def make_synthetic(
    train_examples: int,
    test_examples: int,
    *,
    seed: int,
    progress: Callable[[int], object] = lambda _: None,
    threads: int | None = None,
) -> tuple[UInt8Array, UInt8Array, UInt8Array, UInt8Array]:
    """Draw a training and a test set.

    The same arguments give the same bytes in every process and with any number of threads: each
    chunk of digits is drawn from its own generator, and drawing uses only comparisons, uniform
    draws and operations that IEEE 754 rounds exactly (+ - * / and square root), so that other
    machines should agree as well, as long as NumPy's generators keep their streams.

    Parameters
    ----------
    train_examples, test_examples
        How many digits: balanced to within one example, and shuffled.
    seed
        Where all randomness comes from.
    progress
        Called from the calling thread with the number of images just finished.
    threads
        How many threads draw; None for one per processor.

    Returns
    -------
    images, labels, test_images, test_labels : uint8 (N, 28, 28) and (N,)
    """
    train_seed, test_seed = np.random.SeedSequence(seed).spawn(2)
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        train = _draw_set(train_examples, train_seed, pool, progress)
        test = _draw_set(test_examples, test_seed, pool, progress)
    return *train, *test


def _draw_set(
    count: int,
    seed: np.random.SeedSequence,
    pool: ThreadPoolExecutor,
    progress: Callable[[int], object],
) -> tuple[UInt8Array, UInt8Array]:
    order_seed, drawing_seed = seed.spawn(2)
    labels = (np.arange(count) % len(DIGITS)).astype(np.uint8)
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
            progress(future.result())
    finally:
        for future in futures:
            future.cancel()
    return images, labels


def recorded_files(folder: Path) -> Sequence[SourceFile]:
    """Return what the files in a folder must be; nothing before this version has drawn them."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
        if (record["version"], record["seed"]) != (VERSION, SEED):
            return ()
        files = ((name, record["files"][name]) for name in FILE_NAMES)
        return [SourceFile(name, int(file["bytes"]), str(file["sha256"])) for name, file in files]
    except (OSError, ValueError, LookupError, TypeError):
        return ()


def draw_files(folder: Path, report: Callable[[str], object]) -> Sequence[SourceFile]:
    """Draw 60,000 + 10,000 digits into the four files of a folder and return what they must be.

    What they hash to is written first. Interrupted between two files, the next run finds that some
    are missing and draws all again; and files without it are not this program's to overwrite.

    Raises
    ------
    MnistScratchError
        If files of others lie there, or one cannot be written.
    """
    foreign = [name for name in FILE_NAMES if (folder / name).exists()]
    if foreign and not (folder / RECORD).exists():
        raise MnistScratchError(
            f"{folder} holds {foreign[0]}, but no {RECORD}: it is not known to be a file of the "
            f"synthetic digits, and is not overwritten; move {', '.join(foreign)} out of the way"
        )
    for name in (*FILE_NAMES, RECORD):
        for leftover in folder.glob(f".{name}.*.part"):  # of a process that was killed
            leftover.unlink(missing_ok=True)
    report(f"drawing synthetic digits into {folder} (once; they are kept)")
    with progress_bar(70_000, "images", title="drawing digits") as bar:
        arrays = make_synthetic(60_000, 10_000, seed=SEED, progress=bar.update)
    contents = [format_idx(array) for array in arrays]
    files = [
        SourceFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in zip(FILE_NAMES, contents, strict=True)
    ]
    record = {
        "version": VERSION,
        "seed": SEED,
        "files": {file.name: {"bytes": file.size, "sha256": file.sha256} for file in files},
    }
    write_text_whole(folder / RECORD, json.dumps(record, indent=2) + "\n")
    for file, content in zip(files, contents, strict=True):
        with written_whole(folder / file.name) as output:
            output.write(content)
    return files
