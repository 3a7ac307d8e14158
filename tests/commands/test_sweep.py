"""The command sweep as a user has it: as a process that starts processes."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.command_line import CommandLine

from mnist_scratch.runs.checkpoint import load_checkpoint
from mnist_scratch.runs.folder import trained_by
from mnist_scratch.sweep.plan import only_sweep

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


def of(folder: Path) -> tuple[str, ...]:
    return ("--set", "data.dataset=synthetic", "--set", f'data.data_dir="{folder.as_posix()}"')


def bytes_of(run: Path) -> tuple[bytes, list[str], bytes]:
    """Return the model, the history, its times aside, and the config."""
    history = (run / "history.csv").read_text().splitlines()
    return (
        (run / "model.npz").read_bytes(),
        [line.rpartition(",")[0] for line in history],
        (run / "config.toml").read_bytes(),
    )


def saved_step(run: Path) -> int:
    path = run / "checkpoint.npz"
    return load_checkpoint(path).state.step if path.exists() else 0


def test_a_sweep_does_what_is_missing_and_names_what_failed(
    command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    begin = ("sweep", "--config", "minimal", "--seeds", "2", "--run", "many", "--jobs", "2")
    common = (*begin, "--set", "training.epochs=1", *of(synthetic_dir))
    rates = ("--set", "optimizer.learning_rate=0.02,1e30")
    result = command_line(*common, *rates)
    assert result.returncode == 2
    assert "2 of 4 runs failed, 2 are finished" in result.stderr
    failed = "learning_rate=1e+30-seed-001"
    (told,) = (line for line in result.stderr.splitlines() if line.startswith(f"{failed}: "))
    assert "no longer finite" in told or "epoch 1" in told
    assert "epoch 1" in (tmp_path / "many" / f"{failed}.log").read_text()
    assert "Traceback" not in result.stderr
    assert "\r" not in result.stderr, "bars belong on a terminal"
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    assert "2 not finished" in result.stdout
    assert "learning_rate=0.02   <- best on validation\n" in result.stdout

    good = [tmp_path / "many" / f"learning_rate=0.02-seed-00{seed}" for seed in (0, 1)]
    before = [(run / "model.npz").stat().st_mtime_ns for run in good]
    assert not list((tmp_path / "many").glob("learning_rate=0.02*.log"))
    rates = ("--set", "optimizer.learning_rate=0.02,0.05")
    result = command_line(*common, *rates, "--json")
    assert result.returncode == 0, result.stderr
    assert "4 runs, 2 of them finished" in result.stderr
    assert [(run / "model.npz").stat().st_mtime_ns for run in good] == before
    values = json.loads(result.stdout)
    assert json.loads((tmp_path / "many" / "sweep.json").read_text()) == values
    assert (values["unfinished"], values["datasets"]) == ([], ["synthetic"])
    first, second = values["combinations"]
    accuracies = [json.loads((run / "evaluation.json").read_text())["accuracy"] for run in good]
    assert [run["test_accuracy"] for run in first["runs"]] == accuracies
    assert first["test_accuracy"]["mean"] == pytest.approx(statistics.mean(accuracies))
    assert [run["run"] for run in first["runs"]] == [str(Path("many", run.name)) for run in good]
    better = max((first, second), key=lambda each: each["validation_accuracy"]["mean"])
    assert values["best"] == better["settings"]
    assert (tmp_path / "many" / "sweep.png").read_bytes().startswith(b"\x89PNG")

    # A run of a sweep is what anybody gets who trains with its config.
    alone = command_line("train", "--config", good[1] / "config.toml", "--run", "alone")
    assert alone.returncode == 0, alone.stderr
    assert bytes_of(good[1]) == bytes_of(tmp_path / "alone")
    names = {path.name for path in (tmp_path / "alone").iterdir()}
    assert {path.name for path in good[1].iterdir()} == names


def test_what_cannot_be_is_an_error_before_anything_runs(
    command_line: CommandLine, tmp_path: Path
) -> None:
    for arguments, problem in (
        (("--seeds", "0"), "--seeds 0: must be at least 1"),
        (("--seeds", "1", "--jobs", "0"), "--jobs 0: must be at least 1"),
        (("--seeds", "1", "--set", "training.epochs=0"), "epochs = 0: must be at least 1"),
        (("--seeds", "1", "--config", "fast"), "there is no recipe 'fast'"),
        (("--seeds", "1", "--jobs", "2", "--cluster", "x"), "leave --jobs or --cluster out"),
    ):
        result = command_line("sweep", *arguments)
        assert (result.returncode, result.stdout) == (2, ""), arguments
        assert problem in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
def test_an_interrupted_or_killed_sweep_leaves_no_process_and_goes_on(
    command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    arguments = ["sweep", "--seeds", "2", "--jobs", "1", "--run", "many", *of(synthetic_dir)]
    for value in ("training.epochs=6", "network.hidden=[64]", "training.checkpoint_seconds=0.1"):
        arguments += ["--set", value]
    run = tmp_path / "many" / "seed-000"

    def interrupted_by(number: int) -> tuple[int, str]:
        before = saved_step(run)
        process = subprocess.Popen(
            [sys.executable, "-m", "mnist_scratch", *arguments],
            cwd=tmp_path,
            env=os.environ | ONE_THREAD,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for _ in range(2000):
            if saved_step(run) > before:
                break
            time.sleep(0.02)
        trainer = trained_by(run)
        os.killpg(process.pid, number)  # as Ctrl-C in a terminal, to all that are in the group
        _, errors = process.communicate(timeout=60)
        assert trainer.startswith("process "), errors
        return process.returncode, errors

    status, errors = interrupted_by(signal.SIGINT)
    assert status == 130
    assert "keeps what was done; the same command goes on with it" in errors
    assert errors.endswith("mnist-scratch: interrupted\n")
    assert not trained_by(run)
    assert saved_step(run) > 0
    assert not (tmp_path / "many" / "seed-001").exists()
    assert sorted(path.name for path in (tmp_path / "many").iterdir()) == ["seed-000"]

    status, _ = interrupted_by(signal.SIGKILL)
    assert status == -signal.SIGKILL
    for _ in range(1000):  # nobody waits for it: it saves and ends
        if not trained_by(run):
            break
        time.sleep(0.02)
    assert not trained_by(run)

    result = command_line(*arguments, environment=ONE_THREAD)
    assert result.returncode == 0, result.stderr
    assert "2 runs, 0 of them finished" in result.stderr
    alone = command_line("train", "--config", run / "config.toml", "--run", "alone")
    assert alone.returncode == 0, alone.stderr
    assert bytes_of(run) == bytes_of(tmp_path / "alone")


def test_two_sweeps_in_one_folder_are_refused(
    command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    with only_sweep(tmp_path / "many"):
        result = command_line("sweep", "--seeds", "1", "--run", "many", *of(synthetic_dir))
    assert result.returncode == 2
    assert f"many is in use by process {os.getpid()}" in result.stderr
