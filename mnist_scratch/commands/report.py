"""mnist-scratch report: the page that shows what a run learned and gets wrong."""

from __future__ import annotations

import argparse

from mnist_scratch.commands.common import add_data_dir, add_run, test_set
from mnist_scratch.commands.output import result
from mnist_scratch.runs.folder import RunFolder

SUMMARY = "show what a run learned and gets wrong: RUN/report.html, RUN/report/"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the run, and where its data are."""
    add_run(command)
    add_data_dir(command)
    command.set_defaults(dataset=None)  # the run's own


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    from mnist_scratch.report.pages.report import write_report  # Matplotlib

    run = RunFolder(options.run)
    write_report(run, test_set(run, options))
    result(run.report_path)
