"""Sections of whole programs, from the start of a process to its end."""

from __future__ import annotations

import contextlib
import json
import math
import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.ours import load
from benchmarks.output import OURS, Entry, Row, row_of
from benchmarks.sections import DEFAULT, MODULES, measure, numbers_of_threads, recipe, work_of
from benchmarks.turns import AUTO, BenchmarkError, Contest, Contestant, Data, environment

from mnist_scratch.config.schema import UNDISTORTED, Config
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
    peak = float("nan")
output, errors = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
print(json.dumps([done.returncode, errors, seconds, peak, output]))
"""
_PROGRAM = [sys.executable, "-m", "mnist_scratch"]

_LARGE_FILE = 2_000_000  # images of 784 bytes: 1.6 GB
_QUICK_LARGE_FILE = 200_000  # enough to stay on disk


class Ran(NamedTuple):
    """What a program took, and what it printed."""

    seconds: float
    peak_megabytes: float  # not a number on Windows
    output: str

    def said(self, name: str) -> float:
        """Return what it says of itself: its accuracy, or the seconds of a part of its work."""
        return float(json.loads(self.output)[name])


# (side, threads) to what is run, and to what was.
Commands = Mapping[tuple[str, str], Sequence[str]]
AllRan = dict[tuple[str, str], list[Ran]]


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


def _take_turns(
    contest: Contest, rounds: int, folder: Path, commands: Callable[[int], Commands]
) -> AllRan:
    """Run the commands of each round."""
    ran: AllRan = {}
    # The round 0 reads programs and data from disk.
    for number in [1] if contest.quick else range(rounds + 1):
        for (side, threads), command in commands(number).items():
            took = run_program(command, folder, threads)
            if number:
                ran.setdefault((side, threads), []).append(took)
    return ran


def start(contest: Contest) -> list[Row]:
    """Time the start of the program, beside that of Python alone and imports of the rivals."""
    commands = {
        ("mnist-scratch --help", AUTO): [*_PROGRAM, "--help"],
        ("python -c pass", AUTO): [sys.executable, "-c", "pass"],
    } | {
        (f'python -c "import {name}"', AUTO): [sys.executable, "-c", f"import {name}"]
        for name in ("numpy", "torch", "jax")
    }
    with tempfile.TemporaryDirectory() as folder:
        ran = _take_turns(contest, contest.rounds, Path(folder), lambda _: commands)
    seconds = {key: [run.seconds for run in runs] for key, runs in ran.items()}
    return [row_of("from the start of a process to its end", "ms", seconds)]


def plain_default(epochs: int = 5) -> Config:
    """Return the default recipe without distortion, which the rivals' programs have not."""
    config = recipe("default")
    training = replace(config.training, epochs=epochs)
    return replace(config, augmentation=UNDISTORTED, training=training)


def train(contest: Contest) -> list[Row]:
    """Compare a default run, without distortion, with the rivals' programs."""
    return _compare_programs("default, undistorted", _train(contest, plain_default(), 5))


def accuracy_98(contest: Contest) -> list[Row]:
    """Compare the time to a mean test accuracy of 98.0%, by the recipe speedrun."""
    return _time_to_accuracy(contest, 98.0, recipe("speedrun"), 30)


def accuracy_98_5(contest: Contest) -> list[Row]:
    """Compare the time to a mean test accuracy of 98.5%, by a wider and longer default recipe."""
    config = plain_default(2 if contest.quick else 8)  # quick runs say nothing of accuracies
    # As follows it has 98.59 % on validation, the mean of 3 seeds.
    config = replace(config, network=replace(config.network, hidden=(512, 256)))
    return _time_to_accuracy(contest, 98.5, config, 10)


def _time_to_accuracy(contest: Contest, percent: float, config: Config, seeds: int) -> list[Row]:
    if contest.data.dataset != "mnist":
        note = "MNIST itself is needed; 'mnist-scratch data download' fetches it"
        return [Row("left out", "%", (), note=note)]
    ran = _train(contest, config, seeds)
    entries, means = [], []
    for (side, threads), runs in ran.items():
        reached = [100 * run.said("accuracy") for run in runs]
        entries.append(Entry(side, threads, reached))
        mean = statistics.fmean(reached)
        means.append(f"{side}, threads {threads}: {mean:.3f} %")
        if len(reached) > 1:
            means[-1] += f" ± {statistics.stdev(reached) / math.sqrt(len(reached)):.3f}"
            means[-1] += f", {percent} % NOT REACHED" if mean < percent else ""
    work = f"{work_of(config).name}, {config.training.epochs} epochs"
    note = f"mean and its standard error; {'; '.join(means)}"
    row = Row(f"{work}: test accuracy", "%", entries, note=note)
    return [row, *_compare_programs(work, ran)]


def _train(contest: Contest, config: Config, seeds: int) -> AllRan:
    """Train with every seed by our program and by the rivals'."""
    if config.schedule.name != "one-cycle":
        raise BenchmarkError(f"the rivals' programs have no schedule {config.schedule.name}")
    options = {
        "work": asdict(work_of(config)),
        "epochs": config.training.epochs,
        "warmup": config.schedule.warmup,
        "validation_examples": config.data.validation_examples,
        "folder": contest.data.folder,
    }
    counts = [AUTO] if contest.quick else numbers_of_threads()

    def commands(seed: int) -> Commands:
        ours = _training_command(contest.data, f"run {seed}", seed)
        return {(OURS, AUTO): [*ours, "--config", "recipe.toml"]} | {
            (side, count): [
                *(sys.executable, "-m", "benchmarks.rivals"),
                json.dumps(options | {"rival": module, "seed": seed}),
            ]
            for side, module in MODULES.items()
            for count in counts
        }

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "recipe.toml").write_text(format_config(config), encoding="utf-8")
        return _take_turns(contest, seeds, Path(folder), commands)


def _training_command(data: Data, run: str, seed: int = 0) -> list[str]:
    options = ["--dataset", data.dataset, "--data-dir", data.folder, "--run", run, "--json"]
    return [*_PROGRAM, "train", *options, "--seed", str(seed)]


def _compare_programs(work: str, ran: AllRan) -> list[Row]:
    figures: dict[tuple[str, str], Callable[[Ran], float]] = {
        ("training", "s"): lambda run: run.said("training_seconds"),
        ("whole process", "s"): lambda run: run.seconds,
        ("peak memory", "MB"): lambda run: run.peak_megabytes,
    }
    rows = []
    for (name, unit), of_run in figures.items():
        measured = {key: list(map(of_run, runs)) for key, runs in ran.items()}
        rows.append(row_of(f"{work}: {name}", unit, measured))
    compiled = {key: runs for key, runs in ran.items() if key[0] == "JAX"}
    if compiled:
        measured = {key: [run.said("compile_seconds") for run in ran[key]] for key in compiled}
        rows.append(row_of(f"{work}: JAX's compilation, a part of both", "s", measured))
    return rows


def busy(contest: Contest) -> list[Row]:
    """Compare undistorted runs that choose their threads, beside other work, with those of one."""
    rows = []
    config = format_config(plain_default(1 if contest.quick else 5))

    def commands(seed: int) -> Commands:
        return {
            (side, threads): [
                *_training_command(contest.data, f"{side} {seed}", seed),
                *("--config", "recipe.toml"),
            ]
            for side, threads in (("chosen", AUTO), ("fixed", "1"))
        }

    for loops in (2, 4):
        with tempfile.TemporaryDirectory() as folder, _busy(loops):
            (Path(folder) / "recipe.toml").write_text(config, encoding="utf-8")
            ran = _take_turns(contest, 5, Path(folder), commands)
        rows += _compare_programs(f"default, undistorted, beside {loops} busy loops", ran)[:2]
    return rows


# Ends with the benchmark, also if that is killed.
_LOOP = "import os; parent = os.getppid()\nwhile os.getppid() == parent: sum(range(10000))"


@contextlib.contextmanager
def _busy(loops: int) -> Iterator[None]:
    """Let processes compute without end while the context lasts."""
    command = [sys.executable, "-c", _LOOP]
    with contextlib.ExitStack() as stack:
        for _ in range(loops):
            process = stack.enter_context(subprocess.Popen(command))
            stack.callback(process.kill)
        yield


def scale(contest: Contest) -> list[Row]:
    """Compare training on a large file, which stays on disk, with training in memory."""
    count = _QUICK_LARGE_FILE if contest.quick else _LARGE_FILE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_large_data(contest.data, folder, count)
        sides = {"in memory": contest.data, "on disk": Data("files", name)}
        contestants = [
            Contestant(side, "ours:train", {"data": data}) for side, data in sides.items()
        ]
        steps = measure(contest, contestants, [DEFAULT], "us")
        seconds, memory = {}, {}
        for side, examples in (("in memory", 60_000), ("on disk", count)):
            command = [*_training_command(sides[side], side), "--epochs", "1"]
            ran = run_program(command, folder)
            images = examples - recipe("default").data.validation_examples
            seconds[side, AUTO] = [ran.said("training_seconds") / images]
            memory[side, AUTO] = [ran.peak_megabytes]
    program = f"mnist-scratch train, {count:,} images on disk"
    return [
        *steps,
        row_of(f"{program}: an image", "us", seconds),
        row_of(f"{program}: peak memory", "MB", memory),
    ]


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
