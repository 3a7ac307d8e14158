"""mnist-scratch runs: the runs in a folder, with their progress and accuracy."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import textwrap
from pathlib import Path

from mnist_scratch.commands.common import add_json
from mnist_scratch.commands.output import result
from mnist_scratch.config.toml import recipe_of
from mnist_scratch.runs.listing import RunSummary, list_runs
from mnist_scratch.system.text import NARROW, columns, printable

_DEPTH = 4  # levels below the current folder: more than the commands of the README make
_HEADINGS = ("run", "data set", "accuracy", "seconds", "recipe")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the folder to look into."""
    command.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path(),
        metavar="DIR",
        help="folder of runs and sweeps (default: the current folder, four levels deep)",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """List the runs in a folder."""
    is_default = options.folder == Path()
    runs, damaged = list_runs(options.folder, _DEPTH if is_default else 2)
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
        named = "" if is_default else f" --run {shlex.quote(str(options.folder / 'NAME'))}"
        where = "the current folder" if is_default else options.folder
        result(printable(f"no runs in {where} yet; make one: mnist-scratch train{named}"))
    for path, error in damaged.items():
        print(printable(f"{path} is damaged: {error}"), file=sys.stderr)


def _table(runs: list[RunSummary]) -> str:
    """Return one line per run, two where it is too long, and below what to do about it."""
    rows = [_HEADINGS, *map(_cells, runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    gap = " " if columns() < NARROW else "  "
    fits = sum(widths) + len(gap) * (len(widths) - 1) <= columns()
    beside = sum(widths[:-1] if fits else widths[1:-1]) + len(gap) * (len(widths) - 1)
    room = max(columns() - beside, len("recipe"))
    lines = []
    for row, note in zip(rows, ["", *(run.note for run in runs)], strict=True):
        name, dataset, accuracy, seconds, recipe = row
        recipe = recipe if len(recipe) <= room else f"{recipe[: room - 3]}..."
        if not fits:
            lines.append(name)
        lines.append(
            gap.join(
                (
                    f"{name:<{widths[0]}}" if fits else "",
                    f"{dataset:<{widths[1]}}",
                    f"{accuracy:>{widths[2]}}",
                    f"{seconds:>{widths[3]}}",
                    recipe,
                )
            )
        )
        # The command gets a line of its own, to be copied.
        said, colon, command = printable(note).partition("it with: ")
        if said:
            lines.append(textwrap.indent(textwrap.fill(said + colon, columns() - 4), "    "))
        if command:
            lines.append(f"    {command}")
    return "\n".join(lines)


def _cells(run: RunSummary) -> tuple[str, ...]:
    network = run.config.network
    widths = "-".join(map(str, (784, *network.hidden, run.classes or "?")))
    activation = f" {network.activation}" if network.hidden else ""
    return (
        printable(str(run.path)),
        run.config.data.dataset,
        "-" if run.accuracy is None else f"{run.accuracy:.2%}",
        "-" if run.seconds is None else f"{run.seconds:.1f}",
        recipe_of(run.config) or f"{widths}{activation}",
    )
