"""`mnist-scratch train --dry-run`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import SMALL, CommandLine, refused, succeeded

from mnist_scratch.runs.folder import FILES


def test_a_dry_run_says_what_a_run_would_do_and_leaves_nothing_behind(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    text = succeeded(main("train", *SMALL, "--data-dir", digit_files, "--dry-run"))
    assert list(tmp_path.iterdir()) == []
    assert all(len(line) <= 80 or str(digit_files) in line for line in text.splitlines())
    unfolded = " ".join(text.split())
    for part in (
        f"data files, in {digit_files}",
        "images 350 to train on, distorted in every epoch, 50 for validation, 100 to test on",
        "network 784-16-10, relu: 12,730 parameters",
        "a batch 10x784 -> 10x16 -> 10x10",
        "training 2 epochs of 35 steps: 70 steps of sgd",
        "threads 1, as given time about ",
        "files runs/DATE-TIME-default: config.toml, ",
        "nothing was written",
    ):
        assert part in unfolded


def test_a_run_has_the_steps_and_the_files_that_a_dry_run_foretells(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    arguments = ("train", *SMALL, "--data-dir", digit_files, "--run", "run")
    planned = json.loads(succeeded(main(*arguments, "--dry-run", "--json")))
    assert list(tmp_path.iterdir()) == []
    assert main(*arguments).returncode == 0
    assert planned["run"] == "run"
    assert sorted(planned["files"]) == sorted(path.name for path in (tmp_path / "run").iterdir())
    last = (tmp_path / "run" / "history.csv").read_text().splitlines()[-1]
    assert last.startswith(f"{planned['steps']},{planned['epochs']},")
    assert 0 < planned["seconds_per_step"] < planned["estimated_seconds"]
    assert tuple(planned["files"]) == FILES


def test_a_dry_run_says_what_the_threads_were_tried_to_be(
    main: CommandLine, digit_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_scratch.runs.threads.usable_cpus", lambda: 2)
    monkeypatch.setattr(
        "mnist_scratch.runs.threads._turn", lambda _, threads, *__: 0.0025 / threads
    )
    arguments = ("train", *SMALL, "--data-dir", digit_files, "--dry-run")
    unset = {"OPENBLAS_NUM_THREADS": ""}
    text = " ".join(succeeded(main(*arguments, environment=unset)).split())
    assert "threads 2, tried now: a step takes 2.5 ms with 1 or 1.25 ms with 2; --thr" in text
    planned = json.loads(succeeded(main(*arguments, "--json", environment=unset)))
    assert (planned["threads"], planned["threads_tried"]) == (2, {"1": 0.0025, "2": 0.00125})


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ("auto", "mnist, not on disk: would be downloaded into {cache}/mnist (12 MB); if that fai"),
        ("kmnist", "kmnist, not on disk: would be downloaded into {cache}/kmnist (21 MB)"),
        ("emnist-digits", "would be downloaded into {cache}/emnist-digits (562 MB) images 235,000"),
        ("synthetic", "synthetic, which would be drawn into {cache}/synthetic (55 MB) images 55,"),
    ],
)
def test_data_that_are_not_there_are_said_to_be_fetched_and_are_not(
    dataset: str, said: str, main: CommandLine, tmp_path: Path
) -> None:
    text = succeeded(main("train", "--dry-run", "--dataset", dataset, "--hidden", "8"))
    unfolded = " ".join(text.split())
    assert said.format(cache=tmp_path / "cache" / "mnist_scratch") in unfolded
    assert list(tmp_path.iterdir()) == []


def test_what_would_fail_fails_in_a_dry_run_too(main: CommandLine, finished_run: Path) -> None:
    assert "exists already" in refused(main("train", "--dry-run", "--run", finished_run))
    assert "leave out --resume" in refused(main("train", "--dry-run", "--resume", finished_run))
    assert "--epochs = 0" in refused(main("train", "--dry-run", "--epochs", "0"))
