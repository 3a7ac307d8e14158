"""The epoch loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from mnist_scratch.config import Config
from mnist_scratch.data.loader import BatchLoader, Dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn import schedule
from mnist_scratch.nn.loss import LOSSES
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import SGD
from mnist_scratch.training.evaluation import evaluate
from mnist_scratch.training.history import History, Row
from mnist_scratch.training.progress import Progress
from mnist_scratch.training.randomness import generator


class Trainer:
    """Trains a network and keeps the parameters that were best on validation.

    Best is the highest validation accuracy, among equals the lowest validation loss.

    Parameters
    ----------
    network
        Is changed in place.
    training, validation
        Examples to learn from, and examples to choose the epoch by.
    config
        Loss, optimizer, schedule, epochs, batch size, patience, seed.

    Attributes
    ----------
    history
        Everything logged so far.
    best_epoch
        The epoch, from 1, that was best on validation so far; 0 before the first is over.
    seconds
        From before the first step to after the last validation.
    """

    def __init__(
        self, network: Network, training: Dataset, validation: Dataset, config: Config
    ) -> None:
        self.network = network
        self.validation = validation
        self.config = config
        self.loader = BatchLoader(
            training,
            config.training.batch_size,
            generator(config.training.seed, "shuffling"),
        )
        self.loss_function = LOSSES[config.training.loss]()
        self.optimizer = SGD(
            network,
            config.optimizer.learning_rate,
            momentum=config.optimizer.momentum,
            nesterov=config.optimizer.nesterov,
            weight_decay=config.optimizer.weight_decay,
        )
        self.schedule = make_schedule(config)
        self.history = History()
        self.step = 0
        self.best_epoch = 0
        self.seconds = 0.0
        self._best_score = (-1.0, -math.inf)
        self._best_parameters = network.parameters.copy()  # (P,)

    def run(self, after_epoch: Callable[[], object] = lambda: None) -> None:
        """Train to the end; the network then has its best parameters.

        Parameters
        ----------
        after_epoch
            Is called after every epoch, while the network has that epoch's parameters.

        Raises
        ------
        MnistScratchError
            If the loss or a parameter is no longer finite, naming epoch, step and learning rate.
        ValueError
            If it has run before.
        """
        if self.step:
            raise ValueError("this trainer has run; make another for another training")
        settings = self.config.training
        training = self.loader.dataset
        title = (
            f"training {'-'.join(map(str, self.network.widths))} on {len(training):,} images of "
            f"{training.name}, validating on {len(self.validation):,}"
        )
        progress = Progress(title, settings.epochs, len(training))
        started = time.perf_counter()
        try:
            # A diverging run overflows before it is stopped; the error says what NumPy's warning
            # would, and more.
            with np.errstate(over="ignore", invalid="ignore"):
                for epoch in range(1, settings.epochs + 1):
                    self._train_epoch(epoch, progress)
                    self._validate(started)
                    progress.epoch(self.history.rows[-1], best=self.best_epoch == epoch)
                    after_epoch()
                    if settings.patience and epoch - self.best_epoch >= settings.patience:
                        break
        finally:
            progress.close()
            self.network.parameters[...] = self._best_parameters
            self.seconds = time.perf_counter() - started

    def _train_epoch(self, epoch: int, progress: Progress) -> None:
        """Take every training batch once, and log the losses."""
        steps = self.config.training.epochs * len(self.loader)
        log_every = self.config.training.log_every
        losses: list[float] = []  # of the steps since the last row
        for number, (images, targets) in enumerate(self.loader, start=1):
            rate = self.config.optimizer.learning_rate * self.schedule(self.step / steps)
            self.step += 1
            loss = self.loss_function.forward(self.network.forward(images), targets)
            self._check_finite(loss, "loss", epoch, rate)
            self.network.backward(self.loss_function.backward())
            self.optimizer.learning_rate = rate
            self.optimizer.step()
            losses.append(loss)
            progress.step(loss, self.loss_function.predictions, targets)
            if number == len(self.loader) or number % log_every == 0:
                self.history.rows.append(
                    Row(self.step, epoch, rate, math.fsum(losses) / len(losses))
                )
                losses.clear()
        # One number that is not finite makes their sum so.
        self._check_finite(
            float(np.sum(self.network.parameters)), "sum of the parameters", epoch, rate
        )

    def _validate(self, started: float) -> None:
        """Measure the network on the validation examples; keep its parameters if they are best.

        The figures join the epoch's last row in the history. There the validation loss stands
        beside the training loss, so it is of the same kind.
        """
        measured = evaluate(self.network, self.validation, self.loss_function)
        row = self.history.rows[-1]
        self.history.rows[-1] = row._replace(
            validation_loss=measured.loss,
            validation_accuracy=measured.accuracy,
            seconds=time.perf_counter() - started,
        )
        score = (measured.accuracy, -measured.loss)
        if score > self._best_score:
            self.best_epoch, self._best_score = row.epoch, score
            self._best_parameters[...] = self.network.parameters

    def _check_finite(self, number: float, what: str, epoch: int, rate: float) -> None:
        if not math.isfinite(number):
            raise MnistScratchError(
                f"the {what} is {number} at step {self.step} (epoch {epoch}, learning rate "
                f"{rate:g}): the training has diverged.\n"
                "Try a lower --learning-rate, or a longer --warmup."
            )


def make_schedule(config: Config) -> schedule.Schedule:
    """Return the schedule that a config describes."""
    settings = config.schedule
    if settings.name == "constant":
        return schedule.constant(settings.warmup)
    if settings.name == "step":
        interval = settings.step_epochs / config.training.epochs
        return schedule.step(interval, settings.step_factor, settings.warmup)
    if settings.name == "cosine":
        return schedule.cosine(settings.warmup)
    return schedule.one_cycle(settings.warmup)
