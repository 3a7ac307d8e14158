"""The state of a training between two steps: all that it needs to continue after a stop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn import Array
from mnist_scratch.training.history import NORMS, History


class TrainingState(NamedTuple):
    """The state of a training between two steps.

    P parameters, N training examples, E finished epochs, L dense layers.

    The learning rate is no part of it: it follows from the steps done and the config.

    Attributes
    ----------
    parameters : Array (P,)
        The network's.
    optimizer
        The arrays (P,) of the optimizer's state, by name.
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
        The state of the generator that draws the next epoch's order (see `seeding.get_state`).
    unlogged_losses
        Of the steps since the history's last row.
    history
        Everything logged.
    norms : float64 (E, L, 2)
        Of each finished epoch and dense layer (see `history.layer_norms`).
    seconds
        Spent on training, without the interruptions.
    """

    parameters: Array
    optimizer: dict[str, Array]
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

    def check_fits(
        self, *, parameters: int, optimizer: set[str], layers: int, batch_size: int, batches: int
    ) -> None:
        """Check that the state is one of a training of a certain kind.

        Parameters
        ----------
        parameters, layers
            How many parameters and dense layers its network has.
        optimizer
            The names of the arrays of its optimizer's state.
        batch_size, batches
            Examples in a batch, and batches in an epoch.

        Raises
        ------
        ValueError
            If it is not, saying why.
        """
        if self.optimizer.keys() != optimizer:
            raise ValueError(f"the optimizer has {sorted(optimizer)}, not {sorted(self.optimizer)}")
        arrays = {"parameters": self.parameters, "best_parameters": self.best_parameters}
        for name, array in (arrays | self.optimizer).items():
            if array.size != parameters:
                raise ValueError(f"{array.size:,} {name}, where the network has {parameters:,}")
        taken, left_over = divmod(self.position, batch_size)
        if self.step != self.epoch * batches + taken or left_over:
            raise ValueError(
                f"step {self.step} is not at position {self.position} of epoch {self.epoch + 1}"
            )
        if self.epoch != len(self.history.epochs):
            raise ValueError(
                f"epoch {self.epoch} is not that of its history, {len(self.history.epochs)}"
            )
        if self.norms.shape != (self.epoch, layers, NORMS):
            raise ValueError(
                f"norms {self.norms.shape}, where {self.epoch} epochs of {layers} layers are over"
            )
        if not 0 <= self.best_epoch <= self.epoch or (self.epoch and not self.best_epoch):
            raise ValueError(f"epoch {self.best_epoch} was not the best of {self.epoch}")
