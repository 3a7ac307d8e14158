"""mnist-scratch runs: the runs in a folder, with their progress and accuracy."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

from mnist_scratch.commands.common import add_json
from mnist_scratch.commands.output import result
from mnist_scratch.config.toml import recipe_of
from mnist_scratch.runs.listing import RunSummary, list_runs
from mnist_scratch.system.text import printable

_WIDTH = 80
_HEADINGS = ("run", "data set", "accuracy", "seconds", "recipe")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the folder to look into."""
    command.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path("runs"),
        metavar="DIR",
        help="folder of runs and sweeps (default: %(default)s)",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """List the runs in a folder."""
    # Before the first training there is no runs/.
    is_absent = options.folder == options.parser.get_default("folder") and (
        not options.folder.exists()
    )
    runs, damaged = ([], {}) if is_absent else list_runs(options.folder)
    if options.json:
        problems = [
            {"run": str(path), "state": "damaged", "note": str(error)}
            for path, error in damaged.items()
        ]
        result(json.dumps([run.as_json() for run in runs] + problems))
        return
    if runs:
        result(_table(runs))
    elif not damaged:
        default = options.folder == options.parser.get_default("folder")
        named = "" if default else f" --run {shlex.quote(str(options.folder / 'NAME'))}"
        result(printable(f"no runs in {options.folder} yet; make one: mnist-scratch train{named}"))
    for path, error in damaged.items():
        print(printable(f"{path} is damaged: {error}"), file=sys.stderr)


def _table(runs: list[RunSummary]) -> str:
    """Return one line per run, and below an unfinished one how to resume it."""
    rows = [_HEADINGS, *map(_cells, runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = max(_WIDTH - sum(widths[:-1]) - 2 * (len(widths) - 1), len("recipe"))
    lines = []
    for row, note in zip(rows, ["", *(run.note for run in runs)], strict=True):
        name, dataset, accuracy, seconds, recipe = row
        recipe = recipe if len(recipe) <= room else f"{recipe[: room - 3]}..."
        lines.append(
            f"{name:<{widths[0]}}  {dataset:<{widths[1]}}  {accuracy:>{widths[2]}}  "
            f"{seconds:>{widths[3]}}  {recipe}"
        )
        # The command gets a line of its own, to be copied.
        lines += [
            f"    {line}"
            for line in printable(note).replace("it with: ", "it with:\n").splitlines()
        ]
    return "\n".join(lines)


def _cells(run: RunSummary) -> tuple[str, ...]:
    network = run.config.network
    widths = "-".join(map(str, (784, *network.hidden, 10)))
    activation = f" {network.activation}" if network.hidden else ""
    return (
        printable(str(run.path)),
        run.config.data.dataset,
        "-" if run.accuracy is None else f"{run.accuracy:.2%}",
        "-" if run.seconds is None else f"{run.seconds:.1f}",
        recipe_of(run.config) or f"{widths}{activation}",
    )
