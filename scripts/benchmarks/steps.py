"""Sections: what happens within a process, measured in turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from benchmarks.contest import Contestant, Effort, Workers
from benchmarks.figures import Row, as_rate, compare, entries_of
from benchmarks.threads import thread_counts
from benchmarks.work import STEPS, Data, Work, default_work
from mnist_scratch.system.threads import usable_cpus

OURS = "ours"
USERS = "PyTorch, users"
EXPERTS = "PyTorch, experts"
PYTORCH = "PyTorch"
SCIKIT = "scikit-learn"
PRODUCTS = "products alone"
PYTORCH_OVER_OURS = "PyTorch's best / ours"


def settings_of(side: str, make: str, arguments: Mapping[str, Any]) -> list[Contestant]:
    """Return the contestants of a side, one for every number of threads that is tried.

    Parameters
    ----------
    side, make, arguments
        As `Contestant` has them.
    """
    return [Contestant(side, make, threads, arguments) for threads in thread_counts()]


def step(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare a training step with PyTorch's."""
    rows = []
    for work in (*STEPS, default_work()):
        arguments = work.arguments(data)
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:train", arguments),
                *settings_of(USERS, "benchmarks.rivals:train_as_users", arguments),
                *settings_of(EXPERTS, "benchmarks.rivals:train_as_experts", arguments),
            ],
            effort,
            learns=True,
        )
        tried = entries_of(measured, 1e6)
        note = "the default recipe's step" if work == default_work() else ""
        rows.append(
            compare(
                work.name,
                "us",
                tried,
                over=(USERS, EXPERTS),
                under=OURS,
                ratio_name=PYTORCH_OVER_OURS,
                note=note,
                own_threads={OURS: work.own_threads},
            )
        )
    return rows


def limit(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare a training step with its own matrix products."""
    rows = []
    for work in (*STEPS, default_work()):
        arguments = work.arguments(data)
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:train", arguments),
                *settings_of(PRODUCTS, "benchmarks.ours:products", arguments),
            ],
            effort,
        )
        tried = entries_of(measured, 1e6)
        rows.append(
            compare(
                work.name,
                "us",
                tried,
                over=(OURS,),
                under=PRODUCTS,
                ratio_name="ours / products alone",
                own_threads={OURS: work.own_threads},
            )
        )
    return rows


def epoch(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare an epoch with that of scikit-learn's MLPClassifier."""
    work = Work((784, 128, 10), 128)
    arguments = work.arguments(data)
    measured = workers.contest(
        [
            *settings_of(OURS, "benchmarks.ours:train_epochs", arguments),
            *settings_of(SCIKIT, "benchmarks.rivals:train_scikit_learn", arguments),
        ],
        replace(effort, least_steps=1),
        learns=True,
    )
    tried = entries_of(measured, 1e3)
    return [
        compare(
            work.name,
            "ms",
            tried,
            over=(SCIKIT,),
            under=OURS,
            ratio_name="scikit-learn / ours",
            own_threads={OURS: work.own_threads},
        )
    ]


def evaluation(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare how many images a second are evaluated."""
    rows = []
    for work in (Work((784, 128, 10), 1000), default_work(), Work((784, 800, 10), 1000)):
        arguments = work.arguments(data)
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:evaluation", arguments),
                *settings_of(USERS, "benchmarks.rivals:evaluate_as_users", arguments),
                *settings_of(EXPERTS, "benchmarks.rivals:evaluate_as_experts", arguments),
            ],
            effort,
        )
        compared = compare(
            "-".join(map(str, work.widths)) + ", 10,000 images",
            "s",
            entries_of(measured, 1.0),
            over=(USERS, EXPERTS),
            under=OURS,
            ratio_name=PYTORCH_OVER_OURS,
            note="the ratio is of the times",
            # `mnist-scratch evaluate` leaves it to the BLAS, which takes all.
            own_threads={OURS: str(usable_cpus())},
        )
        rows.append(as_rate(compared, "images/s", 10_000))
    return rows


def loss(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare the loss alone, forward and backward, with PyTorch's on the same targets."""
    del data
    checked = "ours, with all checks"
    rows = []
    for batch, one_hot in product((128, 1000), (True, False)):
        arguments = {"batch": batch, "one_hot": one_hot}
        contestants = [
            *settings_of(checked, "benchmarks.ours:loss_functions", arguments),
            *settings_of(PYTORCH, "benchmarks.rivals:loss", arguments),
        ]
        if one_hot:  # training knows no other targets
            training = settings_of(OURS, "benchmarks.ours:loss_class", {"batch": batch})
            contestants = training + contestants
        targets = "one-hot targets" if one_hot else "class indices"
        rows.append(
            compare(
                f"loss and gradient, {targets}, logits ({batch}, 10)",
                "us",
                entries_of(workers.contest(contestants, effort), 1e6),
                over=(PYTORCH,),
                under=OURS if one_hot else checked,
                ratio_name="PyTorch / ours",
            )
        )
    return rows


def finite(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare a step with and without the checks for numbers that are not finite."""
    unchecked = "ours, unchecked"
    rows = []
    for work in (STEPS[1], STEPS[3], default_work()):
        arguments = work.arguments(data)
        without = arguments | {"check_finite": False}
        measured = workers.contest(
            [
                Contestant(OURS, "benchmarks.ours:train", work.own_threads, arguments),
                Contestant(unchecked, "benchmarks.ours:train", work.own_threads, without),
            ],
            effort,
        )
        rows.append(
            compare(
                work.name,
                "us",
                entries_of(measured, 1e6),
                over=(OURS,),
                under=unchecked,
                ratio_name="checked / unchecked",
            )
        )
    return rows


def distortion(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare a step on distorted images with one on the images as they are."""
    distorted = "ours, distorted"
    rows = []
    for work in (STEPS[3], STEPS[4], Work((784, 1500, 1000, 10), 128)):
        arguments = work.arguments(data)
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:train", arguments),
                *settings_of(distorted, "benchmarks.ours:train", arguments | {"distorted": True}),
            ],
            effort,
        )
        rows.append(
            compare(
                work.name,
                "us",
                entries_of(measured, 1e6),
                over=(distorted,),
                under=OURS,
                ratio_name="distorted / as they are",
            )
        )
    affine, elastic = "affine", "affine and elastic"
    batch = {"batch": 128, "data": list(data)}
    measured = workers.contest(
        [
            Contestant(
                side, "benchmarks.ours:distorting", "1", batch | {"elastic": side == elastic}
            )
            for side in (affine, elastic)
        ],
        effort,
    )
    compared = compare(
        "distorting alone, one core",
        "s",
        entries_of(measured, 1.0),
        over=(elastic,),
        under=affine,
        ratio_name="elastic / affine",
        note="the ratio is of the times",
    )
    return [*rows, as_rate(compared, "images/s", 128)]


def checkpoint(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Time the writing of a checkpoint, flushed to disk, beside a step."""
    saving = "saving"
    rows = []
    for work in (STEPS[3], default_work(), STEPS[-1]):
        arguments, threads = work.arguments(data), work.own_threads
        measured = workers.contest(
            [
                Contestant(saving, "benchmarks.ours:checkpoint", threads, arguments),
                Contestant("a step", "benchmarks.ours:train", threads, arguments),
            ],
            effort,
        )
        rows.append(
            compare(
                work.name,
                "ms",
                entries_of(measured, 1e3),
                over=(saving,),
                under="a step",
                ratio_name="steps in the time of one saving",
            )
        )
    return rows
