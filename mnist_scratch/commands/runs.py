"""mnist-scratch report and plot: what can be seen of runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_scratch.commands.output import result

if TYPE_CHECKING:
    from mnist_scratch.data.dataset import Dataset
    from mnist_scratch.runs.rundir import RunDirectory


def test_set(run: RunDirectory, options: argparse.Namespace) -> Dataset:
    """Load the test set of a run's data set, or of the one that the options name."""
    from mnist_scratch.data.sources.load import load_dataset

    trained_on = run.config().data
    dataset = options.dataset or trained_on.dataset
    same = dataset == trained_on.dataset
    data_dir = options.data_dir or (trained_on.data_dir if same else "")
    return load_dataset(dataset, data_dir).test


def report(options: argparse.Namespace) -> None:
    """Write the page that shows what a run learned and what it gets wrong."""
    from mnist_scratch.report.pages.report import write_report
    from mnist_scratch.runs.rundir import RunDirectory

    run = RunDirectory(options.run)
    options.dataset = None  # the run's own
    write_report(run, test_set(run, options))
    result(run.report_path)


def plot(options: argparse.Namespace) -> None:
    """Draw the loss of one run or of several."""
    from mnist_scratch.report.plots.loss_curve import draw_comparison, draw_loss_curve
    from mnist_scratch.report.text.differences import describe_differences
    from mnist_scratch.runs.rundir import RunDirectory

    runs = [RunDirectory(path) for path in options.runs]
    if len(runs) == 1:
        output = options.output or runs[0].loss_curve_path
        draw_loss_curve(runs[0], output)
    else:
        output = options.output or Path("comparison.png")
        draw_comparison(runs, output)
    result(output)
    if len(runs) > 1:
        result(f"\n{describe_differences(runs)}")
