"""Our own contestants: the public classes, as the program's own training uses them."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.turns import Turns
from benchmarks.work import Work, load
from mnist_scratch import (
    Config,
    Dataset,
    Network,
    SoftmaxCrossEntropy,
    Trainer,
    evaluate,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from mnist_scratch.config.schema import AugmentationConfig, with_values
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.data.augment import Augmentation
from mnist_scratch.runs.checkpoint import Checkpoint, save_checkpoint

PROBED = 1000  # test images on which the loss must fall


def _network(widths: tuple[int, ...]) -> Network:
    return Network.of_widths(widths, "relu", np.random.default_rng(0))


def _part(dataset: Dataset, count: int) -> Dataset:
    return Dataset(dataset.name, dataset.images[:count], dataset.labels[:count])


def make_trainer(
    work: Work,
    training: Dataset,
    test: Dataset,
    *,
    check_finite: bool = True,
    distorted: bool = False,
    epochs: int = 10**6,  # the turns end before
) -> Trainer:
    """Return the trainer whose steps are timed."""
    began = Config(augmentation=distortion()) if distorted else Config()
    values = {
        ("optimizer", "learning_rate"): work.learning_rate,
        ("optimizer", "momentum"): work.momentum,
        ("optimizer", "nesterov"): work.nesterov,
        ("optimizer", "weight_decay"): work.weight_decay,
        ("schedule", "name"): "constant",
        ("schedule", "warmup"): 0.0,
        ("training", "epochs"): epochs,
        ("training", "batch_size"): work.batch_size,
        ("training", "check_finite"): check_finite,
    }
    config = with_values(began, values, "the benchmark")
    # A few images to validate on: a step is timed, and not what comes between two epochs.
    return Trainer(_network(work.widths), training, _part(test, 10), config)


def distortion() -> AugmentationConfig:
    """Return how much images are distorted: as by the recipe named after Simard."""
    return read_config(find_config("simard")).augmentation


def probe(trainer: Trainer, test: Dataset) -> Callable[[], float]:
    """Return a measure of the loss that leaves the trained network's buffers alone."""
    copy, probed = _network(trainer.network.widths), _part(test, PROBED)

    def loss() -> float:
        copy.parameters[...] = trainer.network.parameters
        return evaluate(copy, probed).loss

    return loss


def train(turns: Turns, work: dict[str, Any], data: tuple[str, str], **settings: bool) -> None:
    """Take steps in the training loop: batches out of bytes, forward, backward, SGD, the log."""
    training, test = load(*data)
    trainer = make_trainer(Work.from_arguments(work), training, test, **settings)
    turns.ready(probe(trainer, test))
    # Of the last step of an epoch the trainer tells with the epoch.
    trainer.run(after_epoch=turns.step, after_step=turns.step)


def train_epochs(turns: Turns, work: dict[str, Any], data: tuple[str, str]) -> None:
    """Do the same; a step is an epoch."""
    training, test = load(*data)
    trainer = make_trainer(Work.from_arguments(work), training, test)
    turns.ready(probe(trainer, test))
    trainer.run(after_epoch=turns.step)


def distorting(turns: Turns, batch: int, data: tuple[str, str], *, elastic: bool) -> None:
    """Distort the images of a batch, and nothing else."""
    amounts = distortion() if elastic else replace(distortion(), elastic_alpha=0.0)
    pixels = load(*data).training.pixels[:batch]
    augmentation = Augmentation(np.random.SeedSequence(0), **asdict(amounts))
    turns.ready()
    for number in itertools.count():
        augmentation.distort(pixels, 0, number)
        turns.step()


def products(turns: Turns, work: dict[str, Any], data: tuple[str, str]) -> None:
    """Multiply the matrices that a step multiplies, and nothing else."""
    del data
    rng = np.random.default_rng(0)
    made = Work.from_arguments(work)
    layers = []
    for width_in, width_out in zip(made.widths[:-1], made.widths[1:], strict=True):
        inputs = rng.normal(size=(made.batch_size, width_in)).astype(np.float32)  # (B, I)
        weights = rng.normal(size=(width_in, width_out)).astype(np.float32)  # (I, O)
        d_outputs = rng.normal(size=(made.batch_size, width_out)).astype(np.float32)  # (B, O)
        layers.append((inputs, weights, d_outputs))
    outputs = [np.empty_like(layer[2]) for layer in layers]
    d_weights = [np.empty_like(layer[1]) for layer in layers]
    d_inputs = [np.empty_like(layer[0]) for layer in layers]
    turns.ready()
    while True:
        for number, (inputs, weights, _) in enumerate(layers):
            np.matmul(inputs, weights, out=outputs[number])
        for number, (inputs, weights, d_output) in reversed(list(enumerate(layers))):
            np.matmul(inputs.T, d_output, out=d_weights[number])
            if number:
                np.matmul(d_output, weights.T, out=d_inputs[number])
        turns.step()


def evaluation(turns: Turns, work: dict[str, Any], data: tuple[str, str]) -> None:
    """Evaluate a network on the test set."""
    network, test = _network(Work.from_arguments(work).widths), load(*data).test
    turns.ready()
    while True:
        evaluate(network, test)
        turns.step()


def loss_inputs(batch: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return logits (B, 10) and the number of each example's true class (B,)."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(batch, 10)).astype(np.float32), rng.integers(0, 10, batch)


def loss_class(turns: Turns, batch: int) -> None:
    """Compute the loss and its gradient as training does."""
    logits, labels = loss_inputs(batch)
    targets = np.eye(10, dtype=np.float32)[labels]
    loss_function = SoftmaxCrossEntropy()
    turns.ready()
    while True:
        loss_function.forward(logits, targets)
        loss_function.backward()
        turns.step()


def loss_functions(turns: Turns, batch: int, *, one_hot: bool) -> None:
    """Compute them by the functions that check everything."""
    logits, labels = loss_inputs(batch)
    targets = np.eye(10, dtype=np.float32)[labels] if one_hot else labels
    turns.ready()
    while True:
        softmax_cross_entropy(logits, targets)
        softmax_cross_entropy_gradient(logits, targets)
        turns.step()


def checkpoint(turns: Turns, work: dict[str, Any], data: tuple[str, str]) -> None:
    """Write a checkpoint, whole and flushed to disk."""
    loaded, made = load(*data), Work.from_arguments(work)
    trainer = make_trainer(made, loaded.training, loaded.test)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.npz"
        turns.ready()
        while True:
            saved = Checkpoint(trainer.config, data[0], {}, {}, trainer.state())
            save_checkpoint(path, saved)
            turns.step()
