"""What was logged while training, and the CSV file that it is kept in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.reading import opened_ordinary

_MOST_BYTES = 2**28  # some four million rows, which take a gigabyte of memory
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
    """The rows of a run, oldest first."""

    def __init__(self, rows: list[Row] | None = None) -> None:
        self.rows = rows if rows is not None else []

    @property
    def epochs(self) -> list[Row]:
        """The rows that end an epoch: those with validation figures."""
        return [row for row in self.rows if row.validation_loss is not None]

    @property
    def best(self) -> Row:
        """The row of the best epoch: highest validation accuracy, among equals the lowest loss."""
        return max(
            self.epochs, key=lambda row: (row.validation_accuracy, -(row.validation_loss or 0))
        )

    def as_csv(self) -> str:
        """Return the history as CSV; numbers are written so that they read back the same."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(self.rows)
        return text.getvalue()

    @classmethod
    def read(cls, path: Path) -> History:
        """Read a history.csv.

        Raises
        ------
        MnistScratchError
            If it cannot be read or is not a history.
        """
        return _read(path, None)

    @classmethod
    def read_epochs(cls, path: Path) -> History:
        """Read of a history.csv the rows that end an epoch, alone.

        Where a hundred thousand lie between them, this takes 20 ms instead of 500.

        Raises
        ------
        MnistScratchError
            As from `read`; what is wrong with another row stays unseen.
        """
        return _read(path, lambda line: not line.endswith(_WITHIN_AN_EPOCH))


def _read(path: Path, is_wanted: Callable[[str], bool] | None) -> History:
    try:
        with (
            opened_ordinary(path, _MOST_BYTES) as content,
            io.TextIOWrapper(content, encoding="utf-8", newline="") as file,
        ):
            lines = csv.reader(filter(is_wanted, file) if is_wanted else file)
            if next(lines, None) != list(Row._fields):
                raise MnistScratchError(
                    f"{path}: not a history: its first line must be {','.join(Row._fields)}"
                )
            history = History([_row(line) for line in lines])
            _check_epochs(history)
            # A line that was cut, or that another program wrote, may not end as wanted lines do.
            return History(history.epochs) if is_wanted else history
    except OSError as error:
        raise MnistScratchError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, IndexError, csv.Error) as error:
        raise MnistScratchError(f"{path}: damaged: {error}") from error


def _check_epochs(history: History) -> None:
    for number, row in enumerate(history.epochs, start=1):
        if row.epoch != number:
            raise ValueError(f"epoch {number} ends in a line of epoch {row.epoch}")


def _row(cells: list[str]) -> Row:
    if len(cells) != len(Row._fields):
        raise ValueError(f"a line has {len(cells)} cells, not {len(Row._fields)}")
    numbers = [float(cell) for cell in cells if cell]
    counts = float(cells[0]), float(cells[1])
    # No loss of float32 logits is above 1e39, and a picture has no room for more.
    if not all(abs(n) < 1e39 for n in numbers) or not all(1 <= count < 1e15 for count in counts):
        raise ValueError(f"a line has numbers that cannot be: {','.join(cells)[:80]!r}")
    if any(cells[4:]) and not all(cells[4:]):
        raise ValueError("a line has only some of the figures of an epoch's end")
    optional = [float(cell) if cell else None for cell in cells[4:]]
    return Row(int(cells[0]), int(cells[1]), float(cells[2]), float(cells[3]), *optional)
