"""A digit classifier from the first pixel to the last gradient, on NumPy.

The rooms, each importing only from those above it:

    errors.py, system/   the one error a user can cause; files, locks, signals, threads
    nn/                  the mathematics: layers, network, loss, optimizer, schedule
    data/                images and labels, batches, distortion; pictures/, synthetic/, sources/
    config/              what a run can be told, and its TOML files
    training/            the loop: trainer, evaluation, metrics, history
    runs/                the folder of a run: model, checkpoint, resume
    inference/           predictions, ensembles
    sweep/               many runs
    report/              plots/, explain/, pages/, export/, text/
    commands/            the command line, one file a command
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_scratch.config.schema import Config
    from mnist_scratch.data.dataset import Dataset, split
    from mnist_scratch.data.loader import Batch, BatchLoader
    from mnist_scratch.data.sources.load import load_dataset
    from mnist_scratch.errors import MnistScratchError
    from mnist_scratch.nn.cross_entropy import cross_entropy_gradient, cross_entropy_loss
    from mnist_scratch.nn.layers import Dense, ReLU, Sigmoid, Tanh
    from mnist_scratch.nn.loss import SoftmaxCrossEntropy, SquaredError
    from mnist_scratch.nn.network import Network
    from mnist_scratch.nn.optimizer import SGD
    from mnist_scratch.nn.softmax import log_softmax, softmax
    from mnist_scratch.nn.softmax_cross_entropy import (
        softmax_cross_entropy,
        softmax_cross_entropy_gradient,
    )
    from mnist_scratch.runs.model import load_model, save_model
    from mnist_scratch.runs.run import resume_training, run_training
    from mnist_scratch.training.evaluation import Evaluation, evaluate
    from mnist_scratch.training.trainer import Trainer

__version__ = "0.1.0"

# Public names and where they live. They are imported when they are asked for: with all of NumPy
# behind them, `mnist-scratch --help` would take twice as long.
_HOMES = {
    "Batch": "data.loader",
    "BatchLoader": "data.loader",
    "Config": "config.schema",
    "Dataset": "data.dataset",
    "Dense": "nn.layers",
    "Evaluation": "training.evaluation",
    "MnistScratchError": "errors",
    "Network": "nn.network",
    "ReLU": "nn.layers",
    "SGD": "nn.optimizer",
    "Sigmoid": "nn.layers",
    "SoftmaxCrossEntropy": "nn.loss",
    "SquaredError": "nn.loss",
    "Tanh": "nn.layers",
    "Trainer": "training.trainer",
    "cross_entropy_gradient": "nn.cross_entropy",
    "cross_entropy_loss": "nn.cross_entropy",
    "evaluate": "training.evaluation",
    "load_dataset": "data.sources.load",
    "load_model": "runs.model",
    "log_softmax": "nn.softmax",
    "resume_training": "runs.run",
    "run_training": "runs.run",
    "save_model": "runs.model",
    "softmax": "nn.softmax",
    "softmax_cross_entropy": "nn.softmax_cross_entropy",
    "softmax_cross_entropy_gradient": "nn.softmax_cross_entropy",
    "split": "data.dataset",
}

__all__ = [
    "SGD",
    "Batch",
    "BatchLoader",
    "Config",
    "Dataset",
    "Dense",
    "Evaluation",
    "MnistScratchError",
    "Network",
    "ReLU",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "Tanh",
    "Trainer",
    "cross_entropy_gradient",
    "cross_entropy_loss",
    "evaluate",
    "load_dataset",
    "load_model",
    "log_softmax",
    "resume_training",
    "run_training",
    "save_model",
    "softmax",
    "softmax_cross_entropy",
    "softmax_cross_entropy_gradient",
    "split",
]


def __getattr__(name: str) -> Any:
    """Import a public name the first time it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mnist_scratch' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"mnist_scratch.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names too."""
    return sorted({*globals(), *_HOMES})
