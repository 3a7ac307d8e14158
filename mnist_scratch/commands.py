"""The commands: one subcommand, one small function, of the parsed command line.

NumPy and Matplotlib are imported where a command needs them, so that `--help` need not wait.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mnist_scratch.config import Config, settings, with_values
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.recipes import find_config, read_config, run_config
from mnist_scratch.threads import with_threads

if TYPE_CHECKING:
    from mnist_scratch.data.acquire import FileState
    from mnist_scratch.data.loader import Dataset
    from mnist_scratch.training.evaluation import Evaluation
    from mnist_scratch.training.run import RunResult
    from mnist_scratch.training.rundir import RunDirectory


def result(text: object) -> None:
    """Print a result on standard output."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        discard(sys.stdout)  # whoever reads it has seen enough, as `| head` does
    except OSError as error:
        discard(sys.stdout)
        raise MnistScratchError(f"cannot write to standard output: {error.strerror}") from error


def discard(stream: TextIO) -> None:
    """Let what Python would still flush to a stream at its exit go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _train(options: argparse.Namespace) -> None:
    finished = _resumed_run(options) if options.resume else _new_run(options)
    if options.json:
        trained = {
            "run": str(finished.directory.path),
            "training_seconds": round(finished.seconds, 3),
            "best_epoch": finished.best_epoch,
        }
        result(json.dumps(trained | finished.evaluation.as_json()))
    else:
        result(
            f"{_describe(finished.evaluation)}\n"
            f"training       {finished.seconds:.1f} s; the best epoch was {finished.best_epoch}\n"
            f"run            {finished.directory.path}"
        )
    from mnist_scratch.report.loss_curve import draw_loss_curve

    draw_loss_curve(finished.directory, finished.directory.loss_curve_path)


def _new_run(options: argparse.Namespace) -> RunResult:
    recipe = find_config(options.config) if options.config is not None else None
    config = with_threads(_with_flags(read_config(recipe) if recipe else Config(), options))

    from mnist_scratch.training.run import run_training
    from mnist_scratch.training.rundir import RunDirectory

    path = options.run or RunDirectory.claim_default_path(recipe.stem if recipe else "default")
    try:
        with _telling_how_to_go_on(path):
            return run_training(config, path)
    finally:
        if not options.run:
            with contextlib.suppress(OSError):
                path.rmdir()  # as long as it is empty


def _resumed_run(options: argparse.Namespace) -> RunResult:
    path = options.resume
    if options.run:
        raise MnistScratchError(
            f"--run {options.run}: a resumed run stays in its folder, {path}; leave --run out"
        )
    config = began = read_config(run_config(path))
    if options.config is not None:
        config = read_config(find_config(options.config))
        threads = config.training.threads or began.training.threads
        config = with_values(config, {("training", "threads"): threads}, "")
    config = with_threads(_with_flags(config, options))

    from mnist_scratch.training.run import resume_training

    with _telling_how_to_go_on(path):
        return resume_training(path, config)


def _with_flags(config: Config, options: argparse.Namespace) -> Config:
    """Return the config with the settings that flags replace."""
    given = {
        (setting.section, setting.key): getattr(options, setting.key)
        for setting in settings()
        if getattr(options, setting.key) is not None
    }
    return with_values(config, given, "")


@contextlib.contextmanager
def _telling_how_to_go_on(path: Path) -> Iterator[None]:
    """Let an interruption end with the command that goes on from it, if one can."""
    from mnist_scratch.training.rundir import RunDirectory

    try:
        yield
    except KeyboardInterrupt:
        if (path / "checkpoint.npz").exists():
            run = RunDirectory(path)
            print(f"{path} is saved; {run.how_to_go_on}", file=sys.stderr)
        raise


def _evaluate(options: argparse.Namespace) -> None:
    from mnist_scratch.training.evaluation import evaluate
    from mnist_scratch.training.rundir import RunDirectory

    run = RunDirectory(options.run)
    trained_on = run.config().data.dataset
    evaluation = evaluate(run.model(), _test_set(run, options))
    if options.json:
        result(json.dumps({"trained_on": trained_on} | evaluation.as_json()))
    elif evaluation.dataset == trained_on:
        result(_describe(evaluation))
    else:
        result(f"trained on     {trained_on}\n{_describe(evaluation)}")


def _test_set(run: RunDirectory, options: argparse.Namespace) -> Dataset:
    """Load the test set of a run's data set, or of the one that the options name."""
    from mnist_scratch.data.acquire import load_dataset

    trained_on = run.config().data
    dataset = options.dataset or trained_on.dataset
    same = dataset == trained_on.dataset
    data_dir = options.data_dir or (trained_on.data_dir if same else "")
    return load_dataset(dataset, data_dir).test


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
    result(output)


def _explain(options: argparse.Namespace) -> None:
    forms = {
        _explain_images: ("run", "index", "worst"),
        _explain_logits: ("logits", "target"),
        _explain_curves: ("curves",),
    }
    given = [
        name
        for names in forms.values()
        for name in names
        if getattr(options, name) is not options.parser.get_default(name)
    ]
    chosen = [explain for explain, names in forms.items() if not set(names).isdisjoint(given)]
    if len(chosen) != 1:
        said = [f"RUN {options.run}" if name == "run" else f"--{name}" for name in given]
        raise MnistScratchError(
            f"given {' and '.join(said) or 'nothing'}: explain one thing at a time, "
            "--logits Z ... with --target K, or RUN with --index I or --worst N, or --curves"
        )
    chosen[0](options)


def _explain_logits(options: argparse.Namespace) -> None:
    from mnist_scratch.report.explanation import explain, read_example
    from mnist_scratch.report.explanation_text import describe

    for flag in ("dataset", "data_dir", "output"):
        if getattr(options, flag):
            raise MnistScratchError(
                f"--{flag.replace('_', '-')} {getattr(options, flag)}: --logits are explained as "
                "text, without data or picture; leave it out"
            )
    explanation = explain(*read_example(options.logits, options.target))
    result(json.dumps(explanation.as_json()) if options.json else describe(explanation))


def _explain_images(options: argparse.Namespace) -> None:
    from mnist_scratch.report.explanation import explain
    from mnist_scratch.report.explanation_picture import draw_explanations, summarise
    from mnist_scratch.report.loss_curve import plain
    from mnist_scratch.training.examples import choose_examples
    from mnist_scratch.training.rundir import RunDirectory

    if options.run is None or (options.index is None and options.worst is None):
        raise MnistScratchError(
            "say whose network and which images: RUN with --index I or --worst N"
        )
    run = RunDirectory(options.run)
    network = run.model()
    test = _test_set(run, options)
    examples = choose_examples(network, test, options.index, options.worst)
    explained = [(example, explain(example.logits, example.label)) for example in examples]
    output = options.output or run.explanation_path
    trained_with = run.config().training.loss
    title = plain(run.path.resolve().name)
    if trained_with != "cross-entropy":
        title += f" (trained with {trained_with})"
    draw_explanations(f"{title}: test images of {test.name}", explained, output)
    if options.json:
        images = [{"index": e.number} | explanation.as_json() for e, explanation in explained]
        values = {"picture": str(output), "dataset": test.name, "trained_with": trained_with}
        result(json.dumps(values | {"images": images}))
    else:
        result("\n".join([str(output), *(summarise(*each) for each in explained)]))
        if trained_with != "cross-entropy":
            print(
                f"{run.path} was trained with {trained_with}; losses and pushes are those of "
                "cross-entropy",
                file=sys.stderr,
            )


def _explain_curves(options: argparse.Namespace) -> None:
    from mnist_scratch.data.acquire import load_dataset
    from mnist_scratch.report.curves import as_json, draw_curves
    from mnist_scratch.report.loss_curve import check_picture
    from mnist_scratch.training.comparison import compare_losses

    output = options.output or Path("cross_entropy_curves.png")
    check_picture(output)  # before the trainings, not after
    dataset = load_dataset(options.dataset or "auto", options.data_dir).training
    compared = compare_losses(dataset, lambda text: print(text, file=sys.stderr))
    draw_curves(compared, output)
    result(json.dumps({"picture": str(output)} | as_json(compared)) if options.json else output)


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
        result(json.dumps([state._asdict() | {"path": str(state.path)} for state in states]))
        return
    result("\n".join(f"{state.dataset:<10} {state.state:<9} {state.path}" for state in states))
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


COMMANDS = {
    "train": _train,
    "evaluate": _evaluate,
    "plot": _plot,
    "explain": _explain,
    "status": _data_status,
    "download": _data_download,
    "verify": _data_verify,
}
