"""When a training ends: after its epochs, or early."""

from __future__ import annotations

from mnist_scratch.config.schema import TrainingConfig
from mnist_scratch.training.history import History


def is_over(settings: TrainingConfig, history: History) -> bool:
    """Return whether a training is over.

    It is when all epochs are done, or when validation has not improved for `patience` epochs.

    Parameters
    ----------
    settings
        The [training] section of the config.
    history
        What was logged so far; only its finished epochs count.
    """
    done = len(history.epochs)
    if done == 0:
        return False
    return done >= settings.epochs or 0 < settings.patience <= done - history.best.epoch
