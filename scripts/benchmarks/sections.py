"""Sections within a process, where contestants take turns; and two checkouts of this program."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path

from benchmarks.output import Row, compare
from benchmarks.turns import BenchmarkError, Contest, Contestant, Work

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.runs.threads import choose_threads
from mnist_scratch.system.threads import usable_cpus

OURS, USERS, EXPERTS = "ours", "PyTorch, users", "PyTorch, experts"

NETWORKS = (
    Work((784, 30, 10), 10),
    Work((784, 100, 10), 10),
    Work((784, 128, 10), 32),
    Work((784, 128, 10), 128),
    Work((784, 800, 10), 128),
    Work((784, 512, 512, 10), 128),
    Work((784, 800, 10), 512),
    Work((784, 2500, 2000, 1500, 1000, 500, 10), 256),
)
PAIRED_ROUNDS = 11  # at least: fewer are too few for pairs


def recipe(name: str) -> Config:
    """Read one of the program's recipes."""
    return read_config(find_config(name))


def work_of(config: Config) -> Work:
    """Return the work of a recipe's steps."""
    optimizer = config.optimizer
    return Work(
        (784, *config.network.hidden, 10),
        config.training.batch_size,
        optimizer.learning_rate,
        optimizer.momentum,
        optimizer.nesterov,
        optimizer.weight_decay,
    )


def default_network() -> Work:
    """Return the default recipe's, at the benchmark's learning rate."""
    return replace(work_of(recipe("default")), learning_rate=NETWORKS[0].learning_rate)


def own_threads(work: Work) -> str:
    """Return the number of threads that the program chooses for a step, by trying."""
    config = Config()
    network = replace(config.network, hidden=tuple(work.widths[1:-1]))
    training = replace(config.training, batch_size=work.batch_size)
    return str(choose_threads(replace(config, network=network, training=training)).number)


def thread_counts() -> list[str]:
    """Return the numbers of threads that are tried: one, and one for every usable core."""
    return [str(count) for count in sorted({1, usable_cpus()})]


def measure(
    contest: Contest,
    sides: Sequence[Contestant],
    works: Iterable[Work],
    unit: str,
    ratio_name: str,
    threads: Sequence[str] = (),
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
            for count in threads or thread_counts()
        ]
        measured = contest.measure(contestants)
        rows.append(compare(work.name, unit, measured, ratio_name, own=own_threads(work)))
    return rows


def step(contest: Contest) -> list[Row]:
    """Compare a training step with PyTorch's; the last is the default recipe's."""
    sides = [
        Contestant(OURS, "ours:train"),
        Contestant(USERS, "pytorch:train", {"experts": False}),
        Contestant(EXPERTS, "pytorch:train", {"experts": True}),
    ]
    return measure(contest, sides, [*NETWORKS, default_network()], "us", "PyTorch / ours")


def limit(contest: Contest) -> list[Row]:
    """Compare a training step with its own matrix products."""
    return _over_products(contest, [*NETWORKS, default_network()])


def width(contest: Contest) -> list[Row]:
    """Do the same for 784-W-10, from narrow to wide."""
    return _over_products(contest, [Work((784, 2**power, 10), 128) for power in range(5, 13)])


def _over_products(contest: Contest, works: Sequence[Work]) -> list[Row]:
    sides = [Contestant(OURS, "ours:train"), Contestant("products alone", "ours:products")]
    return measure(contest, sides, works, "us", "ours / products alone")


def epoch(contest: Contest) -> list[Row]:
    """Compare an epoch with that of scikit-learn's MLPClassifier."""
    sides = [
        Contestant(OURS, "ours:train", {"epochs": True}),
        Contestant("scikit-learn", "scikit_learn:train_epochs"),
    ]
    return measure(contest, sides, [NETWORKS[3]], "ms", "scikit-learn / ours")


def evaluation(contest: Contest) -> list[Row]:
    """Compare how long the evaluation of a test set takes."""
    sides = [
        Contestant(OURS, "ours:evaluation"),
        Contestant(USERS, "pytorch:evaluation", {"experts": False}),
        Contestant(EXPERTS, "pytorch:evaluation", {"experts": True}),
    ]
    works = [
        replace(work, batch_size=10_000, title=f"{work.network}, 10,000 images")
        for work in (NETWORKS[3], default_network(), NETWORKS[4])
    ]
    return measure(contest, sides, works, "ms", "PyTorch / ours")


def loss(contest: Contest) -> list[Row]:
    """Compare the loss alone, forward and backward, with PyTorch's on the same targets."""
    rows = []
    for batch, one_hot in product((128, 1000), (True, False)):
        targets = {"one_hot": one_hot}
        sides = [
            Contestant("ours, in training", "ours:loss", targets | {"checked": False}),
            Contestant("ours, with all checks", "ours:loss", targets | {"checked": True}),
            Contestant("PyTorch", "pytorch:loss", targets),
        ]
        kind = "one-hot targets" if one_hot else "class indices"
        work = Work((10,), batch, title=f"loss and gradient, {kind}, logits ({batch}, 10)")
        # Training has one-hot targets only.
        rows += measure(contest, sides if one_hot else sides[1:], [work], "us", "PyTorch / ours")
    return rows


def distortion(contest: Contest) -> list[Row]:
    """Compare a step on distorted images with one on the images as they are."""
    elastic = asdict(recipe("simard").augmentation)
    affine = elastic | {"elastic_alpha": 0.0}
    sides = [
        Contestant("as they are", "ours:train"),
        Contestant("distorted", "ours:train", {"distortion": elastic}),
    ]
    works = [NETWORKS[3], NETWORKS[4], Work((784, 1500, 1000, 10), 128)]
    alone = [
        Contestant("affine", "ours:distorting", {"distortion": affine}),
        Contestant("elastic", "ours:distorting", {"distortion": elastic}),
    ]
    batch = replace(NETWORKS[3], title="distorting 128 images, alone")
    return [
        *measure(contest, sides, works, "us", "distorted / as they are"),
        *measure(contest, alone, [batch], "us", "elastic / affine", ["1"]),
    ]


def finite(contest: Contest) -> list[Row]:
    """Compare a step with and without the checks for numbers that are not finite."""
    sides = [
        Contestant("checked", "ours:train"),
        Contestant("unchecked", "ours:train", {"check_finite": False}),
    ]
    works = [NETWORKS[1], NETWORKS[3], default_network()]
    return measure(contest, sides, works, "us", "checked / unchecked")


def checkpoint(contest: Contest) -> list[Row]:
    """Time the writing of a checkpoint, flushed to disk, beside a step."""
    sides = [Contestant("saving", "ours:checkpoint"), Contestant("a step", "ours:train")]
    works = [NETWORKS[3], default_network(), NETWORKS[-1]]
    return measure(contest, sides, works, "ms", "saving / a step")


def against(contest: Contest, checkout: Path) -> list[Row]:
    """Compare this checkout's training step with another's on every network, in pairs.

    A ratio is the median of the rounds' ratios: what else the machine does slows both of a round.
    """
    if not (checkout / "mnist_scratch" / "__init__.py").exists():
        raise BenchmarkError(f"{checkout}: there is no mnist_scratch/ to compare with")
    contest.rounds = max(contest.rounds, PAIRED_ROUNDS)
    ratio_name = "other / this"
    sides = [
        Contestant("this", "ours:train"),
        Contestant("other", "ours:train", checkout=checkout),
    ]
    rows = []
    ratios: dict[str, list[float]] = {threads: [] for threads in thread_counts()}
    for work, threads in product((*NETWORKS, default_network()), thread_counts()):
        (row,) = measure(contest, sides, [work], "us", ratio_name, [threads])
        this, other = (entry.figures for entry in row.entries)
        ratio = statistics.median(theirs / ours for ours, theirs in zip(this, other, strict=True))
        ratios[threads].append(ratio)
        rows.append(replace(row, work=f"{row.work}, threads {threads}", ratio=ratio))
    for threads, of_networks in ratios.items():
        mean = statistics.geometric_mean(of_networks)
        rows.append(Row(f"geometric mean, threads {threads}", "us", (), ratio_name, mean))
    return rows
