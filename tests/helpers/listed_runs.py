"""The small files of runs, for what lists them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.config.toml import format_config
from mnist_scratch.training.history import History, Row


def make_run(path: Path, config: Config, epochs: int, written: float, accuracy: float = 0) -> Path:
    """Make the small files of a run; a best epoch comes first, and each is worse than the last."""
    path.mkdir(parents=True)
    (path / "config.toml").write_text(format_config(config))
    rows = [Row(1, 1, 0.1, 2.3)]
    rows += [Row(9 * n, n, 0.1, 0.5, 0.4, 0.96 - n / 100, 1.25 * n) for n in range(1, epochs + 1)]
    rows += [Row(9 * epochs + 1, epochs + 1, 0.1, 0.3)]
    (path / "history.csv").write_text(History(rows).as_csv())
    os.utime(path / "history.csv", (written, written))
    for name in ("model.npz", "checkpoint.npz"):
        (path / name).touch()
    if accuracy:
        (path / "evaluation.json").write_text(json.dumps({"accuracy": accuracy}))
    return path


def of_epochs(epochs: int, **training: int) -> Config:
    """Return the default config with some settings of the training."""
    values = {("training", name): value for name, value in training.items()}
    known = {("data", "dataset"): "synthetic", ("training", "epochs"): epochs}
    return with_values(Config(), known | values, "test")


def make_folder_of_runs(runs: Path) -> Path:
    """Make a folder with a run of every kind, and with what is none."""
    make_run(runs / "oldest", of_epochs(4, seed=3, threads=1), 4, 1000.0, accuracy=0.9876)
    make_run(runs / "half way", of_epochs(4), 2, 3000.0)
    make_run(runs / "newer", of_epochs(7), 7, 2000.0, accuracy=0.5)
    make_run(runs / "broken", of_epochs(4), 4, 4000.0, accuracy=0.5)
    (runs / "broken" / "history.csv").write_text("nonsense\n")
    (runs / "lost").mkdir()
    (runs / "lost" / "model.npz").touch()
    (runs / "other" / "things").mkdir(parents=True)
    (runs / "note.txt").touch()
    return runs
