from __future__ import annotations

from typing import get_args

import numpy as np

from mnist_scratch.training.seeding import Purpose, generator


def test_each_seed_and_each_purpose_has_numbers_of_its_own() -> None:
    purposes = get_args(Purpose)
    draws = [generator(seed, purpose).random(4) for seed in (0, 1) for purpose in purposes]
    assert len({draw.tobytes() for draw in draws}) == 2 * len(purposes)


def test_the_same_seed_and_purpose_have_the_same_numbers() -> None:
    first, second = (generator(7, "shuffling").random(4) for _ in range(2))
    assert np.array_equal(first, second)


def test_the_branches_are_those_that_numpy_spawns() -> None:
    spawned = np.random.SeedSequence(7).spawn(2)
    expected = np.random.default_rng(spawned[1]).random(4)
    assert np.array_equal(generator(7, "shuffling").random(4), expected)
