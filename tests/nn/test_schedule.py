from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import pytest

from mnist_scratch.nn.schedule import constant, cosine, one_cycle, step


@pytest.mark.parametrize(
    ("factor", "values"),
    [
        (constant, {0.0: 1, 0.5: 1, 0.999: 1}),
        (partial(constant, warmup=0.1), {0.0: 0.04, 0.05: 0.52, 0.1: 1, 0.9: 1}),
        (
            partial(step, interval=0.3, factor=0.1),
            {0.0: 1, 0.29: 1, 0.3: 0.1, 0.59: 0.1, 0.6: 0.01, 0.95: 0.001},
        ),
        (partial(step, interval=0.5, factor=0.5, warmup=0.1), {0.05: 0.52, 0.2: 1, 0.6: 0.5}),
        (cosine, {0.0: 1, 0.5: 0.5, 1 / 3: 0.75, 1.0: 0}),
        (partial(cosine, warmup=0.2), {0.0: 0.04, 0.2: 1, 0.6: 0.5, 1.0: 0}),
        (partial(one_cycle, warmup=0.25), {0.0: 0.04, 0.125: 0.52, 0.25: 1, 0.625: 0.5, 1.0: 0}),
        (partial(one_cycle, warmup=0.0), {0.0: 1, 0.25: 0.75}),
    ],
)
def test_schedules_have_their_known_values(
    factor: Callable[[float], float], values: dict[float, float]
) -> None:
    for progress, expected in values.items():
        assert factor(progress) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("steps", [3, 7, 10, 30, 49, 1000])
def test_drops_fall_on_the_step_they_are_due_at(steps: int) -> None:
    for number in range(steps):
        factor = step(number / steps, 1 / steps, 0.5)
        assert math.log2(factor) == pytest.approx(-number)
