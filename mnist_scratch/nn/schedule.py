"""The learning rate as a function of progress.

A schedule returns the factor by which the peak learning rate is multiplied, given the progress: 0
at the first step of training, 1 at its end. Each begins with a warm-up, a share of the training in
which the factor rises in a straight line to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

# A warm-up starts at this fraction of the peak, 1/25 as in PyTorch's OneCycleLR; at 0 the first
# step would do nothing.
WARMUP_START = 0.04


def constant(progress: float, warmup: float = 0.0) -> float:
    """Stay at the peak."""
    return _rise(progress, warmup)


def step(progress: float, interval: float, factor: float, warmup: float = 0.0) -> float:
    """Multiply by a factor each time another interval, a share of the training, is over."""
    # The nudge: progress 0.6 / interval 0.2 is 2.9999999999999996 in floating point.
    drops = math.floor(progress / interval + 1e-9)
    return _rise(progress, warmup) * factor**drops


def cosine(progress: float, warmup: float = 0.0) -> float:
    """Fall from the peak to 0 along half a cosine (Loshchilov and Hutter 2017, no restarts)."""
    return _rise(progress, warmup) * (1.0 + math.cos(math.pi * _after(progress, warmup))) / 2.0


def one_cycle(progress: float, warmup: float = 0.3) -> float:
    """Rise to the peak in a straight line, then fall to 0 in another.

    The rising leg is the warm-up (Smith 2018, arXiv 1803.09820, the learning rate's part of the
    1cycle policy; the momentum stays).
    """
    return _rise(progress, warmup) * (1.0 - _after(progress, warmup))


def _rise(progress: float, warmup: float) -> float:
    """Return the warm-up's factor: rising to 1 while progress < warmup, then 1."""
    if progress >= warmup:
        return 1.0
    return WARMUP_START + (1.0 - WARMUP_START) * progress / warmup


def _after(progress: float, warmup: float) -> float:
    """Return the progress, 0 to 1, of what comes after the warm-up."""
    return max(0.0, (progress - warmup) / (1.0 - warmup))


SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "one-cycle": one_cycle,
}
