"""Training: every batch goes forward, loss, backward, step.

After each epoch the network is validated, and its parameters are kept if they are the best so far.
The mathematics is `Trainer._train_step`; the rest logs, saves and resumes.
"""

from __future__ import annotations

import copy
import inspect
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.config.schema import Config, check_config
from mnist_scratch.data.augment import Augmentation
from mnist_scratch.data.checks import check_callback
from mnist_scratch.data.dataset import Examples
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn import Array
from mnist_scratch.nn.loss import LOSSES
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import OPTIMIZERS, Optimizer
from mnist_scratch.nn.schedule import SCHEDULES
from mnist_scratch.training.divergence import all_finite, diverged
from mnist_scratch.training.evaluation import check_classifier, evaluate
from mnist_scratch.training.history import NORMS, History, Row, layer_norms
from mnist_scratch.training.progress import Progress
from mnist_scratch.training.seeding import generator, get_state, seeds, set_state
from mnist_scratch.training.state import TrainingState
from mnist_scratch.training.stopping import is_over

# Divergence usually shows in the next loss, which is checked at every step. To check all parameters
# and gradients costs more, so it is done every hundred steps.
_CHECKED_EVERY = 100  # steps


class Trainer:
    """Trains a network and keeps the parameters that were best on validation.

    Best is the highest validation accuracy; of equal ones, the lowest validation loss. A copy or
    pickle made before the training, or by a function that `run` calls, trains to the same
    parameters as the original. Only one thread at a time may use a trainer and its network.

    Parameters
    ----------
    network
        Is changed in place. Its layers may differ from those of `config.network`, which a trainer
        does not read.
    training, validation
        Examples to learn from, and examples to choose the epoch by.
    config
        Distortion, loss, optimizer, schedule, epochs, batch size, patience, seed.

    Attributes
    ----------
    network, loader, optimizer, loss_function
        What `run` trains, and what it trains it with.
    rate_at_step
        The function from a step's number, from 1, to its learning rate.
    loss
        Batch-averaged, of the last step; NaN before the first.
    history
        Everything logged so far.
    norms
        Norms of weights and gradient of every dense layer, float64 (L, 2) for each finished epoch.
    step, epoch
        Steps done, and epochs finished with their validation.
    best_epoch
        The epoch, from 1, that was best on validation so far; 0 before the first is over.
    seconds
        From before the first step to after the last validation.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If the network is not one from 784 pixels to as many classes as the data sets have.
    """

    def __init__(
        self, network: Network, training: Examples, validation: Examples, config: Config
    ) -> None:
        _check_arguments(network, training, validation, config)
        self.network = network
        self.validation = validation
        self.config = config
        self.rng = generator(config.training.seed, "shuffling")
        self.loader = BatchLoader(
            training, config.training.batch_size, self.rng, make_augmentation(config)
        )
        self.loss_function = LOSSES[config.training.loss]()
        self.optimizer = make_optimizer(network, config)
        self._steps_an_epoch = len(self.loader)
        self.rate_at_step = learning_rates(config, self._steps_an_epoch)
        self.history = History()
        self.norms: list[npt.NDArray[np.float64]] = []
        self.step = 0
        self.epoch = 0
        self.best_epoch = 0
        self.seconds = 0.0
        self.loss = math.nan
        self._best_score = (-1.0, 0.0)  # (accuracy, -loss): worse than any epoch
        self._best_parameters = network.parameters.copy()  # (P,)
        self._losses: list[float] = []  # of the steps since the last row
        self._started = self._ended = False
        self._start_time = 0.0  # of the clock, when `seconds` was 0

    def run(
        self,
        after_epoch: Callable[[], object] = lambda: None,
        after_step: Callable[[], object] = lambda: None,
    ) -> None:
        """Train to the end; the network then has the parameters that were best on validation.

        Parameters
        ----------
        after_epoch, after_step
            Are called without arguments after every epoch, and after every step within one, while
            the network has the parameters of that moment: `history.epochs[-1]` is the epoch that
            is over. What they raise ends the training.

        Raises
        ------
        MnistScratchError
            If the loss, a gradient or a parameter is no longer finite, naming epoch, step, layer
            and learning rate.
        TypeError
            If a callback is not callable.
        ValueError
            If it has run before, or its optimizer is another network's.
        """
        check_callback(after_epoch, "after_epoch")
        check_callback(after_step, "after_step")
        if self._started:
            raise ValueError("this trainer has run; make another for another training")
        if getattr(self.optimizer, "network", self.network) is not self.network:
            raise ValueError("the optimizer moves another network: make another trainer for that")
        self._started = True
        self._start_time = time.perf_counter() - self.seconds
        progress = self._progress()
        try:
            # A diverging run overflows before it is stopped; the error says what NumPy's warning
            # would, and more.
            with np.errstate(over="ignore", invalid="ignore"):
                self._train(progress, after_epoch, after_step)
        finally:
            self._ended = True
            progress.close()
            if self.best_epoch:
                self.take_best()

    def _train(
        self,
        progress: Progress,
        after_epoch: Callable[[], object],
        after_step: Callable[[], object],
    ) -> None:
        while not self.finished:
            for images, targets in self.loader:
                self._train_step(images, targets)
                self._log_step()
                progress.step(self.loss, self.loss_function.predictions, targets)
                if not self.between_epochs:
                    after_step()
            self._validate()
            progress.clear()
            after_epoch()  # a run saves its checkpoint here: before it prints, which can fail
            progress.epoch(self.history.rows[-1], best=self.best_epoch == self.epoch)

    def _train_step(self, images: Array, targets: Array) -> None:
        """Take one step; the targets are one-hot, (B, C)."""
        check_finite = self.config.training.check_finite
        logits = self.network.forward(images)  # (B, C)
        self.loss = self.loss_function.forward(logits, targets)
        self.step += 1
        if check_finite and not math.isfinite(self.loss):
            raise self._diverged("loss", steps_taken=self.step - 1)
        self.network.backward(self.loss_function.backward())
        self.optimizer.learning_rate = self.rate_at_step(self.step)
        self.optimizer.step()
        if check_finite and self.step % _CHECKED_EVERY == 0:
            self._check_finite()

    def _log_step(self) -> None:
        """Write a row of the history every `log_every` steps, and after an epoch's last step.

        That last row is the one that `_validate` completes.
        """
        self._losses.append(self.loss)
        step_in_epoch = self.step % self._steps_an_epoch  # 0 at the last step of an epoch
        if step_in_epoch % self.config.training.log_every == 0:
            average = math.fsum(self._losses) / len(self._losses)
            rate = self.optimizer.learning_rate
            self.history.rows.append(Row(self.step, self.epoch + 1, rate, average))
            self._losses.clear()
        self.seconds = time.perf_counter() - self._start_time

    def _validate(self) -> None:
        """Evaluate the network on the validation examples; keep its parameters if they are best.

        Validation loss and accuracy go into the epoch's last row of the history. The loss is the
        one that training minimises, so that the two can be compared.
        """
        if self.config.training.check_finite:
            self._check_finite()
        try:
            measured = evaluate(self.network, self.validation, self.loss_function)
        except MnistScratchError as error:
            raise self._diverged("validation loss", steps_taken=self.step) from error
        self.epoch += 1
        self.seconds = time.perf_counter() - self._start_time
        self.history.rows[-1] = self.history.rows[-1]._replace(
            validation_loss=measured.loss,
            validation_accuracy=measured.accuracy,
            seconds=self.seconds,
        )
        self.norms.append(layer_norms(self.network))
        score = (measured.accuracy, -measured.loss)
        if score > self._best_score:
            self.best_epoch, self._best_score = self.epoch, score
            self._best_parameters[...] = self.network.parameters

    @property
    def finished(self) -> bool:
        """Whether the training is over, after its epochs or early."""
        return is_over(self.config.training, self.history)

    @property
    def between_epochs(self) -> bool:
        """Whether no epoch is under way."""
        return self.step % self._steps_an_epoch == 0

    def take_best(self) -> None:
        """Give the network its best parameters."""
        self.network.parameters[...] = self._best_parameters

    def __repr__(self) -> str:
        best = self.history.best if self.best_epoch else None
        ended = f", best {best.validation_accuracy:.2%} in epoch {best.epoch}" if best else ""
        epochs = f"{self.epoch} of {self.config.training.epochs} epochs"
        return f"Trainer({self.network!r}, {epochs}{ended})"

    def _check_finite(self) -> None:
        if not all_finite(self.network):
            raise self._diverged("parameters or gradients", steps_taken=self.step)

    def _diverged(self, what: str, *, steps_taken: int) -> MnistScratchError:
        """Return the error, given how many steps have moved the parameters."""
        rate = self.rate_at_step(max(1, steps_taken))
        return diverged(self.network, what, max(1, self.step), self.epoch + 1, rate)

    def _progress(self) -> Progress:
        training = self.loader.dataset
        title = (
            f"training {self.network.title} on {len(training):,} images of "
            f"{training.name}, validating on {len(self.validation):,}"
        )
        done = self.epoch * len(training) + self._position
        return Progress(title, self.config.training.epochs, len(training), done)

    def state(self) -> TrainingState:
        """Return the state of the training, between two steps; arrays are not copied.

        Raises
        ------
        MnistScratchError
            If a gradient or a parameter is not finite: such a state is not worth keeping.
        """
        self._check_finite()
        optimizer = self.optimizer
        return TrainingState(
            parameters=self.network.parameters,
            optimizer={name: getattr(optimizer, name) for name in optimizer.state_names},
            best_parameters=self._best_parameters,
            best_epoch=self.best_epoch,
            best_score=self._best_score,
            step=self.step,
            epoch=self.epoch,
            order=np.empty(0, np.int64) if self.between_epochs else self.loader.order,
            position=self._position,
            generator=get_state(self.rng),
            unlogged_losses=self._losses,
            history=self.history,
            norms=np.array(self.norms).reshape(-1, len(self.network.dense_layers), NORMS),
            seconds=self.seconds,
        )

    def restore(self, state: TrainingState) -> None:
        """Continue from where another training with the same config and examples stood.

        Raises
        ------
        ValueError
            If a training of this kind cannot have that state.
        """
        state.check_fits(
            parameters=self.network.parameters.size,
            optimizer=set(self.optimizer.state_names),
            layers=len(self.network.dense_layers),
            batch_size=self.loader.batch_size,
            batches=len(self.loader),
        )
        set_state(self.rng, state.generator)
        self.loader.epoch = state.epoch
        if state.position:
            self.loader.resume(state.order, state.position)
        self.network.parameters[...] = state.parameters
        for name, array in state.optimizer.items():
            getattr(self.optimizer, name)[...] = array
        self._best_parameters[...] = state.best_parameters
        self.best_epoch, self._best_score = state.best_epoch, state.best_score
        self.step, self.epoch = state.step, state.epoch
        self.optimizer.steps = state.step
        self._losses = list(state.unlogged_losses)
        self.history = state.history
        self.norms = list(state.norms)
        self.seconds = state.seconds

    def __copy__(self) -> Trainer:
        return copy.deepcopy(self)  # two trainers cannot share a network

    def __getstate__(self) -> dict[str, Any]:
        # A copy made during `run` can be run to its end.
        return {**vars(self), "_started": self._ended}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if self._position:
            self.loader.epoch = self.epoch  # the one to continue
            self.loader.resume(self.loader.order, self._position)

    @property
    def _position(self) -> int:
        """How many examples of the epoch under way were taken; 0 between two epochs."""
        return self.step % self._steps_an_epoch * self.loader.batch_size


def make_optimizer(network: Network, config: Config) -> Optimizer:
    """Return the optimizer of a run, with those settings of [optimizer] that apply to it."""
    settings = asdict(config.optimizer)
    if settings["momentum"] == 0.0:  # there is no velocity to look ahead along
        settings["nesterov"] = False
    kind = OPTIMIZERS[config.optimizer.name]
    return kind(network, **_taken(kind, settings))


def learning_rates(config: Config, steps_an_epoch: int) -> Callable[[int], float]:
    """Return the function from a step's number, from 1, to its learning rate.

    The schedule is asked for the progress before the step: 0 for the first.
    """
    settings, epochs = config.schedule, config.training.epochs
    options = {
        "warmup": settings.warmup,
        "interval": settings.step_epochs / epochs,
        "factor": settings.step_factor,
    }
    schedule = SCHEDULES[settings.name]
    factor = partial(schedule, **_taken(schedule, options))
    peak, steps = config.optimizer.learning_rate, epochs * steps_an_epoch
    return partial(_rate_at_step, peak=peak, steps=steps, factor=factor)


def _rate_at_step(step: int, peak: float, steps: int, factor: Callable[[float], float]) -> float:
    return peak * factor((step - 1) / steps)


def make_augmentation(config: Config) -> Augmentation | None:
    """Return what distorts the batches of a run; None where the config distorts nothing."""
    if not config.augmentation.distorts:
        return None
    branch = seeds(config.training.seed, "augmentation")
    return Augmentation(branch, config.training.epochs, **asdict(config.augmentation))


def _taken(kind: Callable[..., object], options: dict[str, Any]) -> dict[str, Any]:
    """Return those options that an entry of a registry has a parameter for, by name."""
    parameters = inspect.signature(kind).parameters
    return {name: options[name] for name in options if name in parameters}


def _check_arguments(
    network: Network, training: Examples, validation: Examples, config: object
) -> None:
    call = "Trainer(network, training, validation, config)"
    for argument, dataset in (("training", training), ("validation", validation)):
        check_classifier(network, dataset, argument, call)
    check_config(config, call)
