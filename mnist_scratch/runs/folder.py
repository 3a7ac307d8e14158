"""The folder of one run: its files, who may write there, and how to resume or repair it."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import format_config, read_config
from mnist_scratch.data.dataset import PIXELS
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mnist_scratch.runs.model import SavedModel, read_model, save_model
from mnist_scratch.system.files import as_path, is_leftover, write_text_whole
from mnist_scratch.system.lock import locked, running_holder
from mnist_scratch.training.evaluation import Evaluation
from mnist_scratch.training.history import History, norms_as_csv, read_norms

EVALUATION = "evaluation.json"
# What a finished run has.
FILES = (
    *("config.toml", "environment.json", "history.csv", "norms.csv", "model.npz"),
    *("checkpoint.npz", EVALUATION, "loss_curve.png"),
)
RUNS = Path("runs")  # where new runs go without --run
_LOCK = ".lock"
_T = TypeVar("_T")


class RunFolder:
    """The folder of one run, which is complete in itself. It is a path wherever one is taken.

    `config.toml` reproduces the run, `environment.json` names the machine and versions,
    `history.csv` has the losses, `norms.csv` the size of each layer's weights and gradients,
    `model.npz` the best parameters, `checkpoint.npz` all that is needed to resume,
    `evaluation.json` the result on the test set, `loss_curve.png` the picture; `diverged.txt` says
    where a training diverged.

    Parameters
    ----------
    path
        An existing folder; `create` makes one.

    Attributes
    ----------
    path
        The folder.
    history_path, norms_path, model_path, checkpoint_path
        What training writes. A run of an older version has no norms.
    loss_curve_path, explanation_path, report_path, pictures_path
        What is drawn of it: two pictures, the report and the folder of the report's pictures.

    Raises
    ------
    MnistScratchError
        If the folder is not a run's.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path = as_path(path, "path")
        self._config_path = _config_path(path)
        self.history_path = path / "history.csv"
        self.norms_path = path / "norms.csv"
        self.model_path = path / "model.npz"
        self.checkpoint_path = path / "checkpoint.npz"
        self.loss_curve_path = path / "loss_curve.png"
        self._divergence_path = path / "diverged.txt"
        self.explanation_path = path / "explanation.png"
        self.report_path = path / "report.html"
        self.pictures_path = path / "report"

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @classmethod
    def create(cls, path: Path, config: Config) -> RunFolder:
        """Make the folder of a new run, where `check_free` has found nothing.

        Raises
        ------
        MnistScratchError
            If the folder cannot be made.
        """
        write_text_whole(path / "config.toml", format_config(config))
        remove_leftovers(path)
        return cls(path)

    def config(self) -> Config:
        """Read the run's config."""
        return read_config(self._config_path)

    def write_config(self, config: Config) -> None:
        """Write config.toml, if it says something else."""
        if self.config() != config:
            write_text_whole(self._config_path, format_config(config))

    def write_environment(self, environment: dict[str, Any]) -> None:
        """Write environment.json."""
        self._write_json("environment.json", environment)

    def write_history(self, history: History) -> None:
        """Write history.csv."""
        write_text_whole(self.history_path, history.as_csv())

    def history(self) -> History:
        """Read history.csv.

        Raises
        ------
        MnistScratchError
            If it cannot be read, is not a history, or has no finished epoch.
        """
        return self._with_an_epoch(_repairable(History.read, self.history_path))

    def epochs(self) -> History:
        """Read only the rows of history.csv that end an epoch.

        Raises
        ------
        MnistScratchError
            Same as `history`; what is wrong with another row stays unseen.
        """
        return self._with_an_epoch(self.epochs_so_far())

    def epochs_so_far(self) -> History:
        """Read like `epochs`, but before the first epoch ends, return an empty history."""
        if not self.history_path.exists():
            return History()
        return _repairable(partial(History.read, epochs_only=True), self.history_path)

    def _with_an_epoch(self, history: History) -> History:
        if not history.epochs:
            remedy = self.divergence() or resume_hint(self.path)
            raise MnistScratchError(f"{self.history_path} has no finished epoch; {remedy}")
        return history

    def write_divergence(self, message: str) -> None:
        """Write diverged.txt: where the training diverged, and what to do."""
        write_text_whole(self._divergence_path, f"{message}\n")

    def divergence(self) -> str:
        """Return what diverged.txt says; "" if the training has not diverged."""
        try:
            return self._divergence_path.read_text(encoding="utf-8").rstrip()
        except (OSError, UnicodeDecodeError):
            return ""

    def write_norms(self, norms: Sequence[npt.NDArray[np.float64]]) -> None:
        """Write norms.csv: for each epoch, those of every dense layer (L, 2)."""
        write_text_whole(self.norms_path, norms_as_csv(norms))

    def norms(self) -> npt.NDArray[np.float64]:
        """Read norms.csv, float64 (E, L, 2)."""
        return _repairable(read_norms, self.norms_path)

    def save_model(
        self, network: Network, classes: Sequence[str] = (), *, resized: str = ""
    ) -> None:
        """Write model.npz."""
        save_model(self.model_path, network, classes, resized=resized)

    def model(self) -> Network:
        """Read model.npz.

        Raises
        ------
        MnistScratchError
            If there is none, it cannot be read, or it does not take images.
        """
        return self.saved_model().network

    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes of model.npz, in the order of its logits.

        Raises
        ------
        MnistScratchError
            Same as `model`.
        """
        return self.saved_model().classes

    def saved_model(self) -> SavedModel:
        """Read model.npz, all that it holds.

        Raises
        ------
        MnistScratchError
            Same as `model`.
        """
        if not self.model_path.exists() and not self.epochs_so_far().rows:
            remedy = self.divergence() or f"no epoch is finished yet; {resume_hint(self.path)}"
            raise MnistScratchError(f"{self.path} has no model.npz: {remedy}")
        saved = _repairable(read_model, self.model_path)
        if saved.network.widths[0] != PIXELS:
            raise MnistScratchError(
                f"{self.model_path}: the network is {saved.network.title}: it must take {PIXELS} "
                "pixels; train it again"
            )
        return saved

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Write checkpoint.npz."""
        save_checkpoint(self.checkpoint_path, checkpoint)

    def checkpoint(self) -> Checkpoint | None:
        """Read checkpoint.npz; None if the run ended before it wrote one.

        Raises
        ------
        MnistScratchError
            If it cannot be read, or is missing beside a model or a history.
        """
        if self.checkpoint_path.exists():
            try:
                return load_checkpoint(self.checkpoint_path)
            except MnistScratchError as error:
                raise MnistScratchError(f"{error}; start the run again") from error
        for path in (self.model_path, self.history_path):
            if path.exists():
                raise MnistScratchError(
                    f"{self.path} has a {path.name} but no checkpoint.npz, so it cannot be "
                    "resumed; start a new run from its config.toml (--config)"
                )
        return None

    def write_evaluation(
        self,
        evaluation: Evaluation,
        sha256: Mapping[str, str],
        beside: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write the accuracy and the loss of the run's model on a test set.

        The file is evaluation.json if the test set belongs to the data that the run was trained on,
        by its name and the SHA-256 of its files, and then has the training time too. For any other
        data it is `evaluation-NAME.json`.

        Parameters
        ----------
        evaluation
            The result.
        sha256
            File name to SHA-256 of the files that its data set was read from.
        beside
            More that was measured on the same images, under keys of its own.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        MnistScratchError
            If it cannot be written, or the run does not say what it was trained on.
        """
        values = evaluation.as_json() | dict(beside or {})
        if (evaluation.dataset, dict(sha256)) != (self.config().data.dataset, self.data_sha256()):
            name = f"evaluation-{evaluation.dataset}.json"
        else:
            name = EVALUATION
            epochs = self.epochs()
            seconds = epochs.rows[-1].seconds
            values |= {"training_seconds": seconds, "best_epoch": epochs.best.epoch}
        self._write_json(name, values | {"data_sha256": dict(sha256)})
        return self.path / name

    def test_accuracy(self) -> float | None:
        """Return the accuracy in evaluation.json; None before the run is evaluated.

        Raises
        ------
        MnistScratchError
            If it cannot be read, or is damaged.
        """
        path = self.path / EVALUATION
        if not path.exists():
            return None
        accuracy = _read_json(path).get("accuracy")
        if type(accuracy) is not float or not 0 <= accuracy <= 1:
            raise MnistScratchError(
                f"{path}: damaged: it has no accuracy from 0 to 1; "
                f"write it again with: mnist-scratch evaluate {shlex.quote(str(self.path))}"
            )
        return accuracy

    def data_sha256(self) -> dict[str, Any]:
        """Return the hashes in environment.json of the files that the run was trained on.

        Raises
        ------
        MnistScratchError
            If they are not there.
        """
        path = self.path / "environment.json"
        sha256 = _read_json(path).get("data_sha256")
        if not isinstance(sha256, dict):
            raise MnistScratchError(
                f"{path}: damaged: it has no hashes of the data (data_sha256); {repair_hint(path)}"
            )
        return sha256

    def remove_results(self) -> None:
        """Delete what was made of the model before it is trained further."""
        for path in (
            *self.path.glob("evaluation*.json"),
            *self.pictures_path.glob("*.png"),
            self.report_path,
            self.explanation_path,
            self._divergence_path,
            self.path / "model.onnx",
            self.path / "model.safetensors",
        ):
            path.unlink(missing_ok=True)

    def _write_json(self, name: str, values: dict[str, Any]) -> None:
        write_text_whole(self.path / name, json.dumps(values, indent=2) + "\n")


def _config_path(path: Path) -> Path:
    """Return the config.toml of a run; without it, the folder is not a run's."""
    config = path / "config.toml"
    try:
        is_run = config.is_file()
        runs = [] if is_run else sorted(path.glob("*/config.toml"))
    except OSError as error:
        raise MnistScratchError(f"cannot look into {path}: {error.strerror}") from error
    if runs:
        raise MnistScratchError(
            f"{path} is not the folder of a run but has runs in it; name one: {runs[0].parent}"
        )
    if not is_run:
        raise MnistScratchError(
            f"{path} is not the folder of a run: it has no config.toml; "
            "'mnist-scratch train' makes one"
        )
    return config


def check_free(path: Path) -> None:
    """Make sure that a new run's folder would overwrite nothing.

    The lock and parts of files, which a killed program leaves, are nothing.

    Raises
    ------
    MnistScratchError
        If something is there already.
    """
    try:
        occupied = path.exists() and (
            not path.is_dir()
            or any(inside.name != _LOCK and not is_leftover(inside) for inside in path.iterdir())
        )
    except OSError as error:
        raise MnistScratchError(f"cannot look into {path}: {error.strerror}") from error
    if occupied:
        raise MnistScratchError(
            f"{path} exists already and is not overwritten; name another folder (--run), or "
            "resume the run in it (--resume)"
        )


def claim_default_folder(recipe: str) -> Path:
    """Make and return a new, empty folder: runs/20260131-235959-default, for example.

    Two runs that begin in the same second get one each, since only one can make a folder.

    Raises
    ------
    MnistScratchError
        If it cannot be made.
    """
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{recipe}"
    path, number = RUNS / name, 1
    try:
        RUNS.mkdir(exist_ok=True)
        while True:
            with suppress(FileExistsError):
                path.mkdir()
                return path
            number += 1
            path = RUNS / f"{name}-{number}"
    except OSError as error:
        raise MnistScratchError(
            f"cannot make {path}: {error.strerror}; name another folder with --run"
        ) from error


@contextmanager
def locked_folder(path: Path) -> Iterator[None]:
    """Keep other programs from training in a folder while the context lasts.

    The folder is made. If nothing was written into it, it is removed with the folders above it
    that were made for it.

    Raises
    ------
    MnistScratchError
        If another program trains there.
    """
    made = [above for above in path.parents if not above.exists()]
    try:
        with locked(path / _LOCK, wait=False):
            yield
    finally:
        with suppress(OSError):
            for folder in (path, *made):
                folder.rmdir()  # only if it is empty


def trained_by(path: Path) -> str:
    """Return the process that trains in a folder now, "process 4711", or ""."""
    return running_holder(path / _LOCK)


def remove_leftovers(path: Path) -> None:
    """Delete the parts of a run's files that a killed program left.

    Raises
    ------
    MnistScratchError
        If the operating system refuses.
    """
    for leftover in path.iterdir():
        if is_leftover(leftover):
            try:
                leftover.unlink()
            except OSError as error:
                raise MnistScratchError(
                    f"cannot delete {leftover}, left by a killed program: {error.strerror}"
                ) from error


def resume_hint(path: Path) -> str:
    """Return how to resume the run in a folder."""
    return f"resume it with: mnist-scratch train --resume {shlex.quote(str(path))}"


def repair_hint(file: Path) -> str:
    """Return how to regenerate a damaged file of a run: its checkpoint has all that is in them."""
    run = shlex.quote(str(file.parent))
    return f"write it again with: mnist-scratch train --resume {run}"


def _repairable(read: Callable[[Path], _T], path: Path) -> _T:
    """Read a file of a run; the error, if it is damaged, ends with `repair_hint`."""
    try:
        return read(path)
    except MnistScratchError as error:
        raise MnistScratchError(f"{error}; {repair_hint(path)}") from error


def _read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; an empty one if the file has none."""
    try:
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise MnistScratchError(
            f"cannot read {path}: {error.strerror}; {repair_hint(path)}"
        ) from error
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
