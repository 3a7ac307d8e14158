from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_scratch.nn import schedule
from mnist_scratch.nn.schedule import SCHEDULES, Schedule


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


@pytest.mark.parametrize("warmup", [-0.1, 1.0, math.nan, "0.1", None, True])
@pytest.mark.parametrize("kind", SCHEDULES.values())
def test_a_warm_up_that_is_no_share_is_named(kind: Callable[..., Schedule], warmup: Any) -> None:
    arguments = (0.5, 0.5) if kind is schedule.step else ()
    with pytest.raises(
        ValueError, match=r"^warmup = .*: must be a number, at least 0 and below 1$"
    ):
        kind(*arguments, warmup=warmup)


@pytest.mark.parametrize("number", [0, -0.1, math.inf, math.nan, "0.1"])
def test_a_step_that_is_no_step_is_named(number: Any) -> None:
    with pytest.raises(ValueError, match=r"^interval = .*: must be a number above 0$"):
        schedule.step(number, 0.5)
    with pytest.raises(ValueError, match=r"^factor = .*: must be a number above 0$"):
        schedule.step(0.5, number)


def test_the_numbers_of_a_schedule_may_be_those_of_numpy() -> None:
    factor = SCHEDULES["step"](np.float32(0.5), np.float64(0.5), np.int8(0))
    assert type(factor(0.6)) is float
