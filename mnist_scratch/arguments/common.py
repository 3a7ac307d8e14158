"""What several commands take."""

from __future__ import annotations

import argparse
from typing import Any

from mnist_scratch.config.toml import recipe_folder

DATASETS = ("mnist", "fashion-mnist", "kmnist", "qmnist", "emnist-digits", "synthetic")
WITH_OWN = (*DATASETS, "files")
NAMES = ", ".join(WITH_OWN)
DATA_DIR_HELP = (
    "folder of the data set's files (default: $MNIST_SCRATCH_DATA, else data/mnist; "
    "of other data sets: data/NAME)"
)


def add(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    """Add a command, and return it."""
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    command.set_defaults(command=name, parser=command)
    return command


def add_config(command: argparse.ArgumentParser) -> None:
    """Add the recipe to start from."""
    recipes = ", ".join(sorted(path.stem for path in recipe_folder().glob("*.toml")))
    command.add_argument(
        "--config",
        metavar="NAME|FILE.toml",
        help=f"recipe to start from: {recipes}, or a file (default: default)",
    )


def add_json(command: argparse.ArgumentParser) -> None:
    """Add the choice of JSON."""
    command.add_argument(
        "--json", action="store_true", help="print the result as JSON on standard output"
    )
