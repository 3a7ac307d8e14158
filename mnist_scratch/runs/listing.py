"""The runs in a folder: how far each is, and its accuracy."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import recipe_of
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import RunFolder, resume_hint, trained_by
from mnist_scratch.training.stopping import is_over

State = Literal["finished", "training", "diverged", "unfinished"]


@dataclass(frozen=True)
class RunSummary:
    """One run in a list.

    Attributes
    ----------
    path, config
        Its folder and its settings.
    classes
        How many it has; None of a person's own files before there is a model.
    state
        "finished"; "training", while a process trains it; "diverged"; else "unfinished".
    written
        When its history was written, in seconds since 1970.
    epochs
        How many are finished.
    best_epoch, validation_accuracy
        The best of them on validation, from 1, and its accuracy, 0 to 1; 0 and None without any.
    seconds
        Of training, up to the last finished epoch.
    accuracy
        On the test set, 0 to 1, once the run is finished.
    note
        For a run that is not finished, how far it is and what to do; else "".
    """

    path: Path
    config: Config
    classes: int | None
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
            "classes": self.classes,
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


def list_runs(
    folder: Path, depth: int = 2
) -> tuple[list[RunSummary], dict[Path, MnistScratchError]]:
    """Summarise every run in a folder and in those in it, such as a sweep's.

    Parameters
    ----------
    folder
        The folder. What is neither a run nor has runs in it is left out.
    depth
        How many levels of folders to look at. Hidden folders are not looked into.

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
        folders = _runs_in(folder, depth)
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
    """Summarise the run in a folder.

    Raises
    ------
    MnistScratchError
        If a file of it cannot be read, or is damaged or missing.
    """
    run = RunFolder(path)
    config, history = run.config(), run.epochs_so_far()
    epochs = len(history.rows)
    best_epoch = history.best.epoch if epochs else 0
    trainer = trained_by(path)
    accuracy = None
    state: State = "training" if trainer else "unfinished"
    if not trainer and is_over(config.training, history):
        accuracy = run.test_accuracy()
        if not run.model_path.exists():
            raise MnistScratchError(f"{path} has no model.npz, though it is finished; train again")
    if accuracy is not None:
        state, note = "finished", ""
    elif trainer:
        note = f"{trainer} trains it; epochs done: {epochs} of {config.training.epochs}"
    elif run.divergence():
        state = "diverged"
        note = (
            f"diverged in epoch {epochs + 1} of {config.training.epochs}; start a new run with a "
            "lower learning rate"
        )
    else:
        note = f"stopped after epoch {epochs} of {config.training.epochs}; {_remedy(path, epochs)}"
    written = run.history_path if run.history_path.exists() else path / "config.toml"
    return RunSummary(
        path=path,
        config=config,
        classes=_count_classes(run, config.data.dataset),
        state=state,
        written=written.stat().st_mtime,
        epochs=epochs,
        best_epoch=best_epoch,
        validation_accuracy=history.best.validation_accuracy if epochs else None,
        seconds=history.rows[-1].seconds if epochs else None,
        accuracy=accuracy,
        note=note,
    )


def _count_classes(run: RunFolder, dataset: str) -> int | None:
    if dataset != "files":
        return len(class_names(dataset))
    return len(run.classes()) if run.model_path.exists() else None


def _remedy(path: Path, epochs: int) -> str:
    if epochs and not (path / "checkpoint.npz").exists():
        return "it has no checkpoint.npz, so it cannot be resumed"
    return resume_hint(path)


def _runs_in(folder: Path, depth: int) -> list[Path]:
    """Return the folders of runs in a folder, and in those in it."""
    runs = []
    for path in folder.iterdir():
        if _is_run(path):
            runs.append(path)
        elif depth > 1 and path.is_dir() and path.name[0] != ".":
            with suppress(OSError):  # the user has not named it
                runs += _runs_in(path, depth - 1)
    return runs


def _is_run(path: Path) -> bool:
    # One that has lost its config.toml is a run too, a damaged one; a config.toml alone is others'.
    beside = ("environment.json", "history.csv", "checkpoint.npz", "model.npz")
    found = [name for name in beside if (path / name).exists()]
    return bool(found) and ((path / "config.toml").exists() or found[-1].endswith(".npz"))
