from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import CommandLine, refused

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.config.toml import read_config
from mnist_scratch.runs import threads
from mnist_scratch.runs.threads import computing, threads_wanted

Values = dict[tuple[str, str], object]


@pytest.fixture
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "usable_cpus", lambda: 8)
    for name in threads._VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({("network", "hidden"): [30], ("training", "batch_size"): 10}, 1),
        ({("network", "hidden"): [], ("training", "batch_size"): 300}, 1),
        ({("network", "hidden"): [128], ("training", "batch_size"): 32}, 8),
        ({("network", "hidden"): [800], ("training", "batch_size"): 128}, 8),
        ({("network", "hidden"): [800], ("training", "threads"): 3}, 3),
        ({("network", "hidden"): [800], ("augmentation", "rotation"): 5}, 1),
        ({("network", "hidden"): [1500, 1000], ("augmentation", "rotation"): 5}, 8),
    ],
)
def test_the_work_of_a_step_decides_unless_the_config_does(
    eight_cpus: None, values: Values, expected: int
) -> None:
    assert threads_wanted(with_values(Config(), values, "test")) == expected


@pytest.mark.parametrize(("number", "expected"), [("2", 2), ("0", 8), ("many", 8), ("-1", 8)])
def test_a_number_in_the_environment_counts_more_than_the_work(
    eight_cpus: None, monkeypatch: pytest.MonkeyPatch, number: str, expected: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", number)
    config = with_values(Config(), {("network", "hidden"): [2000]}, "test")
    assert threads_wanted(config) == expected
    assert threads_wanted(config, most=3) == (2 if number == "2" else 3)
    asked = with_values(config, {("training", "threads"): 5}, "test")
    assert threads_wanted(asked) == 5


def test_the_config_says_what_the_blas_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = with_values(Config(), {("training", "threads"): 3}, "test")
    with computing(asked) as config:
        assert config == asked
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with computing(Config()) as config:
        assert config.training.threads == 2


def test_a_run_writes_down_how_many_threads_it_computed_with_and_keeps_them(
    main: CommandLine, digit_files: Path, tmp_path: Path
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
