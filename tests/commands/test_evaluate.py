"""`mnist-scratch evaluate` as a user has it, on a few digits of his own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import CommandLine

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.registry import FILE_NAMES


@pytest.fixture
def run(command_line: CommandLine, digits: Dataset, tmp_path: Path) -> Path:
    """A run on the digits in `own`, of which it has made something, but not everything."""
    write_files(tmp_path / "own", digits.images, digits.labels)
    return train(command_line, tmp_path / "run", tmp_path / "own")


def write_files(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    folder.mkdir()
    for name, array in zip(FILE_NAMES, 2 * (images, labels), strict=True):
        (folder / name).write_bytes(format_idx(array))


def train(command_line: CommandLine, run: Path, folder: Path) -> Path:
    result = command_line(
        *("train", "--epochs", "2", "--hidden", "16", "--batch-size", "10"),
        *("--validation-examples", "20", "--dataset", "files", "--data-dir", folder, "--run", run),
    )
    assert result.returncode == 0, result.stderr
    return run


def test_views_stand_beside_the_plain_figures_and_the_same_are_written_again(
    command_line: CommandLine, run: Path
) -> None:
    written = run / "evaluation.json"
    plain = json.loads(written.read_text())
    assert command_line("evaluate", run, "--views", "3").returncode == 0
    first = written.read_bytes()
    assert command_line("evaluate", run, "--views", "3").returncode == 0
    assert written.read_bytes() == first
    values = json.loads(first)
    views = values.pop("with_views")
    assert values == plain
    assert views["views"] == 3
    assert views["loss"] != plain["loss"]
    assert command_line("evaluate", run).returncode == 0
    assert json.loads(written.read_text()) == plain


def test_a_run_whose_history_has_no_epoch_is_told_how_to_go_on(
    command_line: CommandLine, run: Path
) -> None:
    history = run / "history.csv"
    history.write_text("".join(history.read_text().splitlines(keepends=True)[:2]))
    result = command_line("evaluate", run)
    assert result.returncode == 2
    assert result.stderr == (
        f"mnist-scratch: {history} has no finished epoch; "
        f"go on with: mnist-scratch train --resume {run}\n"
    )


def test_runs_that_are_no_committee_are_refused_with_what_to_do(
    command_line: CommandLine, run: Path, digits: Dataset, tmp_path: Path
) -> None:
    write_files(tmp_path / "others", 255 - digits.images, digits.labels)
    other = train(command_line, tmp_path / "other", tmp_path / "others")
    before = [(each / "evaluation.json").read_bytes() for each in (run, other)]
    for arguments, message in (
        ((run, other), "were trained on other files of files; say with --dataset files --data-dir"),
        ((run, "absent"), "absent is not the folder of a run"),
    ):
        result = command_line("evaluate", *arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert message in result.stderr
        assert "Traceback" not in result.stderr
    together = command_line(
        *("evaluate", run, other, "--dataset", "files", "--data-dir", "own", "--json")
    )
    assert together.returncode == 0, together.stderr
    assert [each["run"] for each in json.loads(together.stdout)["runs"]] == [str(run), str(other)]
    assert [(each / "evaluation.json").read_bytes() for each in (run, other)] == before
