"""mnist-scratch evaluate and plot: what can be done with runs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_scratch.commands.output import describe, result

if TYPE_CHECKING:
    from mnist_scratch.data.dataset import Dataset
    from mnist_scratch.training.rundir import RunDirectory


def evaluate_run(options: argparse.Namespace) -> None:
    """Measure a run's model on a test set."""
    from mnist_scratch.training.evaluation import evaluate
    from mnist_scratch.training.rundir import RunDirectory

    run = RunDirectory(options.run)
    trained_on = run.config().data.dataset
    evaluation = evaluate(run.model(), test_set(run, options))
    if options.json:
        result(json.dumps({"trained_on": trained_on} | evaluation.as_json()))
    elif evaluation.dataset == trained_on:
        result(describe(evaluation))
    else:
        result(f"trained on     {trained_on}\n{describe(evaluation)}")


def test_set(run: RunDirectory, options: argparse.Namespace) -> Dataset:
    """Load the test set of a run's data set, or of the one that the options name."""
    from mnist_scratch.data.acquire import load_dataset

    trained_on = run.config().data
    dataset = options.dataset or trained_on.dataset
    same = dataset == trained_on.dataset
    data_dir = options.data_dir or (trained_on.data_dir if same else "")
    return load_dataset(dataset, data_dir).test


def plot(options: argparse.Namespace) -> None:
    """Draw the loss of one run or of several."""
    from mnist_scratch.report.loss_curve import draw_comparison, draw_loss_curve
    from mnist_scratch.training.rundir import RunDirectory

    runs = [RunDirectory(path) for path in options.runs]
    if len(runs) == 1:
        output = options.output or runs[0].loss_curve_path
        draw_loss_curve(runs[0], output)
    else:
        output = options.output or Path("comparison.png")
        draw_comparison(runs, output)
    result(output)
