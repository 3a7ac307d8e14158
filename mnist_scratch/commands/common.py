"""What several commands share: arguments, and the test set of a run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnist_scratch.config.toml import recipes
from mnist_scratch.data.dataset import Examples
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import DATASETS
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import RunFolder


def add_command(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    """Add a command to a parser's; the parsed options have its own parser as `parser`."""
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    command.set_defaults(parser=command)
    return command


def add_run(command: argparse.ArgumentParser) -> None:
    """Add the folder of a run."""
    command.add_argument("run", type=Path, metavar="RUN", help="folder of the run")


def add_config(command: argparse.ArgumentParser) -> None:
    """Add the recipe to start from."""
    command.add_argument(
        "--config",
        metavar="NAME|FILE.toml",
        help=f"recipe to start from: {', '.join(recipes())}, or a file (default: default)",
    )


def add_dataset(
    command: argparse.ArgumentParser,
    names: tuple[str, ...] = tuple(DATASETS),
    default: str | None = "mnist",
    meaning: str = " (default: %(default)s)",
) -> None:
    """Add the name of a data set."""
    command.add_argument(
        "--dataset",
        choices=names,
        metavar="NAME",
        default=default,
        help=f"{', '.join(names)}{meaning}",
    )


def add_data_dir(command: argparse.ArgumentParser) -> None:
    """Add the folder of a data set's files."""
    command.add_argument(
        "--data-dir",
        default="",
        metavar="DIR",
        help="folder of the data set's files (default: $MNIST_SCRATCH_DATA for MNIST, else the "
        "first of these that has them: data/NAME here, data/NAME in the checkout of this program, "
        "the user's cache folder)",
    )


def add_json(command: argparse.ArgumentParser) -> None:
    """Add the choice of JSON instead of text."""
    command.add_argument(
        "--json", action="store_true", help="print the result as JSON on standard output"
    )


def test_set(run: RunFolder, options: argparse.Namespace) -> Examples:
    """Load the test set of the data set that the options name, by default the run's.

    Raises
    ------
    MnistScratchError
        If the data cannot be loaded, or its classes are not those of the run.
    """
    trained_on = run.config().data
    dataset = options.dataset or trained_on.dataset
    same = dataset == trained_on.dataset
    data_dir = options.data_dir or (trained_on.data_dir if same else "")
    test = load_dataset(dataset, data_dir, invert=same and trained_on.invert).test
    names, found = run.classes(), tuple(test.classes)
    numbers = tuple(map(str, range(len(names))))
    # A model or a data set without names of its own knows its classes by their numbers.
    if names != found and (len(names) != len(found) or numbers not in (names, found)):
        raise MnistScratchError(
            f"{run.path} knows {_listed(names)}, {dataset} has {_listed(found)}: evaluate it on "
            "images of its own classes"
        )
    return test


def _listed(names: Sequence[str]) -> str:
    """Return how many classes there are and the names of the first."""
    return f"{len(names)} classes ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
