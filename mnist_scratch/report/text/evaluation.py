"""An evaluation in words: every class, the most confused pairs, how sure the network was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.inference.ensemble import ModelResult
from mnist_scratch.training.evaluation import Evaluation
from mnist_scratch.training.metrics import class_scores, most_confused


def describe_in_detail(evaluation: Evaluation) -> str:
    """Return what lies behind the accuracy, 80 columns wide at most."""
    names = class_names(evaluation.dataset)
    width = max(len("class"), *map(len, names))
    scores = class_scores(evaluation.confusion)
    sure = evaluation.calibration
    average = f"{sure.mean_confidence:.2%} sure on average"
    lines = [
        f"calibration    expected error {sure.expected_error:.2%}; {average}",
        "",
        f"{'class':<{width}}  precision    recall        F1  images",
    ]
    for name, score in zip(names, scores, strict=True):
        shares = "  ".join(map(percent, (score.precision, score.recall, score.f1)))
        lines.append(f"{name:<{width}}   {shares}  {score.examples:>6,}")
    if None in {share for score in scores for share in score}:
        lines.append("-: a share of nothing")
    return "\n".join([*lines, "", *_confusions(evaluation, names, width)])


def describe_tta(evaluation: Evaluation, versions: int) -> str:
    """Return a line about an evaluation with test-time augmentation."""
    low, high = evaluation.accuracy_interval
    return (
        f"{f'with --tta {versions}':<14} {evaluation.accuracy:.2%} "
        f"(95% interval {low:.2%} to {high:.2%}), loss {evaluation.loss:.4f}"
    )


def describe_models(paths: Sequence[Path], models: Sequence[ModelResult], versions: int) -> str:
    """Return a table of the accuracies of an ensemble's models, each alone.

    Parameters
    ----------
    paths, models
        The folder and the evaluation of each run.
    versions
        The number of versions of each image in test-time augmentation, 1 for none.
    """
    heading = f"{f'--tta {versions}':<12}" if versions > 1 else ""
    lines = [f"{'accuracy':<12}{heading}run"]
    for path, (plain, with_tta) in zip(paths, models, strict=True):
        share = f"{with_tta.accuracy:<12.2%}" if with_tta else ""
        lines.append(f"{plain.accuracy:<12.2%}{share}{path}")
    return "\n".join(lines)


def percent(share: float | None) -> str:
    """Return a share in percent, eight columns wide; "-" where there is none."""
    return f"{'-':>8}" if share is None else f"{share:>8.2%}"


def _confusions(evaluation: Evaluation, names: tuple[str, ...], width: int) -> list[str]:
    pairs = most_confused(evaluation.confusion)
    if not pairs:
        return ["not one mistake"]
    lines = ["most confused"]
    for pair in pairs:
        share = pair.examples / int(evaluation.confusion[pair.true].sum())
        lines.append(
            f"{names[pair.true]:<{width}}  taken for  {names[pair.predicted]:<{width}}"
            f"  {pair.examples:>6,}, {share:.2%} of {names[pair.true]}"
        )
    return lines
