"""The learning rate of every step of a run, as its config describes it."""

from __future__ import annotations

from collections.abc import Callable

from mnist_scratch.config.schema import Config
from mnist_scratch.nn import schedule


def learning_rates(config: Config, steps_an_epoch: int) -> Callable[[int], float]:
    """Return the function from a step's number, from 1, to its learning rate.

    The schedule is asked for the progress before the step: 0 for the first.
    """
    factor = make_schedule(config)
    peak, steps = config.optimizer.learning_rate, config.training.epochs * steps_an_epoch
    return lambda step: peak * factor((step - 1) / steps)


def make_schedule(config: Config) -> schedule.Schedule:
    """Return the schedule that a config describes."""
    settings = config.schedule
    if settings.name == "constant":
        return schedule.constant(settings.warmup)
    if settings.name == "step":
        interval = settings.step_epochs / config.training.epochs
        return schedule.step(interval, settings.step_factor, settings.warmup)
    if settings.name == "cosine":
        return schedule.cosine(settings.warmup)
    return schedule.one_cycle(settings.warmup)
