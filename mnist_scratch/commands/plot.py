"""mnist-scratch plot: the loss of one run, or a comparison of several."""

from __future__ import annotations

import argparse
from pathlib import Path

from mnist_scratch.commands.output import result
from mnist_scratch.report.text.differences import describe_differences
from mnist_scratch.runs.folder import RunFolder


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the runs and the picture."""
    command.add_argument("runs", type=Path, metavar="RUN", nargs="+", help="folders of runs")
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="PNG to write (default: RUN/loss_curve.png; for several runs, comparison.png)",
    )


def run(options: argparse.Namespace) -> None:
    """Draw the loss of one run or of several."""
    # Matplotlib
    from mnist_scratch.report.plots.loss_curve import draw_comparison, draw_loss_curve

    runs = [RunFolder(path) for path in options.runs]
    if len(runs) == 1:
        output = options.output or runs[0].loss_curve_path
        draw_loss_curve(runs[0], output)
    else:
        output = options.output or Path("comparison.png")
        draw_comparison(runs, output)
    result(output)
    if len(runs) > 1:
        result(f"\n{describe_differences(runs)}")
