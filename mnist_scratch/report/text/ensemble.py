"""Evaluations with test-time augmentation, and of ensembles, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mnist_scratch.inference.ensemble import ModelResult
from mnist_scratch.system.text import labelled
from mnist_scratch.training.evaluation import Evaluation


def describe_tta(evaluation: Evaluation, versions: int) -> str:
    """Return a line about an evaluation with test-time augmentation."""
    low, high = evaluation.accuracy_interval
    return labelled(
        f"with --tta {versions}",
        f"{evaluation.accuracy:.2%} (95% interval {low:.2%} to {high:.2%}), "
        f"loss {evaluation.loss:.4f}",
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
