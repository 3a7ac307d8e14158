"""A digit classifier from the first pixel to the last gradient, on NumPy.

Read the package in this order; each file needs only those above it. Whoever wants the mathematics
alone reads nn/.

    errors.py, files.py             the one error a user can cause; files written whole
    reading.py                      files that could be anything, opened
    interruption.py, lock.py        Ctrl-C and SIGTERM; one program at a time
    data/idx.py                     the format of MNIST's files
    data/row_file.py                images in a file too large for the memory
    data/dataset.py                 Dataset, Subset, split: images with their labels
    data/classes.py                 what their classes are called
    data/augment.py                 distorted images: what a hand might have written as well
    data/loader.py                  BatchLoader: from images to batches
    nn/arrays.py                    what an array is here; buffers used again
    nn/layers.py                    Dense, ReLU, Tanh, Sigmoid: forward and backward side by side
    nn/network.py                   Network: from images to logits, and the way back
    nn/softmax.py                   from logits to predictions
    nn/targets.py                   the right answers, in each of their forms
    nn/cross_entropy.py             how surprised the predictions are by them, and the gradient
    nn/softmax_cross_entropy.py     the two in one, with weights, smoothing and what is ignored
    nn/loss.py                      the losses of training: where backward starts
    nn/vectors.py                   sums of flat arrays, in one pass over memory
    nn/optimizer.py                 SGD: where parameters move
    nn/schedule.py                  the learning rate as a function of progress
    limits.py, config.py            what a run can be told
    settings.py                     the same as a list, and replaced one by one
    recipes.py                      the same in TOML files
    threads.py                      how many threads the BLAS computes with
    data/gzipped.py                 gzip, no further than to the expected size
    data/sources.py                 files that must hash to what is on record
    data/published.py               which data sets are published, and their records
    data/zipped.py                  files in an archive that is verified as a whole
    data/own_files.py               a person's own four files
    data/https.py, download.py      asking one address; fetching from several mirrors, verified
    data/picture.py                 preparing a picture as MNIST was prepared
    data/picture_file.py            reading a person's own picture
    data/paper.py, parts.py         telling ink from paper, a digit from dust and from a second one
    data/own_picture.py             the same prepared as MNIST was prepared
    data/strokes.py, skeletons.py   the ways people write each digit
    data/handwriting.py             how one hand differs from another
    data/rendering.py, synthetic.py drawing digits, 70,000 of them
    data/synthetic_files.py         those digits as files, drawn once
    data/acquire.py                 the data set of a run: found, fetched or drawn
    data/checking.py                whether its files are there, and right
    training/randomness.py          one seed, a branch for each purpose
    training/metrics.py             class by class, and how sure the answers were
    training/evaluation.py          how good a network is
    training/history.py             what was logged
    training/norms.py               how large each layer's weights and gradients are
    training/progress.py            what a person sees meanwhile
    training/state.py               where a training stands between two steps
    training/finite.py              numbers that go wrong
    training/augmentation.py        how a run distorts its images
    training/learning_rate.py       the learning rate of every step
    training/trainer.py             the epoch loop
    training/npz.py                 the format of models, by its headers
    training/archive.py             arrays in a file, checked before they are read
    training/model.py               a model in a file
    training/checkpoint.py          a whole run in a file
    training/environment.py         what a result depends on beside its config
    training/folder.py              the folder of a run from outside: free, in use, interrupted
    training/rundir.py              the same from inside: its files
    training/run_list.py            the runs of a folder: how far, how good
    training/resume.py              whether a run can go on as it is asked to
    training/run.py                 a whole run, from its config to its folder
    training/variations.py          which settings a sweep varies
    training/sweep.py               many runs, each in a folder of its own
    training/sweep_process.py       one of them, in a process of its own
    training/cluster.py             the same on a Dask cluster
    training/sweep_results.py       their mean and spread
    training/views.py               several views of an image, each a little distorted
    training/committee.py           several runs on a test set, each alone and all together
    training/examples.py            what a network makes of single images
    training/prediction.py          what a network makes of a person's own pictures
    training/comparison.py          the same network trained with cross-entropy and squared error
    report/theme.py                 colours on light and on dark ground
    report/loss_curve.py            the picture of a run
    report/evaluation_text.py       how good a run's model is, in words
    report/evaluation_pictures.py   what was taken for what, and how sure it was
    report/mistakes_picture.py      the images that are read wrongly
    report/layer_pictures.py        the first layer's weights; what moved in each layer
    report/page_parts.py            sections, tables and pictures of a page
    report/report_page.py           the report of a run
    report/redraw.py, live.py       the picture of a run that goes on, drawn beside it
    report/contact_sheet.py         images of a data set on one sheet
    report/differences.py           in what runs differ
    report/sweep_table.py           what came of a sweep, in figures
    report/sweep_picture.py         the same in dots
    report/explanation.py           from logits to loss, number by number
    report/explanation_text.py      the same in words
    report/explanation_picture.py   the same for images
    report/curves.py                what cross-entropy is for, in curves
    report/bars.py                  predictions in a terminal
    report/draw_page.py             a page that reads what is drawn on it
    report/exported.py              what a model is told to others with
    report/onnx_file.py             a model as a graph that runs anywhere
    report/safetensors_file.py      a model's parameters as PyTorch has them
    arguments/                      the command line: common.py, training.py, runs.py, pictures.py,
                                    data.py
    commands/                       its commands: output.py, train.py, evaluate.py, runs.py,
                                    run_list.py, explain.py, pictures.py, sweep.py, export.py,
                                    data.py
    cli.py                          every error a message
    attached.py                     the same for a program that starts it
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
    "Config": "config",
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
    "load_dataset": "data.acquire",
    "load_model": "training.model",
    "log_softmax": "nn.softmax",
    "resume_training": "training.run",
    "run_training": "training.run",
    "save_model": "training.model",
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
