"""`mnist-scratch sweep`, whose runs are processes of their own."""

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
from helpers.command_line import CommandLine, environment_of
from helpers.untraced import untraced

from mnist_scratch.runs.checkpoint import load_checkpoint
from mnist_scratch.runs.folder import trained_by
from mnist_scratch.sweep.plan import locked_sweep

pytestmark = pytest.mark.usefixtures("undrawn_loss")


def settings(digit_files: Path, *values: str) -> list[str]:
    files = ("data.dataset=files", f'data.data_dir="{digit_files.as_posix()}"')
    arguments = []
    for value in (*files, "data.validation_examples=50", "network.hidden=[16]", *values):
        arguments += ["--set", value]
    return arguments


def bytes_of(run: Path) -> tuple[bytes, list[str], bytes]:
    """Return the model, the history without its times, and the config."""
    history = (run / "history.csv").read_text().splitlines()
    return (
        (run / "model.npz").read_bytes(),
        [line.rpartition(",")[0] for line in history],
        (run / "config.toml").read_bytes(),
    )


def saved_step(run: Path) -> int:
    path = run / "checkpoint.npz"
    return load_checkpoint(path).state.step if path.exists() else 0


def test_a_sweep_trains_what_is_missing_and_names_what_failed(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    common = ["sweep", "--run", "many", "--jobs", "2", *settings(digit_files, "training.epochs=1")]
    result = main(*common, "--seeds", "1", "--set", "optimizer.learning_rate=0.02,1e30")
    assert result.returncode == 2
    assert "1 of 2 runs failed, 1 are finished" in result.stderr
    failed = "learning_rate=1e+30-seed-000"
    (reason,) = (line for line in result.stderr.splitlines() if line.startswith(f"{failed}: "))
    assert "epoch 1" in reason
    assert "epoch 1" in (tmp_path / "many" / f"{failed}.log").read_text()
    assert "Traceback" not in result.stderr
    assert "\r" not in result.stderr, "bars belong on a terminal"
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    assert "1 not finished" in result.stdout
    assert "learning_rate=0.02   <- best on validation\n" in result.stdout
    assert not list((tmp_path / "many").glob("learning_rate=0.02*.log"))

    good = [tmp_path / "many" / f"learning_rate=0.02-seed-00{seed}" for seed in (0, 1)]
    before = (good[0] / "model.npz").stat().st_mtime_ns
    rates = ["--set", "optimizer.learning_rate=0.02,0.05"]
    result = main(*common, "--seeds", "2", *rates, "--json")
    assert result.returncode == 0, result.stderr
    assert "4 runs, 1 of them finished" in result.stderr
    assert (good[0] / "model.npz").stat().st_mtime_ns == before
    values = json.loads(result.stdout)
    assert json.loads((tmp_path / "many" / "sweep.json").read_text()) == values
    assert (values["unfinished"], values["datasets"]) == ([], ["files"])
    first, second = values["combinations"]
    accuracies = [json.loads((run / "evaluation.json").read_text())["accuracy"] for run in good]
    assert [run["test_accuracy"] for run in first["runs"]] == accuracies
    assert first["test_accuracy"]["mean"] == pytest.approx(statistics.mean(accuracies))
    assert [run["run"] for run in first["runs"]] == [str(Path("many", run.name)) for run in good]
    better = max((first, second), key=lambda each: each["validation_accuracy"]["mean"])
    assert values["best"] == better["settings"]
    assert (tmp_path / "many" / "sweep.png").read_bytes().startswith(b"\x89PNG")

    # A run of a sweep equals what `train` makes of its config.
    alone = main("train", "--config", good[1] / "config.toml", "--run", "alone")
    assert alone.returncode == 0, alone.stderr
    assert bytes_of(good[1]) == bytes_of(tmp_path / "alone")
    names = {path.name for path in (tmp_path / "alone").iterdir()}
    assert {path.name for path in good[1].iterdir()} == names


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--seeds", "0"), "--seeds 0: must be at least 1"),
        (("--seeds", "1", "--jobs", "0"), "--jobs 0: must be at least 1"),
        (("--seeds", "1", "--set", "training.epochs=0"), "epochs = 0: must be at least 1"),
        (("--seeds", "1", "--config", "fast"), "there is no recipe 'fast'"),
        (("--seeds", "1", "--jobs", "2", "--cluster", "x"), "leave out --jobs or --cluster"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_runs(
    main: CommandLine, tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    result = main("sweep", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert problem in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
def test_an_interrupted_or_killed_sweep_leaves_no_process_and_is_resumed(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    arguments = ["sweep", "--jobs", "1", "--run", "many"]
    long = ("training.epochs=20", "training.batch_size=2", "optimizer.learning_rate=0.001")
    arguments += settings(digit_files, *long)
    run = tmp_path / "many" / "seed-000"

    def interrupted_by(number: int) -> tuple[int, str]:
        before = saved_step(run)
        process = subprocess.Popen(
            [sys.executable, "-m", "mnist_scratch", *arguments, "--seeds", "2"],
            cwd=tmp_path,
            env=environment_of(tmp_path),
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
        os.killpg(process.pid, number)  # as Ctrl-C in a terminal, to the whole group
        _, errors = process.communicate(timeout=60)
        assert trainer.startswith("process "), errors
        return process.returncode, errors

    status, errors = interrupted_by(signal.SIGINT)
    assert status == 130
    assert "keeps what is done; the same command resumes the sweep" in errors
    assert errors.endswith("mnist-scratch: interrupted\n")
    assert not trained_by(run)
    assert saved_step(run) > 0
    assert sorted(path.name for path in (tmp_path / "many").iterdir()) == ["seed-000"]

    status, _ = interrupted_by(signal.SIGKILL)
    assert status == -signal.SIGKILL
    for _ in range(1000):  # the run's process notices, saves and ends
        if not trained_by(run):
            break
        time.sleep(0.02)
    assert not trained_by(run)
    assert not (run / "evaluation.json").exists()

    result = main(*arguments, "--seeds", "1")
    assert result.returncode == 0, result.stderr
    assert "1 runs, 0 of them finished" in result.stderr
    alone = untraced(main)("train", "--config", run / "config.toml", "--run", "alone")
    assert alone.returncode == 0, alone.stderr
    assert bytes_of(run) == bytes_of(tmp_path / "alone")


def test_two_sweeps_in_one_folder_are_refused(main: CommandLine, tmp_path: Path) -> None:
    with locked_sweep(tmp_path / "many"):
        result = main("sweep", "--seeds", "1", "--run", "many")
    assert result.returncode == 2
    assert f"many is in use by process {os.getpid()}" in result.stderr
