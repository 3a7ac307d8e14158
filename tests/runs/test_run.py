from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.sources import load as acquire
from mnist_scratch.data.sources.load import DataSplits
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network
from mnist_scratch.runs import run
from mnist_scratch.runs.folder import RunFolder, claim_default_folder
from mnist_scratch.runs.listing import summarise
from mnist_scratch.runs.run import resume_training, run_training
from mnist_scratch.system.signals import Interruption
from mnist_scratch.training import trainer
from mnist_scratch.training.divergence import DivergedError
from mnist_scratch.training.evaluation import evaluate
from mnist_scratch.training.seeding import Purpose, generator

SHORT = with_values(
    Config(),
    {
        ("data", "validation_examples"): 20,
        ("network", "hidden"): [8],
        ("training", "epochs"): 2,
        ("training", "batch_size"): 16,
        ("optimizer", "learning_rate"): 0.01,
    },
    "test",
)


@pytest.fixture
def data(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> DataSplits:
    """What "auto" finds here: digits called synthetic."""
    labels = np.roll(digits.labels, 1)
    training = Dataset("synthetic", digits.images, digits.labels, {"a-file": "its hash"})
    acquired = DataSplits(training, Dataset("synthetic", digits.images, labels, training.sha256))
    monkeypatch.setattr(run, "load_dataset", lambda *_, **__: acquired)
    monkeypatch.setattr(acquire, "load_dataset", lambda *_, **__: acquired)
    return acquired


def test_a_run_leaves_a_folder_that_is_complete(data: DataSplits, tmp_path: Path) -> None:
    result = run_training(SHORT, tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "checkpoint.npz",
        "config.toml",
        "environment.json",
        "evaluation.json",
        "history.csv",
        "model.npz",
        "norms.csv",
    ]
    directory = RunFolder(tmp_path / "run")
    assert len(directory.history().epochs) == 2
    environment = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert environment["seed"] == 0
    assert environment["data_sha256"] == {"a-file": "its hash"}
    assert environment["numpy"] == np.__version__
    evaluation = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    assert evaluation["dataset"] == "synthetic"
    assert evaluation["best_epoch"] == result.best_epoch
    assert evaluation["accuracy"] == result.evaluation.accuracy


def test_only_the_very_data_of_a_run_is_evaluated_into_evaluation_json(
    data: DataSplits, tmp_path: Path
) -> None:
    directory = run_training(SHORT, tmp_path / "run").directory
    path = tmp_path / "run" / "evaluation.json"
    own = path.read_bytes()
    path.unlink()
    measured = evaluate(directory.model(), data.test)
    directory.write_evaluation(measured, data.test.sha256)
    assert path.read_bytes() == own
    others = [
        (measured, {"a-file": "another hash"}),
        (measured, {"another-file": "its hash"}),
        (measured, {}),
        (replace(measured, dataset="kmnist"), data.test.sha256),
    ]
    for evaluation, sha256 in others:
        beside = tmp_path / "run" / f"evaluation-{evaluation.dataset}.json"
        assert not beside.exists()
        directory.write_evaluation(evaluation, sha256)
        values = json.loads(beside.read_text())
        assert values["data_sha256"] == sha256
        assert "best_epoch" not in values, "it says what the training took of no other data"
        assert path.read_bytes() == own
        beside.unlink()


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"data_sha256": 7}', "[" * 10_000])
def test_a_run_that_does_not_say_what_it_was_trained_on_is_named(
    data: DataSplits, tmp_path: Path, content: str | None
) -> None:
    result = run_training(SHORT, tmp_path / "run")
    path = tmp_path / "run" / "environment.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(MnistScratchError, match=r"environment\.json.*--resume"):
        result.directory.write_evaluation(result.evaluation, data.test.sha256)
    resume_training(tmp_path / "run")
    result.directory.write_evaluation(result.evaluation, data.test.sha256)


def test_what_is_called_after_an_epoch_finds_it_in_the_folder(
    data: DataSplits, tmp_path: Path
) -> None:
    seen = []

    def look() -> None:
        seen.append(len(RunFolder(tmp_path / "run").history().epochs))
        if len(seen) == 1:
            raise Interruption

    with pytest.raises(Interruption):
        run_training(SHORT, tmp_path / "run", look)
    assert seen == [1]
    resume_training(tmp_path / "run", after_epoch=look)
    assert seen == [1, 2]


def test_the_model_in_the_folder_is_the_one_that_was_evaluated(
    data: DataSplits, tmp_path: Path
) -> None:
    result = run_training(SHORT, tmp_path / "run")
    measured = evaluate(result.directory.model(), data.test)
    assert measured.loss == result.evaluation.loss


def test_the_config_in_the_folder_repeats_the_run(data: DataSplits, tmp_path: Path) -> None:
    first = run_training(SHORT, tmp_path / "first")
    config = first.directory.config()
    assert config.data.dataset == "synthetic", "what auto came to"
    second = run_training(config, tmp_path / "second")
    names = ("model.npz", "config.toml")
    for name in names:
        first_bytes = (tmp_path / "first" / name).read_bytes()
        assert first_bytes == (tmp_path / "second" / name).read_bytes()
    rows = [directory.history().rows for directory in (first.directory, second.directory)]
    assert [row[:6] for row in rows[0]] == [row[:6] for row in rows[1]]


def test_another_seed_is_another_run(data: DataSplits, tmp_path: Path) -> None:
    run_training(SHORT, tmp_path / "first")
    other = with_values(SHORT, {("training", "seed"): 1}, "test")
    run_training(other, tmp_path / "second")
    first, second = (RunFolder(tmp_path / name).model() for name in ("first", "second"))
    assert not np.array_equal(first.parameters, second.parameters)


@pytest.mark.parametrize("purpose", ["initialisation", "shuffling", "validation"])
def test_every_part_of_the_randomness_comes_from_the_seed(
    data: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, purpose: str
) -> None:
    asked: list[tuple[int, str]] = []

    def listening(seed: int, which: Purpose) -> np.random.Generator:
        asked.append((seed, which))
        return generator(seed, which)

    monkeypatch.setattr(run, "generator", listening)
    monkeypatch.setattr(trainer, "generator", listening)
    run_training(with_values(SHORT, {("training", "seed"): 5}, "test"), tmp_path / "run")
    assert [seed for seed, which in asked if which == purpose] == [5]


def test_the_model_is_saved_at_the_best_epoch_and_not_after(
    data: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[bytes] = []
    monkeypatch.setattr(
        RunFolder,
        "save_model",
        lambda _, network, *__, **___: saved.append(network.parameters.tobytes()),
    )
    hard = {
        ("optimizer", "learning_rate"): 0.5,
        ("schedule", "name"): "constant",
        ("training", "epochs"): 8,
    }
    result = run_training(with_values(SHORT, hard, "test"), tmp_path / "run")
    scores = [
        (row.validation_accuracy or 0.0, -(row.validation_loss or 0.0))
        for row in result.directory.history().epochs
    ]
    bests = [n for n in range(8) if scores[n] == max(scores[: n + 1])]
    assert len(bests) < 8, "this test needs an epoch that is not the best so far"
    assert len(saved) == len(bests) + 1
    assert saved[-1] == saved[-2], "at the end what was best is written once more"


def test_a_validation_loss_that_is_not_finite_is_an_error(data: DataSplits, tmp_path: Path) -> None:
    wild = {
        ("optimizer", "learning_rate"): 1e36,
        ("training", "epochs"): 1,
        ("training", "batch_size"): 1000,
        ("schedule", "warmup"): 0.0,
    }
    with pytest.raises(MnistScratchError, match=r"diverged[^@]*run keeps the history"):
        run_training(with_values(SHORT, wild, "test"), tmp_path / "run")


def test_the_test_set_has_no_say_in_training(
    data: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_training(SHORT, tmp_path / "first")
    nothing = Dataset("synthetic", np.zeros((5, 28, 28), np.uint8), np.zeros(5, np.uint8))
    monkeypatch.setattr(run, "load_dataset", lambda *_, **__: DataSplits(data.training, nothing))
    run_training(SHORT, tmp_path / "second")
    first, second = ((tmp_path / name / "model.npz").read_bytes() for name in ("first", "second"))
    assert first == second


def test_an_existing_folder_is_not_overwritten(data: DataSplits, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    for path in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(MnistScratchError, match="exists already and is not overwritten"):
            run_training(SHORT, path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_may_be_used(data: DataSplits, tmp_path: Path) -> None:
    assert run_training(SHORT, tmp_path).directory.path == tmp_path


def test_default_names_do_not_collide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "20260131-235959")
    names = [claim_default_folder("minimal").as_posix() for _ in range(3)]
    first = "runs/20260131-235959-minimal"
    assert names == [first, f"{first}-2", f"{first}-3"]


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match="is not the folder of a run"):
        RunFolder(tmp_path)


def test_a_folder_of_runs_is_told_from_a_run_and_one_of_them_named(
    data: DataSplits, tmp_path: Path
) -> None:
    run_training(SHORT, tmp_path / "sweep" / "seed-000")
    with pytest.raises(MnistScratchError, match=r"sweep is not .* name one: .*seed-000$"):
        RunFolder(tmp_path / "sweep")


def test_a_model_that_takes_no_digits_is_named(data: DataSplits, tmp_path: Path) -> None:
    directory = run_training(SHORT, tmp_path / "run").directory
    directory.save_model(Network.of_widths((9, 4), "relu", np.random.default_rng(0)))
    with pytest.raises(MnistScratchError, match="the network is 9-4: it must take 784 pixels"):
        directory.model()


def test_a_run_that_diverges_keeps_what_was_written(data: DataSplits, tmp_path: Path) -> None:
    wild = with_values(SHORT, {("optimizer", "learning_rate"): 1e30}, "test")
    with pytest.raises(MnistScratchError, match=r"diverged[^@]*run keeps the history") as error:
        run_training(wild, tmp_path / "run")
    assert (tmp_path / "run" / "history.csv").exists()
    assert "and no model, as no epoch was finished." in str(error.value)
    run = RunFolder(tmp_path / "run")
    with pytest.raises(MnistScratchError, match=r"no model.npz: .*diverged") as error:
        run.model()
    assert "train again with a lower learning rate" in str(error.value)
    assert "--resume" not in str(error.value), "a resumed run would diverge again"
    summary = summarise(run.path)
    assert summary.state == "diverged"
    assert summary.note == "diverged in epoch 1 of 2; start a new run with a lower learning rate"


def test_a_run_that_diverges_after_its_best_epoch_keeps_the_model_of_that(
    data: DataSplits, tmp_path: Path
) -> None:
    def diverge() -> None:
        raise DivergedError("the training has diverged")

    with pytest.raises(MnistScratchError, match=r"and the model of its best epoch, 1\."):
        run_training(SHORT, tmp_path / "run", diverge)
    run = RunFolder(tmp_path / "run")
    assert run.model().widths == (784, 8, 10)
    assert summarise(run.path).note.startswith("diverged in epoch 2 of 2; start a new run")
    resume_training(run.path)
    assert run.divergence() == "", "it did not, this time"


def test_where_the_blas_chooses_its_threads_one_line_says_so_and_the_run_can_be_resumed(
    data: DataSplits,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = with_values(SHORT, {("training", "threads"): 2}, "test")
    with monkeypatch.context() as accelerate:
        accelerate.setattr("mnist_scratch.runs.threads.blas_threads", lambda _: nullcontext(0))
        run_training(asked, tmp_path / "run")
        assert "NumPy's BLAS chooses its threads itself" in capsys.readouterr().err
        assert RunFolder(tmp_path / "run").config().training.threads == 0
        resume_training(tmp_path / "run")
    resume_training(tmp_path / "run", asked)
    assert RunFolder(tmp_path / "run").config().training.threads == 2


@pytest.mark.parametrize(
    ("name", "rate", "warned"), [("adam", 0.1, 1), ("adam", 0.02, 0), ("sgd", 0.1, 0)]
)
def test_a_learning_rate_at_which_adam_does_not_train_is_warned_of(
    data: DataSplits,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    rate: float,
    warned: int,
) -> None:
    optimizer = {("optimizer", "name"): name, ("optimizer", "learning_rate"): rate}
    run_training(with_values(SHORT, optimizer, ""), tmp_path / "run")
    assert (
        capsys.readouterr().err.count(f"a learning rate of {rate} is too high for Adam") == warned
    )


def test_a_run_is_named_by_a_text_and_its_result_is_a_line(
    data: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_training(SHORT, "run")
    assert result.directory.path == Path("run")
    assert repr(result.directory) == "RunFolder('run')"
    again = resume_training("run", SHORT)
    for each in (result, again):
        assert re.fullmatch(
            rf"RunResult\(run: {each.evaluation.accuracy:.2%} of 100 test images of synthetic, "
            rf"best epoch {each.best_epoch}, \d+\.\d s\)",
            repr(each),
        )


@pytest.mark.parametrize(
    ("train", "arguments", "message"),
    [
        (
            run_training,
            ("run", SHORT),
            r"config = 'run': must be a Config, as in run_training\(config, path\)$",
        ),
        (
            run_training,
            ({"epochs": 2}, "run"),
            "config = {'epochs': 2}: must be a Config, as in run_training",
        ),
        (run_training, (SHORT, 7), "path = 7: must be a path, as str or Path"),
        (run_training, (SHORT, "run", 7), "after_epoch = 7: must be a function without parameters"),
        (run_training, (SHORT, "run", lambda epoch: epoch), "after_epoch = .*: must be a function"),
        (
            resume_training,
            (SHORT, "run"),
            r"config = 'run': must be a Config, as in resume_training\(path, config\)$",
        ),
        (resume_training, (SHORT,), "path = Config.*: must be a path, as str or Path"),
        (resume_training, ("run", None, 7), "after_epoch = 7: must be a function"),
    ],
)
def test_arguments_that_are_none_are_named(
    train: Callable[..., Any],
    arguments: tuple[Any, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TypeError, match=f"(?s)^{message}"):
        train(*arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "Expect about 87% on their test images"),
        ({("network", "hidden"): ()}, "Expect a lower accuracy than on MNIST"),
    ],
)
def test_without_mnist_a_run_says_what_to_expect_of_its_own_recipe_on_synthetic_digits(
    settings: dict[tuple[str, str], Any],
    said: str,
    data: DataSplits,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop(*_: object) -> None:
        raise MnistScratchError("enough is known")

    monkeypatch.setattr("mnist_scratch.runs.run._trainer", stop)
    with pytest.raises(MnistScratchError, match="enough is known"):
        run_training(with_values(Config(), settings, "test"), tmp_path / "run")
    errors = capsys.readouterr().err
    assert said in errors
    assert ("87%" in errors) == ("87%" in said), "not the figure of another recipe"
