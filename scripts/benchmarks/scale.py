"""Sections: cost an image as the data grow, and time a step as the network widens."""

from __future__ import annotations

import functools
import json
import shutil
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from benchmarks.contest import BenchmarkError, Contestant, Effort, Workers
from benchmarks.figures import Entry, Row, Summary, as_rate, compare, entries_of
from benchmarks.programs import Ran, our_program, run_program
from benchmarks.steps import OURS, PRODUCTS, settings_of
from benchmarks.threads import AUTO
from benchmarks.work import Data, Work, default_work
from mnist_scratch.config.toml import find_config, read_config

_IMAGE_BYTES = 784
_MOST_IMAGES = 8_100_000  # 6.4 GB
_FEWER_IMAGES = 2_000_000  # 1.6 GB
_QUICK_IMAGES = 200_000  # enough not to be mapped as a whole
_SPARE_BYTES = 4 * 10**9
WIDTHS = (32, 64, 128, 256, 512, 1024, 2048, 4096)


def images_that_fit(free_bytes: int) -> int:
    """Return how many images the large file gets on a disk with so much room."""
    for count in (_MOST_IMAGES, _FEWER_IMAGES):
        if count * _IMAGE_BYTES + _SPARE_BYTES <= free_bytes:
            return count
    raise BenchmarkError(
        f"{free_bytes / 1e9:.1f} GB are free in {tempfile.gettempdir()}; a file of "
        f"{_FEWER_IMAGES:,} images needs {(_FEWER_IMAGES * _IMAGE_BYTES + _SPARE_BYTES) / 1e9:.1f} "
        "GB with room to spare; name another folder with TMPDIR"
    )


def images(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare training on a large file, which stays on disk, with training in memory."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    count = images_that_fit(free) if effort.thorough else _QUICK_IMAGES
    on_disk, in_memory = f"{count:,} images, on disk", "60,000 images, in memory"
    work, config = default_work(), read_config(find_config("default"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = [sys.executable, "-m", "benchmarks.large_file", *data, name, str(count)]
        run_program(made, folder)
        large = {"work": work.arguments(data)["work"], "folder": name}
        steps = workers.contest(
            [
                Contestant(
                    in_memory, "benchmarks.ours:train", work.own_threads, work.arguments(data)
                ),
                Contestant(on_disk, "benchmarks.large_file:train", work.own_threads, large),
            ],
            effort,
            learns=True,
        )
        epochs = {on_disk: 1, in_memory: config.training.epochs}
        ran = {
            on_disk: _train(folder, on_disk, ("--dataset", "files", "--data-dir", name), 1),
            in_memory: _train(
                folder,
                in_memory,
                ("--dataset", data.dataset, "--data-dir", data.folder),
                epochs[in_memory],
            ),
        }
    compared = functools.partial(
        compare, over=(in_memory,), under=on_disk, ratio_name="on disk / in memory"
    )
    seconds = {
        (side, AUTO): [
            json.loads(program.output)["training_seconds"]
            / epochs[side]
            / ((count if side == on_disk else 60_000) - config.data.validation_examples)
        ]
        for side, program in ran.items()
    }
    by_program = compared("mnist-scratch train, the default recipe", "s", entries_of(seconds, 1.0))
    rows = [
        as_rate(compared(work.name, "s", entries_of(steps, 1.0)), "images/s", work.batch_size),
        as_rate(by_program, "images/s", 1.0),
    ]
    memory = [
        Entry(side, AUTO, Summary((program.peak_megabytes,)))
        for side, program in ran.items()
        if program.peak_megabytes is not None
    ]
    return [*rows, Row("mnist-scratch train: peak memory", "MB", memory)] if memory else rows


def _train(folder: Path, name: str, dataset: tuple[str, ...], epochs: int) -> Ran:
    """Train by the default recipe, as a user does."""
    command = [*our_program(), "train", *dataset, "--epochs", str(epochs)]
    return run_program([*command, "--run", f"run of {name}", "--json"], folder)


def width(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare a step of a network 784-W-10 with its matrix products, from narrow to wide."""
    rows = []
    for hidden in WIDTHS:
        work = work_of_width(hidden)
        arguments = work.arguments(data)
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:train", arguments),
                *settings_of(PRODUCTS, "benchmarks.ours:products", arguments),
            ],
            effort,
        )
        tried = entries_of(measured, 1e6)
        note = f"{operations(work) / 1e6:,.1f} million floating-point operations"
        rows.append(
            compare(
                work.name,
                "us",
                tried,
                over=(OURS,),
                under=PRODUCTS,
                ratio_name="ours / products alone",
                note=note,
                own_threads={OURS: work.own_threads},
            )
        )
    return rows


def work_of_width(hidden: int) -> Work:
    """Return the work of a network with a hidden layer of some width."""
    return Work((784, hidden, 10), 128)


def operations(work: Work) -> int:
    """Return the floating-point operations of a step's matrix products.

    Each weight is multiplied and added once an image on the way forward, once for its own
    gradient and, the first layer's aside, once for that of the layer's inputs.
    """
    weights = [inputs * outputs for inputs, outputs in pairwise(work.widths)]
    return 2 * work.batch_size * (3 * sum(weights) - weights[0])
