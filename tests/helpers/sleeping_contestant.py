"""A contestant for the tests of the benchmark: steps of a known length, losses that are told."""

from __future__ import annotations

import time

from benchmarks.turns import Turns


def sleep(turns: Turns, seconds: float, losses: list[float]) -> None:
    """Take steps of a length; say one of the losses whenever it is asked."""
    left = iter(losses)
    turns.ready(lambda: next(left))
    while True:
        time.sleep(seconds)
        turns.step()
