"""mnist-scratch draw: a page that classifies digits drawn in a browser."""

from __future__ import annotations

import argparse
from pathlib import Path

from mnist_scratch.commands.common import add_run
from mnist_scratch.commands.output import result
from mnist_scratch.report.pages.draw import write_page
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.files import check_name


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the run and the page."""
    add_run(command)
    command.add_argument(
        "--output",
        type=Path,
        default=Path("draw.html"),
        metavar="FILE.html",
        help="page to write, one file that works offline (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> None:
    """Write the page to draw a digit on."""
    check_name(options.output, "the page is HTML", ".html", ".htm")
    write_page(RunFolder(options.run), options.output)
    result(options.output)
