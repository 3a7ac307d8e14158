"""The command line: one subcommand, one small function.

NumPy and Matplotlib are imported where a subcommand needs them, so that `--help` need not wait.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mnist_scratch.arguments import make_parser
from mnist_scratch.config import Config, settings, with_values
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.limits import nearest
from mnist_scratch.recipes import find_config, read_config

if TYPE_CHECKING:
    from mnist_scratch.data.acquire import FileState
    from mnist_scratch.training.evaluation import Evaluation


def entry_point() -> None:
    """Run the command line and exit with its status."""
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        What stands after the program's name; by default that of this process.

    Returns
    -------
    int
        0 done, 2 the user's input or files are at fault, 130 interrupted, 141 nobody reads on.
    """
    if sys.stderr is None:  # closed by whoever started the program
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # open to the end
    for stream in (sys.stdout, sys.stderr):
        # A path may hold bytes that the terminal's encoding has no character for.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        parser = make_parser()
        options, unknown = parser.parse_known_args(arguments)
        if unknown:
            flags = options.parser._option_string_actions  # noqa: SLF001  # argparse lists them nowhere else
            options.parser.error(f"unknown argument {unknown[0]}{nearest(unknown[0], flags)}")
        _COMMANDS[options.command](options)
    except MnistScratchError as error:
        return _failed(str(error), 2)
    except MemoryError as error:
        return _failed(f"not enough memory: {error}; try narrower layers or smaller batches", 2)
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    except BrokenPipeError:
        _discard(sys.stderr)
        return 141  # what a shell shows for a program that SIGPIPE ended
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _failed(f"{where}{error.strerror or error}; check the name and the permissions", 2)
    return 0


def _failed(message: str, status: int) -> int:
    print(f"mnist-scratch: {message}", file=sys.stderr)
    return status


def _result(text: object) -> None:
    """Print a result on standard output."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _discard(sys.stdout)  # whoever reads it has seen enough, as `| head` does
    except OSError as error:
        _discard(sys.stdout)
        raise MnistScratchError(f"cannot write to standard output: {error.strerror}") from error


def _discard(stream: TextIO) -> None:
    """Let what Python would still flush at its exit go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _train(options: argparse.Namespace) -> None:
    from mnist_scratch.report.loss_curve import draw_loss_curve
    from mnist_scratch.training.run import run_training
    from mnist_scratch.training.rundir import RunDirectory

    recipe = find_config(options.config) if options.config is not None else None
    config = read_config(recipe) if recipe else Config()
    given = {
        (setting.section, setting.key): getattr(options, setting.key)
        for setting in settings()
        if getattr(options, setting.key) is not None
    }
    config = with_values(config, given, "")
    path = options.run or RunDirectory.claim_default_path(recipe.stem if recipe else "default")
    try:
        result = run_training(config, path)
    except KeyboardInterrupt:
        if (path / "model.npz").exists():
            print(f"{path} keeps the epochs that were finished", file=sys.stderr)
        raise
    finally:
        if not options.run:
            with contextlib.suppress(OSError):
                path.rmdir()  # as long as it is empty
    if options.json:
        trained = {
            "run": str(path),
            "training_seconds": round(result.seconds, 3),
            "best_epoch": result.best_epoch,
        }
        _result(json.dumps(trained | result.evaluation.as_json()))
    else:
        _result(
            f"{_describe(result.evaluation)}\n"
            f"training       {result.seconds:.1f} s; the best epoch was {result.best_epoch}\n"
            f"run            {path}"
        )
    draw_loss_curve(result.directory, result.directory.loss_curve_path)


def _evaluate(options: argparse.Namespace) -> None:
    from mnist_scratch.data.acquire import load_dataset
    from mnist_scratch.training.evaluation import evaluate
    from mnist_scratch.training.rundir import RunDirectory

    run = RunDirectory(options.run)
    trained_on = run.config().data
    dataset = options.dataset or trained_on.dataset
    same = dataset == trained_on.dataset
    data_dir = options.data_dir or (trained_on.data_dir if same else "")
    network = run.model()
    evaluation = evaluate(network, load_dataset(dataset, data_dir).test)
    if options.json:
        _result(json.dumps({"trained_on": trained_on.dataset} | evaluation.as_json()))
    elif dataset == trained_on.dataset:
        _result(_describe(evaluation))
    else:
        _result(f"trained on     {trained_on.dataset}\n{_describe(evaluation)}")


def _plot(options: argparse.Namespace) -> None:
    from mnist_scratch.report.loss_curve import draw_comparison, draw_loss_curve
    from mnist_scratch.training.rundir import RunDirectory

    runs = [RunDirectory(path) for path in options.runs]
    if len(runs) == 1:
        output = options.output or runs[0].loss_curve_path
        draw_loss_curve(runs[0], output)
    else:
        output = options.output or Path("comparison.png")
        draw_comparison(runs, output)
    _result(output)


def _data_status(options: argparse.Namespace) -> None:
    from mnist_scratch.data.acquire import check_files
    from mnist_scratch.data.sources import MNIST, SYNTHETIC, data_folder

    states = check_files(MNIST, data_folder(MNIST, options.data_dir))
    _print_states(states + check_files(SYNTHETIC, data_folder(SYNTHETIC)), options)


def _data_verify(options: argparse.Namespace) -> None:
    _verify(options.dataset, options)


def _data_download(options: argparse.Namespace) -> None:
    from mnist_scratch.data.acquire import fetch_missing
    from mnist_scratch.data.sources import MNIST, data_folder

    fetch_missing(data_folder(MNIST, options.data_dir), lambda text: print(text, file=sys.stderr))
    _verify(MNIST, options)


def _verify(dataset: str, options: argparse.Namespace) -> None:
    from mnist_scratch.data.acquire import check_files
    from mnist_scratch.data.sources import data_folder

    states = check_files(dataset, data_folder(dataset, options.data_dir))
    _print_states(states, options)
    wrong = sum(state.state != "verified" for state in states)
    if wrong:
        remedy = {
            "mnist": "'mnist-scratch data download' fetches what is missing",
            "synthetic": "'mnist-scratch train --dataset synthetic' draws them",
        }
        raise MnistScratchError(
            f"{wrong} of {len(states)} files of {dataset} are not right; "
            f"delete what is damaged, then {remedy[dataset]}"
        )


def _print_states(states: Sequence[FileState], options: argparse.Namespace) -> None:
    if options.json:
        _result(json.dumps([state._asdict() | {"path": str(state.path)} for state in states]))
        return
    _result("\n".join(f"{state.dataset:<10} {state.state:<9} {state.path}" for state in states))
    for state in states:
        if state.problem:
            print(state.problem, file=sys.stderr)


def _describe(evaluation: Evaluation) -> str:
    low, high = evaluation.accuracy_interval
    drawn = " (digits drawn by the program)" if evaluation.dataset == "synthetic" else ""
    return (
        f"data set       {evaluation.dataset}{drawn}\n"
        f"test accuracy  {evaluation.accuracy:.2%} of {evaluation.examples:,} images "
        f"(95% interval {low:.2%} to {high:.2%})\n"
        f"test loss      {evaluation.loss:.4f}"
    )


_COMMANDS = {
    "train": _train,
    "evaluate": _evaluate,
    "plot": _plot,
    "status": _data_status,
    "download": _data_download,
    "verify": _data_verify,
}
