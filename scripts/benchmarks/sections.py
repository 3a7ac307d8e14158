"""Sections within a process, where contestants take turns; and two checkouts of this program."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.output import OURS, Entry, Row, row_of
from benchmarks.turns import AUTO, BenchmarkError, Contest, Contestant, Work

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.system.threads import thread_counts, usable_cpus

MODULES = {"PyTorch": "pytorch", "JAX": "jax"}  # of the rivals that do all the work


def recipe(name: str) -> Config:
    """Read one of the program's recipes."""
    return read_config(find_config(name))


def work_of(config: Config, title: str = "") -> Work:
    """Return the work of a recipe's steps."""
    optimizer = config.optimizer
    return Work(
        (784, *config.network.hidden, 10),
        config.training.batch_size,
        optimizer.learning_rate,
        optimizer.momentum,
        optimizer.nesterov,
        optimizer.weight_decay,
        title,
    )


def step_of(name: str, title: str = "") -> Work:
    """Return the work of a recipe's steps, at the benchmark's learning rate."""
    return replace(work_of(recipe(name), title), learning_rate=Work.learning_rate)


NETWORKS = (
    Work((784, 30, 10), 10),
    Work((784, 100, 10), 10),
    Work((784, 128, 10), 32),
    SMALL := Work((784, 128, 10), 128),
    DEFAULT := step_of("default"),
    WIDE := Work((784, 800, 10), 128),
    Work((784, 512, 512, 10), 128),
    Work((784, 800, 10), 512),
    LARGEST := Work((784, 2500, 2000, 1500, 1000, 500, 10), 256),
)


def numbers_of_threads() -> list[str]:
    """Return the numbers of threads that each side is tried with, which the program tries too."""
    return list(map(str, thread_counts(usable_cpus())))


def all_sides(function: str, **arguments: Any) -> list[Contestant]:
    """Return ours and the rivals that do all the work."""
    return [Contestant(OURS, f"ours:{function}", arguments)] + [
        Contestant(side, f"rivals:{function}", {"rival": module} | arguments)
        for side, module in MODULES.items()
    ]


def measure(
    contest: Contest,
    sides: Sequence[Contestant],
    works: Iterable[Work],
    unit: str,
    threads: Sequence[str] = (),
    steps: int = 0,
) -> list[Row]:
    """Let sides take turns, each with every number of threads, at one work after the other."""
    rows = []
    for work in works:
        contestants = [
            replace(
                side,
                make=f"benchmarks.{side.make}",
                arguments={"work": work, "data": contest.data, **side.arguments},
                threads=count,
            )
            for side in sides
            for count in (threads or numbers_of_threads() if side.threads != AUTO else [AUTO])
        ]
        rows.append(row_of(work.name, unit, contest.measure(contestants, steps)))
    return rows


def step(contest: Contest) -> list[Row]:
    """Compare a training step with the rivals', and with its own products, which are its limit."""
    sides = [*all_sides("train"), Contestant("our products alone", "ours:products")]
    return measure(contest, sides, NETWORKS, "us")


def width(contest: Contest) -> list[Row]:
    """Compare a step of 784-W-10, from narrow to wide, with its own products."""
    sides = [Contestant(OURS, "ours:train"), Contestant("our products alone", "ours:products")]
    works = [Work((784, 2**power, 10), 128) for power in range(5, 13)]
    return measure(contest, sides, works, "us")


def threads(contest: Contest) -> list[Row]:
    """Compare the number of threads that the program chooses with fixed ones."""
    simard = step_of("simard", f"{WIDE.name}, distorted (simard)")
    distorted = {"distortion": asdict(recipe("simard").augmentation)}
    works = [(DEFAULT, {}), (step_of("speedrun"), {}), (simard, distorted), (LARGEST, {})]
    rows = []
    for work, how in works:
        sides = [
            Contestant("chosen", "ours:train", how | {"choose": True}, AUTO),
            Contestant("fixed", "ours:train", how),
        ]
        rows += measure(contest, sides, [work], "us")
    return rows


def epoch(contest: Contest) -> list[Row]:
    """Compare an epoch with the rivals', scikit-learn's MLPClassifier among them.

    All take the same steps from the same parameters, so their losses must be close.
    """
    sides = [*all_sides("train", epochs=True), Contestant("scikit-learn", "scikit_learn:train")]
    rows = measure(contest, sides, [SMALL], "ms", steps=1)
    losses = [Entry(*key, [loss]) for key, loss in contest.losses.items()]
    return [*rows, Row(f"{SMALL.name}: loss after {2 * contest.rounds} epochs", "", losses)]


def evaluation(contest: Contest) -> list[Row]:
    """Compare how long the evaluation of a test set takes."""
    works = [replace(it, title=f"{it.network}, 10,000 images") for it in (SMALL, DEFAULT, WIDE)]
    return measure(contest, all_sides("evaluation"), works, "ms")


def loss(contest: Contest) -> list[Row]:
    """Compare the loss alone, forward and backward, with the rivals' on the same targets."""
    rows = []
    for batch, one_hot in product((128, 1000), (True, False)):
        targets = {"one_hot": one_hot}
        sides = [
            Contestant("ours, in training", "ours:loss", targets | {"checked": False}),
            Contestant("ours, with all checks", "ours:loss", targets | {"checked": True}),
            *(Contestant(side, f"{module}:loss", targets) for side, module in MODULES.items()),
        ]
        kind = "one-hot targets" if one_hot else "class indices"
        work = Work((10,), batch, title=f"{kind}, logits ({batch}, 10)")
        # Training has one-hot targets only.
        rows += measure(contest, sides if one_hot else sides[1:], [work], "us")
    return rows


def distortion(contest: Contest) -> list[Row]:
    """Compare a step on distorted images with one on the images as they are."""
    elastic = asdict(recipe("simard").augmentation)
    affine = elastic | {"elastic_alpha": 0.0}
    sides = [
        Contestant("as they are", "ours:train"),
        Contestant("distorted", "ours:train", {"distortion": elastic}),
    ]
    works = [SMALL, WIDE, Work((784, 1500, 1000, 10), 128)]
    alone = [
        Contestant("affine", "ours:distorting", {"distortion": affine}),
        Contestant("elastic", "ours:distorting", {"distortion": elastic}),
    ]
    batch = replace(SMALL, title="distorting 128 images, alone")
    return [
        *measure(contest, sides, works, "us"),
        *measure(contest, alone, [batch], "us", ["1"]),
    ]


def finite(contest: Contest) -> list[Row]:
    """Compare a step with and without the checks for numbers that are not finite."""
    sides = [
        Contestant("unchecked", "ours:train", {"check_finite": False}),
        Contestant("checked", "ours:train"),
    ]
    return measure(contest, sides, [NETWORKS[1], SMALL, DEFAULT], "us")


def checkpoint(contest: Contest) -> list[Row]:
    """Time the writing of a checkpoint, flushed to disk, beside a step."""
    sides = [Contestant("a step", "ours:train"), Contestant("saving", "ours:checkpoint")]
    return measure(contest, sides, [SMALL, DEFAULT, LARGEST], "ms", ["1"])


def against(contest: Contest, checkout: Path) -> list[Row]:
    """Compare this checkout's training step with another's on every network, in pairs.

    A ratio is the median of the rounds' ratios: what else the machine does slows both of a round.
    """
    if not (checkout / "mnist_scratch" / "__init__.py").exists():
        raise BenchmarkError(f"{checkout}: there is no mnist_scratch/ to compare with")
    if contest.quick:
        contest.rounds = 11
    else:  # many short turns: both of a pair meet the same load
        contest.rounds, contest.turn_seconds = 45, 0.1
    sides = [
        Contestant("this", "ours:train"),
        Contestant("other", "ours:train", checkout=checkout),
    ]
    rows, ratios = [], []
    for count, work in product(numbers_of_threads(), NETWORKS):
        (row,) = measure(contest, sides, [work], "us", [count])
        this, other = (entry.figures for entry in row.entries)
        pairs = [theirs / ours for ours, theirs in zip(this, other, strict=True)]
        rows.append(row)
        ratios.append(Entry(work.name, count, pairs))
    for count in numbers_of_threads():
        medians = [entry.median for entry in ratios if entry.threads == count]
        ratios.append(Entry("geometric mean", count, [statistics.geometric_mean(medians)]))
    return [*rows, Row("other / this, in pairs", "", ratios)]
