from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_scratch.config.schema import UNDISTORTED, Config, with_values
from mnist_scratch.config.toml import format_config
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.sources.load import DataSplits
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn import optimizer
from mnist_scratch.runs import run
from mnist_scratch.runs.checkpoint import load_checkpoint, save_checkpoint
from mnist_scratch.runs.folder import RunFolder, locked_folder
from mnist_scratch.runs.run import resume_training, run_training
from mnist_scratch.system.files import written_whole
from mnist_scratch.system.signals import Interruption
from mnist_scratch.training.trainer import Trainer

Train = Callable[[Config, Path], None]


def short(**settings: object) -> Config:
    places = {
        "dataset": "data",
        "data_dir": "data",
        "hidden": "network",
        "learning_rate": "optimizer",
        "name": "schedule",
        "warmup": "schedule",
        "rotation": "augmentation",
        "elastic_alpha": "augmentation",
        "fade": "augmentation",
    }
    values: dict[tuple[str, str], Any] = {
        ("data", "validation_examples"): 21,
        ("network", "hidden"): [8],
        ("training", "epochs"): 3,
        ("training", "batch_size"): 16,
        ("training", "log_every"): 2,
        ("optimizer", "learning_rate"): 0.03,
    }
    given = {(places.get(key, "training"), key): value for key, value in settings.items()}
    return with_values(Config(augmentation=UNDISTORTED), values | given, "test")


@pytest.fixture
def data(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> DataSplits:
    """What is found here: digits called synthetic. 79 to train on are five batches an epoch."""
    training = Dataset("synthetic", digits.images, digits.labels, {"a-file": "its hash"})
    acquired = DataSplits(training, training)
    monkeypatch.setattr(run, "load_dataset", lambda *_, **__: acquired)
    return acquired


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where the runs are that tests of this file share, by their configs."""
    return {"": tmp_path_factory.mktemp("trained")}


@pytest.fixture
def trained(data: DataSplits, kept: dict[str, Path]) -> Train:
    """Train a run, or copy it where another test has trained it."""

    def train(config: Config, path: Path) -> None:
        text = format_config(config)
        if text not in kept:
            kept[text] = kept[""] / str(len(kept))
            run_training(config, kept[text])
        shutil.copytree(kept[text], path)

    return train


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Send this process a signal in the middle of a step, the next time that it gets there."""

    def arrange(step: int, signal_number: int) -> None:
        train_step = Trainer._train_step

        def interrupted(trainer: Trainer, *batch: Any) -> None:
            if trainer.step + 1 == step:
                signal.raise_signal(signal_number)
            train_step(trainer, *batch)

        monkeypatch.setattr(Trainer, "_train_step", interrupted)

    return arrange


def outcome(path: Path) -> dict[str, Any]:
    """What a run left, times aside."""
    evaluation = json.loads((path / "evaluation.json").read_text())
    del evaluation["training_seconds"]
    state = load_checkpoint(path / "checkpoint.npz").state
    return {
        "history": [row._replace(seconds=None) for row in RunFolder(path).history().rows],
        "evaluation": evaluation,
        "optimizer": {name: array.tobytes() for name, array in state.optimizer.items()},
        **{name: (path / name).read_bytes() for name in ("model.npz", "config.toml", "norms.csv")},
    }


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("step", "signal_number"),
    [*((step, signal.SIGINT) for step in range(1, 16)), (1, signal.SIGTERM), (5, signal.SIGTERM)],
)
def test_an_interrupted_run_is_resumed_to_the_same_bytes(
    trained: Train,
    tmp_path: Path,
    interrupt: Callable[[int, int], None],
    step: int,
    signal_number: int,
) -> None:
    trained(short(), tmp_path / "whole")
    interrupt(step, signal_number)
    with pytest.raises(Interruption) as caught:
        run_training(short(), tmp_path / "interrupted")
    assert caught.value.signal_number == signal_number
    stopped = RunFolder(tmp_path / "interrupted").checkpoint()
    assert stopped is not None
    assert stopped.state.step == step, "the step was finished, and is the last"
    resume_training(tmp_path / "interrupted")
    assert outcome(tmp_path / "interrupted") == outcome(tmp_path / "whole")


def test_an_interrupted_run_with_adam_is_resumed_to_the_same_bytes(
    trained: Train, tmp_path: Path, interrupt: Callable[[int, int], None]
) -> None:
    config = with_values(short(), {("optimizer", "name"): "adam"}, "test")
    trained(config, tmp_path / "whole")
    interrupt(8, signal.SIGINT)
    with pytest.raises(Interruption):
        run_training(config, tmp_path / "interrupted")
    resume_training(tmp_path / "interrupted")
    assert outcome(tmp_path / "interrupted") == outcome(tmp_path / "whole")


@pytest.mark.parametrize("step", [3, 5, 8])
def test_an_interrupted_run_on_distorted_images_is_resumed_to_the_same_bytes(
    trained: Train, tmp_path: Path, interrupt: Callable[[int, int], None], step: int
) -> None:
    distorted = short(rotation=10.0, elastic_alpha=30.0, fade=1.0)
    trained(short(), tmp_path / "undistorted")
    trained(distorted, tmp_path / "whole")
    interrupt(step, signal.SIGINT)
    with pytest.raises(Interruption):
        run_training(distorted, tmp_path / "interrupted")
    resume_training(tmp_path / "interrupted")
    assert outcome(tmp_path / "interrupted") == outcome(tmp_path / "whole")
    models = [(tmp_path / run / "model.npz").read_bytes() for run in ("whole", "undistorted")]
    assert models[0] != models[1]


@pytest.mark.parametrize("step", [4, 8])
def test_velocities_next_to_zero_are_cleared_in_the_same_steps(
    data: DataSplits,
    tmp_path: Path,
    interrupt: Callable[[int, int], None],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    # Every sixth step, and so much that it shows in this run.
    monkeypatch.setattr(optimizer, "_TINY", 1e-3)
    monkeypatch.setattr(optimizer, "_CLEARED_EVERY", 6)
    run_training(short(), tmp_path / "whole")
    interrupt(step, signal.SIGTERM)
    with pytest.raises(Interruption):
        run_training(short(), tmp_path / "interrupted")
    resume_training(tmp_path / "interrupted")
    assert outcome(tmp_path / "interrupted") == outcome(tmp_path / "whole")


def test_a_second_signal_ends_at_once_and_loses_nothing_that_was_saved(
    trained: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(short(), tmp_path / "whole")
    train_step = Trainer._train_step

    def interrupted(trainer: Trainer, *batch: Any) -> None:
        if trainer.step + 1 == 8:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        train_step(trainer, *batch)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_train_step", interrupted)
        with pytest.raises(Interruption):
            run_training(short(), tmp_path / "run")
    stopped = RunFolder(tmp_path / "run").checkpoint()
    assert stopped is not None
    assert stopped.state.step == 5, "the end of the first epoch"
    resume_training(tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_the_handlers_of_signals_are_given_back(trained: Train, tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    trained(short(), tmp_path / "run")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_run_is_saved_every_so_many_seconds_within_an_epoch(
    trained: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    save = RunFolder.save_checkpoint

    def noted(directory: RunFolder, checkpoint: Any) -> None:
        saved.append(checkpoint.state.step)
        save(directory, checkpoint)

    monkeypatch.setattr(RunFolder, "save_checkpoint", noted)
    now = iter(range(10_000))
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    # The clock moves by one each time it is looked at: after each step within an epoch, and once
    # when a checkpoint was written.
    trained(short(checkpoint_seconds=3, epochs=2), tmp_path / "run")
    assert saved == [0, 3, 5, 8, 10]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"seed": 1}, r"\[training\] seed \(--[a-z-]+\): 0, now 1"),
        ({"learning_rate": 0.5}, r"\[optimizer\] learning_rate \(--[a-z-]+\): 0.03, now 0.5"),
        ({"hidden": [9]}, r"\[network\] hidden \(--[a-z-]+\): \(8,\), now \(9,\)"),
        ({"dataset": "mnist"}, r"\[data\] dataset \(--[a-z-]+\): synthetic, now mnist"),
        ({"epochs": 2}, r"\[training\] epochs \(--[a-z-]+\): 3, now 2"),
        (
            {"seed": 1, "log_every": 1},
            r"\[training\] seed.*\n.*log_every \(--log-every\): 2, now 1",
        ),
        ({"epochs": 4}, "schedule 'one-cycle' with its warm-up depend on that"),
        ({"epochs": 4, "seed": 1}, r"\[training\] seed \(--[a-z-]+\): 0, now 1"),
    ],
)
def test_a_changed_config_is_refused_and_named(
    trained: Train, tmp_path: Path, settings: dict[str, object], named: str
) -> None:
    trained(short(), tmp_path / "run")
    before = outcome(tmp_path / "run")
    with pytest.raises(MnistScratchError, match=named):
        resume_training(tmp_path / "run", short(**settings))
    assert outcome(tmp_path / "run") == before


def test_what_does_not_change_the_result_may_be_changed(trained: Train, tmp_path: Path) -> None:
    trained(short(), tmp_path / "run")
    resume_training(tmp_path / "run", short(checkpoint_seconds=1, data_dir="elsewhere"))
    assert RunFolder(tmp_path / "run").config().training.checkpoint_seconds == 1


def test_other_data_is_refused_and_its_files_are_named(
    data: DataSplits, trained: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(short(), tmp_path / "run")
    first = data.training
    other = Dataset(first.name, first.images, first.labels, {"a-file": "another hash"})
    monkeypatch.setattr(run, "load_dataset", lambda *_, **__: DataSplits(other, other))
    with pytest.raises(MnistScratchError, match=r"other data .* 'a-file' differs"):
        resume_training(tmp_path / "run")


def test_a_finished_run_says_so_and_stays_as_it_is(
    data: DataSplits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_training(short(), tmp_path / "run")
    before = outcome(tmp_path / "run")
    again = resume_training(tmp_path / "run")
    assert "run is finished: epoch 3 of 3\n" in capsys.readouterr().err
    assert again.evaluation.loss == first.evaluation.loss
    assert outcome(tmp_path / "run") == before


def test_a_run_that_patience_stopped_is_finished(
    trained: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = short(epochs=30, patience=2, learning_rate=0.5, name="constant")
    trained(config, tmp_path / "run")
    epoch = len(RunFolder(tmp_path / "run").history().epochs)
    assert epoch < 30, "this test needs a run that stops early"
    resume_training(tmp_path / "run")
    expected = f"run is finished: epoch {epoch} of 30, stopped early"
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("name", ["constant", "step"])
def test_more_epochs_continue_a_finished_run_where_the_schedule_allows(
    trained: Train, tmp_path: Path, name: str
) -> None:
    settings: dict[str, object] = {"name": name, "warmup": 0.0}
    trained(short(**settings, epochs=5), tmp_path / "five")
    trained(short(**settings), tmp_path / "three")
    resume_training(tmp_path / "three", short(**settings, epochs=5))
    assert outcome(tmp_path / "three") == outcome(tmp_path / "five")


def test_what_was_made_of_the_model_goes_when_it_is_trained_further(
    trained: Train, tmp_path: Path
) -> None:
    settings: dict[str, object] = {"name": "constant", "warmup": 0.0}
    path = tmp_path / "run"
    trained(short(**settings), path)
    (path / "report").mkdir()
    made = ("model.onnx", "model.safetensors", "explanation.png", "report.html", "report/a.png")
    for name in made:
        (path / name).touch()
    resume_training(path)
    assert all((path / name).exists() for name in made), "the model is the same"
    (path / "own.txt").touch()
    resume_training(path, short(**settings, epochs=5))
    assert not any((path / name).exists() for name in made)
    assert (path / "own.txt").exists()


@pytest.mark.parametrize("step", [2, 7])
def test_more_epochs_for_an_unfinished_run_depend_on_the_schedule_too(
    data: DataSplits, tmp_path: Path, interrupt: Callable[[int, int], None], step: int
) -> None:
    interrupt(step, signal.SIGINT)
    with pytest.raises(Interruption):
        run_training(short(name="cosine"), tmp_path / "run")
    with pytest.raises(MnistScratchError, match="'cosine' with its warm-up depend on that"):
        resume_training(tmp_path / "run", short(name="cosine", epochs=5))


def test_more_epochs_are_refused_where_the_last_ones_have_distorted_less(
    trained: Train, tmp_path: Path
) -> None:
    settings: dict[str, object] = {"name": "constant", "warmup": 0.0, "fade": 0.5}
    trained(short(**settings, rotation=5.0), tmp_path / "run")
    with pytest.raises(MnistScratchError, match=r"its distortion fades .*fade = 0\.5"):
        resume_training(tmp_path / "run", short(**settings, rotation=5.0, epochs=5))
    run_training(short(**settings), tmp_path / "plain")  # nothing that could fade
    resume_training(tmp_path / "plain", short(**settings, epochs=5))


def test_a_run_that_never_saved_begins_at_the_beginning(trained: Train, tmp_path: Path) -> None:
    trained(short(), tmp_path / "whole")
    RunFolder.create(tmp_path / "run", with_values(short(), {("data", "dataset"): "auto"}, ""))
    resume_training(tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("history.csv", RunFolder.history),
        ("norms.csv", RunFolder.norms),
        ("model.npz", RunFolder.model),
    ],
)
def test_the_remedy_for_a_damaged_file_brings_its_bytes_back(
    trained: Train, tmp_path: Path, name: str, read: Callable[[RunFolder], object]
) -> None:
    trained(short(), tmp_path / "run")
    before = outcome(tmp_path / "run")
    (tmp_path / "run" / name).write_bytes(b"damaged")
    directory = RunFolder(tmp_path / "run")
    remedy = f"write it again with: mnist-scratch train --resume {directory.path}$"
    with pytest.raises(MnistScratchError, match=remedy):
        read(directory)
    resume_training(directory.path)
    assert outcome(tmp_path / "run") == before


def test_a_run_that_lost_its_checkpoint_is_not_begun_over_what_it_left(
    trained: Train, tmp_path: Path
) -> None:
    trained(short(), tmp_path / "run")
    (tmp_path / "run" / "checkpoint.npz").unlink()
    with pytest.raises(MnistScratchError, match=r"has a model\.npz but no checkpoint\.npz"):
        resume_training(tmp_path / "run")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": np.zeros(5, np.float32)}, "5 parameters, where the network has 6,370"),
        ({"optimizer": {"velocities": np.zeros(5, np.float32)}}, "5 velocities"),
        ({"best_parameters": np.zeros(5, np.float32)}, "5 best_parameters"),
        ({"step": 3}, "step 3 is not at position 32 of epoch 2"),
        ({"position": 33}, "step 7 is not at position 33"),
        ({"position": 96, "step": 11}, "ends at position 96"),
        ({"order": np.arange(79) // 2}, "the order is not one of 79"),
        ({"order": np.arange(5)}, "the order is not one of 79"),
        ({"epoch": 10**9, "step": 5 * 10**9 + 2}, "epoch 1000000000 is not that of its history, 1"),
        ({"best_epoch": 2}, "epoch 2 was not the best of 1"),
        ({"best_epoch": 0}, "epoch 0 was not the best of 1"),
        ({"generator": np.zeros(6, np.uint64)}, "no generator has the state"),
    ],
)
def test_a_checkpoint_that_does_not_fit_the_run_is_refused(
    data: DataSplits,
    tmp_path: Path,
    interrupt: Callable[[int, int], None],
    changes: dict[str, Any],
    message: str,
) -> None:
    interrupt(7, signal.SIGINT)
    with pytest.raises(Interruption):
        run_training(short(), tmp_path / "run")
    path = tmp_path / "run" / "checkpoint.npz"
    checkpoint = load_checkpoint(path)
    state = checkpoint.state._replace(**changes)
    save_checkpoint(path, checkpoint._replace(state=state))
    with pytest.raises(MnistScratchError, match=rf"checkpoint\.npz is damaged: .*{message}"):
        resume_training(tmp_path / "run")


def test_another_environment_is_named_as_a_reason_for_other_digits(
    trained: Train,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trained(short(), tmp_path / "run")
    capsys.readouterr()
    resume_training(tmp_path / "run")
    assert "may differ" not in capsys.readouterr().err
    monkeypatch.setattr(np, "__version__", "9.9")
    resume_training(tmp_path / "run")
    assert "may differ" in (said := capsys.readouterr().err)
    assert "numpy 9.9 (was " in said


def test_what_a_checkpoint_says_of_the_machine_reaches_no_terminal_as_it_is(
    trained: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(short(), tmp_path / "run")
    path = tmp_path / "run" / "checkpoint.npz"
    checkpoint = load_checkpoint(path)
    hostile = checkpoint.environment | {"numpy": "\x1b[31m2\nmnist-scratch: all is well"}
    save_checkpoint(path, checkpoint._replace(environment=hostile))
    resume_training(tmp_path / "run")
    said = capsys.readouterr().err
    assert "may differ" in said
    assert "\x1b" not in said
    assert "\nmnist-scratch" not in said


def test_the_best_epoch_before_an_interruption_stays_the_best(
    data: DataSplits, tmp_path: Path, interrupt: Callable[[int, int], None]
) -> None:
    # At this rate the accuracy goes up and down from epoch to epoch.
    settings: dict[str, object] = {"name": "constant", "learning_rate": 0.5, "epochs": 8}
    whole = run_training(short(**settings), tmp_path / "whole")
    assert whole.best_epoch < 8, "this test needs a best epoch that is not the last"
    interrupt(5 * whole.best_epoch + 3, signal.SIGINT)
    with pytest.raises(Interruption):
        run_training(short(**settings), tmp_path / "run")
    assert resume_training(tmp_path / "run").best_epoch == whole.best_epoch
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_a_divergence_after_an_interruption_has_the_same_message(
    data: DataSplits, tmp_path: Path, interrupt: Callable[[int, int], None]
) -> None:
    def message(path: Path) -> str:
        with pytest.raises(MnistScratchError, match="learning rate") as caught:
            resume_training(path)
        return str(caught.value).replace(str(path), "")

    wild = short(learning_rate=1e5, checkpoint_seconds=0)
    for name in ("whole", "run"):
        RunFolder.create(tmp_path / name, wild)
    whole = message(tmp_path / "whole")
    step = int(whole.partition("at step ")[2].partition(" ")[0])
    assert step > 2, "this test needs a step before"
    interrupt(step - 1, signal.SIGINT)
    with pytest.raises(Interruption):
        resume_training(tmp_path / "run")
    assert message(tmp_path / "run") == whole
    assert "--resume" not in whole, "a resumed run would diverge again"


def test_a_disk_that_is_full_from_the_beginning_leaves_a_run_that_can_be_resumed(
    trained: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise MnistScratchError("No space left")

    trained(short(), tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "save_checkpoint", full)
        patched.setattr(Trainer, "_train_step", lambda *_: pytest.fail("a step was taken"))
        with pytest.raises(MnistScratchError, match=r"No space left\n.*--resume"):
            run_training(short(), tmp_path / "run")
    resume_training(tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_the_folder_of_the_data_is_written_down_for_any_working_directory(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = Dataset("mnist", digits.images, digits.labels)
    monkeypatch.setattr(run, "load_dataset", lambda *_, **__: DataSplits(named, named))
    monkeypatch.chdir(tmp_path)
    run_training(short(data_dir="here"), tmp_path / "run")
    assert RunFolder(tmp_path / "run").config().data.data_dir == str(tmp_path / "here")


def test_leftovers_of_a_kill_are_removed(trained: Train, tmp_path: Path) -> None:
    trained(short(), tmp_path / "run")
    for name in ("checkpoint.npz", "norms.csv", "loss_curve.png"):
        (tmp_path / "run" / f".{name}.999999999.part").write_bytes(b"half")
    resume_training(tmp_path / "run")
    assert not list((tmp_path / "run").glob(".*"))


def test_leftovers_of_a_run_that_had_not_begun_do_not_occupy_its_folder(
    data: DataSplits, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    for name in (".config.toml.999999999.part", ".lock"):
        (tmp_path / "run" / name).write_bytes(b"")
    run_training(short(), tmp_path / "run")
    assert not list((tmp_path / "run").glob(".*"))


def test_the_part_of_a_file_that_another_program_writes_stays(
    trained: Train, tmp_path: Path
) -> None:
    trained(short(), tmp_path / "run")
    drawing = tmp_path / "run" / f".loss_curve.png.{os.getppid()}.part"
    drawing.write_bytes(b"half")
    resume_training(tmp_path / "run")
    assert drawing.read_bytes() == b"half"


def test_no_other_program_trains_in_the_folder_while_the_data_is_loaded(
    data: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object, **__: object) -> DataSplits:
        with pytest.raises(MnistScratchError, match="in use by process"):
            run_training(short(), tmp_path / "run")
        raise MnistScratchError("no data")

    monkeypatch.setattr(run, "load_dataset", load)
    with pytest.raises(MnistScratchError, match="no data"):
        run_training(short(), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_trained_further_keeps_no_old_evaluation(
    trained: Train, tmp_path: Path, interrupt: Callable[[int, int], None]
) -> None:
    settings: dict[str, object] = {"name": "constant", "warmup": 0.0}
    trained(short(**settings), tmp_path / "run")
    assert (tmp_path / "run" / "evaluation.json").exists()
    interrupt(17, signal.SIGINT)
    with pytest.raises(Interruption):
        resume_training(tmp_path / "run", short(**settings, epochs=5))
    assert not (tmp_path / "run" / "evaluation.json").exists()


def test_a_second_program_in_the_folder_is_refused(trained: Train, tmp_path: Path) -> None:
    trained(short(), tmp_path / "run")
    with locked_folder(tmp_path / "run"):
        with pytest.raises(MnistScratchError, match="is in use by process"):
            resume_training(tmp_path / "run")
        with pytest.raises(MnistScratchError, match="exists already"):
            run_training(short(), tmp_path / "run")


def test_a_full_disk_ends_the_run_and_its_last_checkpoint_is_good(
    trained: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(short(), tmp_path / "whole")
    fsync, calls = os.fsync, iter(range(10_000))

    def full(descriptor: int) -> None:
        if next(calls) > 20:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(
            MnistScratchError,
            match=r"No space left.*\n.*run keeps what was saved; resume it with: .*--resume",
        ):
            run_training(short(checkpoint_seconds=0), tmp_path / "run")
    resume_training(tmp_path / "run", short())
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows opens no folders")
def test_a_folder_is_flushed_after_a_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[bool] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(os.path.samestat(os.fstat(descriptor), tmp_path.stat()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with written_whole(tmp_path / "file") as file:
        file.write(b"content")
    assert flushed == [False, True], "first the file, then its folder"
