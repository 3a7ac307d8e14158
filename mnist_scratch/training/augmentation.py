"""How a run distorts its training images, as its config describes it."""

from __future__ import annotations

from mnist_scratch.config.schema import Config
from mnist_scratch.data.augment import Augmentation
from mnist_scratch.training.seeding import seeds


def make_augmentation(config: Config) -> Augmentation | None:
    """Return what distorts the batches of a run; None where the config distorts nothing."""
    if not config.augmentation.distorts:
        return None
    return Augmentation(
        config.augmentation, seeds(config.training.seed, "augmentation"), config.training.epochs
    )
