"""Where a training stands between two steps: all that it needs to go on as if never interrupted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn.arrays import Array
from mnist_scratch.training.history import History


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Where a training stands between two steps.

    P parameters, N training examples, E finished epochs, L dense layers.

    The learning rate is no part of it: it follows from the steps done and the config.

    Attributes
    ----------
    parameters, velocities : Array (P,)
        The network's, and the optimizer's.
    best_parameters : Array (P,)
        Those of the epoch that was best on validation.
    best_epoch
        That epoch, from 1; 0 before the first is over.
    best_score
        Its validation accuracy, and its validation loss with the sign turned.
    step, epoch
        Steps done, and epochs finished with their validation.
    order : int64 (N,) or (0,)
        The order of the examples in the epoch under way; empty between two epochs.
    position
        How many of them were taken.
    generator
        The state of the generator that draws the next epoch's order (see `randomness.get_state`).
    unlogged_losses
        Of the steps since the history's last row.
    history
        Everything logged.
    norms : float64 (E, L, 2)
        Of each finished epoch and dense layer (see `norms`).
    seconds
        Spent on training, its interruptions left out.
    """

    parameters: Array
    velocities: Array
    best_parameters: Array
    best_epoch: int
    best_score: tuple[float, float]
    step: int
    epoch: int
    order: npt.NDArray[np.int64]
    position: int
    generator: npt.NDArray[np.uint64]
    unlogged_losses: list[float]
    history: History
    norms: npt.NDArray[np.float64]
    seconds: float
