from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.report.text.differences import describe_differences
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.training.history import History, Row


def a_run(path: Path, accuracy: float, settings: dict[tuple[str, str], Any]) -> RunFolder:
    directory = RunFolder.create(path, with_values(Config(), settings, "test"))
    directory.write_history(History([Row(1, 1, 0.1, 2.0, 1.9, accuracy, 1.0)]))
    return directory


def test_what_differs_stands_beside_the_best_epoch_and_nothing_else(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [
        a_run(Path("a"), 0.9, {("network", "hidden"): [32, 16]}),
        a_run(Path("b"), 0.95, {("network", "hidden"): [], ("training", "seed"): 3}),
    ]
    assert describe_differences(runs) == (
        "run  validation  best epoch  hidden  seed\n"
        "a    90.00%      1           32-16   0\n"
        "b    95.00%      1           none    3"
    )


def test_the_same_configs_are_said_to_be_the_same(tmp_path: Path) -> None:
    runs = [a_run(tmp_path / name, 0.9, {}) for name in "ab"]
    assert describe_differences(runs).endswith("\nTheir configs are the same.")


@pytest.mark.parametrize("width", [80, 40])
def test_a_wide_table_goes_on_below(
    width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(width))
    settings: dict[tuple[str, str], Any] = {
        ("data", "data_dir"): "a/long/name/of/a/folder/somewhere",
        ("optimizer", "learning_rate"): 0.123456789,
        ("optimizer", "weight_decay"): 0.123456789,
        ("training", "checkpoint_seconds"): 7.0,
        ("training", "batch_size"): 1000,
    }
    runs = [a_run(Path("a"), 0.9, {}), a_run(Path("b"), 0.8, settings)]
    lines = describe_differences(runs).splitlines()
    assert max(map(len, lines)) <= width
    assert sum(line.startswith("run") for line in lines) > 1
    for _, key in settings:
        assert any(key.replace("_", "-") in line for line in lines)
