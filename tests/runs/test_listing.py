from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest
from helpers.listed_runs import make_folder_of_runs, make_run, of_epochs

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.config.toml import find_config, read_config, recipe_of
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import RunFolder, locked_folder
from mnist_scratch.runs.listing import list_runs, summarise


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a run of every kind, and with what is none."""
    return make_folder_of_runs(tmp_path / "runs")


def test_runs_are_listed_newest_first_and_damaged_ones_named(folder: Path) -> None:
    runs, damaged = list_runs(folder)
    assert [run.path.name for run in runs] == ["half way", "newer", "oldest"]
    assert [run.state for run in runs] == ["unfinished", "finished", "finished"]
    oldest = runs[2]
    assert (oldest.accuracy, oldest.seconds, oldest.epochs, oldest.note) == (0.9876, 5.0, 4, "")
    assert (oldest.best_epoch, oldest.validation_accuracy) == (1, 0.95)
    assert sorted(path.name for path in damaged) == ["broken", "lost"]
    assert "damaged: its first line must be" in str(damaged[folder / "broken"])
    assert "no config.toml" in str(damaged[folder / "lost"])


def test_the_runs_of_a_sweep_are_listed_with_the_others(folder: Path) -> None:
    make_run(folder / "sweep" / "seed-000", of_epochs(3), 3, 1500.0, accuracy=0.75)
    make_run(folder / "deep" / "er" / "run", of_epochs(3), 3, 1500.0, accuracy=0.75)
    make_run(folder / "newer" / "inside", of_epochs(3), 3, 1500.0, accuracy=0.75)
    names = [run.path.relative_to(folder).as_posix() for run in list_runs(folder)[0]]
    assert names == ["half way", "newer", "sweep/seed-000", "oldest"]


def test_an_unfinished_run_says_where_it_stopped_and_resume_hint(folder: Path) -> None:
    run = summarise(folder / "half way")
    command = f"mnist-scratch train --resume {shlex.quote(str(folder / 'half way'))}"
    assert run.note == f"stopped after epoch 2 of 4; resume it with: {command}"
    assert (run.accuracy, run.seconds) == (None, 2.5)


def test_an_unfinished_run_stays_one_when_it_is_evaluated(folder: Path) -> None:
    (folder / "half way" / "evaluation.json").write_text('{"accuracy": 0.75}')
    assert summarise(folder / "half way").state == "unfinished"


def test_a_run_that_patience_ended_is_finished(tmp_path: Path) -> None:
    for patience, state in ((4, "unfinished"), (3, "finished")):
        config = of_epochs(30, patience=patience)
        path = make_run(tmp_path / state, config, epochs=4, written=0.0, accuracy=0.9)
        assert summarise(path).state == state


def test_a_run_that_was_not_measured_on_the_test_set_yet_can_go_on(folder: Path) -> None:
    (folder / "oldest" / "evaluation.json").unlink()
    assert summarise(folder / "oldest").note.startswith(
        "stopped after epoch 4 of 4; resume it with:"
    )


def test_a_run_without_its_checkpoint_does_not_say_that_it_can_go_on(folder: Path) -> None:
    (folder / "half way" / "checkpoint.npz").unlink()
    assert summarise(folder / "half way").note.endswith(
        "it has no checkpoint.npz, so it cannot be resumed"
    )


def test_a_finished_run_without_its_model_is_damaged(folder: Path) -> None:
    (folder / "oldest" / "model.npz").unlink()
    assert "no model.npz" in str(list_runs(folder)[1][folder / "oldest"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell which processes run")
def test_a_run_is_in_training_while_a_process_holds_its_lock(folder: Path) -> None:
    with locked_folder(folder / "half way"):
        run = summarise(folder / "half way")
    assert run.state == "training"
    assert run.note == f"process {os.getpid()} trains it; epochs done: 2 of 4"
    (folder / "half way" / ".lock").write_text("999999999")  # of a killed process
    assert summarise(folder / "half way").state == "unfinished"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '"accuracy"', '{"accuracy": 2.0}', '{"accuracy": "1"}', "[" * 9999]
)
def test_a_damaged_evaluation_is_an_error_that_says_what_writes_it(
    content: str, tmp_path: Path
) -> None:
    run = RunFolder.create(tmp_path / "run", Config())
    (run.path / "evaluation.json").write_text(content)
    with pytest.raises(MnistScratchError, match=r"damaged.*mnist-scratch evaluate ") as error:
        run.test_accuracy()
    assert "evaluation.json" in str(error.value)


def test_a_config_is_of_the_recipe_that_it_differs_from_in_nothing_that_counts() -> None:
    nielsen = read_config(find_config("nielsen"))
    elsewhere = {("data", "dataset"): "kmnist", ("data", "data_dir"): "there"}
    another = {("training", "seed"): 7, ("training", "threads"): 2}
    assert recipe_of(with_values(nielsen, elsewhere | another, "test")) == "nielsen"
    assert recipe_of(Config()) == "default"
    for change in (
        {("training", "epochs"): 2},
        {("data", "validation_examples"): 1},
        {("network", "activation"): "tanh"},
    ):
        assert recipe_of(with_values(nielsen, change, "test")) is None
