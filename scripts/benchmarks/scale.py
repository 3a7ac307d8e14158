"""Sections: cost an image as the data grow, and time a step as the network widens."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from benchmarks.contest import BenchmarkError, Contestant, Effort, Workers
from benchmarks.figures import Entry, Row, Summary, as_rate, compare, entries_of
from benchmarks.large_file import WORK
from benchmarks.programs import run_program
from benchmarks.steps import OURS, PRODUCTS, settings_of
from benchmarks.threads import AUTO
from benchmarks.work import Data, Work

_IMAGE_BYTES = 784
_MOST_IMAGES = 8_100_000  # 6.4 GB
_FEWER_IMAGES = 2_000_000  # 1.6 GB
_QUICK_IMAGES = 100_000
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
    """Compare training on a large file, mapped from disk, with training in memory."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    count = images_that_fit(free) if effort.thorough else _QUICK_IMAGES
    mapped, in_memory = f"{count:,} images, mapped", "60,000 images, in memory"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = [sys.executable, "-m", "benchmarks.large_file"]
        run_program([*program, "make", *data, name, str(count)], folder)
        arguments = WORK.arguments(data)
        measured = workers.contest(
            [
                Contestant(in_memory, "benchmarks.ours:train", AUTO, arguments),
                Contestant(
                    mapped, "benchmarks.large_file:train", AUTO, arguments | {"folder": name}
                ),
            ],
            effort,
            learns=True,
        )
        ran = run_program([*program, "epoch", *data, name], folder)
    steps = compare(
        WORK.name,
        "s",
        entries_of(measured, 1.0),
        over=(in_memory,),
        under=mapped,
        ratio_name="mapped / in memory",
    )
    own = json.loads(ran.output)["own_megabytes"]
    memory = [Entry("its own", AUTO, Summary((own,)))]
    if ran.peak_megabytes is not None:
        with_pages = Summary((ran.peak_megabytes,))
        memory.append(Entry("with cached pages", AUTO, with_pages))
    return [
        as_rate(steps, "images/s", WORK.batch_size),
        Row(
            f"peak memory of an epoch of {count:,} images",
            "MB",
            memory,
            note="pages of the file are the system's: it takes them back when it needs memory",
        ),
    ]


def width(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare a step of a network 784-W-10 with its matrix products, from narrow to wide."""
    rows = []
    for hidden in WIDTHS:
        work = work_of_width(hidden)
        arguments = work.arguments(data)
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:train", arguments, automatic=True),
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
