"""mnist-scratch evaluate: how good a run is on a test set, or several together."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_scratch.commands.common import add_data_dir, add_dataset, add_json, test_set
from mnist_scratch.commands.output import describe, result
from mnist_scratch.errors import MnistScratchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnist_scratch.data.dataset import Dataset
    from mnist_scratch.inference.ensemble import Measured, Verdict
    from mnist_scratch.runs.rundir import RunDirectory
    from mnist_scratch.training.evaluation import Evaluation

SUMMARY = (
    "measure a run's model on a test set; RUN/evaluation.json has it too; or several together, "
    "by the mean of their predictions"
)

_MOST_VIEWS = 1000
_MOST_DRAWN = 100  # mistakes in a picture
_HEADLINE = (
    *("loss", "accuracy", "accuracy_interval_95"),
    *("expected_calibration_error", "mean_confidence"),
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the runs, the data set, and what to do beside measuring."""
    command.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="folder of a run, or of each of several"
    )
    add_dataset(
        command,
        default=None,
        meaning="; whose test set (default: that of the data set the run was trained on)",
    )
    add_data_dir(command)
    command.add_argument(
        "--views",
        type=int,
        default=1,
        metavar="V",
        help="say beside it what the mean of the predictions for V views of each image is worth: "
        "the image itself and V - 1 mild distortions, the same every time",
    )
    command.add_argument(
        "--mistakes",
        type=Path,
        metavar="FILE.png",
        help="draw the images that are read wrongly, in all views if there are some: the 100 "
        "surest mistakes, the surest first",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """Measure a run's model on a test set, or those of several and the mean of what they say."""
    from mnist_scratch.inference.ensemble import check_together
    from mnist_scratch.report.plots.style import check_picture
    from mnist_scratch.runs.rundir import RunDirectory

    if not 1 <= options.views <= _MOST_VIEWS:
        raise MnistScratchError(f"--views {options.views}: ask for 1 to {_MOST_VIEWS:,} views")
    runs = [RunDirectory(path) for path in options.runs]
    check_together(runs, options.dataset)
    if options.mistakes:
        check_picture(options.mistakes)  # before the evaluation, not after
    test = test_set(runs[0], options)
    verdict = _judge(runs, test, options.views)
    if options.mistakes:
        _draw_mistakes(runs, test, verdict, options)
    with_views = _with_views(verdict.together, options.views)
    if options.json:
        result(json.dumps(_as_json(runs, verdict, options) | with_views))
    else:
        result(_as_text(runs, verdict, options))
    if len(runs) == 1:
        runs[0].write_evaluation(verdict.together.plain, test.sha256, with_views)


def _judge(runs: Sequence[RunDirectory], test: Dataset, views: int) -> Verdict:
    from tqdm import tqdm

    from mnist_scratch.inference.ensemble import judge

    with tqdm(
        total=len(test) * views,
        unit=" images",
        unit_scale=True,
        leave=False,
        dynamic_ncols=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        return judge(runs, test, views, bar.update)


def _draw_mistakes(
    runs: Sequence[RunDirectory], test: Dataset, verdict: Verdict, options: argparse.Namespace
) -> None:
    from mnist_scratch.data.sources.registry import class_names
    from mnist_scratch.inference.examples import surest_mistakes
    from mnist_scratch.report.plots.evaluation import draw_mistakes
    from mnist_scratch.report.plots.style import plain

    examples = surest_mistakes(test, verdict.log_predictions, _MOST_DRAWN)
    who = plain(runs[0].path.resolve().name) if len(runs) == 1 else f"{len(runs)} runs together"
    how = f", in {options.views} views" if options.views > 1 else ""
    title = f"{who}{how}: {_mistakes(verdict.together)} of {len(test):,} test images of {test.name}"
    shown = "" if len(examples) == _mistakes(verdict.together) else f", {len(examples)} shown"
    draw_mistakes(
        f"{title} are read wrongly{shown}", examples, class_names(test.name), options.mistakes
    )


def _mistakes(measured: Measured) -> int:
    """Count what is read wrongly, in all views if there are some."""
    return (measured.viewed or measured.plain).mistakes


def _as_json(
    runs: Sequence[RunDirectory], verdict: Verdict, options: argparse.Namespace
) -> dict[str, Any]:
    trained_on = [run.config().data.dataset for run in runs]
    values = verdict.together.plain.as_json()
    if options.mistakes:
        values["mistakes"] = {
            "picture": str(options.mistakes),
            "images": _mistakes(verdict.together),
        }
    if len(runs) == 1:
        return {"trained_on": trained_on[0]} | values
    members = [
        {"run": str(run.path), "trained_on": name}
        | _headline(measured.plain)
        | _with_views(measured, options.views)
        for run, name, measured in zip(runs, trained_on, verdict.alone, strict=True)
    ]
    return {"runs": members} | values


def _with_views(measured: Measured, views: int) -> dict[str, Any]:
    if measured.viewed is None:
        return {}
    return {"with_views": {"views": views} | _headline(measured.viewed)}


def _headline(evaluation: Evaluation) -> dict[str, Any]:
    values = evaluation.as_json()
    return {key: values[key] for key in _HEADLINE}


def _as_text(runs: Sequence[RunDirectory], verdict: Verdict, options: argparse.Namespace) -> str:
    from mnist_scratch.report.text.evaluation import (
        describe_in_detail,
        describe_members,
        describe_views,
    )

    plain, viewed = verdict.together
    lines = []
    if len(runs) > 1:
        members = [(str(run.path), *each) for run, each in zip(runs, verdict.alone, strict=True)]
        lines += [describe_members(members, options.views), "", f"committee      {len(runs)} runs"]
    trained_on = dict.fromkeys(run.config().data.dataset for run in runs)
    if list(trained_on) != [plain.dataset]:
        lines.append(f"trained on     {', '.join(trained_on)}")
    lines.append(describe(plain))
    if viewed:
        lines.append(describe_views(viewed, options.views))
    if options.mistakes:
        count = _mistakes(verdict.together)
        drawn = f"the {_MOST_DRAWN} surest" if count > _MOST_DRAWN else "all"
        lines.append(f"mistakes       {count:,}, {drawn} of them in {options.mistakes}")
    lines.append(describe_in_detail(plain))
    return "\n".join(lines)
