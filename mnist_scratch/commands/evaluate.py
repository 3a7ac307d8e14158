"""mnist-scratch evaluate: the accuracy of a run on a test set, or of several as an ensemble."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from mnist_scratch.commands.common import add_data_dir, add_dataset, add_json, test_set
from mnist_scratch.commands.output import result
from mnist_scratch.data.dataset import Examples
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.ensemble import (
    EnsembleResult,
    ModelResult,
    check_ensemble,
    evaluate_ensemble,
)
from mnist_scratch.inference.examples import most_confident_errors
from mnist_scratch.report.text.ensemble import describe_models, describe_tta
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.bar import progress_bar
from mnist_scratch.training.metrics import METRICS

_MOST_VERSIONS = 1000
_MOST_DRAWN = 100  # misclassified images in a picture
_HEADLINE = ("loss", "accuracy", "accuracy_interval_95", *METRICS)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the runs, the data set, and what to report beside the accuracy."""
    command.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="folder of a run, or of each of several"
    )
    add_dataset(command, default=None, meaning="; whose test set (default: the run's data set)")
    add_data_dir(command)
    command.add_argument(
        "--tta",
        type=int,
        default=1,
        metavar="V",
        help="also report accuracy with test-time augmentation: the mean over V versions of each "
        "image, itself and V - 1 mild distortions, the same every time",
    )
    command.add_argument(
        "--mistakes",
        type=Path,
        metavar="FILE.png",
        help="draw the misclassified images, with --tta if it is given: the 100 most confident "
        "errors, most confident first",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """Evaluate runs, print the result, and write that of a single run into its folder."""
    from mnist_scratch.report.plots.style import check_picture  # Matplotlib

    if not 1 <= options.tta <= _MOST_VERSIONS:
        raise MnistScratchError(f"--tta {options.tta}: must be from 1 to {_MOST_VERSIONS:,}")
    runs = [RunFolder(path) for path in options.runs]
    check_ensemble(runs, options.dataset)
    if options.mistakes:
        check_picture(options.mistakes)  # before the evaluation, not after
    networks = [run.model() for run in runs]  # before data are fetched or drawn
    for run in runs:
        if message := run.divergence():
            best = run.epochs().best.epoch
            print(
                f"{run.path}: {message}\nWhat is evaluated is the model of its best epoch, {best}.",
                file=sys.stderr,
            )
    test = test_set(runs[0], options)
    with progress_bar(len(test) * options.tta, "images") as bar:
        found = evaluate_ensemble(runs, networks, test, options.tta, bar.update)
    if options.mistakes:
        _draw_mistakes(test, found, options)
    trained_on = [run.config().data.dataset for run in runs]
    show = _as_json if options.json else _as_text
    result(show(trained_on, found, options))
    if len(runs) == 1:
        with_tta = _with_tta(found.ensemble, options.tta)
        written = runs[0].write_evaluation(found.ensemble.plain, test.sha256, with_tta)
        if not options.json:
            result(f"\n{written}")


def _draw_mistakes(test: Examples, found: EnsembleResult, options: argparse.Namespace) -> None:
    from mnist_scratch.report.plots.evaluation import draw_mistakes
    from mnist_scratch.report.plots.style import plain

    runs = options.runs
    who = plain(runs[0].resolve().name) if len(runs) == 1 else f"ensemble of {len(runs)} runs"
    how = f" with --tta {options.tta}" if options.tta > 1 else ""
    errors = _errors(found.ensemble)
    shown = f"the {_MOST_DRAWN} most confident" if errors > _MOST_DRAWN else "most confident first"
    draw_mistakes(
        f"{who}{how}\n{errors:,} of {len(test):,} images of {test.name} misclassified,\n{shown}",
        most_confident_errors(test, found.log_predictions, _MOST_DRAWN),
        test.classes,
        options.mistakes,
    )


def _as_json(trained_on: list[str], found: EnsembleResult, options: argparse.Namespace) -> str:
    values: dict[str, Any]
    if len(trained_on) == 1:
        values = {"trained_on": trained_on[0]}
    else:
        values = {
            "runs": [
                {"run": str(path), "trained_on": name}
                | _headline(model.plain.as_json())
                | _with_tta(model, options.tta)
                for path, name, model in zip(options.runs, trained_on, found.models, strict=True)
            ]
        }
    values |= found.ensemble.plain.as_json() | _with_tta(found.ensemble, options.tta)
    if options.mistakes:
        errors = _errors(found.ensemble)
        values["mistakes"] = {"picture": str(options.mistakes), "images": errors}
    return json.dumps(values)


def _as_text(trained_on: list[str], found: EnsembleResult, options: argparse.Namespace) -> str:
    plain, with_tta = found.ensemble
    lines: list[str] = []
    if len(options.runs) > 1:
        lines = [describe_models(options.runs, found.models, options.tta), ""]
        lines.append(f"ensemble       {len(options.runs)} runs")
    if set(trained_on) != {plain.dataset}:
        lines.append(f"trained on     {', '.join(dict.fromkeys(trained_on))}")
    lines.append(plain.summary())
    if with_tta:
        lines.append(describe_tta(with_tta, options.tta))
    if options.mistakes:
        errors = _errors(found.ensemble)
        drawn = f"the {_MOST_DRAWN} most confident errors" if errors > _MOST_DRAWN else "all"
        lines.append(f"misclassified  {errors:,}, {drawn} in {options.mistakes}")
    return "\n".join([*lines, plain.details()])


def _errors(measured: ModelResult) -> int:
    """Count the misclassified images: those of the picture, with augmentation if there is any."""
    return (measured.with_tta or measured.plain).mistakes


def _with_tta(measured: ModelResult, versions: int) -> dict[str, Any]:
    if measured.with_tta is None:
        return {}
    return {"with_tta": {"versions": versions} | _headline(measured.with_tta.as_json())}


def _headline(values: dict[str, Any]) -> dict[str, Any]:
    return {key: values[key] for key in _HEADLINE}
