"""Sections of whole programs, from the start of a process to its end."""

from __future__ import annotations

import json
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.ours import load
from benchmarks.output import Entry, Row, compare, mean_text
from benchmarks.sections import (
    EXPERTS,
    OURS,
    USERS,
    default_network,
    own_threads,
    recipe,
    thread_counts,
    work_of,
)
from benchmarks.turns import (
    AUTO,
    BenchmarkError,
    Contest,
    Contestant,
    Data,
    Measured,
    environment,
)

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import format_config

# A small process: on Linux a child's peak counts what its parent had when it was started.
_LAUNCHER = """
import json, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True)
seconds = time.perf_counter() - started
try:
    import resource
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e6
except ImportError:
    peak = None
output, errors = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
print(json.dumps([done.returncode, errors, seconds, peak, output]))
"""

_LARGE_FILES = (8_100_000, 2_000_000)  # images of 784 bytes: 6.4 GB and 1.6 GB
_SPARE_BYTES = 4 * 10**9
_QUICK_IMAGES = 200_000  # enough to stay on disk


class Ran(NamedTuple):
    """What a program took, and what it printed."""

    seconds: float
    peak_megabytes: float | None  # None on Windows
    output: str


def run_program(command: Sequence[str], folder: Path, threads: str = AUTO) -> Ran:
    """Run a command in a folder; if it fails, a `BenchmarkError` has what it said."""
    launched = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment(threads),
        cwd=folder,
        check=True,
    )
    status, errors, *ran = json.loads(launched.stdout)
    if status:
        raise BenchmarkError(f"{' '.join(command)} failed:\n{errors}")
    return Ran(*ran)


def _our_program(*arguments: str) -> list[str]:
    installed = shutil.which("mnist-scratch", path=str(Path(sys.executable).parent))
    return [*([installed] if installed else [sys.executable, "-m", "mnist_scratch"]), *arguments]


def start(contest: Contest) -> list[Row]:
    """Time the start of the program, beside that of Python alone and an import of PyTorch."""
    commands = {
        "mnist-scratch --help": _our_program("--help"),
        "python -c pass": [sys.executable, "-c", "pass"],
        'python -c "import torch"': [sys.executable, "-c", "import torch"],
    }
    milliseconds: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(0 if contest.quick else -1, contest.rounds):
            for name, command in commands.items():
                ran = run_program(command, Path(folder))
                if number >= 0:  # the round before reads the files from disk
                    milliseconds[name].append(1e3 * ran.seconds)
    entries = [Entry(name, "", values) for name, values in milliseconds.items()]
    return [Row("from the start of a process to its end", "ms", entries)]


def train(contest: Contest) -> list[Row]:
    """Compare a default run with a PyTorch program that trains the same recipe."""
    # A quick run leaves out the slower of the two.
    sides = (EXPERTS,) if contest.quick else (USERS, EXPERTS)
    trained = _train_with_each_seed(contest, recipe("default"), 1 if contest.quick else 5, sides)
    return _compare_programs("default recipe", trained)


def accuracy_98(contest: Contest) -> list[Row]:
    """Compare the time to a mean test accuracy of 98.0 %, by the recipe speedrun."""
    return _time_to_accuracy(contest, 98.0, recipe("speedrun"), 1 if contest.quick else 30)


def accuracy_98_5(contest: Contest) -> list[Row]:
    """Compare the time to a mean test accuracy of 98.5 %, by a wider and longer default recipe."""
    config = recipe("default")  # as follows it has 98.59 % on validation, the mean of 3 seeds
    network = replace(config.network, hidden=(512, 256))
    config = replace(config, network=network, training=replace(config.training, epochs=8))
    return _time_to_accuracy(contest, 98.5, config, 1 if contest.quick else 10)


# (side, threads) to the name of a figure to the figure of each seed.
_Trained = dict[tuple[str, str], dict[str, list[float]]]


def _time_to_accuracy(contest: Contest, percent: float, config: Config, seeds: int) -> list[Row]:
    if contest.data.dataset != "mnist":
        note = "MNIST itself is needed; 'mnist-scratch data download' fetches it"
        return [Row("left out", "%", (), note=note)]
    trained = _train_with_each_seed(contest, config, seeds, (EXPERTS,))
    widths = "-".join(map(str, work_of(config).widths))
    work = f"{widths}, batch {config.training.batch_size}, {config.training.epochs} epochs"
    rows = _compare_programs(work, trained)
    # Of the trainings whose seconds are reported.
    accuracies = [
        Entry(best.side, best.threads, trained[best.side, best.threads]["accuracy"])
        for best in rows[0].best
    ]
    means = "; ".join(f"{entry.side} {mean_text(entry.measured)}" for entry in accuracies)
    note = f"mean and its standard error: {means}"
    missed = [entry.side for entry in accuracies if statistics.fmean(entry.measured) < percent]
    if missed:
        note += f"; {percent} % NOT REACHED by {', '.join(missed)}"
    return [Row(f"{work}: test accuracy", "%", accuracies, note=note), *rows]


def _train_with_each_seed(
    contest: Contest, config: Config, seeds: int, sides: Sequence[str]
) -> _Trained:
    """Let the programs take turns."""
    counts = [AUTO] if contest.quick else thread_counts()
    contestants = [(OURS, AUTO), *((side, threads) for side in sides for threads in counts)]
    figures = ("training", "whole process", "peak memory", "accuracy")
    trained: _Trained = {each: {name: [] for name in figures} for each in contestants}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "recipe.toml").write_text(format_config(config), encoding="utf-8")
        # The round before the first reads programs and data from disk.
        for seed in range(0 if contest.quick else -1, seeds):
            for side, threads in contestants:
                output = f"{side}, {threads}, {seed}"
                if side == OURS:
                    command = _our_program("train", "--config", "recipe.toml", "--json")
                    command += [*_data_options(contest.data), "--run", output]
                    command += ["--seed", str(max(seed, 0))]
                else:
                    command = _pytorch_program(contest.data, config, side, max(seed, 0), output)
                ran = run_program(command, folder, threads)
                if seed < 0:
                    continue
                said = json.loads(ran.output)
                of_side = trained[side, threads]
                of_side["training"].append(said["training_seconds"])
                of_side["whole process"].append(ran.seconds)
                of_side["accuracy"].append(100 * said["accuracy"])
                if ran.peak_megabytes is not None:
                    of_side["peak memory"].append(ran.peak_megabytes)
    return trained


def _data_options(data: Data) -> list[str]:
    return ["--dataset", data.dataset, "--data-dir", data.folder]


def _pytorch_program(data: Data, config: Config, side: str, seed: int, output: str) -> list[str]:
    if config.schedule.name != "one-cycle":
        raise BenchmarkError(f"the PyTorch program has no schedule {config.schedule.name}")
    options = {
        "work": asdict(work_of(config)),
        "epochs": config.training.epochs,
        "warmup": config.schedule.warmup,
        "validation_examples": config.data.validation_examples,
        "experts": side == EXPERTS,
        "folder": data.folder,
        "seed": seed,
        "output": output,
    }
    return [sys.executable, "-m", "benchmarks.pytorch", json.dumps(options)]


def _compare_programs(work: str, trained: _Trained) -> list[Row]:
    rows = []
    for name, unit in (("training", "s"), ("whole process", "s"), ("peak memory", "MB")):
        measured = {key: figures[name] for key, figures in trained.items()}
        if all(measured.values()):
            rows.append(compare(f"{work}: {name}", unit, measured, "PyTorch / ours"))
    return rows


def scale(contest: Contest) -> list[Row]:
    """Compare training on a large file, which stays on disk, with training in memory."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    count = _QUICK_IMAGES if contest.quick else images_that_fit(free)
    config, work = recipe("default"), default_network()
    seconds: Measured = {}
    memory = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_large_data(contest.data, folder, count)
        data = {"in memory": contest.data, "on disk": Data("files", name)}
        contestants = [
            Contestant(side, "benchmarks.ours:train", own_threads(work), {"work": work, "data": of})
            for side, of in data.items()
        ]
        steps = contest.measure(contestants, learns=True)
        for side, epochs, examples in (
            ("in memory", config.training.epochs, 60_000),
            ("on disk", 1, count),
        ):
            command = _our_program("train", *_data_options(data[side]), "--json")
            ran = run_program([*command, "--epochs", str(epochs), "--run", side], folder)
            images = epochs * (examples - config.data.validation_examples)
            seconds[side, AUTO] = [json.loads(ran.output)["training_seconds"] / images]
            if ran.peak_megabytes is not None:
                memory.append(Entry(side, AUTO, [ran.peak_megabytes]))
    ratio, program = "in memory / on disk", f"mnist-scratch train, {count:,} images on disk"
    return [
        compare(work.name, "images/s", steps, ratio, amount=work.batch_size),
        compare(program, "images/s", seconds, ratio, amount=1),
        *([Row(f"{program}: peak memory", "MB", memory)] if memory else []),
    ]


def images_that_fit(free_bytes: int) -> int:
    """Return how many images the large file gets on a disk with some room."""
    for count in _LARGE_FILES:
        if count * 784 + _SPARE_BYTES <= free_bytes:
            return count
    raise BenchmarkError(
        f"{free_bytes / 1e9:.1f} GB are free in {tempfile.gettempdir()}; a file of "
        f"{count:,} images needs {(count * 784 + _SPARE_BYTES) / 1e9:.1f} GB with room to spare; "
        "name another folder with TMPDIR"
    )


def write_large_data(data: Data, folder: Path, count: int) -> None:
    """Write a data set as IDX files, the training images again and again."""
    training, test = load(*data)
    for name, array, wanted in (
        ("train-images-idx3-ubyte", training.images, count),
        ("train-labels-idx1-ubyte", training.labels, count),
        ("t10k-images-idx3-ubyte", test.images, len(test)),
        ("t10k-labels-idx1-ubyte", test.labels, len(test)),
    ):
        sizes = (wanted, *array.shape[1:])
        with (folder / name).open("wb") as file:
            file.write(struct.pack(f">HBB{len(sizes)}I", 0, 0x08, len(sizes), *sizes))
            for begin in range(0, wanted, len(array)):
                file.write(array[: wanted - begin].tobytes())
