"""The runs in a folder, each by its small files: how far it is, and how good."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import recipe_of
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import RunFolder, repairable, resume_hint, trained_by
from mnist_scratch.training.history import History
from mnist_scratch.training.stopping import is_over

State = Literal["finished", "training", "unfinished"]


@dataclass(frozen=True)
class RunSummary:
    """What a list says of a run.

    Attributes
    ----------
    path
        Its folder.
    config
        What it does.
    state
        "finished"; "training", while a process trains it; else "unfinished".
    written
        When its history was written, in seconds since 1970.
    epochs
        How many are done.
    best_epoch
        Which of them, from 1, was the best on validation; 0 before the first is over.
    validation_accuracy
        Of that epoch, 0 to 1.
    seconds
        Of training, up to the last epoch that is done.
    accuracy
        On the test set, 0 to 1, once it is finished.
    note
        What is to be known or done where it is not finished; else nothing.
    """

    path: Path
    config: Config
    state: State
    written: float
    epochs: int
    best_epoch: int
    validation_accuracy: float | None
    seconds: float | None
    accuracy: float | None
    note: str

    def as_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        network, training = self.config.network, self.config.training
        return {
            "run": str(self.path),
            "state": self.state,
            "dataset": self.config.data.dataset,
            "recipe": recipe_of(self.config),
            "hidden": list(network.hidden),
            "activation": network.activation,
            "seed": training.seed,
            "accuracy": self.accuracy,
            "validation_accuracy": self.validation_accuracy,
            "training_seconds": self.seconds,
            "epochs": self.epochs,
            "epochs_planned": training.epochs,
            "best_epoch": self.best_epoch,
            "written": datetime.fromtimestamp(self.written, UTC).isoformat(timespec="seconds"),
            "note": self.note,
        }


def list_runs(folder: Path) -> tuple[list[RunSummary], dict[Path, MnistScratchError]]:
    """Look at every run in a folder, and at those of the sweeps in it.

    Parameters
    ----------
    folder
        The folder whose folders are runs, or have runs in them; what is neither is left out.

    Returns
    -------
    runs
        The newest first.
    damaged
        The folders of runs that cannot be read, by name, and why.

    Raises
    ------
    MnistScratchError
        If the folder cannot be looked into.
    """
    runs, damaged = [], {}
    try:
        folders = _runs_in(folder)
    except OSError as error:
        raise MnistScratchError(
            f"cannot look into {folder}: {error.strerror}; name a folder that has runs in it"
        ) from error
    for path in sorted(folders):
        try:
            runs.append(summarise(path))
        except MnistScratchError as error:
            damaged[path] = error
    # Of two that were written at the same time, the names say which began later.
    runs.sort(key=lambda run: (run.written, run.path.name), reverse=True)
    return runs, damaged


def summarise(path: Path) -> RunSummary:
    """Look at the run in a folder.

    Raises
    ------
    MnistScratchError
        If a file of it cannot be read, or is damaged or missing.
    """
    run = RunFolder(path)
    config, history_path = run.config(), run.history_path
    has_history = history_path.exists()
    history = (
        repairable(partial(History.read, epochs_only=True), history_path)
        if has_history
        else History()
    )
    epochs = len(history.rows)
    best_epoch = history.best.epoch if epochs else 0
    trainer = trained_by(path)
    accuracy = None
    state: State = "training" if trainer else "unfinished"
    if not trainer and is_over(config.training, epochs, best_epoch):
        accuracy = run.test_accuracy()
        if not run.model_path.exists():
            raise MnistScratchError(f"{path} has no model.npz, though it is finished; train again")
    if accuracy is not None:
        state, note = "finished", ""
    elif trainer:
        note = f"{trainer} trains it; epochs done: {epochs} of {config.training.epochs}"
    else:
        note = f"stopped after epoch {epochs} of {config.training.epochs}; {_remedy(path, epochs)}"
    written = history_path if has_history else path / "config.toml"
    return RunSummary(
        path=path,
        config=config,
        state=state,
        written=written.stat().st_mtime,
        epochs=epochs,
        best_epoch=best_epoch,
        validation_accuracy=history.best.validation_accuracy if epochs else None,
        seconds=history.rows[-1].seconds if epochs else None,
        accuracy=accuracy,
        note=note,
    )


def _remedy(path: Path, epochs: int) -> str:
    if epochs and not (path / "checkpoint.npz").exists():
        return "it has no checkpoint.npz to go on from"
    return resume_hint(path)


def _runs_in(folder: Path, depth: int = 2) -> list[Path]:
    """Return the folders of runs in a folder; what is no run may be a sweep, with runs in it."""
    runs = []
    for path in folder.iterdir():
        if _is_run(path):
            runs.append(path)
        elif depth > 1 and path.is_dir():
            with suppress(OSError):  # nobody has named it
                runs += _runs_in(path, depth - 1)
    return runs


def _is_run(path: Path) -> bool:
    """Tell the folder of a run, also one that has lost its config.toml."""
    return any((path / name).exists() for name in ("config.toml", "model.npz", "checkpoint.npz"))
