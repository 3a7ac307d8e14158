from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import CommandLine, refused

from mnist_scratch.config.schema import UNDISTORTED, Config, with_values
from mnist_scratch.config.toml import read_config
from mnist_scratch.runs import run, threads
from mnist_scratch.runs.run import run_training
from mnist_scratch.runs.threads import Threads, choose_threads, computing
from mnist_scratch.training.trainer import Trainer

Rounds = list[dict[int, float]]

PLAIN = Config(augmentation=UNDISTORTED)


@pytest.fixture
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "usable_cpus", lambda: 8)
    for name in threads._VARIABLES:
        monkeypatch.delenv(name, raising=False)


def take_turns(rounds: Rounds, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the steps of a trial take these times; return the list of the turns taken."""
    turns: list[int] = []

    def turn(_: object, number: int, at_least: float, warm_up: float) -> float:
        each = rounds[len(turns) // len(rounds[0])]
        assert (warm_up > 0) == (len(turns) < len(each)), "the first round of long steps warms up"
        turns.append(number)
        return each[number]

    monkeypatch.setattr(threads, "_turn", turn)
    monkeypatch.setattr(threads, "_SPINNING", 0.0)
    return turns


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([{1: 9.0, 4: 3.0, 8: 2.0}, {1: 9.0, 4: 3.0, 8: 2.0}], 8),
        ([{1: 2.1, 4: 2.05, 8: 2.0}, {1: 2.0, 4: 3.0, 8: 3.9}], 1),
        ([{1: 9.0, 4: 2.1, 8: 2.0}, {1: 9.0, 4: 2.1, 8: 2.0}], 4),
        ([{1: 2.2, 4: 2.0, 8: 3.0}, {1: 2.0, 4: 2.2, 8: 3.0}, {1: 2.2, 4: 2.0, 8: 2.0}], 4),
        ([{1: 1.0, 4: 2.5, 8: 9.0}], 1),
    ],
)
def test_the_fewest_threads_within_a_twentieth_of_the_best_win_clearly_or_in_two_rounds(
    eight_cpus: None, monkeypatch: pytest.MonkeyPatch, rounds: Rounds, expected: int
) -> None:
    turns = take_turns(rounds, monkeypatch)
    chosen = choose_threads(PLAIN)
    assert chosen.number == expected
    assert turns == [1, 4, 8] * len(rounds)
    for number, seconds in chosen.tried.items():
        assert seconds == pytest.approx(sum(each[number] for each in rounds) / len(rounds))


@pytest.mark.parametrize(
    ("most", "numbers"), [(None, [1, 4, 8]), (3, [1, 3]), (2, [1, 2]), (1, [])]
)
def test_one_thread_half_of_the_cpus_and_all_are_tried_within_a_limit(
    eight_cpus: None, monkeypatch: pytest.MonkeyPatch, most: int | None, numbers: list[int]
) -> None:
    turns = take_turns([{number: 1 / number for number in numbers}] * 2, monkeypatch)
    assert choose_threads(PLAIN, most).number == (numbers or [1])[-1]
    assert sorted(set(turns)) == numbers


@pytest.mark.parametrize("distorting", [False, True])
def test_a_trial_takes_the_steps_of_the_run(
    eight_cpus: None, monkeypatch: pytest.MonkeyPatch, *, distorting: bool
) -> None:
    made = threads.scratch_trainer
    trainers: list[Trainer] = []

    def spied(config: Config, batches: int, classes: int) -> Trainer:
        trainers.append(made(config, batches, classes))
        return trainers[0]

    monkeypatch.setattr(threads, "scratch_trainer", spied)
    monkeypatch.setattr(threads, "usable_cpus", lambda: 2)
    values: dict[tuple[str, str], object] = {
        ("network", "hidden"): [20],
        ("optimizer", "name"): "adam",
        ("training", "batch_size"): 30,
        ("training", "loss"): "squared-error",
        ("augmentation", "rotation"): 5.0 * distorting,
    }
    chosen = choose_threads(with_values(PLAIN, values, "test"))
    assert set(chosen.tried) == {1, 2}
    assert min(chosen.tried.values()) > 0
    (trainer,) = trainers
    assert (*trainer.network.widths, trainer.loader.batch_size) == (784, 20, 10, 30)
    assert trainer.config.optimizer.name == "adam"
    assert type(trainer.loss_function).__name__ == "SquaredError"
    assert (trainer.loader.augmentation is not None) == distorting


def test_beside_a_thread_that_distorts_turns_are_longer_and_wait_for_threads_that_spin(
    eight_cpus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[object] = []

    def turn(_: object, number: int, at_least: float, warm_up: float) -> float:
        events.append((number, round(at_least, 3), round(warm_up, 3)))
        return 1 / number

    monkeypatch.setattr(threads, "_turn", turn)
    monkeypatch.setattr("time.sleep", events.append)
    plain = [(1, 0.01, 0.003), (2, 0.01, 0.003), (1, 0.01, 0.0), (2, 0.01, 0.0)]
    choose_threads(PLAIN, most=2)
    assert events == plain
    events.clear()
    choose_threads(Config(), most=2)
    turns = [(1, 0.05, 0.015), (2, 0.05, 0.015)]
    assert events == [*turns, 0.13, *turns]


def test_of_a_batch_that_is_large_a_part_is_tried(
    eight_cpus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_turns([{1: 3.0, 2: 1.0}], monkeypatch)
    large = with_values(Config(), {("training", "batch_size"): 4096}, "test")
    assert choose_threads(large, most=2) == (2, {1: 12.0, 2: 4.0})


@pytest.mark.parametrize(("number", "expected"), [("2", 2), ("0", 8), ("many", 8), ("-1", 8)])
def test_a_number_in_the_environment_counts_more_than_a_trial(
    eight_cpus: None, monkeypatch: pytest.MonkeyPatch, number: str, expected: int
) -> None:
    monkeypatch.setattr(threads, "_try", lambda _, numbers: Threads(numbers[-1], {}))
    monkeypatch.setenv("OMP_NUM_THREADS", number)
    assert choose_threads(Config()).number == expected
    assert choose_threads(Config(), most=3).number == (2 if number == "2" else 3)
    asked = with_values(Config(), {("training", "threads"): 5}, "test")
    assert choose_threads(asked) == (5, {})


def test_the_config_says_what_the_blas_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = with_values(Config(), {("training", "threads"): 3}, "test")
    with computing(asked) as (config, _):
        assert config == asked
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with computing(Config()) as (config, _):
        assert config.training.threads == 2


def test_a_run_whose_threads_were_tried_gives_the_bytes_of_one_that_is_told_their_number(
    monkeypatch: pytest.MonkeyPatch, digit_files: Path, tmp_path: Path
) -> None:
    for name in threads._VARIABLES:
        monkeypatch.delenv(name, raising=False)
    values: dict[tuple[str, str], object] = {
        ("data", "dataset"): "files",
        ("data", "data_dir"): str(digit_files),
        ("data", "validation_examples"): 50,
        ("augmentation", "rotation"): 5.0,
        ("training", "epochs"): 2,
    }
    config = with_values(Config(), values, "test")
    run_training(config, tmp_path / "tried")
    written = read_config(tmp_path / "tried" / "config.toml")
    assert written.training.threads >= 1
    run_training(written, tmp_path / "told")
    for name in ("model.npz", "config.toml", "environment.json", "norms.csv"):
        assert (tmp_path / "tried" / name).read_bytes() == (tmp_path / "told" / name).read_bytes()


@pytest.mark.parametrize(
    ("tried", "noticed", "expected"),
    [
        ({1: 1e-9, 2: 1e-9}, 0.0, 1),
        ({1: 1e-9, 2: 1e9}, 0.0, 0),
        ({1: 1e-9, 2: 1e-9}, 60.0, 0),
        ({}, 0.0, 0),
    ],
)
def test_steps_that_take_three_times_what_the_trial_promised_are_said_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    digit_files: Path,
    tmp_path: Path,
    tried: dict[int, float],
    noticed: float,
    expected: int,
) -> None:
    monkeypatch.setattr(threads, "choose_threads", lambda _: Threads(2, tried))
    monkeypatch.setattr(run, "_NOTICED", noticed)
    values: dict[tuple[str, str], object] = {
        ("data", "dataset"): "files",
        ("data", "data_dir"): str(digit_files),
        ("data", "validation_examples"): 50,
        ("network", "hidden"): [8],
    }
    run_training(with_values(Config(), values, "test"), tmp_path / "run")
    said = capsys.readouterr().err
    assert (
        said.count("2 threads were chosen: the machine is busy with other work; start") == expected
    )


def test_a_run_writes_down_how_many_threads_it_computed_with_and_keeps_them(
    main: CommandLine, digit_files: Path, tmp_path: Path, undrawn_loss: None
) -> None:
    few = ("--validation-examples", "50", "--epochs", "1")
    arguments = ("--dataset", "files", "--data-dir", digit_files, *few)

    def train(environment: dict[str, str], *flags: str) -> int:
        result = main("train", *flags, *arguments, environment=environment)
        assert result.returncode == 0, result.stderr
        environment_json = json.loads((tmp_path / "run" / "environment.json").read_text())
        threads = read_config(tmp_path / "run" / "config.toml").training.threads
        assert environment_json["blas"]["threads"] == threads
        return threads

    unset = dict.fromkeys(threads._VARIABLES, "")
    config = ("--config", "minimal")
    assert train(unset, *config, "--run", "run", "--threads", "2") == 2
    for environment in (unset, {"OPENBLAS_NUM_THREADS": "1"}):
        assert train(environment, "--resume", "run") == 2
        assert train(environment, *config, "--resume", "run") == 2
    message = refused(main("train", "--resume", "run", "--threads", "1"))
    assert "[training] threads (--threads): 2, now 1" in message
