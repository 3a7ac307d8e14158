"""Where a run's random numbers come from: one seed, one branch for each purpose."""

from __future__ import annotations

from typing import Literal

import numpy as np

Purpose = Literal["initialisation", "shuffling", "augmentation", "validation"]

# The place in this tuple is the branch: append, never reorder, or old seeds give other runs.
_BRANCHES: tuple[Purpose, ...] = ("initialisation", "shuffling", "augmentation", "validation")


def generator(seed: int, purpose: Purpose) -> np.random.Generator:
    """Return the generator of one purpose.

    Branches are independent of each other, so drawing more for one purpose (another width of the
    network, say) leaves what the others draw as it was (numpy.random.SeedSequence, spawning).

    Parameters
    ----------
    seed
        The run's seed, at least 0.
    purpose
        What the numbers are for.
    """
    branch = _BRANCHES.index(purpose)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(branch,)))
