"""A data set of millions of images: its files made, and trained on while they stay on disk.

python -m benchmarks.large_file DATASET DATA_FOLDER FOLDER COUNT
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.ours import make_trainer, probe
from benchmarks.turns import Turns
from benchmarks.work import Work, load
from mnist_scratch.data.sources.own_files import load_own_files
from mnist_scratch.data.sources.registry import FILE_NAMES


def make(dataset: str, data_folder: str, folder: Path, count: int) -> None:
    """Write a data set's images again and again, until there are so many to train on."""
    training, test = load(dataset, data_folder)
    arrays = (training.images, training.labels, test.images, test.labels)
    counts = (count, count, len(test), len(test))
    for name, array, wanted in zip(FILE_NAMES, arrays, counts, strict=True):
        _write(folder / name, array, wanted)


def _write(path: Path, array: npt.NDArray[np.uint8], count: int) -> None:
    sizes = (count, *array.shape[1:])
    with path.open("wb") as file:
        file.write(struct.pack(f">HBB{len(sizes)}I", 0, 0x08, len(sizes), *sizes))
        for start in range(0, count, len(array)):
            file.write(array[: count - start].tobytes())


def train(turns: Turns, work: dict[str, Any], folder: str) -> None:
    """Take steps in the training loop, as `benchmarks.ours.train` does, on the files."""
    # To hash a file reads all of it, and so its pages are cached.
    training, test = load_own_files(Path(folder), lambda _: None)
    trainer = make_trainer(Work.from_arguments(work), training, test)
    turns.ready(probe(trainer, test))
    trainer.run(after_epoch=turns.step, after_step=turns.step)


if __name__ == "__main__":
    make(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
