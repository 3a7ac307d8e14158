"""All sections by name, in the order in which they are measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from benchmarks import recipes, scale, steps
from benchmarks.contest import Effort, Workers
from benchmarks.figures import Row
from benchmarks.work import Data


class Plan(NamedTuple):
    """How a section is measured.

    Attributes
    ----------
    title
        What it is about, in a line.
    measure
        Returns its rows.
    slow
        Whether it takes many minutes, and so has to be asked for by name.
    mnist
        Whether it needs MNIST itself, and not the synthetic digits.
    """

    title: str
    measure: Callable[[Workers, Data, Effort], list[Row]]
    slow: bool = False
    mnist: bool = False


SECTIONS = {
    "step": Plan("a training step beside PyTorch's", steps.step),
    "limit": Plan("a training step over its own matrix products (1 is the limit)", steps.limit),
    "epoch": Plan("an epoch beside scikit-learn's MLPClassifier (SGD)", steps.epoch),
    "evaluation": Plan("evaluation beside PyTorch's", steps.evaluation),
    "loss": Plan("the loss alone beside PyTorch's", steps.loss),
    "start": Plan("the start of the process", recipes.start),
    "train": Plan("a whole default run beside a PyTorch program's", recipes.train),
    "98": Plan("the time to 98.0 % test accuracy, by speedrun", recipes.accuracy_98, mnist=True),
    "98.5": Plan("the time to 98.5 % test accuracy", recipes.accuracy_985, mnist=True),
    "distortion": Plan("a training step on distorted images", steps.distortion),
    "finite": Plan("what it costs to check for numbers that are not finite", steps.finite),
    "checkpoint": Plan("what it costs to save a run, flushed to disk", steps.checkpoint),
    "scale": Plan("training on a file of millions of images", scale.images, slow=True),
    "width": Plan("a training step as the network widens", scale.width, slow=True),
}
