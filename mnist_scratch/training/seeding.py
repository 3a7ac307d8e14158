"""Where all randomness of a run comes from: one seed, with a branch for each purpose."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Purpose = Literal["initialisation", "shuffling", "augmentation", "validation", "tta"]

# The place in this tuple is the branch: append, never reorder, or old seeds give other runs.
_BRANCHES = ("initialisation", "shuffling", "augmentation", "validation", "tta")
_WORD = 2**64


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
    return np.random.default_rng(seeds(seed, purpose))


def seeds(seed: int, purpose: Purpose) -> np.random.SeedSequence:
    """Return the branch of a purpose, from which one generator or several can be made."""
    return np.random.SeedSequence(seed, spawn_key=(_BRANCHES.index(purpose),))


def get_state(rng: np.random.Generator) -> npt.NDArray[np.uint64]:
    """Return the state of a generator of `generator`, uint64 (6,).

    PCG64 has a state and an increment of 128 bits, here each as its high and its low half, and
    keeps the unused half of a number of 64 bits: whether there is one, and which.
    """
    state = rng.bit_generator.state
    halves = (*divmod(state["state"]["state"], _WORD), *divmod(state["state"]["inc"], _WORD))
    return np.array([*halves, state["has_uint32"], state["uinteger"]], np.uint64)


def set_state(rng: np.random.Generator, state: npt.NDArray[np.uint64]) -> None:
    """Put a generator of `generator` into a state that `get_state` returned.

    Raises
    ------
    ValueError
        If no such generator can be in that state.
    """
    high, low, increment_high, increment_low, has_uint32, uinteger = map(int, state)
    if increment_low % 2 == 0 or has_uint32 > 1 or uinteger >= 2**32:
        raise ValueError(f"no generator has the state {state.tolist()}")
    rng.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": high * _WORD + low, "inc": increment_high * _WORD + increment_low},
        "has_uint32": has_uint32,
        "uinteger": uinteger,
    }
