"""Our own contestants.

They import only public names that commit c6c352f has too, so that it can take part.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.rivals import PROBED, initial_parameters
from benchmarks.turns import Data, Turns, Work

from mnist_scratch import (
    Config,
    Dataset,
    Network,
    SoftmaxCrossEntropy,
    Trainer,
    evaluate,
    load_dataset,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)

load = cache(load_dataset)

_UNDISTORTED = dict.fromkeys(("rotation", "scale", "shear", "shift"), 0.0)


def _network(work: Work) -> Network:
    network = Network.of_widths(tuple(work.widths), "relu", np.random.default_rng(0))
    network.parameters[...] = np.concatenate(list(map(np.ravel, initial_parameters(work.widths))))
    return network


def _first(dataset: Any, count: int) -> Dataset:
    return Dataset(dataset.name, dataset.images[:count], dataset.labels[:count])


def make_trainer(
    work: Work, data: Data, *, check_finite: bool = True, distortion: Any = None
) -> Trainer:
    """Return a trainer whose training has no end."""
    training, test = load(*data)
    config = Config()
    config = replace(
        config,
        network=replace(config.network, hidden=tuple(work.widths[1:-1])),
        optimizer=replace(
            config.optimizer,
            learning_rate=work.learning_rate,
            momentum=work.momentum,
            nesterov=work.nesterov,
            weight_decay=work.weight_decay,
        ),
        schedule=replace(config.schedule, name="constant", warmup=0.0),
        training=replace(
            config.training,
            epochs=10**6,  # the turns end before
            batch_size=work.batch_size,
            check_finite=check_finite,
        ),
        augmentation=replace(config.augmentation, **(_UNDISTORTED | (distortion or {}))),
    )
    # Few images to validate on: it is steps that are timed, not what comes between two epochs.
    return Trainer(_network(work), training, _first(test, 10), config)


def train(
    turns: Turns, work: Work, data: Data, *, epochs: bool = False, choose: bool = False, **how: Any
) -> None:
    """Take steps in the training loop: batches, forward, backward, optimizer, log.

    With `epochs`, a step of the benchmark is an epoch; with `choose`, the number of threads is the
    one that a run would choose.
    """
    trainer = make_trainer(work, data, **how)
    probed = _first(load(*data)[1], PROBED)
    turns.ready(lambda: evaluate(trainer.network, probed).loss)
    # In the first turn, while no other contestant computes.
    with _chosen_threads(trainer.config) if choose else nullcontext():
        # For the last step of an epoch the trainer calls `after_epoch` alone.
        trainer.run(turns.step, (lambda: None) if epochs else turns.step)


def products(turns: Turns, work: Work, data: Data) -> None:
    """Multiply the matrices that a step multiplies, and nothing else."""
    del data  # it needs none
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return rng.standard_normal(shape, np.float32)

    layers = [
        (
            normal(work.batch_size, width_in),  # inputs (B, I)
            normal(width_in, width_out),  # weights (I, O)
            normal(work.batch_size, width_out),  # d_outputs (B, O)
        )
        for width_in, width_out in pairwise(work.widths)
    ]
    results = [tuple(map(np.empty_like, layer)) for layer in layers]
    turns.ready()
    while True:
        for (inputs, weights, _), (_, _, outputs) in zip(layers, results, strict=True):
            np.matmul(inputs, weights, out=outputs)
        for number in reversed(range(len(layers))):
            inputs, weights, d_outputs = layers[number]
            d_inputs, d_weights, _ = results[number]
            np.matmul(inputs.T, d_outputs, out=d_weights)
            if number:
                np.matmul(d_outputs, weights.T, out=d_inputs)
        turns.step()


def evaluation(turns: Turns, work: Work, data: Data) -> None:
    """Evaluate a network on the test set."""
    network, test = _network(work), load(*data)[1]
    turns.ready()
    while True:
        evaluate(network, test)
        turns.step()


def loss(turns: Turns, work: Work, data: Data, *, one_hot: bool, checked: bool) -> None:
    """Compute the loss and its gradient as training does, or by functions that check arguments."""
    del data  # it needs none
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((work.batch_size, 10), np.float32)
    targets: Any = rng.integers(0, 10, work.batch_size)
    if one_hot:
        targets = np.eye(10, dtype=np.float32)[targets]
    loss_function = SoftmaxCrossEntropy()
    turns.ready()
    while True:
        if checked:
            softmax_cross_entropy(logits, targets)
            softmax_cross_entropy_gradient(logits, targets)
        else:
            loss_function.forward(logits, targets)
            loss_function.backward()
        turns.step()


# The names below are not public: older checkouts keep them elsewhere.


def _chosen_threads(config: Config) -> Any:
    """Return a context in which the BLAS computes with as many threads as a run would choose."""
    from mnist_scratch.runs.threads import computing

    return computing(config)


def distorting(turns: Turns, work: Work, data: Data, distortion: Mapping[str, Any]) -> None:
    """Distort the images of a batch, and nothing else."""
    from mnist_scratch.data.augment import Augmentation

    pixels = load(*data).training.images[: work.batch_size].reshape(-1, 784)
    augmentation = Augmentation(np.random.SeedSequence(0), **distortion)
    turns.ready()
    for number in itertools.count():
        augmentation.distort(pixels, 0, number)
        turns.step()


def checkpoint(turns: Turns, work: Work, data: Data) -> None:
    """Write a checkpoint, flushed to disk."""
    from mnist_scratch.runs.checkpoint import Checkpoint, save_checkpoint

    trainer = make_trainer(work, data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.npz"
        turns.ready()
        while True:
            saved = Checkpoint(trainer.config, data.dataset, {}, {}, trainer.state())
            save_checkpoint(path, saved)
            turns.step()
