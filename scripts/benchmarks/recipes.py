"""Sections: whole programs, from a cold start to their last file, and the time to an accuracy."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contest import BenchmarkError, Effort, Workers
from benchmarks.figures import Entry, Row, Summary, compare, entries_of
from benchmarks.programs import PYTORCH_PROGRAM, Ran, our_program, run_program
from benchmarks.steps import EXPERTS, OURS, PYTORCH_OVER_OURS, USERS
from benchmarks.text import mean_text
from benchmarks.threads import AUTO, thread_counts
from benchmarks.work import Data
from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.config.toml import find_config, format_config, read_config

# What the default recipe needs to reach 98.5 %: validation accuracy 98.59 %, the mean of 3 seeds.
_TO_98_5 = {("network", "hidden"): [512, 256], ("training", "epochs"): 8}


@dataclass(frozen=True)
class _Training:
    """One whole training, by somebody: what it took and what came of it."""

    ran: Ran
    seconds: float
    accuracy: float


def start(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Time the start of the process, beside that of Python alone and an import of PyTorch."""
    del workers, data
    commands = {
        "mnist-scratch --help": [*our_program(), "--help"],
        "python -c pass": [sys.executable, "-c", "pass"],
        'python -c "import torch"': [sys.executable, "-c", "import torch"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(effort.rounds + 1):
            for name, command in commands.items():
                ran = run_program(command, Path(folder))
                if number:  # the first reads the files from disk
                    seconds[name].append(1e3 * ran.seconds)
    entries = [Entry(name, "", Summary(tuple(values))) for name, values in seconds.items()]
    return [Row("from the start of a process to its end", "ms", entries)]


def train(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare a whole default run with a PyTorch program that trains the same recipe."""
    del workers
    config = read_config(find_config("default"))
    seeds = max(1, effort.programs // 2)
    trained = _train_with_every_seed(config, data, seeds, (USERS, EXPERTS), effort)
    return _compare_programs("default recipe", trained, (USERS, EXPERTS))


def accuracy_98(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare the time to a mean test accuracy of 98.0 %, by the recipe speedrun."""
    del workers
    config = read_config(find_config("speedrun"))
    return _time_to_accuracy(
        98.0, config, data, 3 * effort.programs if effort.thorough else 1, effort
    )


def accuracy_985(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare the time to a mean test accuracy of 98.5 %, by a wider and longer default recipe."""
    del workers
    config = with_values(read_config(find_config("default")), _TO_98_5, "the benchmark")
    return _time_to_accuracy(98.5, config, data, effort.programs, effort)


def _time_to_accuracy(
    percent: float, config: Config, data: Data, seeds: int, effort: Effort
) -> list[Row]:
    trained = _train_with_every_seed(config, data, seeds, (EXPERTS,), effort)
    widths = "-".join(map(str, (784, *config.network.hidden, 10)))
    work = f"{widths}, batch {config.training.batch_size}, {config.training.epochs} epochs"
    rows = _compare_programs(work, trained, (EXPERTS,))
    # Accuracies are those of the trainings whose seconds are reported.
    chosen = [
        Entry(side, threads, Summary(tuple(100 * each.accuracy for each in trainings)))
        for (side, threads), trainings in trained.items()
        if (side, threads) in {(entry.side, entry.threads) for entry in rows[0].entries}
    ]
    missed = [entry.side for entry in chosen if entry.summary.mean < percent]
    means = [f"{entry.side} {mean_text(entry.summary)}" for entry in chosen]
    note = f"mean and its standard error: {'; '.join(means)}"
    if missed:
        note += f"; {percent} % NOT REACHED by {', '.join(missed)}"
    return [Row(f"{work}: test accuracy", "%", chosen, note=note), *rows]


def _train_with_every_seed(
    config: Config, data: Data, seeds: int, sides: Sequence[str], effort: Effort
) -> dict[tuple[str, str], list[_Training]]:
    """Let the programs take turns: (side, threads) to the training with each seed."""
    ways = {USERS: "users", EXPERTS: "experts"}
    contestants = [(OURS, AUTO)]
    tried = thread_counts() if effort.thorough else [AUTO]
    contestants += [(side, threads) for side in sides for threads in tried]
    trained: dict[tuple[str, str], list[_Training]] = {each: [] for each in contestants}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe = folder / "recipe.toml"
        recipe.write_text(format_config(config), encoding="utf-8")
        # In a round before the first, programs and data are read from disk.
        for seed in range(-1 if effort.thorough else 0, seeds):
            for side, threads in contestants:
                output = folder / f"{len(trained[side, threads])}-{side}-{threads}-{seed}"
                if side == OURS:
                    command = _our_command(recipe, data, max(seed, 0), output)
                else:
                    command = _pytorch_command(config, data, ways[side], max(seed, 0), output)
                ran = run_program(command, folder, threads)
                said = json.loads(ran.output)
                if seed >= 0:
                    training = _Training(ran, said["training_seconds"], said["accuracy"])
                    trained[side, threads].append(training)
    return trained


def _our_command(recipe: Path, data: Data, seed: int, output: Path) -> list[str]:
    command = [*our_program(), "train", "--config", str(recipe), "--dataset", data.dataset]
    command += ["--data-dir", data.folder, "--seed", str(seed), "--run", str(output), "--json"]
    return command


def _pytorch_command(config: Config, data: Data, way: str, seed: int, output: Path) -> list[str]:
    command = [*PYTORCH_PROGRAM, "--data", data.folder, "--way", way, "--output", str(output)]
    command += ["--seed", str(seed), "--hidden", *map(str, config.network.hidden)]
    if config.schedule.name != "one-cycle":
        raise BenchmarkError(f"the PyTorch program knows no schedule {config.schedule.name}")
    values = {
        "validation-examples": config.data.validation_examples,
        "epochs": config.training.epochs,
        "batch-size": config.training.batch_size,
        "warmup": config.schedule.warmup,
        "learning-rate": config.optimizer.learning_rate,
        "momentum": config.optimizer.momentum,
        "weight-decay": config.optimizer.weight_decay,
    }
    for name, value in values.items():
        command += [f"--{name}", str(value)]
    return [*command, "--nesterov"] if config.optimizer.nesterov else command


def _compare_programs(
    work: str, trained: Mapping[tuple[str, str], Sequence[_Training]], others: tuple[str, ...]
) -> list[Row]:
    """Return the rows of the seconds of training, of the whole process, and of peak memory."""
    measures: tuple[tuple[str, str, Callable[[_Training], float | None]], ...] = (
        ("training", "s", lambda training: training.seconds),
        ("whole process", "s", lambda training: training.ran.seconds),
        ("peak memory", "MB", lambda training: training.ran.peak_megabytes),
    )
    rows = []
    for name, unit, measure in measures:
        measured = {
            key: [value for each in trainings if (value := measure(each)) is not None]
            for key, trainings in trained.items()
        }
        if all(measured.values()):
            tried = entries_of(measured, 1.0)
            rows.append(
                compare(
                    f"{work}: {name}",
                    unit,
                    tried,
                    over=others,
                    under=OURS,
                    ratio_name=PYTORCH_OVER_OURS,
                )
            )
    return rows
