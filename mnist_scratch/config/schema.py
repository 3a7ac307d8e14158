"""What a run can be told: frozen dataclasses, filled from a TOML file and then from flags.

Every setting is declared once, here, with its default, its meaning, its unit and the values it can
have. Recipes, the command line's flags and the file that a run leaves behind follow from that, by
way of settings.py.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from mnist_scratch.config.limits import Limits
from mnist_scratch.data.sources.registry import DATASETS


def _setting(
    default: Any,
    meaning: str,
    *,
    flag: str = "",
    choices: tuple[str, ...] = (),
    minimum: float = -math.inf,
    maximum: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> Any:
    """Declare a setting: its default, its meaning for `--help`, and which values are possible."""
    limits = Limits(choices, minimum, maximum, above, below)
    metadata = {"meaning": meaning, "flag": flag, "limits": limits}
    return dataclasses.field(default=default, metadata=metadata)


# More than anybody wants, and few enough for every product of two to be an ordinary number.
_MANY = 10**9


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Which images to train on."""

    dataset: str = _setting(
        "auto",
        "".join(f"{name}, {source.description}; " for name, source in DATASETS.items())
        + "auto, MNIST if it is on disk or can be fetched, otherwise synthetic",
        choices=("auto", *DATASETS),
    )
    data_dir: str = _setting(
        "",
        "folder of the data set's files; empty for $MNIST_SCRATCH_DATA, else data/mnist "
        "(synthetic digits: data/synthetic, always so when auto falls back to them)",
    )
    validation_examples: int = _setting(
        5000,
        "training examples set aside to choose the best epoch by",
        minimum=1,
        maximum=_MANY,
    )


@dataclasses.dataclass(frozen=True)
class AugmentationConfig:
    """How the training images are distorted, each anew in every epoch."""

    rotation: float = _setting(
        0.0, "rotate by up to so many degrees, to either side", minimum=0, maximum=180
    )
    scale: float = _setting(
        0.0, "enlarge or shrink each axis by up to this share", minimum=0, maximum=10
    )
    shear: float = _setting(
        0.0, "slip each row by up to so many pixels against the next", minimum=0, maximum=10
    )
    shift: float = _setting(0.0, "move by up to so many pixels", minimum=0, maximum=28)
    elastic_alpha: float = _setting(
        0.0,
        "strength of a random displacement of every pixel, in pixels before smoothing (Simard et "
        "al. 2003: 34)",
        minimum=0,
        maximum=10**6,
    )
    elastic_sigma: float = _setting(
        4.0,
        "standard deviation of the Gaussian that smooths the displacements, in pixels",
        minimum=0.1,
        maximum=10**6,
    )
    fade: float = _setting(
        0.0,
        "share of the epochs, at the end, over which all distortion shrinks to nothing",
        minimum=0,
        maximum=1,
    )

    @property
    def distorts(self) -> bool:
        """Whether any image comes out other than it was."""
        return any((self.rotation, self.scale, self.shear, self.shift, self.elastic_alpha))

    def strength(self, epoch: int, epochs: int) -> float:
        """Return what an epoch's amounts are multiplied by: 1, and less while they fade.

        Parameters
        ----------
        epoch
            From 0.
        epochs
            How many the whole training has.
        """
        left = epochs - epoch  # with this one: the last epoch is not quite without distortion
        return min(1.0, left / (self.fade * epochs)) if self.fade else 1.0

    def weakened(self, strength: float) -> AugmentationConfig:
        """Return the config whose amounts are these times a strength."""
        return dataclasses.replace(
            self,
            rotation=self.rotation * strength,
            scale=self.scale * strength,
            shear=self.shear * strength,
            shift=self.shift * strength,
            elastic_alpha=self.elastic_alpha * strength,
        )


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """The layers between pixels and logits."""

    hidden: tuple[int, ...] = _setting(
        (256, 128),
        "widths of the hidden layers, in units; none for softmax regression",
        minimum=1,
        maximum=10**6,
    )
    activation: str = _setting(
        "relu",
        "activation after each hidden layer; He initialisation for relu, Glorot for the others",
        choices=("relu", "tanh", "sigmoid"),
    )


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """Stochastic gradient descent."""

    learning_rate: float = _setting(
        0.1, "peak learning rate, a step's length per gradient", above=0
    )
    momentum: float = _setting(
        0.9, "share of the velocity kept from step to step", minimum=0, below=1
    )
    nesterov: bool = _setting(True, "Nesterov's momentum: look ahead along the velocity")
    weight_decay: float = _setting(
        0.0005, "factor of the parameters that is added to their gradient", minimum=0
    )


@dataclasses.dataclass(frozen=True)
class ScheduleConfig:
    """The learning rate over the training."""

    name: str = _setting(
        "one-cycle",
        "how the learning rate moves after warm-up: stays, falls in steps, along a cosine to 0, or "
        "in a straight line to 0",
        flag="schedule",
        choices=("constant", "step", "cosine", "one-cycle"),
    )
    warmup: float = _setting(
        0.3,
        "share of the training in which the learning rate rises to its peak",
        minimum=0,
        below=1,
    )
    step_epochs: int = _setting(
        10, "epochs between two drops of the schedule 'step'", minimum=1, maximum=_MANY
    )
    step_factor: float = _setting(
        0.1,
        "what a drop of the schedule 'step' multiplies the learning rate by",
        above=0,
        maximum=1,
    )


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """The loop."""

    loss: str = _setting(
        "cross-entropy",
        "what training makes small, on the batches and as the validation loss of the history; "
        "the loss of an evaluation is cross-entropy always",
        choices=("cross-entropy", "squared-error"),
    )
    epochs: int = _setting(
        5, "how often to go through the training examples", minimum=1, maximum=_MANY
    )
    batch_size: int = _setting(128, "examples in a step", minimum=1, maximum=_MANY)
    patience: int = _setting(
        0,
        "stop after so many epochs of which none was the best on validation; 0 for never",
        minimum=0,
        maximum=_MANY,
    )
    seed: int = _setting(0, "where all randomness of the run comes from", minimum=0, maximum=2**63)
    log_every: int = _setting(
        1, "steps in a row of history.csv, whose loss is their average", minimum=1, maximum=_MANY
    )
    threads: int = _setting(
        0,
        "threads of the BLAS; 0 takes one where a step has little work, else as many as CPUs",
        minimum=0,
        maximum=1024,
    )
    checkpoint_seconds: float = _setting(
        60.0,
        "save the whole run after so many seconds within an epoch, beside the end of every epoch",
        minimum=0,
    )
    check_finite: bool = _setting(
        True,
        "stop as soon as a loss, gradient or parameter is NaN or infinite, and say where; without "
        "it, only before such numbers would be saved, or have been validated",
    )


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides what a run does."""

    data: DataConfig = DataConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    network: NetworkConfig = NetworkConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    training: TrainingConfig = TrainingConfig()
