"""The folder of a run from outside: free for one, in use, half written, how it goes on.

Nothing here needs NumPy, so that a list of runs need not wait for it.
"""

from __future__ import annotations

import json
import shlex
import time
from contextlib import AbstractContextManager
from pathlib import Path

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import is_leftover
from mnist_scratch.system.lock import locked, running_holder
from mnist_scratch.system.reading import read_whole

EVALUATION = "evaluation.json"
RUNS = Path("runs")  # where a run goes whose folder nobody names
_LOCK = ".lock"
# What is written in the folder, and a crash can leave half of; what is not training without its
# lock.
_WRITTEN = (
    "config.toml",
    "environment.json",
    "history.csv",
    "norms.csv",
    "model.npz",
    "checkpoint.npz",
    EVALUATION,
    "loss_curve.png",
    "explanation.png",
    "report.html",
    "model.onnx",
    "model.safetensors",
)
_MOST_BYTES = 2**20  # of an evaluation.json, which has some ten thousand


def check_free(path: Path) -> None:
    """Make sure that a new run's folder would overwrite nothing.

    What a crash left of a run that had not begun yet is nothing: parts of files, its lock.

    Raises
    ------
    MnistScratchError
        If something is there already.
    """
    try:
        occupied = path.exists() and (
            not path.is_dir() or any(not _is_nothing(inside) for inside in path.iterdir())
        )
    except OSError as error:
        raise MnistScratchError(f"cannot look into {path}: {error.strerror}") from error
    if occupied:
        raise MnistScratchError(
            f"{path} exists already and is not overwritten; name another folder with --run, or "
            "go on with the run in it with --resume"
        )


def claim_default_folder(recipe: str) -> Path:
    """Make and return a new, empty folder: runs/20260131-235959-default, for example.

    Two runs that begin in the same second get one each, since only one can make a folder.

    Raises
    ------
    MnistScratchError
        If it cannot be made.
    """
    first = RUNS / f"{time.strftime('%Y%m%d-%H%M%S')}-{recipe}"
    path, number = first, 1
    while True:
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not path.is_dir():
                raise MnistScratchError(f"{path} is in the way; name a folder with --run") from None
            number += 1
            path = first.with_name(f"{first.name}-{number}")
        except OSError as error:
            raise MnistScratchError(
                f"cannot make {path}: {error.strerror}; name another folder with --run"
            ) from error
        else:
            return path


def locked_folder(path: Path) -> AbstractContextManager[None]:
    """Keep other programs from training in a folder while the context lasts.

    Raises
    ------
    MnistScratchError
        If another program does.
    """
    return locked(path / _LOCK, wait=False)


def trained_by(path: Path) -> str:
    """Return which process trains in a folder at the moment, "process 4711", or nothing."""
    return running_holder(path / _LOCK)


def sweep(path: Path) -> None:
    """Delete what an earlier crash left of a run's files.

    Raises
    ------
    MnistScratchError
        If the operating system refuses.
    """
    for leftover in path.iterdir():
        if is_leftover(leftover, _WRITTEN):
            try:
                leftover.unlink()
            except OSError as error:
                raise MnistScratchError(
                    f"cannot delete {leftover}, the rest of an earlier crash: {error.strerror}"
                ) from error


def how_to_go_on(path: Path) -> str:
    """Return the sentence that says how an interrupted run goes on."""
    return f"go on with: mnist-scratch train --resume {shlex.quote(str(path))}"


def how_to_restore(file: Path) -> str:
    """Return the sentence that says how a damaged file of a run is had again.

    Its checkpoint has all that the history, the norms and the model are made of.
    """
    run = shlex.quote(str(file.parent))
    return f"write it again with: mnist-scratch train --resume {run}"


def read_test_accuracy(path: Path) -> float | None:
    """Return the accuracy that a run's evaluation.json has; None if it has none yet.

    Raises
    ------
    MnistScratchError
        If it cannot be read, or is damaged.
    """
    file = path / EVALUATION
    try:
        values = json.loads(read_whole(file, _MOST_BYTES))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MnistScratchError(
            f"cannot read {file}: {error.strerror}; check the permissions"
        ) from error
    except (ValueError, RecursionError):
        values = None
    accuracy = values.get("accuracy") if isinstance(values, dict) else None
    if type(accuracy) is not float or not 0 <= accuracy <= 1:
        raise MnistScratchError(
            f"{file}: damaged: it has no accuracy from 0 to 1; "
            f"'mnist-scratch evaluate {shlex.quote(str(path))}' writes it again"
        )
    return accuracy


def _is_nothing(path: Path) -> bool:
    return path.name == _LOCK or is_leftover(path, _WRITTEN)
