"""mnist-scratch report: a page about a run, RUN/report.html, with pictures in RUN/report/."""

from __future__ import annotations

import argparse

from mnist_scratch.commands.common import add_data_dir, add_run, test_set
from mnist_scratch.commands.output import result
from mnist_scratch.runs.folder import RunFolder


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the run, and where its data are."""
    add_run(command)
    add_data_dir(command)
    command.set_defaults(dataset=None)  # the run's own


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    from mnist_scratch.report.pages.report import write_report  # Matplotlib

    run = RunFolder(options.run)
    network = run.model()  # before data are fetched or drawn
    write_report(run, network, test_set(run, options))
    result(f"{run.report_path}\n{run.pictures_path}")
