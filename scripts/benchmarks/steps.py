"""Sections: what happens within a process, measured in turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from benchmarks.contest import Contestant, Effort, Workers
from benchmarks.figures import Row, as_rate, compare, entries_of
from benchmarks.threads import AUTO, thread_counts
from benchmarks.work import STEPS, Data, Work, default_work

OURS = "ours"
USERS = "PyTorch, users"
EXPERTS = "PyTorch, experts"
SCIKIT = "scikit-learn"
PRODUCTS = "products alone"
PYTORCH_OVER_OURS = "PyTorch's best / ours"


def settings_of(
    side: str, make: str, arguments: Mapping[str, Any], *, automatic: bool = False
) -> list[Contestant]:
    """Return the contestants of a side, one for every number of threads that is tried.

    Parameters
    ----------
    side, make, arguments
        As `Contestant` has them.
    automatic
        Whether it is tried as it comes, too: this program chooses its threads itself.
    """
    tried = [AUTO, *thread_counts()] if automatic else thread_counts()
    return [Contestant(side, make, threads, arguments) for threads in tried]


def step(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare a training step with PyTorch's."""
    rows = []
    for work in (*STEPS, default_work()):
        arguments = work.arguments(data)
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:train", arguments, automatic=True),
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
                *settings_of(OURS, "benchmarks.ours:train", arguments, automatic=True),
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
            )
        )
    return rows


def epoch(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare an epoch with that of scikit-learn's MLPClassifier."""
    work = Work((784, 128, 10), 128)
    arguments = work.arguments(data)
    measured = workers.contest(
        [
            *settings_of(OURS, "benchmarks.ours:train_epochs", arguments, automatic=True),
            *settings_of(SCIKIT, "benchmarks.rivals:train_scikit_learn", arguments),
        ],
        replace(effort, least_steps=1),
        learns=True,
    )
    tried = entries_of(measured, 1e3)
    return [
        compare(
            work.name, "ms", tried, over=(SCIKIT,), under=OURS, ratio_name="scikit-learn / ours"
        )
    ]


def evaluation(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare how many images a second are evaluated."""
    rows = []
    for work in (Work((784, 128, 10), 1000), default_work(), Work((784, 800, 10), 1000)):
        arguments = work.arguments(data)
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:evaluation", arguments, automatic=True),
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
        )
        rows.append(as_rate(compared, "images/s", 10_000))
    return rows


def loss(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare the loss alone, forward and backward, with PyTorch's."""
    del data
    rows = []
    for batch in (128, 1000):
        arguments = {"batch": batch}
        checked = "ours, with all checks"
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:loss_class", arguments),
                *settings_of(checked, "benchmarks.ours:loss_functions", arguments),
                *settings_of("PyTorch", "benchmarks.rivals:loss", arguments),
            ],
            effort,
        )
        work = f"cross-entropy and its gradient, logits ({batch}, 10)"
        tried = entries_of(measured, 1e6)
        rows.append(
            compare(work, "us", tried, over=("PyTorch",), under=OURS, ratio_name="PyTorch / ours")
        )
    return rows


def finite(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Compare a step with and without the checks for numbers that are not finite."""
    unchecked = "ours, unchecked"
    rows = []
    for work in (STEPS[1], STEPS[3], default_work()):
        arguments = work.arguments(data)
        measured = workers.contest(
            [
                *settings_of(OURS, "benchmarks.ours:train", arguments, automatic=True),
                *settings_of(
                    unchecked,
                    "benchmarks.ours:train",
                    arguments | {"check_finite": False},
                    automatic=True,
                ),
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
                under=unchecked,
                ratio_name="checked / unchecked",
            )
        )
    return rows


def checkpoint(workers: Workers, data: Data, effort: Effort) -> list[Row]:
    """Time the writing of a checkpoint, flushed to disk."""
    rows = []
    for work in (Work((784, 128, 10), 128), default_work(), STEPS[-1]):
        measured = workers.contest(
            [Contestant(OURS, "benchmarks.ours:checkpoint", AUTO, work.arguments(data))], effort
        )
        tried = entries_of(measured, 1e3)
        rows.append(Row("-".join(map(str, work.widths)), "ms", tried, tried=tried))
    return rows
