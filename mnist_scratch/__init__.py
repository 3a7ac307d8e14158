"""A digit classifier written from scratch in NumPy: data, network, training, evaluation.

The folders, each importing only from those above it:

    errors.py, system/   errors with a message for the user; files, locks, signals, threads, text
    nn/                  the mathematics: layers, network, loss, optimizer, schedule
    data/                images, labels, batches, distortion; sources/, pictures/, synthetic/
    config/              the settings of a run, and their TOML files
    training/            the training loop, early stopping, evaluation, metrics, history
    runs/                the folder of a run: train, resume, checkpoint, model file
    inference/           predictions, ensembles, test-time augmentation
    sweep/               many runs: combinations of settings and seeds, execution, results
    report/              plots/, text/, pages/, explain/, export/
    commands/, cli.py    the command line, one file for each command
"""

from mnist_scratch.config.schema import (
    AugmentationConfig,
    Config,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    ScheduleConfig,
    TrainingConfig,
)
from mnist_scratch.data.dataset import Dataset, split
from mnist_scratch.data.loader import Batch, BatchLoader, standardise
from mnist_scratch.data.pictures.own import PictureDigits, read_digits, read_picture
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.predict import Predictions, predict
from mnist_scratch.nn.cross_entropy_reference import (
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from mnist_scratch.nn.layers import Dense, ReLU, Sigmoid, Tanh
from mnist_scratch.nn.loss import (
    SoftmaxCrossEntropy,
    SquaredError,
    cross_entropy_gradient,
    cross_entropy_loss,
    log_softmax,
    softmax,
)
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import SGD, Adam
from mnist_scratch.report.explain.backward import ExplainedStep, explain_step
from mnist_scratch.runs.model import load_model, save_model
from mnist_scratch.runs.run import resume_training, run_training
from mnist_scratch.training.evaluation import Evaluation, evaluate
from mnist_scratch.training.trainer import Trainer
from mnist_scratch.version import __version__

__all__ = [
    "SGD",
    "Adam",
    "AugmentationConfig",
    "Batch",
    "BatchLoader",
    "Config",
    "DataConfig",
    "Dataset",
    "Dense",
    "Evaluation",
    "ExplainedStep",
    "MnistScratchError",
    "Network",
    "NetworkConfig",
    "OptimizerConfig",
    "PictureDigits",
    "Predictions",
    "ReLU",
    "ScheduleConfig",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "Tanh",
    "Trainer",
    "TrainingConfig",
    "__version__",
    "cross_entropy_gradient",
    "cross_entropy_loss",
    "evaluate",
    "explain_step",
    "load_dataset",
    "load_model",
    "log_softmax",
    "predict",
    "read_digits",
    "read_picture",
    "resume_training",
    "run_training",
    "save_model",
    "softmax",
    "softmax_cross_entropy",
    "softmax_cross_entropy_gradient",
    "split",
    "standardise",
]
