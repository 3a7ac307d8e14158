"""A whole run in a file, to resume it as if it had never been interrupted.

The arrays of the .npz file are those of `TrainingState` under its names, and beside them `format`
(the number of this format), `config` (the run's config as TOML) and `origin` (as JSON: the data
set's name, the SHA-256 of its files, and the environment in which the run began), both as the
bytes of their text in UTF-8. `history` has a row of float64 for each row of history.csv, NaN where
that is empty.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import format_config, parse_config
from mnist_scratch.nn.optimizer import OPTIMIZERS
from mnist_scratch.runs.arrays import Arrays, opened_arrays, save_arrays
from mnist_scratch.training.history import History, Row
from mnist_scratch.training.state import TrainingState

_FORMAT = 3
_MOST_TEXT_BYTES = 2**14  # as in a config.toml: a longer one can take seconds to parse
_MOST = 2**53  # whole numbers up to here are float64 numbers too


class Checkpoint(NamedTuple):
    """The content of a checkpoint.

    Attributes
    ----------
    config
        The run's.
    dataset, sha256
        Its data set's name, and file name to SHA-256 of the files that it was read from.
    environment
        What `describe_environment` returned when the run began.
    state
        The training's.
    """

    config: Config
    dataset: str
    sha256: dict[str, str]
    environment: dict[str, Any]
    state: TrainingState


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; the one that was there stays until the new one is whole and on disk.

    Raises
    ------
    MnistScratchError
        If the file cannot be written.
    """
    state = checkpoint.state
    origin = {
        "dataset": checkpoint.dataset,
        "sha256": checkpoint.sha256,
        "environment": checkpoint.environment,
    }
    rows = [[math.nan if cell is None else cell for cell in row] for row in state.history.rows]
    arrays: dict[str, npt.NDArray[Any]] = {
        "format": np.array(_FORMAT),
        "config": _text(format_config(checkpoint.config)),
        "origin": _text(json.dumps(origin)),
        "parameters": state.parameters,
        **state.optimizer,
        "best_parameters": state.best_parameters,
        "best_epoch": np.array(state.best_epoch),
        "best_score": np.array(state.best_score),
        "step": np.array(state.step),
        "epoch": np.array(state.epoch),
        "order": state.order,
        "position": np.array(state.position),
        "generator": state.generator.view(np.int64),
        "unlogged_losses": np.array(state.unlogged_losses, np.float64),
        "history": np.array(rows, np.float64).reshape(-1, len(Row._fields)),
        "norms": state.norms,
        "seconds": np.array(state.seconds),
    }
    save_arrays(path, arrays)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint that `save_checkpoint` wrote. Nothing is unpickled.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or is not exactly a checkpoint.
    """
    with opened_arrays(path, "a checkpoint") as arrays:
        number_of_format = arrays.take("format", "i8", 0)
        if number_of_format != _FORMAT:
            raise ValueError(
                f"its format is {number_of_format}, where this program reads {_FORMAT}"
            )
        config_text = _read_text(arrays, "config")
        dataset, sha256, environment = _read_origin(arrays)
        config = parse_config(config_text, "its config")
        state = _read_state(arrays, OPTIMIZERS[config.optimizer.name].state_names)
        arrays.check_all_taken()
    return Checkpoint(config, dataset, sha256, environment, state)


def _text(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def _read_text(arrays: Arrays, name: str) -> str:
    text = arrays.take(name, "u1", 1)
    if text.size > _MOST_TEXT_BYTES:
        raise ValueError(f"'{name}' has {text.size:,} bytes, more than {_MOST_TEXT_BYTES:,}")
    return text.tobytes().decode()


def _read_origin(arrays: Arrays) -> tuple[str, dict[str, str], dict[str, Any]]:
    origin = json.loads(_read_text(arrays, "origin"))
    if not isinstance(origin, dict) or origin.keys() != {"dataset", "sha256", "environment"}:
        raise ValueError("'origin' does not name data set, hashes and environment")
    dataset, sha256, environment = origin["dataset"], origin["sha256"], origin["environment"]
    if not (isinstance(dataset, str) and isinstance(sha256, dict)):
        raise ValueError("'origin' does not name a data set and the hashes of its files")
    if not (isinstance(environment, dict) and all(isinstance(h, str) for h in sha256.values())):
        raise ValueError("'origin' has values of another kind")
    return dataset, sha256, environment


def _read_state(arrays: Arrays, optimizer: Sequence[str]) -> TrainingState:
    parameters, best_parameters = (
        _finite(arrays, name, "f4", 1) for name in ("parameters", "best_parameters")
    )
    accuracy, loss = _finite(arrays, "best_score", "f8", 1, count=2).tolist()
    return TrainingState(
        parameters=parameters,
        optimizer={name: _finite(arrays, name, "f4", 1) for name in optimizer},
        best_parameters=best_parameters,
        best_epoch=_count(arrays, "best_epoch"),
        best_score=(accuracy, loss),
        step=_count(arrays, "step"),
        epoch=_count(arrays, "epoch"),
        order=arrays.take("order", "i8", 1),
        position=_count(arrays, "position"),
        generator=_sized(arrays.take("generator", "i8", 1), "generator", 6).view(np.uint64),
        unlogged_losses=_finite(arrays, "unlogged_losses", "f8", 1).tolist(),
        history=History([_row(row) for row in arrays.take("history", "f8", 2).tolist()]),
        norms=_finite(arrays, "norms", "f8", 3),
        seconds=float(_finite(arrays, "seconds", "f8", 0)),
    )


def _finite(
    arrays: Arrays, name: str, kind: str, dimensions: int, count: int | None = None
) -> npt.NDArray[Any]:
    array = arrays.take(name, kind, dimensions)
    if not np.isfinite(array).all():
        raise ValueError(f"a number of '{name}' is not finite")
    return array if count is None else _sized(array, name, count)


def _sized(array: npt.NDArray[Any], name: str, count: int) -> npt.NDArray[Any]:
    if array.size != count:
        raise ValueError(f"'{name}' has {array.size} numbers, not {count}")
    return array


def _count(arrays: Arrays, name: str) -> int:
    number = int(arrays.take(name, "i8", 0))
    if not 0 <= number < _MOST:
        raise ValueError(f"'{name}' is {number}")
    return number


def _row(cells: list[float]) -> Row:
    """Return the row of the history that a row of numbers stands for."""
    if len(cells) != len(Row._fields):
        raise ValueError(f"a row of 'history' has {len(cells)} numbers, not {len(Row._fields)}")
    step, epoch, learning_rate, loss = cells[:4]
    optional = [None if math.isnan(cell) else cell for cell in cells[4:]]
    numbers = [step, epoch, learning_rate, loss, *(cell for cell in optional if cell is not None)]
    if not all(map(math.isfinite, numbers)) or not (1 <= step < _MOST and 1 <= epoch < _MOST):
        raise ValueError(f"a row of 'history' has impossible numbers: {cells}")
    return Row(int(step), int(epoch), learning_rate, loss, *optional)
