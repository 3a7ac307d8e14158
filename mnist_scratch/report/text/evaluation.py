"""An evaluation in words: every class, the most confused pairs, the calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.inference.ensemble import ModelResult
from mnist_scratch.training.evaluation import Evaluation
from mnist_scratch.training.metrics import METRICS, class_scores, most_confused


def describe_in_detail(evaluation: Evaluation) -> str:
    """Return what lies behind the accuracy, 80 columns wide at most."""
    names = class_names(evaluation.dataset)
    longest = max(map(len, names))
    width = max(len("class"), longest)
    metrics = [f"{METRICS[name].title} {value:.2%}" for name, value in evaluation.metrics.items()]
    lines = [
        f"metrics        {'; '.join(metrics)}",
        "",
        f"{'class':<{width}}  precision    recall        F1  images",
    ]
    scores = class_scores(evaluation.confusion)
    for name, score in zip(names, scores, strict=True):
        shares = "  ".join(f"{percent(s):>8}" for s in (score.precision, score.recall, score.f1))
        lines.append(f"{name:<{width}}   {shares}  {score.examples:>6,}")
    if None in {share for score in scores for share in score}:
        lines.append("-: undefined, no examples")
    pairs = most_confused(evaluation.confusion)
    lines += ["", "most confused" if pairs else "no errors"]
    for pair in pairs:
        share = pair.examples / int(evaluation.confusion[pair.true].sum())
        lines.append(
            f"true {names[pair.true]:<{longest}}  predicted {names[pair.predicted]:<{longest}}"
            f"  {pair.examples:>6,}, {share:.2%} of {names[pair.true]}"
        )
    return "\n".join(lines)


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
    """Return a share in percent; "-" where it is undefined."""
    return "-" if share is None else f"{share:.2%}"


def share_text(probability: float) -> str:
    """Return a probability in percent, short, and 0% or 100% only where it is exactly that."""
    if 0.0 < probability < 0.00001:
        return "<0.001%"
    if probability < 0.001:
        return f"{100.0 * probability:.1g}%"
    if 0.995 <= probability < 1.0:
        return f"{min(probability, 0.9999):.2%}"
    return f"{probability:.0%}" if probability >= 0.1 else f"{probability:.1%}"
