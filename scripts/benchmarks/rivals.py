"""What the programs of PyTorch and JAX share: the files, the first parameters, the order of work.

    python -m benchmarks.rivals OPTIONS    a JSON object, as programs.py makes it

Nothing is imported of the program that they are compared with: its start would be added to theirs.

A rival is a module with a contestant `loss` and a class `Model`:

- `Model(work, images, labels, seed)` begins with `initial_parameters`
- `epoch(turns, rates)` takes a step for each learning rate; `turns` counts them
- `batches(images, labels)` puts examples where `evaluate` reads them, for loss and accuracy
- `parameters` can be read and set: weights (I, O) and biases (O,) of every layer
"""

from __future__ import annotations

import gzip
import importlib
import json
import math
import sys
import time
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from benchmarks.turns import Data, Turns, Work

# Test images on which the loss must fall. After 30 epochs with other orders of the examples it
# varied by 2% on so many, and by 10% on 1,000.
PROBED = 10_000
EVALUATED_TOGETHER = 1000  # images; all data sets have whole thousands

Array = np.ndarray[Any, Any]


def _read_idx(path: Path, header: int) -> Array:
    """Return the bytes after the header of a file, compressed or not."""
    packed = path.with_name(f"{path.name}.gz")
    content = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    return np.frombuffer(content, np.uint8, offset=header)


def read_set(folder: str, name: str) -> tuple[Array, Array]:
    """Return images uint8 (N, 784) and labels uint8 (N,)."""
    images = _read_idx(Path(folder, f"{name}-images-idx3-ubyte"), 16).reshape(-1, 784)
    return images, _read_idx(Path(folder, f"{name}-labels-idx1-ubyte"), 8)


def standardised(images: Array, labels: Array) -> tuple[Array, Array]:
    """Return images float32 and labels int64, with the mean and deviation of MNIST's pixels."""
    pixels = images.astype(np.float32)
    pixels /= 255.0
    pixels -= 0.1307
    pixels /= 0.3081
    return pixels, labels.astype(np.int64)


@cache
def standardised_set(data: Data, name: str) -> tuple[Array, Array]:
    """Return the images and labels of "train" or "t10k", once for all contestants of a process."""
    return standardised(*read_set(data.folder, name))


def initial_parameters(widths: Sequence[int], seed: int = 0) -> list[Array]:
    """Return weights (I, O), drawn as He et al. do for ReLU, and biases (O,) of every layer."""
    rng = np.random.default_rng(seed)
    parameters: list[Array] = []
    for width_in, width_out in pairwise(widths):
        weights = rng.standard_normal((width_in, width_out), np.float32)
        weights *= math.sqrt(2.0 / width_in)
        parameters += [weights, np.zeros(width_out, np.float32)]
    return parameters


def _model(rival: str) -> Any:
    return importlib.import_module(f"benchmarks.{rival}").Model


def train(turns: Turns, work: Work, data: Data, *, rival: str, epochs: bool = False) -> None:
    """Take steps of training; with `epochs`, a step of the benchmark is an epoch."""
    images, labels = standardised_set(data, "train")
    model = _model(rival)(work, images, labels)
    probed = model.batches(*(array[:PROBED] for array in standardised_set(data, "t10k")))
    rates = [work.learning_rate] * math.ceil(len(images) / work.batch_size)
    turns.ready(lambda: model.evaluate(probed)[0])
    while True:
        model.epoch(UNTIMED if epochs else turns, rates)
        if epochs:
            turns.step()


def evaluation(turns: Turns, work: Work, data: Data, *, rival: str) -> None:
    """Evaluate a network on the test set."""
    test = standardised_set(data, "t10k")
    model = _model(rival)(work, *test)
    batches = model.batches(*test)
    turns.ready()
    while True:
        model.evaluate(batches)
        turns.step()


UNTIMED = SimpleNamespace(left=sys.maxsize, step=lambda *_: None)


def main() -> None:
    """Read the files, train, save, print the accuracy on the test set.

    The model that is saved has the parameters that were best on validation.
    """
    options = SimpleNamespace(**json.loads(sys.argv[1]))
    work, model_class = Work(**options.work), _model(options.rival)
    images, labels = read_set(options.folder, "train")
    order = np.random.default_rng(options.seed).permutation(len(images))
    held_out, kept = np.split(order, [options.validation_examples])
    training, validation = (standardised(images[part], labels[part]) for part in (kept, held_out))
    started = time.perf_counter()
    model = model_class(work, *training, options.seed)
    batches = model.batches(*validation)
    steps = math.ceil(len(kept) / work.batch_size)
    progress = np.arange(options.epochs * steps) / (options.epochs * steps)
    # The schedule one-cycle.
    peak = work.learning_rate
    rates = np.interp(progress, [0.0, options.warmup, 1.0], [peak / 25, peak, 0.0])
    best, best_accuracy = model.parameters, -1.0
    for of_epoch in rates.reshape(-1, steps).tolist():
        model.epoch(UNTIMED, of_epoch)
        _, reached = model.evaluate(batches)
        if reached > best_accuracy:
            best, best_accuracy = model.parameters, reached
    model.parameters = best
    said = {"training_seconds": time.perf_counter() - started}
    np.savez("model.npz", *best)
    test = standardised(*read_set(options.folder, "t10k"))
    _, said["accuracy"] = model.evaluate(model.batches(*test))
    said["compile_seconds"] = getattr(model, "compile_seconds", 0.0)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
