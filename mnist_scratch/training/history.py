"""What was logged while training, and the CSV files that it is kept in.

`history.csv` has the training and validation losses, `norms.csv` how large each layer's weights and
gradients were: what moved while the network learned. Shapes: E epochs, L dense layers.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn import Array
from mnist_scratch.nn.network import Network
from mnist_scratch.system.files import as_path

NORMS = 2  # of a layer: of its weights, and of their gradient
_NORMS_HEADER = ("epoch", "layer", "weight_norm", "gradient_norm")
_WITHIN_AN_EPOCH = ",,,\n"  # how a row without validation figures ends


class Row(NamedTuple):
    """One row of the history: some steps in a row, the last of them possibly the epoch's last.

    Attributes
    ----------
    step
        Steps done since the beginning of training.
    epoch
        The epoch they belong to, from 1.
    learning_rate
        Of the last of them.
    loss
        Their batch-averaged training losses, averaged.
    validation_loss, validation_accuracy, seconds
        Measured at the end of an epoch (seconds since the beginning of training), else None.
    """

    step: int
    epoch: int
    learning_rate: float
    loss: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    seconds: float | None = None


class History:
    """The rows of a run, oldest first.

    Parameters
    ----------
    rows
        What was logged so far.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows = list(rows)

    def __repr__(self) -> str:
        return f"History({len(self.rows):,} rows, {len(self.epochs)} epochs)"

    @property
    def epochs(self) -> list[Row]:
        """The rows that end an epoch: those with validation figures."""
        return [row for row in self.rows if row.validation_loss is not None]

    @property
    def best(self) -> Row:
        """The row of the best epoch: highest validation accuracy, among equals the lowest loss.

        Raises
        ------
        ValueError
            If no epoch is over.
        """
        if not self.epochs:
            raise ValueError("no epoch of this history is over: there is no best one yet")
        return max(
            self.epochs, key=lambda row: (row.validation_accuracy, -(row.validation_loss or 0))
        )

    def as_csv(self) -> str:
        """Return the history as CSV; numbers are written so that they read back the same."""
        return _as_csv(Row._fields, self.rows)

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, epochs_only: bool = False) -> History:
        """Read a history.csv.

        Parameters
        ----------
        path
            The file.
        epochs_only
            Read only the rows that end an epoch. Where a hundred thousand lie between them this
            takes 20 ms instead of 500, and what is wrong with those is not seen.

        Raises
        ------
        MnistScratchError
            If it cannot be read or is not a history.
        """
        path = as_path(path, "path")
        try:
            history = cls([_row(cells) for cells in _read_csv(path, Row._fields, epochs_only)])
            _check_epochs(history)
        except ValueError as error:
            raise MnistScratchError(f"{path}: damaged: {error}") from error
        # A line that was cut, or that another program wrote, may not end as those within epochs do.
        return cls(history.epochs) if epochs_only else history


def _check_epochs(history: History) -> None:
    for number, row in enumerate(history.epochs, start=1):
        if row.epoch != number:
            raise ValueError(f"epoch {number} ends in a line of epoch {row.epoch}")


def _row(cells: list[str]) -> Row:
    numbers = [float(cell) for cell in cells if cell]
    counts = float(cells[0]), float(cells[1])
    # No loss of float32 logits is above 1e39, and a picture has no room for more.
    if not all(abs(n) < 1e39 for n in numbers) or not all(1 <= count < 1e15 for count in counts):
        raise ValueError(f"a line has impossible numbers: {','.join(cells)[:80]!r}")
    if any(cells[4:]) and not all(cells[4:]):
        raise ValueError("a line has only some of the figures of an epoch's end")
    optional = [float(cell) if cell else None for cell in cells[4:]]
    return Row(int(cells[0]), int(cells[1]), float(cells[2]), float(cells[3]), *optional)


def layer_norms(network: Network) -> npt.NDArray[np.float64]:
    """Return the Euclidean norms of each dense layer's weights and of their gradient.

    Biases are left out: they are few, and start at 0.

    Parameters
    ----------
    network
        After a step: its gradients are those of that step's batch.

    Returns
    -------
    float64 (L, 2)
    """
    return np.array(
        [[_norm(layer.weights), _norm(layer.d_weights)] for layer in network.dense_layers]
    )


def _norm(array: Array) -> float:
    # In float64: the square of a float32 above 2e19 would overflow.
    return math.sqrt(np.sum(np.square(array, dtype=np.float64)))


def norms_as_csv(norms: Sequence[npt.NDArray[np.float64]]) -> str:
    """Return the norms of every epoch, float64 (L, 2), as CSV; epochs and layers count from 1."""
    return _as_csv(
        _NORMS_HEADER,
        (
            (epoch, layer, *row)
            for epoch, layers in enumerate(norms, start=1)
            for layer, row in enumerate(layers.tolist(), start=1)
        ),
    )


def read_norms(path: str | os.PathLike[str]) -> npt.NDArray[np.float64]:
    """Read what `norms_as_csv` returned, float64 (E, L, 2).

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or has not the same layers in each epoch.
    """
    path = as_path(path, "path")
    try:
        return _norms(_read_csv(path, _NORMS_HEADER))
    except (ValueError, OverflowError) as error:
        raise MnistScratchError(f"{path}: damaged: {error}") from error


def _norms(lines: list[list[str]]) -> npt.NDArray[np.float64]:
    rows = [[float(cell) for cell in cells] for cells in lines]
    layers = max((round(row[1]) for row in rows), default=0)
    norms = np.array([row[2:] for row in rows]).reshape(-1, max(layers, 1), NORMS)
    order = [(epoch, layer) for epoch in range(len(norms)) for layer in range(layers)]
    if [(row[0] - 1, row[1] - 1) for row in rows] != order or not np.isfinite(norms).all():
        raise ValueError("a line has impossible numbers")
    return norms


def _as_csv(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _read_csv(path: Path, header: Sequence[str], epochs_only: bool = False) -> list[list[str]]:
    """Return the cells of every line below the header; a ValueError says what is wrong."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            wanted = (
                line for line in file if not epochs_only or not line.endswith(_WITHIN_AN_EPOCH)
            )
            found, *lines = list(csv.reader(wanted)) or [[]]
    except OSError as error:
        raise MnistScratchError(f"cannot read {path}: {error.strerror}") from error
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if found != list(header):
        raise ValueError(f"its first line must be {','.join(header)}")
    for cells in lines:
        if len(cells) != len(header):
            raise ValueError(f"a line has {len(cells)} cells, not {len(header)}")
    return lines
