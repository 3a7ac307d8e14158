"""An evaluation in words: every class, the most confused pairs, how sure the network was."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_scratch.data.sources.registry import class_names
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


def describe_views(viewed: Evaluation, views: int) -> str:
    """Return what the mean over views is worth, to stand below what the plain images are."""
    low, high = viewed.accuracy_interval
    return (
        f"{f'{views} views':<13}  {viewed.accuracy:.2%} (95% interval {low:.2%} to {high:.2%}), "
        f"loss {viewed.loss:.4f}"
    )


def describe_members(
    members: Sequence[tuple[str, Evaluation, Evaluation | None]], views: int
) -> str:
    """Return a line for each run of a committee: what it is worth alone.

    Parameters
    ----------
    members
        Of each run, its name, what it is worth, and what it is with views, if there are some.
    views
        How many.
    """
    heading = f"{views} views"
    with_views = any(viewed for _, _, viewed in members)
    lines = [f"{'accuracy':<12}{f'{heading:<12}' if with_views else ''}run"]
    for name, plain, viewed in members:
        share = f"{viewed.accuracy:<12.2%}" if viewed else ""
        lines.append(f"{plain.accuracy:<12.2%}{share}{name}")
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
