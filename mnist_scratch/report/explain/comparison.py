"""Training runs that differ only in the loss: why cross-entropy is used, on a small network.

The network is 784-30-C with ReLU, trained by plain SGD without momentum and schedule. It starts
once as usual (He initialisation) and once confidently wrong: the same parameters, but the bias of
logit 0 is raised, so that the network is certain that every image is of the first class, a 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mnist_scratch.config.schema import UNDISTORTED, Config, with_values
from mnist_scratch.data.dataset import PIXELS, Examples, Subset, split
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network
from mnist_scratch.training.evaluation import evaluate
from mnist_scratch.training.history import History
from mnist_scratch.training.seeding import generator
from mnist_scratch.training.trainer import Trainer

COMPARED = ("cross-entropy", "squared-error")
SEED = 0
HIDDEN = 30
# Enough to learn from, few enough that an epoch, after which accuracy is measured, is 100 steps.
TRAINING_EXAMPLES = 6400
VALIDATION_EXAMPLES = 2000
BATCH_SIZE = 64
EPOCHS = 12
LEARNING_RATE = 0.1
# exp(-15) is 3e-7: what the network sees in an image moves a logit by one or two, so the other
# classes begin with about a millionth of the probability.
CONFIDENT_BIAS = 15.0
LOGGED_STEPS = 10


class Learning(NamedTuple):
    """How one network learned.

    Attributes
    ----------
    loss
        What it was trained with, one of `COMPARED`.
    start_loss
        That loss on the training examples, before the first step.
    start_accuracy
        On the validation examples, before the first step.
    history
        The training, `LOGGED_STEPS` steps a row.
    """

    loss: str
    start_loss: float
    start_accuracy: float
    history: History

    @property
    def accuracies(self) -> list[float]:
        """Accuracy on the validation examples: before the first step, then after every epoch."""
        measured = [row.validation_accuracy for row in self.history.epochs]
        return [self.start_accuracy, *(accuracy or 0.0 for accuracy in measured)]


class Comparison(NamedTuple):
    """How the same network learned with each loss, from each of the two starts."""

    dataset: str
    classes: Sequence[str]
    confidently_wrong: list[Learning]
    ordinary: list[Learning]


def compare_losses(dataset: Examples, report: Callable[[str], object]) -> Comparison:
    """Train the same network with each loss: same seed, parameters, batches and learning rate.

    Parameters
    ----------
    dataset
        Training images, from which the same sample is drawn for each training.
    report
        Called with a line that says which training follows.

    Raises
    ------
    MnistScratchError
        If there are too few images.
    """
    training, validation = sample(dataset)
    starts = {"confidently wrong": CONFIDENT_BIAS, "as usual": 0.0}
    learnings: dict[str, list[Learning]] = {start: [] for start in starts}
    for start, bias in starts.items():
        for loss in COMPARED:
            report(f"{loss}, starting {start}:")
            learnings[start].append(
                _learn(start_network(bias, len(dataset.classes)), training, validation, loss)
            )
    return Comparison(dataset.name, dataset.classes, *learnings.values())


def sample(dataset: Examples) -> tuple[Subset, Subset]:
    """Draw the training and the validation examples from training images."""
    needed = TRAINING_EXAMPLES + VALIDATION_EXAMPLES
    if len(dataset) <= needed:
        raise MnistScratchError(
            f"{dataset.name} has {len(dataset):,} training images; to compare the losses takes "
            f"more than {needed:,}, so name another --dataset"
        )
    rng = generator(SEED, "validation")
    rest, validation = split(dataset, VALIDATION_EXAMPLES, rng)
    return split(rest, TRAINING_EXAMPLES, rng)[1], validation


def start_network(bias: float, classes: int) -> Network:
    """Return the network with which a training begins, with this bias of logit 0."""
    widths = (PIXELS, HIDDEN, classes)
    network = Network.of_widths(widths, "relu", generator(SEED, "initialisation"))
    network.dense_layers[-1].biases[0] = bias
    return network


def _learn(network: Network, training: Examples, validation: Examples, loss: str) -> Learning:
    values = {
        ("training", "loss"): loss,
        ("training", "epochs"): EPOCHS,
        ("training", "batch_size"): BATCH_SIZE,
        ("training", "seed"): SEED,
        ("training", "log_every"): LOGGED_STEPS,
        ("optimizer", "learning_rate"): LEARNING_RATE,
        ("optimizer", "momentum"): 0.0,
        ("optimizer", "nesterov"): False,
        ("optimizer", "weight_decay"): 0.0,
        ("schedule", "name"): "constant",
        ("schedule", "warmup"): 0.0,
    }
    plain = Config(augmentation=UNDISTORTED)
    trainer = Trainer(network, training, validation, with_values(plain, values, "comparison"))
    start_loss = evaluate(network, training, trainer.loss_function).loss
    start_accuracy = evaluate(network, validation).accuracy
    trainer.run()
    return Learning(loss, start_loss, start_accuracy, trainer.history)
