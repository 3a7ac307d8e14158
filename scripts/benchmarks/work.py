"""The work of a contest: the data, and the networks with their batches."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.data.sources.files import data_folder, missing
from mnist_scratch.data.sources.registry import DATASETS
from mnist_scratch.runs.threads import fitting_threads

CLASSES = 10


class Data(NamedTuple):
    """Which data set the contestants train on, and where it lies."""

    dataset: str
    folder: str


@dataclass(frozen=True)
class Work:
    """A network, its batch and its optimizer; momentum SGD at a rate at which it learns.

    Attributes
    ----------
    widths
        From the pixels to the classes.
    batch_size, learning_rate, momentum, nesterov, weight_decay
        As the program's settings have them.
    """

    widths: tuple[int, ...]
    batch_size: int
    learning_rate: float = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0

    @property
    def name(self) -> str:
        """What the rows of a table call it."""
        return f"{'-'.join(map(str, self.widths))}, batch {self.batch_size}"

    @property
    def own_threads(self) -> str:
        """How many threads the program takes for such a step, if nobody says how many."""
        values = {
            ("network", "hidden"): list(self.widths[1:-1]),
            ("training", "batch_size"): self.batch_size,
        }
        return str(fitting_threads(with_values(Config(), values, "the benchmark")))

    def arguments(self, data: Data) -> dict[str, Any]:
        """Return what a contestant is made from, as JSON values."""
        return {"work": asdict(self), "data": list(data)}

    @classmethod
    def from_arguments(cls, work: dict[str, Any]) -> Work:
        """Undo `arguments`."""
        return replace(cls(**work), widths=tuple(work["widths"]))


STEPS = (
    Work((784, 30, CLASSES), 10),
    Work((784, 100, CLASSES), 10),
    Work((784, 128, CLASSES), 32),
    Work((784, 128, CLASSES), 128),
    Work((784, 800, CLASSES), 128),
    Work((784, 512, 512, CLASSES), 128),
    Work((784, 800, CLASSES), 512),
    Work((784, 2500, 2000, 1500, 1000, 500, CLASSES), 256),
)


def default_work() -> Work:
    """Return the step of the default recipe, at the benchmark's learning rate."""
    config = read_config(find_config("default"))
    return Work(
        (784, *config.network.hidden, CLASSES),
        config.training.batch_size,
        momentum=config.optimizer.momentum,
        nesterov=config.optimizer.nesterov,
        weight_decay=config.optimizer.weight_decay,
    )


def find_data() -> Data:
    """Return MNIST if all its files are on this machine, otherwise the synthetic digits."""
    folder = data_folder("mnist").resolve()
    if not missing(DATASETS["mnist"].files, folder):
        return Data("mnist", str(folder))
    return Data("synthetic", str(data_folder("synthetic").resolve()))


def data_file(data: Data, name: str) -> Path:
    """Return where a file of the data set lies, compressed or not."""
    plain = Path(data.folder) / name
    return plain if plain.exists() else plain.with_name(f"{name}.gz")


@functools.cache
def load(dataset: str, folder: str) -> Any:
    """Return the training and the test set; once in a process."""
    from mnist_scratch.data.sources.load import load_dataset  # noqa: PLC0415  # needs NumPy

    return load_dataset(dataset, folder)
