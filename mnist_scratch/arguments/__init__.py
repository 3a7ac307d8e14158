"""What the command line takes: its commands, their arguments, their help."""

from __future__ import annotations

import argparse

from mnist_scratch import __version__
from mnist_scratch.arguments import data, pictures, runs, training


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; what it parses has `command`, a name, and `parser`, that command's own."""
    parser = argparse.ArgumentParser(
        prog="mnist-scratch",
        description="Train a digit classifier, written from scratch on NumPy, and look at it.",
        epilog="'mnist-scratch COMMAND --help' describes a command.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    training.add_train(commands)
    runs.add_evaluate(commands)
    runs.add_report(commands)
    runs.add_plot(commands)
    runs.add_runs(commands)
    pictures.add_explain(commands)
    pictures.add_predict(commands)
    pictures.add_draw(commands)
    runs.add_export(commands)
    training.add_sweep(commands)
    data.add_data(commands)
    return parser
