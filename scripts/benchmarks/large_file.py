"""An IDX file of millions of images: made, and trained on while it stays on disk.

    python -m benchmarks.large_file make DATASET DATA_FOLDER FOLDER COUNT
    python -m benchmarks.large_file epoch DATASET DATA_FOLDER FOLDER

The second trains one epoch and prints the most memory of its own that the process had, as JSON.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ours import make_trainer, probe
from benchmarks.turns import Turns
from benchmarks.work import Work, load
from mnist_scratch import Dataset

WORK = Work((784, 128, 10), 128)
_HEADER = 16  # bytes of an IDX file of images before the first
_LOOKED_AT = 500  # steps from one look at the memory to the next


def make(training: Dataset, folder: Path, count: int) -> None:
    """Write so many images and their labels, the training images again and again."""
    for name, array, sizes in (
        ("images", training.images, (count, 28, 28)),
        ("labels", training.labels, (count,)),
    ):
        with (folder / name).open("wb") as file:
            file.write(struct.pack(f">HBB{len(sizes)}I", 0, 0x08, len(sizes), *sizes))
            for start in range(0, count, len(array)):
                file.write(array[: count - start].tobytes())


def mapped(folder: Path) -> Dataset:
    """Return the data set whose images stay on disk until they are asked for."""
    labels = np.fromfile(folder / "labels", np.uint8, offset=8)
    shape = (len(labels), 28, 28)
    images = np.memmap(folder / "images", np.uint8, mode="r", offset=_HEADER, shape=shape)
    return Dataset("mapped", images, labels)


def train(turns: Turns, work: dict[str, Any], data: tuple[str, str], folder: str) -> None:
    """Take steps in the training loop, as `benchmarks.ours.train` does, on the mapped file."""
    training = mapped(Path(folder))
    # Measured is a file whose pages are cached; so each of them is read once.
    for start in range(0, len(training), 10_000):
        training.images[start : start + 10_000].max()
    test = load(*data).test
    trainer = make_trainer(Work.from_arguments(work), training, test)
    turns.ready(probe(trainer, test))
    trainer.run(after_epoch=turns.step, after_step=turns.step)


def own_megabytes() -> float:
    """Return the memory that is this process's own: all but the pages of files."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def train_epoch(training: Dataset, test: Dataset) -> float:
    """Train one epoch; return the most memory of its own that the process had."""
    trainer = make_trainer(WORK, training, test, epochs=1)
    peak = 0.0

    def look() -> None:
        nonlocal peak
        if trainer.step % _LOOKED_AT == 0:
            peak = max(peak, own_megabytes())

    trainer.run(after_step=look)
    return peak


def main() -> None:
    """Do what the arguments say."""
    what, dataset, data_folder, folder, *rest = sys.argv[1:]
    training, test = load(dataset, data_folder)
    if what == "make":
        make(training, Path(folder), int(rest[0]))
    else:
        del training
        print(json.dumps({"own_megabytes": train_epoch(mapped(Path(folder)), test)}))


if __name__ == "__main__":
    main()
