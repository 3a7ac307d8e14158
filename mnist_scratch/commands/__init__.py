"""The command line's commands, a file each: its arguments, and the function that runs it.

A new command is a file with `SUMMARY`, `add_arguments` and `run`, and an entry in `COMMANDS`.
"""

from __future__ import annotations

import argparse
from typing import Protocol

from mnist_scratch.commands import (
    data,
    draw,
    evaluate,
    explain,
    export,
    plot,
    predict,
    report,
    runs,
    sweep,
    train,
)


class Command(Protocol):
    """What a command's file has."""

    SUMMARY: str

    def add_arguments(self, command: argparse.ArgumentParser) -> None:
        """Add the command's arguments to its parser."""

    def run(self, options: argparse.Namespace) -> None:
        """Run the command as the parsed command line says."""


# In the order of `mnist-scratch --help`.
COMMANDS: dict[str, Command] = {
    "train": train,
    "evaluate": evaluate,
    "report": report,
    "plot": plot,
    "runs": runs,
    "explain": explain,
    "predict": predict,
    "draw": draw,
    "export": export,
    "sweep": sweep,
    "data": data,
}
