"""`mnist-scratch runs`: the table, and the same as JSON."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from helpers.command_line import CommandLine, refused, succeeded
from helpers.listed_runs import make_folder_of_runs, make_run, of_epochs

from mnist_scratch.config.schema import with_values


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a run of every kind, and with what is none."""
    return make_folder_of_runs(tmp_path / "runs")


def test_the_table_fits_a_terminal_and_its_commands_can_be_copied(
    main: CommandLine, folder: Path
) -> None:
    answer = main("runs")
    assert answer.returncode == 0
    assert answer.stdout.splitlines() == [
        "run            data set   accuracy  seconds  recipe",
        f"{Path('runs', 'half way')}  synthetic         -      2.5  default",
        "    stopped after epoch 2 of 4; resume it with:",
        f"    mnist-scratch train --resume {shlex.quote(str(Path('runs', 'half way')))}",
        f"{Path('runs', 'newer')}     synthetic    50.00%      8.8  784-256-128-10 relu",
        f"{Path('runs', 'oldest')}    synthetic    98.76%      5.0  default",
    ]
    broken, lost = answer.stderr.splitlines()
    assert broken.startswith(f"{Path('runs', 'broken')} is damaged: ")
    assert lost.startswith(f"{Path('runs', 'lost')} is damaged: ")


def test_a_network_of_one_layer_is_listed_without_an_activation(
    main: CommandLine, tmp_path: Path
) -> None:
    config = with_values(of_epochs(3), {("network", "hidden"): ()}, "test")
    make_run(tmp_path / "runs" / "flat", config, 3, 1000.0, accuracy=0.5)
    assert succeeded(main("runs")).endswith("  784-10\n")


def test_the_list_as_json_has_every_run_and_the_damaged_ones_last(
    main: CommandLine, folder: Path
) -> None:
    values = json.loads(succeeded(main("runs", folder, "--json")))
    states = ["unfinished", "finished", "finished", "damaged", "damaged"]
    assert [value["state"] for value in values] == states
    expected = {
        "run": str(folder / "oldest"),
        "dataset": "synthetic",
        "recipe": "default",
        "seed": 3,
        "accuracy": 0.9876,
        "training_seconds": 5.0,
        "written": "1970-01-01T00:16:40+00:00",
    }
    assert expected.items() <= values[2].items()


def test_no_runs_yet_is_a_sentence(main: CommandLine, tmp_path: Path) -> None:
    assert (
        succeeded(main("runs"))
        == "no runs in the current folder yet; make one: mnist-scratch train\n"
    )
    (tmp_path / "empty").mkdir()
    name = Path("empty", "NAME")
    expected = f"no runs in empty yet; make one: mnist-scratch train --run {name}\n"
    assert succeeded(main("runs", "empty")) == expected
    assert succeeded(main("runs", "empty", "--json")) == "[]\n"


def test_a_folder_that_is_not_there_is_refused(main: CommandLine) -> None:
    assert "cannot look into nowhere" in refused(main("runs", "nowhere"))


def test_long_names_and_narrow_terminals_get_two_lines_a_run(
    main: CommandLine, tmp_path: Path
) -> None:
    name = Path("runs", "sweep", "learning_rate=0.02-activation=tanh-batch_size=128-seed-001")
    make_run(tmp_path / name, of_epochs(4), 4, 1000.0, accuracy=0.9876)
    assert succeeded(main("runs")).splitlines() == [
        "run",
        "  data set   accuracy  seconds  recipe",
        str(name),
        "  synthetic    98.76%      5.0  default",
    ]
    make_folder_of_runs(tmp_path / "others")
    lines = main("runs", "others", environment={"COLUMNS": "40"}).stdout.splitlines()
    assert max(map(len, lines)) <= 40 or "mnist-scratch" in max(lines, key=len)
    assert " synthetic   98.76%     5.0 default" in lines


def test_runs_anywhere_below_the_current_folder_are_found(
    main: CommandLine, tmp_path: Path
) -> None:
    for place in ("drawn/seed-000", "runs/first", "runs/sweep-minimal/seed-001", "here"):
        make_run(tmp_path / place, of_epochs(4), 4, 1000.0, accuracy=0.9876)
    make_run(tmp_path / ".venv" / "hidden", of_epochs(4), 4, 1000.0, accuracy=0.9876)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "config.toml").write_text("[another]\nprogram = true\n")
    listed = json.loads(succeeded(main("runs", "--json")))
    found = ["drawn/seed-000", "here", "runs/first", "runs/sweep-minimal/seed-001"]
    assert sorted(Path(run["run"]).as_posix() for run in listed) == found
