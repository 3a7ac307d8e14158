"""The folder of one run, and what is in it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import format_config, read_config, run_config
from mnist_scratch.data.dataset import CLASSES, PIXELS
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mnist_scratch.runs.folder import EVALUATION, check_free, how_to_go_on, sweep
from mnist_scratch.runs.model import load_model, save_model
from mnist_scratch.system.files import write_text_whole
from mnist_scratch.system.reading import read_whole
from mnist_scratch.training.evaluation import Evaluation
from mnist_scratch.training.history import History
from mnist_scratch.training.norms import norms_as_csv, read_norms


class RunDirectory:
    """The folder of one run.

    It is complete in itself: `config.toml` reproduces the run, `environment.json` says on what,
    `history.csv` what was logged, `norms.csv` what moved in which layer, `model.npz` has the best
    parameters, `checkpoint.npz` all that is needed to go on, `evaluation.json` the result on the
    test set, `loss_curve.png` the picture.

    Parameters
    ----------
    path
        An existing folder; `create` makes one.

    Raises
    ------
    MnistScratchError
        If the folder is not a run's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._config_path = run_config(path)

    @classmethod
    def create(cls, path: Path, config: Config) -> RunDirectory:
        """Make the folder of a new run.

        Raises
        ------
        MnistScratchError
            If something is there already, or the folder cannot be made.
        """
        check_free(path)
        write_text_whole(path / "config.toml", format_config(config))
        directory = cls(path)
        sweep(path)
        return directory

    @property
    def checkpoint_path(self) -> Path:
        """Where the whole run is, to go on from."""
        return self.path / "checkpoint.npz"

    @property
    def loss_curve_path(self) -> Path:
        """Where the picture of the loss is."""
        return self.path / "loss_curve.png"

    @property
    def report_path(self) -> Path:
        """Where the page is that shows what the run learned."""
        return self.path / "report.html"

    @property
    def pictures_path(self) -> Path:
        """The folder of that page's pictures."""
        return self.path / "report"

    @property
    def norms_path(self) -> Path:
        """Where the norms of the layers are; a run of an older version has none."""
        return self.path / "norms.csv"

    @property
    def explanation_path(self) -> Path:
        """Where the picture of single images is."""
        return self.path / "explanation.png"

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
        write_text_whole(self.path / "history.csv", history.as_csv())

    def history(self) -> History:
        """Read history.csv.

        Raises
        ------
        MnistScratchError
            If it cannot be read, is not a history, or has no finished epoch.
        """
        return self._with_an_epoch(History.read(self.path / "history.csv"))

    def epochs(self) -> History:
        """Read of history.csv the rows that end an epoch, alone.

        Raises
        ------
        MnistScratchError
            As from `history`; what is wrong with another row stays unseen.
        """
        return self._with_an_epoch(History.read_epochs(self.path / "history.csv"))

    def _with_an_epoch(self, history: History) -> History:
        if not history.epochs:
            path = self.path / "history.csv"
            raise MnistScratchError(f"{path} has no finished epoch; {how_to_go_on(self.path)}")
        return history

    def write_norms(self, norms: Sequence[npt.NDArray[np.float64]]) -> None:
        """Write norms.csv: of each epoch, those of every dense layer (L, 2)."""
        write_text_whole(self.norms_path, norms_as_csv(norms))

    def norms(self) -> npt.NDArray[np.float64]:
        """Read norms.csv, float64 (E, L, 2)."""
        return read_norms(self.norms_path)

    def save_model(self, network: Network) -> None:
        """Write model.npz."""
        save_model(self.path / "model.npz", network)

    def model(self) -> Network:
        """Read model.npz.

        Raises
        ------
        MnistScratchError
            If it cannot be read, or is no model that takes images of digits.
        """
        path = self.path / "model.npz"
        network = load_model(path)
        if (network.widths[0], network.widths[-1]) != (PIXELS, CLASSES):
            raise MnistScratchError(
                f"{path}: a network of {'-'.join(map(str, network.widths))} does not take "
                f"{PIXELS} pixels and tell {CLASSES} digits apart; train it again"
            )
        return network

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Write checkpoint.npz."""
        save_checkpoint(self.checkpoint_path, checkpoint)

    def checkpoint(self) -> Checkpoint | None:
        """Read checkpoint.npz; None if the run ended before it wrote any.

        Raises
        ------
        MnistScratchError
            If it cannot be read, or is missing where a model or a history is.
        """
        if os.path.lexists(self.checkpoint_path):
            return load_checkpoint(self.checkpoint_path)
        for name in ("model.npz", "history.csv"):
            if (self.path / name).exists():
                raise MnistScratchError(
                    f"{self.path} has a {name} but no checkpoint.npz, and cannot go on from where "
                    "it was; start a new run with --config and its config.toml"
                )
        return None

    def write_evaluation(
        self,
        evaluation: Evaluation,
        sha256: Mapping[str, str],
        beside: Mapping[str, Any] | None = None,
    ) -> None:
        """Write what the run's model is worth on a test set.

        That is evaluation.json for the test set of the very data that the run was trained on, by
        its name and the SHA-256 of its files, which has what the training took beside it, and
        `evaluation-NAME.json` for any other, other data of the same name included.

        Parameters
        ----------
        evaluation
            The result.
        sha256
            File name to SHA-256 of the files that its data set was read from.
        beside
            More that was measured on the same images, under keys of its own.

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

    def data_sha256(self) -> dict[str, Any]:
        """Return what environment.json says of the files that the run was trained on.

        Raises
        ------
        MnistScratchError
            If it does not say it.
        """
        path = self.path / "environment.json"
        try:
            environment = json.loads(read_whole(path, limit=10**6).decode())
            return dict(environment["data_sha256"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is damaged"
            raise MnistScratchError(
                f"{path} should say what data the run was trained on: {reason}; resuming the "
                "run (train --resume) writes it again"
            ) from error

    def remove_results(self) -> None:
        """Delete what was made of the model, which is about to be trained further."""
        exported = (self.path / "model.onnx", self.path / "model.safetensors")
        for path in (
            *self.path.glob("evaluation*.json"),
            *self.pictures_path.glob("*.png"),
            self.report_path,
            self.explanation_path,
            *exported,
        ):
            path.unlink(missing_ok=True)

    def _write_json(self, name: str, values: dict[str, Any]) -> None:
        write_text_whole(self.path / name, json.dumps(values, indent=2) + "\n")
