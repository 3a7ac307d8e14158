from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CommandLine

from mnist_scratch.config.schema import Config
from mnist_scratch.config.settings import with_values
from mnist_scratch.config.toml import read_config
from mnist_scratch.system import threads
from mnist_scratch.system.threads import THREAD_VARIABLES, with_threads

Values = dict[tuple[str, str], object]


@pytest.fixture
def before_numpy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make it look as if NumPy was not loaded, eight CPUs were there and nobody had asked."""
    monkeypatch.delitem(sys.modules, "numpy")
    monkeypatch.setattr(threads, "usable_cpus", lambda: 8)
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "")
    yield
    monkeypatch.undo()


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
    before_numpy: None, values: Values, expected: int
) -> None:
    config = with_threads(with_values(Config(), values, "test"))
    assert config.training.threads == expected
    assert {os.environ[name] for name in THREAD_VARIABLES} == {str(expected)}


@pytest.mark.parametrize(("asked", "expected"), [("2", 2), ("0", 8), ("many", 8), ("-1", 8)])
def test_what_the_environment_asks_for_comes_before_the_work(
    before_numpy: None, monkeypatch: pytest.MonkeyPatch, asked: str, expected: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    config = with_values(Config(), {("network", "hidden"): [2000]}, "test")
    assert with_threads(config).training.threads == expected


def test_once_numpy_is_loaded_it_is_too_late() -> None:
    config = with_values(Config(), {("training", "threads"): 3}, "test")
    before = dict(os.environ)
    assert with_threads(config) is config
    assert dict(os.environ) == before


def test_a_run_writes_down_how_many_threads_it_computed_with(
    command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    arguments = ("--dataset", "synthetic", "--data-dir", synthetic_dir, "--epochs", "1")
    nobody_asked = dict.fromkeys(THREAD_VARIABLES, "")
    for run, flags, expected in (("chosen", (), 1), ("asked", ("--threads", "2"), 2)):
        result = command_line(
            *("train", "--config", "minimal", "--run", run, *flags, *arguments),
            environment=nobody_asked,
        )
        assert result.returncode == 0, result.stderr
        assert read_config(tmp_path / run / "config.toml").training.threads == expected
        environment = json.loads((tmp_path / run / "environment.json").read_text())
        assert environment["blas"]["thread_variables"] == dict.fromkeys(
            THREAD_VARIABLES, str(expected)
        )
