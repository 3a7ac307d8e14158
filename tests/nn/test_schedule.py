from __future__ import annotations

import math

import pytest

from mnist_scratch.nn import schedule
from mnist_scratch.nn.schedule import Schedule


@pytest.mark.parametrize(
    ("factor", "values"),
    [
        (schedule.constant(), {0.0: 1, 0.5: 1, 0.999: 1}),
        (schedule.constant(0.1), {0.0: 0.04, 0.05: 0.52, 0.1: 1, 0.9: 1}),
        (schedule.step(0.3, 0.1), {0.0: 1, 0.29: 1, 0.3: 0.1, 0.59: 0.1, 0.6: 0.01, 0.95: 0.001}),
        (schedule.step(0.5, 0.5, 0.1), {0.05: 0.52, 0.2: 1, 0.6: 0.5}),
        (schedule.cosine(), {0.0: 1, 0.5: 0.5, 1 / 3: 0.75, 1.0: 0}),
        (schedule.cosine(0.2), {0.0: 0.04, 0.2: 1, 0.6: 0.5, 1.0: 0}),
        (schedule.one_cycle(0.25), {0.0: 0.04, 0.125: 0.52, 0.25: 1, 0.625: 0.5, 1.0: 0}),
        (schedule.one_cycle(0.0), {0.0: 1, 0.25: 0.75}),
    ],
)
def test_schedules_have_their_known_values(factor: Schedule, values: dict[float, float]) -> None:
    for progress, expected in values.items():
        assert factor(progress) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("steps", [3, 7, 10, 30, 49, 1000])
def test_drops_fall_on_the_step_they_are_due_at(steps: int) -> None:
    factor = schedule.step(1 / steps, 0.5)
    for step in range(steps):
        assert math.log2(factor(step / steps)) == pytest.approx(-step)
