"""The settings of a run, each declared once: default, meaning, unit and possible values.

Recipes in TOML, the flags of the command line, `--help`, the table of settings in the report and
the config.toml of a run all follow from these declarations. A config checks itself when it is made.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import os
import textwrap
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from mnist_scratch.data.checks import stays_as_it_is
from mnist_scratch.data.sources.registry import DATASETS
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.layers import ACTIVATIONS
from mnist_scratch.nn.loss import LOSSES
from mnist_scratch.nn.optimizer import OPTIMIZERS
from mnist_scratch.nn.schedule import SCHEDULES
from mnist_scratch.system.text import nearest, shown

# What others call a setting, and its flag here.
SYNONYMS = {
    **dict.fromkeys(("lr", "learning-rate-init", "eta", "alpha"), "learning-rate"),
    **dict.fromkeys(("wd", "l2", "decay"), "weight-decay"),
    **dict.fromkeys(("batch", "bs", "b", "minibatch", "mini-batch"), "batch-size"),
    **dict.fromkeys(("optim", "opt", "solver"), "optimizer"),
    **dict.fromkeys(("layers", "units", "hidden-layers", "hidden-sizes", "widths"), "hidden"),
    **dict.fromkeys(("act", "nonlinearity"), "activation"),
    **dict.fromkeys(("scheduler", "lr-schedule", "lr-scheduler"), "schedule"),
    **dict.fromkeys(("n-epochs", "num-epochs", "max-epochs", "max-iter", "iterations"), "epochs"),
    **dict.fromkeys(("criterion", "objective"), "loss"),
    **dict.fromkeys(("random-seed", "random-state", "rng"), "seed"),
    **dict.fromkeys(("early-stopping", "n-iter-no-change"), "patience"),
    **dict.fromkeys(("num-threads", "n-jobs", "workers", "num-workers"), "threads"),
    **dict.fromkeys(("val-size", "validation-split", "validation", "val"), "validation-examples"),
    **dict.fromkeys(("data", "data-path", "data-root", "root"), "data-dir"),
    **dict.fromkeys(("output", "out", "output-dir", "save-dir", "logdir", "log-dir"), "run"),
    **dict.fromkeys(("cfg", "config-name", "recipe", "config-file"), "config"),
}

# More than enough, and the product of two fits in 64 bits.
_MANY = 10**9


class Limits(NamedTuple):
    """The values that a setting can have."""

    choices: Collection[str] = ()
    minimum: float = -math.inf
    maximum: float = math.inf
    above: float = -math.inf
    below: float = math.inf

    def broken_by(self, value: Any) -> str:
        """Return what is wrong with a value, or ""."""
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}{nearest(value, self.choices)}"
        if isinstance(value, str):
            return "" if _is_text(value) else "must be Unicode text without a NUL character"
        numbers = value if isinstance(value, tuple) else (value,)
        return next(filter(None, map(self._number_broken_by, numbers)), "")

    def _number_broken_by(self, number: float) -> str:
        if not -math.inf < number < math.inf:
            return "must be a finite number"
        if number < self.minimum:
            return f"must be at least {self.minimum:g}"
        if number > self.maximum:
            return f"must be at most {self.maximum:,}"
        if number <= self.above:
            return f"must be above {self.above:g}"
        return f"must be below {self.below:g}" if number >= self.below else ""


def _is_text(value: str) -> bool:
    """Tell whether a file and a file name can hold the text; an argument may be other bytes."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


_ANY = Limits()


def _setting(default: Any, meaning: str, limits: Limits = _ANY, flag: str = "") -> Any:
    metadata = {"meaning": meaning, "limits": limits, "flag": flag}
    return dataclasses.field(default=default, metadata=metadata)


class _Section:
    """A part of a config, which checks itself when it is made."""

    def __post_init__(self) -> None:
        """Turn every value into Python's own, or raise an error that names class and setting."""
        for setting in settings():
            if isinstance(self, _sections()[setting.section]):
                place = f"{type(self).__name__}: {setting.key}"
                value = _checked(setting, getattr(self, setting.key), place)
                object.__setattr__(self, setting.key, value)  # the way into a frozen dataclass


@stays_as_it_is
@dataclasses.dataclass(frozen=True)
class DataConfig(_Section):
    """The images to train on."""

    dataset: str = _setting(
        "auto",
        "".join(f"{name}, {source.description}; " for name, source in DATASETS.items())
        + "auto, MNIST if it is on disk or can be downloaded, otherwise synthetic",
        Limits(choices=("auto", *DATASETS)),
    )
    data_dir: str = _setting(
        "",
        "folder of the data set's files; empty: $MNIST_SCRATCH_DATA for MNIST, else the first of "
        "these that has them: data/NAME here, data/NAME in the checkout of this program, the "
        "user's cache folder",
    )
    validation_examples: int = _setting(
        5000,
        "training examples set aside to choose the best epoch",
        Limits(minimum=1, maximum=_MANY),
    )
    invert: bool = _setting(
        False, "take 255 minus every pixel of the data set: for images that are dark on light"
    )


@stays_as_it_is
@dataclasses.dataclass(frozen=True)
class AugmentationConfig(_Section):
    """How the training images are distorted, differently in every epoch."""

    rotation: float = _setting(
        10.0,
        "rotate by up to this many degrees, in either direction",
        Limits(minimum=0, maximum=180),
    )
    scale: float = _setting(
        0.15, "enlarge or shrink each axis by up to this fraction", Limits(minimum=0, maximum=10)
    )
    shear: float = _setting(
        0.1,
        "shift each row against the next by up to this many pixels",
        Limits(minimum=0, maximum=10),
    )
    shift: float = _setting(
        0.7, "move along each axis by up to this many pixels", Limits(minimum=0, maximum=28)
    )
    elastic_alpha: float = _setting(
        0.0,
        "strength of a random displacement of every pixel, in pixels before smoothing (Simard et "
        "al. 2003: 34)",
        Limits(minimum=0, maximum=10**6),
    )
    elastic_sigma: float = _setting(
        4.0,
        "standard deviation of the Gaussian that smooths the displacements, in pixels",
        Limits(minimum=0.1, maximum=10**6),
    )
    fade: float = _setting(
        0.0,
        "fraction of the epochs, at the end, over which all distortion decreases to zero",
        Limits(minimum=0, maximum=1),
    )

    @property
    def distorts(self) -> bool:
        """Whether any image comes out other than it was."""
        return any((self.rotation, self.scale, self.shear, self.shift, self.elastic_alpha))


@stays_as_it_is
@dataclasses.dataclass(frozen=True)
class NetworkConfig(_Section):
    """The layers between pixels and logits."""

    hidden: tuple[int, ...] = _setting(
        (256, 128),
        "widths of the hidden layers; none: softmax regression",
        Limits(minimum=1, maximum=10**6),
    )
    activation: str = _setting(
        "relu",
        "activation after each hidden layer; it decides the initialisation: "
        + ", ".join(f"{name} {kind.initialisation}" for name, kind in ACTIVATIONS.items()),
        Limits(choices=ACTIVATIONS),
    )


@stays_as_it_is
@dataclasses.dataclass(frozen=True)
class OptimizerConfig(_Section):
    """How the parameters move along their gradients."""

    name: str = _setting(
        "sgd",
        "sgd: stochastic gradient descent; adam: Adam, which needs a smaller learning rate, "
        "0.001 to 0.004 (--config adam)",
        Limits(choices=OPTIMIZERS),
        flag="optimizer",
    )
    learning_rate: float = _setting(0.1, "peak learning rate", Limits(above=0))
    momentum: float = _setting(
        0.9, "sgd: fraction of the velocity kept from step to step", Limits(minimum=0, below=1)
    )
    nesterov: bool = _setting(True, "sgd: Nesterov momentum: look ahead along the velocity")
    weight_decay: float = _setting(
        0.0005,
        "sgd: L2 penalty, this times the parameters is added to their gradient; adam: decoupled, "
        "a step shrinks the parameters by this times the learning rate",
        Limits(minimum=0),
    )
    beta1: float = _setting(
        0.9,
        "adam: fraction of the mean gradient kept from step to step",
        Limits(minimum=0, below=1),
    )
    beta2: float = _setting(
        0.999,
        "adam: fraction of the mean squared gradient kept from step to step",
        Limits(minimum=0, below=1),
    )
    epsilon: float = _setting(
        1e-8, "adam: added to the root of the mean squared gradient", Limits(above=0)
    )


@stays_as_it_is
@dataclasses.dataclass(frozen=True)
class ScheduleConfig(_Section):
    """The learning rate over the training."""

    name: str = _setting(
        "one-cycle",
        "learning rate after the warm-up: constant; step, multiplied by a factor every few epochs; "
        "cosine, down to 0 along half a cosine; one-cycle, down to 0 in a straight line",
        Limits(choices=SCHEDULES),
        flag="schedule",
    )
    warmup: float = _setting(
        0.3,
        "fraction of the training over which the learning rate rises to its peak",
        Limits(minimum=0, below=1),
    )
    step_epochs: int = _setting(
        10, "schedule 'step': epochs between two drops", Limits(minimum=1, maximum=_MANY)
    )
    step_factor: float = _setting(
        0.1,
        "schedule 'step': factor of the learning rate at each drop",
        Limits(above=0, maximum=1),
    )


@stays_as_it_is
@dataclasses.dataclass(frozen=True)
class TrainingConfig(_Section):
    """The loop."""

    loss: str = _setting(
        "cross-entropy",
        "loss to minimise, also the validation loss in history.csv; the test loss is always "
        "cross-entropy",
        Limits(choices=LOSSES),
    )
    epochs: int = _setting(4, "passes over the training set", Limits(minimum=1, maximum=_MANY))
    batch_size: int = _setting(128, "examples per step", Limits(minimum=1, maximum=_MANY))
    patience: int = _setting(
        0,
        "stop after this many epochs without a better validation score; 0: never",
        Limits(minimum=0, maximum=_MANY),
    )
    seed: int = _setting(
        0, "seed of all random numbers of the run", Limits(minimum=0, maximum=2**63)
    )
    log_every: int = _setting(
        1,
        "steps per row of history.csv, whose loss is their average",
        Limits(minimum=1, maximum=_MANY),
    )
    threads: int = _setting(
        0,
        "threads of the BLAS, on whose number the last digits depend; 0: $OPENBLAS_NUM_THREADS or "
        "$OMP_NUM_THREADS, else the fastest number in a trial of a few steps",
        Limits(minimum=0, maximum=1024),
    )
    checkpoint_seconds: float = _setting(
        60.0,
        "seconds between checkpoints within an epoch; the end of every epoch is saved too",
        Limits(minimum=0),
    )
    check_finite: bool = _setting(
        True,
        "stop at the first loss, gradient or parameter that is NaN or infinite, and say where; "
        "otherwise such numbers are found only before they are saved or after validation",
    )


@stays_as_it_is
@dataclasses.dataclass(frozen=True, repr=False)
class Config:
    """Everything that decides what a run does.

    `repr` shows the settings that differ from their defaults.

    Raises
    ------
    TypeError
        If a section is not an instance of its class.
    MnistScratchError
        From a section's class: if a setting has the wrong type or is impossible.
    """

    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    augmentation: AugmentationConfig = dataclasses.field(default_factory=AugmentationConfig)
    network: NetworkConfig = dataclasses.field(default_factory=NetworkConfig)
    optimizer: OptimizerConfig = dataclasses.field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = dataclasses.field(default_factory=ScheduleConfig)
    training: TrainingConfig = dataclasses.field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        """Check that every section is one."""
        for name, kind in _sections().items():
            given = getattr(self, name)
            if not isinstance(given, kind):
                raise TypeError(
                    f"Config: {name} = {shown(given)}: must be an instance of {kind.__name__}, "
                    f"like {kind.__name__}()"
                )

    def __repr__(self) -> str:
        sections = []
        for name, kind in _sections().items():
            section = getattr(self, name)
            changed = [
                f"{setting.key}={getattr(section, setting.key)!r}"
                for setting in settings()
                if setting.section == name and getattr(section, setting.key) != setting.default
            ]
            if changed:
                sections.append(f"{name}={kind.__name__}({', '.join(changed)})")
        text = f"Config({', '.join(sections)})"
        return textwrap.fill(
            text, 100, subsequent_indent=" " * 7, break_long_words=False, break_on_hyphens=False
        )


def check_config(config: object, call: str) -> None:
    """Raise a TypeError that shows the call if that is no config."""
    if not isinstance(config, Config):
        raise TypeError(f"config = {shown(config)}: must be a Config, as in {call}")


@functools.cache
def _sections() -> dict[str, type]:
    """Return the sections of a config by name, in order."""
    return get_type_hints(Config)


class Setting(NamedTuple):
    """One setting, as the TOML file and the command line see it.

    Attributes
    ----------
    section, key
        `[section]` and `key` in TOML.
    flag
        `--flag` on the command line, without the dashes.
    type
        str, int, float, bool, or tuple for a list of whole numbers.
    default, meaning
        For `--help`.
    limits
        The possible values.
    """

    section: str
    key: str
    flag: str
    type: type
    default: Any
    meaning: str
    limits: Limits


@functools.cache
def settings() -> tuple[Setting, ...]:
    """Return every setting in the order of their declaration."""
    found = []
    for section, section_type in _sections().items():
        types = get_type_hints(section_type)
        for key in dataclasses.fields(section_type):
            declared = types[key.name]
            setting = Setting(
                section,
                key.name,
                key.metadata["flag"] or key.name.replace("_", "-"),
                getattr(declared, "__origin__", declared),
                key.default,
                key.metadata["meaning"],
                key.metadata["limits"],
            )
            found.append(setting)
    return tuple(found)


def with_values(config: Config, values: Mapping[tuple[str, str], Any], where: str) -> Config:
    """Return a config with some settings replaced, each checked.

    Parameters
    ----------
    config
        The values of all other settings.
    values
        (section, key) to new value.
    where
        Where the values come from, for the error: a file, or "" for the command line, whose error
        names the flag.

    Raises
    ------
    MnistScratchError
        If a value has the wrong type or is impossible, naming place and key.
    """
    known = {(setting.section, setting.key): setting for setting in settings()}
    for (section, key), value in values.items():
        setting = known[section, key]
        place = f"{where}: [{section}] {key}" if where else f"--{setting.flag}"
        part = dataclasses.replace(
            getattr(config, section), **{key: _checked(setting, value, place)}
        )
        config = dataclasses.replace(config, **{section: part})
    return config


_KINDS = {
    str: 'a text in "quotes"',
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of whole numbers, like [128, 64]",
}


def _checked(setting: Setting, value: Any, place: str) -> Any:
    """Return the value in the setting's type, or raise an error that names the place."""
    wrong = f"{place} = {shown(value)}: "
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()  # Python's own numbers, which a file can hold
    elif isinstance(value, list | tuple):
        value = [item.item() if isinstance(item, np.generic) else item for item in value]
    elif isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, list):
        value = tuple(value)
    if setting.type is float and type(value) in (int, np.longdouble):
        try:
            value = float(value)
        except OverflowError:
            raise MnistScratchError(f"{wrong}must be a finite number") from None
    fits = type(value) is setting.type
    if setting.type is tuple:
        fits = fits and all(type(item) is int for item in value)
    if not fits:
        choices = setting.limits.choices
        among = f", one of {', '.join(choices)}" if choices else ""
        raise MnistScratchError(f"{wrong}must be {_KINDS[setting.type]}{among}")
    if broken := setting.limits.broken_by(value):
        raise MnistScratchError(wrong + broken)
    return value


# Down here, since a section checks itself with what stands above.
UNDISTORTED = AugmentationConfig(rotation=0.0, scale=0.0, shear=0.0, shift=0.0)
