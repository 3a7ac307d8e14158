"""One run from its config to its folder: load, train, evaluate once, write everything down."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from mnist_scratch.config.schema import Config, Setting, check_config, settings
from mnist_scratch.config.toml import recipe_of
from mnist_scratch.data.checks import check_callback
from mnist_scratch.data.dataset import PIXELS, Examples, split
from mnist_scratch.data.sources.load import DataSplits, load_dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.checkpoint import Checkpoint
from mnist_scratch.runs.environment import SAME_BYTES, describe_environment
from mnist_scratch.runs.folder import (
    RunFolder,
    check_free,
    locked_folder,
    remove_leftovers,
    resume_hint,
)
from mnist_scratch.runs.threads import Threads, computing
from mnist_scratch.system.files import as_path
from mnist_scratch.system.signals import DeferredSignals
from mnist_scratch.system.text import shown
from mnist_scratch.training.divergence import DivergedError
from mnist_scratch.training.evaluation import Evaluation, evaluate
from mnist_scratch.training.seeding import generator
from mnist_scratch.training.trainer import Trainer, learning_rates

# What a run computes does not depend on these: where files lie (their hashes are compared), how
# often it is saved, and whether it is watched.
_FREE = {"data_dir", "checkpoint_seconds", "check_finite"}

# Steps that take so many times as long as those that the number of threads was chosen by are worth
# a line, if they cost this many seconds of an epoch.
_SLOW = 3.0
_NOTICED = 1.0

_TOO_FAST_FOR_ADAM = 0.05  # below the default learning rate, which is SGD's

# Accuracy in percent of recipes trained on the synthetic digits: on their test images, on those of
# MNIST. Means of seeds 0 to 2; nielsen 0 and 1; fast99 0.
_ON_SYNTHETIC = {
    "default": (87, 97),
    "adam": (87, 97),
    "minimal": (68, 85),
    "speedrun": (85, 96),
    "nielsen": (86, 96),
    "fast99": (90, 98),
}


class RunResult(NamedTuple):
    """The result of a finished run.

    Attributes
    ----------
    directory
        Its folder.
    evaluation
        The best parameters on the test set.
    seconds
        Of training and validation, without loading and the test set.
    best_epoch
        The epoch, from 1, that was best on validation.
    """

    directory: RunFolder
    evaluation: Evaluation
    seconds: float
    best_epoch: int

    def __repr__(self) -> str:
        found = self.evaluation
        return (
            f"RunResult({self.directory.path}: {found.accuracy:.2%} of {found.examples:,} test "
            f"images of {found.dataset}, best epoch {self.best_epoch}, {self.seconds:.1f} s)"
        )


class Difference(NamedTuple):
    """A setting that has different values in two configs."""

    setting: Setting
    before: Any
    now: Any

    def __str__(self) -> str:
        name = f"[{self.setting.section}] {self.setting.key} (--{self.setting.flag})"
        return f"  {name}: {self.before}, now {self.now}"


def run_training(
    config: Config,
    path: str | os.PathLike[str],
    after_epoch: Callable[[], object] = lambda: None,
) -> RunResult:
    """Train, evaluate and keep a run.

    The test set is evaluated once, at the end, with the parameters that were best on validation;
    nothing is chosen by it. A checkpoint, the history and the best model so far are written after
    every epoch, and every `checkpoint_seconds` within one.

    Parameters
    ----------
    config
        The settings.
    path
        The folder to make.
    after_epoch
        Called after every epoch, once it is saved.

    Raises
    ------
    TypeError
        If an argument is not of its type.
    MnistScratchError
        If the data cannot be loaded, the folder cannot be made, or the training diverges.
    Interruption
        If a signal told the program to stop; the run is saved.
    """
    check_config(config, "run_training(config, path)")
    path = as_path(path, "path")
    check_callback(after_epoch, "after_epoch")
    check_free(path)
    rate = config.optimizer.learning_rate
    if config.optimizer.name == "adam" and rate >= _TOO_FAST_FOR_ADAM:
        _report(
            f"a learning rate of {rate:g} is too high for Adam, whose accuracy may stay at chance; "
            "take 0.001 to 0.004, as the recipe 'adam' does"
        )
    with locked_folder(path):
        data = _load(config)
        with computing(with_dataset(config, data.training.name)) as (found, threads):
            trainer = _trainer(found, data)
            directory = RunFolder.create(path, found)
            return _Run(directory, found, trainer, data, threads).finish(after_epoch)


def resume_training(
    path: str | os.PathLike[str],
    config: Config | None = None,
    after_epoch: Callable[[], object] = lambda: None,
) -> RunResult:
    """Resume an interrupted run, to the same bytes as if it had not been interrupted.

    A run that is finished is evaluated again, which changes nothing.

    Parameters
    ----------
    path
        Its folder.
    config
        The settings that it began with, or more epochs where its schedule allows; by default those
        of its config.toml.
    after_epoch
        Called after every epoch, once it is saved.

    Raises
    ------
    TypeError
        If an argument is not of its type.
    MnistScratchError
        If the folder is in use, is no run's or has no checkpoint to resume; if the config or the
        data is not that of the run; if the training diverges.
    Interruption
        If a signal told the program to stop; the run is saved.
    """
    if config is not None:
        check_config(config, "resume_training(path, config)")
    check_callback(after_epoch, "after_epoch")
    directory = RunFolder(path)
    path = directory.path
    with locked_folder(path):
        remove_leftovers(path)
        checkpoint = directory.checkpoint()
        config = config or directory.config()
        if not config.training.threads:
            began = checkpoint.config if checkpoint else directory.config()
            kept = began.training.threads
            config = replace(config, training=replace(config.training, threads=kept))
        if checkpoint:
            config = _resumed_config(checkpoint, config, path)
        data = _load(config)
        with computing(with_dataset(config, data.training.name)) as (found, threads):
            trainer = _trainer(found, data)
            if checkpoint:
                _check_data(checkpoint, data.training, path)
                try:
                    trainer.restore(checkpoint.state)
                except ValueError as error:
                    raise MnistScratchError(
                        f"{directory.checkpoint_path} is damaged: {error}; start the run again"
                    ) from error
                _check_schedule(checkpoint.config, found, trainer, path)
            directory.write_config(found)
            run = _Run(directory, found, trainer, data, threads)
            if checkpoint:
                run.environment = checkpoint.environment
                run.report_progress()
            return run.finish(after_epoch)


def differing(before: Config, now: Config) -> list[Difference]:
    """Return the settings that differ and would give another result.

    0 threads stand for any number.
    """
    differences = [
        Difference(
            setting,
            *(getattr(getattr(each, setting.section), setting.key) for each in (before, now)),
        )
        for setting in settings()
        if setting.key not in _FREE
    ]
    return [
        each
        for each in differences
        if each.before != each.now
        and not (each.setting.key == "threads" and 0 in (each.before, each.now))
    ]


def with_dataset(config: Config, found: str) -> Config:
    """Return the config that loads the data set found, whatever folder the run is repeated in."""
    data_dir = config.data.data_dir
    if config.data.dataset != found != "mnist":
        data_dir = ""  # it named a folder for MNIST
    if data_dir:
        data_dir = str(Path(data_dir).expanduser().absolute())
    return replace(config, data=replace(config.data, dataset=found, data_dir=data_dir))


class _Run:
    """A run under way, and when its files are written."""

    def __init__(
        self,
        directory: RunFolder,
        config: Config,
        trainer: Trainer,
        data: DataSplits,
        threads: Threads,
    ) -> None:
        self.directory = directory
        self.config = config
        self.trainer = trainer
        self.data = data
        self.environment = describe_environment(config, data.training)
        self._promised = threads.tried.get(config.training.threads)  # seconds of a step
        self._steps = 0  # of this epoch, without its last
        self._first_step = self._last_step = self._saved = time.monotonic()

    def report_progress(self) -> None:
        """Say how far a resumed run is, and which change may change its last digits."""
        trainer, path = self.trainer, self.directory.path
        epochs = self.config.training.epochs
        if trainer.finished:
            early = "" if trainer.epoch >= epochs else ", stopped early"
            _report(f"{path} is finished: epoch {trainer.epoch} of {epochs}{early}")
        else:
            _report(f"resuming {path} after step {trainer.step}, epoch {trainer.epoch + 1}")
        before, now = self.environment, describe_environment(self.config, self.data.training)
        changed = [
            f"{name} {now[name]} (was {shown(before.get(name))})"
            for name in SAME_BYTES
            if before.get(name) != now[name]
        ]
        if changed:
            _report(
                "its last digits may differ from those of an uninterrupted run, since this is "
                f"another machine or version: {', '.join(changed)}"
            )

    def finish(self, after_epoch: Callable[[], object]) -> RunResult:
        """Train to the end, evaluate once, and write everything down."""
        directory, trainer = self.directory, self.trainer
        directory.write_environment(self.environment)
        if not self.config.training.threads:
            _report("NumPy's BLAS chooses its threads itself here: training.threads has no effect")
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
                self._last_step = time.monotonic()
                if not self._steps:
                    self._first_step = self._last_step
                self._steps += 1
                due = self._last_step - self._saved >= self.config.training.checkpoint_seconds
                if due or signals.signal_number:
                    self._save()
                    self._first_step += self._saved - self._last_step  # to save is no step
                    signals.raise_if_pending()

            def keep_epoch() -> None:
                self._report_slow_steps()
                self._save()
                after_epoch()
                signals.raise_if_pending()

            try:
                if not self.directory.checkpoint_path.exists():
                    self._save()  # a full disk shows before the first step
                self.trainer.run(keep_epoch, after_step)
            except DivergedError as error:
                self.directory.write_history(self.trainer.history)
                self.directory.write_divergence(str(error))
                best = self.trainer.best_epoch
                kept = (
                    f"and the model of its best epoch, {best}"
                    if best
                    else "and no model, as no epoch was finished"
                )
                raise MnistScratchError(
                    f"{error}\n{self.directory.path} keeps the history up to there {kept}."
                ) from error
            except MnistScratchError as error:
                raise MnistScratchError(
                    f"{error}\n{self.directory.path} keeps what was saved; "
                    f"{resume_hint(self.directory.path)}"
                ) from error

    def _report_slow_steps(self) -> None:
        """Say once if the steps of an epoch took much longer than those before the run."""
        seconds, steps = self._last_step - self._first_step, self._steps - 1
        self._steps = 0
        if not self._promised or seconds < max(_SLOW * steps * self._promised, _NOTICED):
            return
        now, before = seconds / steps, self._promised
        threads = self.config.training.threads
        remedy = "; start a new run with threads = 1 if it stays busy" if threads > 1 else ""
        _report(
            f"a step takes {1000 * now:.3g} ms now, {now / before:.1f} times as long as when "
            f"{threads} threads were chosen: the machine is busy with other work{remedy}"
        )
        self._promised = None

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
            self._save_model()
        self._saved = time.monotonic()

    def _write_results(self) -> None:
        """Write what a kill after the last checkpoint may have prevented."""
        self.trainer.take_best()
        self.directory.write_history(self.trainer.history)
        self.directory.write_norms(self.trainer.norms)
        self._save_model()

    def _save_model(self) -> None:
        training = self.data.training
        self.directory.save_model(self.trainer.network, training.classes, resized=training.resized)


def _load(config: Config) -> DataSplits:
    data = config.data
    splits = load_dataset(data.dataset, data.data_dir, invert=data.invert)
    if data.dataset == "auto" and splits.training.name == "synthetic":
        recipe = recipe_of(config)
        if recipe in _ON_SYNTHETIC:
            own, mnist = _ON_SYNTHETIC[recipe]
            _report(
                f"Expect about {own}% on their test images: many are harder to read than MNIST's, "
                f"on whose test images the recipe '{recipe}', trained on these, reaches {mnist}%."
            )
        else:
            _report("Expect a lower accuracy than on MNIST: many of them are harder to read.")
    return splits


def _trainer(config: Config, data: DataSplits) -> Trainer:
    seed = config.training.seed
    training, validation = split(
        data.training, config.data.validation_examples, generator(seed, "validation")
    )
    network = Network.of_widths(
        (PIXELS, *config.network.hidden, len(data.training.classes)),
        config.network.activation,
        generator(seed, "initialisation"),
    )
    return Trainer(network, training, validation, config)


def _resumed_config(checkpoint: Checkpoint, asked: Config, path: Path) -> Config:
    """Return the config to resume with; an error names every setting that differs.

    More epochs are for `_check_schedule` to judge.
    """
    if asked.data.dataset == "auto":
        asked = replace(asked, data=replace(asked.data, dataset=checkpoint.dataset))
    differences = [
        each
        for each in differing(checkpoint.config, asked)
        if each.setting.key != "epochs" or each.now < each.before
    ]
    if differences:
        raise MnistScratchError(
            f"{path} was begun with another config, and would become another run:\n"
            + "\n".join(map(str, differences))
            + "\nLeave such flags out and put its config.toml back, or start a new run."
        )
    return asked


def _check_schedule(before: Config, now: Config, trainer: Trainer, path: Path) -> None:
    """Make sure that more epochs change neither rates nor distortion of the steps done."""
    if before.training.epochs == now.training.epochs:
        return
    done = range(1, trainer.step + 1)
    rates, rates_now = (learning_rates(config, len(trainer.loader)) for config in (before, now))
    if list(map(rates, done)) != list(map(rates_now, done)):
        warmup = " with its warm-up" if before.schedule.warmup else ""
        raise MnistScratchError(
            f"{path} was begun for {before.training.epochs} epochs, and the learning rates of its "
            f"schedule '{before.schedule.name}'{warmup} depend on that: with "
            f"{now.training.epochs} the steps done would have had other learning rates.\n"
            "Start a new run with these epochs. Only the schedules 'constant' and 'step' without "
            "warm-up can be continued."
        )
    if before.augmentation.fade and before.augmentation.distorts:
        raise MnistScratchError(
            f"{path} was begun for {before.training.epochs} epochs, in the last of which its "
            f"distortion fades ([augmentation] fade = {before.augmentation.fade:g}).\n"
            "Start a new run with these epochs. Only runs that do not fade can be continued."
        )


def _check_data(checkpoint: Checkpoint, dataset: Examples, path: Path) -> None:
    """Make sure that a run is resumed on the images that it began with."""
    other = sorted(
        name
        for name in checkpoint.sha256.keys() | dataset.sha256.keys()
        if checkpoint.sha256.get(name) != dataset.sha256.get(name)
    )
    if dataset.name != checkpoint.dataset or other:
        files = ", ".join(map(shown, other)) or "the data set"
        raise MnistScratchError(
            f"{path} was begun on other data than these of {dataset.name}: {files} differs; name "
            "the folder that it was begun on, data_dir (--data-dir), or start a new run"
        )


def _report(text: str) -> None:
    print(text, file=sys.stderr)
