"""Sections within a process, where contestants take turns; and two checkouts of this program."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

from benchmarks.output import Row, compare
from benchmarks.turns import BenchmarkError, Contest, Contestant, Work

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.runs.threads import fitting_threads
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
LEAST_PAIRED_ROUNDS = 11


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
    """Return the number of threads that the program chooses for a step."""
    config = Config()
    network = replace(config.network, hidden=tuple(work.widths[1:-1]))
    training = replace(config.training, batch_size=work.batch_size)
    return str(fitting_threads(replace(config, network=network, training=training)))


def thread_counts() -> list[str]:
    """Return the numbers of threads that are tried: one, and one for every usable core."""
    return [str(count) for count in sorted({1, usable_cpus()})]


def _contestants(
    sides: Mapping[str, str], arguments: Mapping[str, Any], threads: Sequence[str] = ()
) -> list[Contestant]:
    return [
        Contestant(side, f"benchmarks.{make}", count, arguments)
        for side, make in sides.items()
        for count in threads or thread_counts()
    ]


def step(contest: Contest) -> list[Row]:
    """Compare a training step with PyTorch's."""
    rows = []
    for work in (*NETWORKS, default_network()):
        arguments = {"work": work, "data": contest.data}
        contestants = _contestants({OURS: "ours:train"}, arguments)
        for side in (USERS, EXPERTS):
            kind = {"experts": side == EXPERTS}
            contestants += _contestants({side: "pytorch:train"}, arguments | kind)
        measured = contest.measure(contestants, learns=True)
        note = "the default recipe's step" if work == default_network() else ""
        own = (OURS, own_threads(work))
        rows.append(compare(work.name, "us", measured, "PyTorch / ours", own=own, note=note))
    return rows


def limit(contest: Contest) -> list[Row]:
    """Compare a training step with its own matrix products."""
    return [_over_products(contest, work) for work in (*NETWORKS, default_network())]


def width(contest: Contest) -> list[Row]:
    """Do the same for 784-W-10, from narrow to wide."""
    works = [Work((784, 2**power, 10), 128) for power in range(5, 13)]
    note = "{:,.1f} million floating-point operations"
    return [_over_products(contest, work, note.format(operations(work) / 1e6)) for work in works]


def _over_products(contest: Contest, work: Work, note: str = "") -> Row:
    sides = {OURS: "ours:train", "products alone": "ours:products"}
    measured = contest.measure(_contestants(sides, {"work": work, "data": contest.data}))
    own = (OURS, own_threads(work))
    return compare(work.name, "us", measured, "ours / products alone", own=own, note=note)


def operations(work: Work) -> int:
    """Return the floating-point operations of a step's matrix products.

    Each weight is multiplied and added once an image on the way forward, once for its own gradient
    and, except in the first layer, once for that of the layer's inputs.
    """
    weights = [inputs * outputs for inputs, outputs in pairwise(work.widths)]
    return 2 * work.batch_size * (3 * sum(weights) - weights[0])


def epoch(contest: Contest) -> list[Row]:
    """Compare an epoch with that of scikit-learn's MLPClassifier."""
    work = NETWORKS[3]
    sides = {OURS: "ours:train_epochs", "scikit-learn": "scikit_learn:train_epochs"}
    contestants = _contestants(sides, {"work": work, "data": contest.data})
    measured = contest.measure(contestants, learns=True, least_steps=1)
    own = (OURS, own_threads(work))
    return [compare(work.name, "ms", measured, "scikit-learn / ours", own=own)]


def evaluation(contest: Contest) -> list[Row]:
    """Compare how many images are evaluated in a second."""
    sides = {
        OURS: "ours:evaluation",
        USERS: "pytorch:evaluate_as_users",
        EXPERTS: "pytorch:evaluate_as_experts",
    }
    own = (OURS, str(usable_cpus()))  # `mnist-scratch evaluate` leaves it to the BLAS
    rows = []
    for work in (NETWORKS[3], default_network(), NETWORKS[4]):
        measured = contest.measure(_contestants(sides, {"work": work, "data": contest.data}))
        name = f"{'-'.join(map(str, work.widths))}, 10,000 images"
        rows.append(compare(name, "images/s", measured, "PyTorch / ours", own=own, amount=10_000))
    return rows


def loss(contest: Contest) -> list[Row]:
    """Compare the loss alone, forward and backward, with PyTorch's on the same targets."""
    checked = "ours, with all checks"
    rows = []
    for batch, one_hot in product((128, 1000), (True, False)):
        sides = {checked: "ours:loss_functions", "PyTorch": "pytorch:loss"}
        if one_hot:  # training has no other targets
            sides = {OURS: "ours:loss_class"} | sides
        measured = contest.measure(_contestants(sides, {"batch": batch, "one_hot": one_hot}))
        targets = "one-hot targets" if one_hot else "class indices"
        name = f"loss and gradient, {targets}, logits ({batch}, 10)"
        rows.append(compare(name, "us", measured, "PyTorch / ours"))
    return rows


def distortion(contest: Contest) -> list[Row]:
    """Compare a step on distorted images with one on the images as they are."""
    amounts = asdict(recipe("simard").augmentation)
    rows = []
    for work in (NETWORKS[3], NETWORKS[4], Work((784, 1500, 1000, 10), 128)):
        arguments = {"work": work, "data": contest.data}
        plain = _contestants({"as they are": "ours:train"}, arguments)
        distorting = arguments | {"distortion": amounts}
        distorted = _contestants({"distorted": "ours:train"}, distorting)
        measured = contest.measure(plain + distorted)
        rows.append(compare(work.name, "us", measured, "distorted / as they are"))
    alone = []
    for side, kind in (("affine", amounts | {"elastic_alpha": 0.0}), ("elastic", amounts)):
        arguments = {"work": NETWORKS[3], "data": contest.data, "distortion": kind}
        alone += _contestants({side: "ours:distorting"}, arguments, ["1"])
    measured = contest.measure(alone)
    name, images = "distorting alone, one core", NETWORKS[3].batch_size
    return [*rows, compare(name, "images/s", measured, "elastic / affine", amount=images)]


def finite(contest: Contest) -> list[Row]:
    """Compare a step with and without the checks for numbers that are not finite."""
    rows = []
    for work in (NETWORKS[1], NETWORKS[3], default_network()):
        contestants = []
        for side in ("checked", "unchecked"):
            arguments = {"work": work, "data": contest.data, "check_finite": side == "checked"}
            contestants += _contestants({side: "ours:train"}, arguments, [own_threads(work)])
        measured = contest.measure(contestants)
        rows.append(compare(work.name, "us", measured, "checked / unchecked"))
    return rows


def checkpoint(contest: Contest) -> list[Row]:
    """Time the writing of a checkpoint, flushed to disk, beside a step."""
    sides = {"saving": "ours:checkpoint", "a step": "ours:train"}
    rows = []
    for work in (NETWORKS[3], default_network(), NETWORKS[-1]):
        arguments = {"work": work, "data": contest.data}
        contestants = _contestants(sides, arguments, [own_threads(work)])
        rows.append(compare(work.name, "ms", contest.measure(contestants), "saving / a step"))
    return rows


def against(contest: Contest, checkout: Path) -> list[Row]:
    """Compare this checkout's training step with another's on every network, in pairs.

    A ratio is the median of the rounds' ratios: what else the machine does slows both of a round.
    """
    if not (checkout / "mnist_scratch" / "__init__.py").exists():
        raise BenchmarkError(f"{checkout}: there is no mnist_scratch/ to compare with")
    ratio_name = "other / this"
    rows = []
    ratios: dict[str, list[float]] = {threads: [] for threads in thread_counts()}
    for work, threads in product((*NETWORKS, default_network()), thread_counts()):
        arguments = {"work": work, "data": contest.data}
        (this,) = _contestants({"this": "ours:train"}, arguments, [threads])
        other = replace(this, side="other", checkout=checkout)
        measured = contest.measure([this, other], learns=True)
        row = compare(f"{work.name}, threads {threads}", "us", measured, ratio_name)
        rounds = zip(measured["this", threads], measured["other", threads], strict=True)
        ratios[threads].append(statistics.median(theirs / ours for ours, theirs in rounds))
        rows.append(replace(row, ratio=ratios[threads][-1]))
    for threads, of_networks in ratios.items():
        mean = statistics.geometric_mean(of_networks)
        rows.append(Row(f"geometric mean, threads {threads}", "us", (), mean, ratio_name))
    return rows
