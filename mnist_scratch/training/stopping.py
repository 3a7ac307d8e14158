"""When a training ends: after its epochs, or early."""

from __future__ import annotations

from mnist_scratch.config.schema import TrainingConfig


def is_over(settings: TrainingConfig, epoch: int, best_epoch: int) -> bool:
    """Return whether a training is over: all epochs are done, or none was better for too long.

    Parameters
    ----------
    settings
        The training's.
    epoch
        How many epochs are done.
    best_epoch
        Which of them, from 1, was the best on validation; 0 before the first is over.
    """
    return epoch >= settings.epochs or 0 < settings.patience <= epoch - best_epoch
