"""One run from its config to its folder: load, train, evaluate once, write everything down."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.config.schema import Config
from mnist_scratch.data.dataset import CLASSES, PIXELS, split
from mnist_scratch.data.sources.load import DataSplits, load_dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.checkpoint import Checkpoint
from mnist_scratch.runs.environment import describe_environment
from mnist_scratch.runs.folder import (
    RunFolder,
    check_free,
    locked_folder,
    remove_leftovers,
    resume_hint,
)
from mnist_scratch.runs.resume import (
    changed_environment,
    check_data,
    check_schedule,
    resumed_config,
)
from mnist_scratch.runs.threads import computing
from mnist_scratch.system.signals import DeferredSignals
from mnist_scratch.training.divergence import DivergedError
from mnist_scratch.training.evaluation import Evaluation, evaluate
from mnist_scratch.training.seeding import generator
from mnist_scratch.training.trainer import Trainer


class RunResult(NamedTuple):
    """What a finished run has to say.

    Attributes
    ----------
    directory
        Its folder.
    evaluation
        The best parameters on the test set.
    seconds
        Of training, with its validation; loading and the test set apart.
    best_epoch
        The epoch, from 1, that was best on validation.
    """

    directory: RunFolder
    evaluation: Evaluation
    seconds: float
    best_epoch: int


def run_training(
    config: Config,
    path: Path,
    after_epoch: Callable[[], object] = lambda: None,
) -> RunResult:
    """Carry out a whole run.

    The test set is evaluated once, at the end, with the parameters that were best on validation;
    nothing is chosen by it. A checkpoint, the history and the best model so far are written after
    every epoch, and every `checkpoint_seconds` within one.

    Parameters
    ----------
    config
        What to do.
    path
        The folder to make.
    after_epoch
        Is called after every epoch, when the folder has it.

    Raises
    ------
    MnistScratchError
        If the data cannot be had, the folder cannot be made, or the training diverges.
    Interruption
        If a signal told the program to stop; the run is saved.
    """
    check_free(path)
    data = load_dataset(config.data.dataset, config.data.data_dir)
    with computing(with_dataset(config, data.training.name)) as found, locked_folder(path):
        trainer = _trainer(found, data)
        directory = RunFolder.create(path, found)
        return _Run(directory, found, trainer, data).finish(after_epoch)


def resume_training(
    path: Path,
    config: Config | None = None,
    after_epoch: Callable[[], object] = lambda: None,
) -> RunResult:
    """Go on with a run that was interrupted, to the same bytes as if it had not been.

    A run that is finished is evaluated again, which changes nothing.

    Parameters
    ----------
    path
        Its folder.
    config
        What it should do: what it was begun with, but for more epochs where its schedule allows.
        By default, what its config.toml says.
    after_epoch
        Is called after every epoch, when the folder has it.

    Raises
    ------
    MnistScratchError
        If the folder is in use, is no run's or has no checkpoint to go on from; if the config or
        the data is not that of the run; if the training diverges.
    Interruption
        If a signal told the program to stop; the run is saved.
    """
    directory = RunFolder(path)
    with locked_folder(path):
        remove_leftovers(path)
        checkpoint = directory.checkpoint()
        config = config or directory.config()
        if not config.training.threads:
            began = checkpoint.config if checkpoint else directory.config()
            threads = began.training.threads
            config = replace(config, training=replace(config.training, threads=threads))
        if checkpoint:
            config = resumed_config(checkpoint, config, path)
        data = load_dataset(config.data.dataset, config.data.data_dir)
        with computing(with_dataset(config, data.training.name)) as found:
            trainer = _trainer(found, data)
            if checkpoint:
                check_data(checkpoint, data.training, path)
                try:
                    trainer.restore(checkpoint.state)
                except ValueError as error:
                    raise MnistScratchError(
                        f"{directory.checkpoint_path} is damaged: {error}; start the run again"
                    ) from error
                check_schedule(checkpoint.config, found, trainer.step, len(trainer.loader), path)
            directory.write_config(found)
            run = _Run(directory, found, trainer, data)
            if checkpoint:
                run.environment = checkpoint.environment
                run.say_where_it_stands()
            return run.finish(after_epoch)


class _Run:
    """A run under way: its folder, and what has to be done there and when."""

    def __init__(
        self, directory: RunFolder, config: Config, trainer: Trainer, data: DataSplits
    ) -> None:
        self.directory = directory
        self.config = config
        self.trainer = trainer
        self.data = data
        self.environment = describe_environment(config, data.training)
        self._saved = time.monotonic()

    def say_where_it_stands(self) -> None:
        """Tell the person who resumes it how far it is, and what may make it another run."""
        trainer, path = self.trainer, self.directory.path
        epochs = self.config.training.epochs
        if trainer.finished:
            early = "" if trainer.epoch >= epochs else ", stopped by patience"
            _report(f"{path} is finished: epoch {trainer.epoch} of {epochs}{early}")
        else:
            _report(f"going on with {path} after step {trainer.step}, epoch {trainer.epoch + 1}")
        now = describe_environment(self.config, self.data.training)
        if changed := changed_environment(self.environment, now):
            _report(
                "its last digits may differ from those of a run never interrupted, since this is "
                f"another machine or version: {changed}"
            )

    def finish(self, after_epoch: Callable[[], object]) -> RunResult:
        """Train to the end, evaluate once, and write everything down."""
        directory, trainer = self.directory, self.trainer
        directory.write_environment(self.environment)
        if not self.config.training.threads:
            _report("NumPy's BLAS chooses its threads itself here; --threads has no effect")
        if not trainer.finished:
            directory.remove_results()
            self._train(after_epoch)
        self._write_results()
        evaluation = evaluate(trainer.network, self.data.test)
        directory.write_evaluation(evaluation, self.data.test.sha256)
        return RunResult(directory, evaluation, trainer.seconds, trainer.best_epoch)

    def _train(self, after_epoch: Callable[[], object]) -> None:
        with DeferredSignals() as signals:

            def after_step() -> None:
                due = time.monotonic() - self._saved >= self.config.training.checkpoint_seconds
                if due or signals.signal_number:
                    self._save()
                    signals.raise_if_pending()

            def keep_epoch() -> None:
                self._save()
                after_epoch()
                signals.raise_if_pending()

            try:
                if not self.directory.checkpoint_path.exists():
                    self._save()  # a disk that is full shows before the first step
                self.trainer.run(keep_epoch, after_step)
            except DivergedError as error:
                self.directory.write_history(self.trainer.history)
                raise MnistScratchError(
                    f"{error}\n{self.directory.path} keeps the history up to there, the best model "
                    "and the last checkpoint."
                ) from error
            except MnistScratchError as error:
                raise MnistScratchError(
                    f"{error}\n{self.directory.path} keeps what was saved; "
                    f"{resume_hint(self.directory.path)}"
                ) from error

    def _save(self) -> None:
        """Write the checkpoint first: what else is in the folder can be made from it."""
        directory, trainer = self.directory, self.trainer
        training = self.data.training
        directory.save_checkpoint(
            Checkpoint(
                self.config,
                training.name,
                dict(training.sha256),
                self.environment,
                trainer.state(),
            )
        )
        directory.write_history(trainer.history)
        directory.write_norms(trainer.norms)
        if trainer.between_epochs and 0 < trainer.best_epoch == trainer.epoch:
            directory.save_model(trainer.network)
        self._saved = time.monotonic()

    def _write_results(self) -> None:
        """Write what a crash after the last checkpoint may have kept from being written."""
        self.trainer.take_best()
        self.directory.write_history(self.trainer.history)
        self.directory.write_norms(self.trainer.norms)
        self.directory.save_model(self.trainer.network)


def _trainer(config: Config, data: DataSplits) -> Trainer:
    """Return the trainer of a run, before its first step."""
    seed = config.training.seed
    training, validation = split(
        data.training, config.data.validation_examples, generator(seed, "validation")
    )
    network = Network.of_widths(
        (PIXELS, *config.network.hidden, CLASSES),
        config.network.activation,
        generator(seed, "initialisation"),
    )
    return Trainer(network, training, validation, config)


def with_dataset(config: Config, found: str) -> Config:
    """Return the config that loads what was found, from whichever folder the run is repeated."""
    data_dir = config.data.data_dir
    if config.data.dataset != found != "mnist":
        data_dir = ""  # it named a folder for MNIST
    if data_dir:
        data_dir = str(Path(data_dir).expanduser().absolute())
    return replace(config, data=replace(config.data, dataset=found, data_dir=data_dir))


def _report(text: str) -> None:
    print(text, file=sys.stderr)
