"""One run from its config to its folder: load, train, evaluate once, write everything down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.config import Config
from mnist_scratch.data.acquire import load_dataset
from mnist_scratch.data.loader import CLASSES, PIXELS, split
from mnist_scratch.data.sources import MNIST
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network
from mnist_scratch.training.environment import describe_environment
from mnist_scratch.training.evaluation import Evaluation, evaluate
from mnist_scratch.training.randomness import generator
from mnist_scratch.training.rundir import RunDirectory
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

    directory: RunDirectory
    evaluation: Evaluation
    seconds: float
    best_epoch: int


def run_training(config: Config, path: Path) -> RunResult:
    """Carry out a whole run.

    The test set is evaluated once, at the end, with the parameters that were best on validation;
    nothing is chosen by it. The history and the best model so far are written after every epoch.

    Parameters
    ----------
    config
        What to do.
    path
        The folder to make.

    Raises
    ------
    MnistScratchError
        If the data cannot be had, the folder cannot be made, or the training diverges.
    """
    RunDirectory.check_free(path)
    dataset, test = load_dataset(config.data.dataset, config.data.data_dir)
    config = _with_dataset(config, dataset.name)
    seed = config.training.seed
    training, validation = split(
        dataset, config.data.validation_examples, generator(seed, "validation")
    )
    directory = RunDirectory.create(path, config)
    directory.write_environment(describe_environment(seed, dataset))
    network = Network.of_widths(
        (PIXELS, *config.network.hidden, CLASSES),
        config.network.activation,
        generator(seed, "initialisation"),
    )
    trainer = Trainer(network, training, validation, config)

    def keep() -> None:
        directory.write_history(trainer.history)
        if trainer.best_epoch == trainer.history.rows[-1].epoch:
            directory.save_model(network)

    try:
        trainer.run(after_epoch=keep)
    except MnistScratchError as error:
        directory.write_history(trainer.history)
        raise MnistScratchError(f"{error}\n{path} keeps the history up to there.") from error
    evaluation = evaluate(network, test)
    directory.write_evaluation(evaluation, trainer.seconds, trainer.best_epoch)
    return RunResult(directory, evaluation, trainer.seconds, trainer.best_epoch)


def _with_dataset(config: Config, found: str) -> Config:
    """Return the config that loads the data set that "auto" came to, so that the run repeats."""
    if config.data.dataset == found:
        return config
    data_dir = config.data.data_dir if found == MNIST else ""
    return replace(config, data=replace(config.data, dataset=found, data_dir=data_dir))
