"""Runs that are interrupted, refused or short of disk, as a user has them: as processes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnist_scratch.runs.checkpoint import load_checkpoint

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")

# On a busy machine two threads of a BLAS wait for each other, many times as long as they compute.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture
def beginning(synthetic_dir: Path) -> tuple[str, ...]:
    """The arguments of a training of a second or two."""
    settings = ("--epochs", "6", "--hidden", "64", "--checkpoint-seconds", "0.1")
    return (*settings, "--dataset", "synthetic", "--data-dir", str(synthetic_dir))


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mnist_scratch", "train", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ONE_THREAD,
    )


def train(*arguments: str | Path) -> tuple[int, str, str]:
    """Return exit status, standard output and standard error of a whole training."""
    process = start(*arguments)
    output, errors = process.communicate(timeout=100)
    assert "Traceback" not in errors
    return process.returncode, output, errors


def saved_step(run: Path) -> int:
    path = run / "checkpoint.npz"
    return load_checkpoint(path).state.step if path.exists() else 0


def started(run: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a training, and wait until it has saved a step more than was saved."""
    before = saved_step(run)
    process = start(*arguments)
    for _ in range(1000):
        if saved_step(run) > before:
            break
        time.sleep(0.02)
    return process


def bytes_of(run: Path) -> tuple[bytes, list[str]]:
    """Return the model and the history, its times aside."""
    history = (run / "history.csv").read_text().splitlines()
    return (run / "model.npz").read_bytes(), [line.rpartition(",")[0] for line in history]


def test_runs_end_with_the_same_bytes_whether_or_not_they_are_interrupted(
    beginning: tuple[str, ...], tmp_path: Path
) -> None:
    for name in ("first", "second"):
        assert train(*beginning, "--run", tmp_path / name)[0] == 0
    assert bytes_of(tmp_path / "first") == bytes_of(tmp_path / "second")

    run = tmp_path / "a folder's name"
    arguments = [*beginning, "--run", str(run)]
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = started(run, *arguments)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == status, errors
        saved, interrupted = errors.splitlines()[-2:]
        assert interrupted == "mnist-scratch: interrupted"
        program, command, *arguments = shlex.split(saved.partition("resume it with: ")[2])
        assert (program, command) == ("mnist-scratch", "train")
        assert not list(run.glob(".*")), "no lock and no half of a file is left"
    status, output, errors = train(*arguments, "--json")
    assert status == 0
    assert "going on with" in errors
    assert json.loads(output)["run"] == str(run)
    assert bytes_of(run) == bytes_of(tmp_path / "first")

    status, output, errors = train("--resume", run)
    assert (status, errors) == (0, f"{run} is finished: epoch 6 of 6\n")
    assert "test accuracy" in output
    assert bytes_of(run) == bytes_of(tmp_path / "first")


def test_a_second_program_in_the_folder_of_a_run_is_refused(
    beginning: tuple[str, ...], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    process = started(run, *beginning, "--epochs", "1000", "--run", run)
    try:
        status, _, errors = train("--resume", run)
        assert status == 2
        assert f"{run} is in use by process {process.pid}" in errors
    finally:
        process.kill()
        process.communicate()
    process = started(run, "--resume", run)
    assert saved_step(run) > 0, "a lock that SIGKILL left behind means nothing"
    process.kill()
    process.communicate()


def test_a_file_size_limit_is_a_clear_error_and_the_last_checkpoint_is_good(
    beginning: tuple[str, ...], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    process = started(run, *beginning, "--run", run)
    process.send_signal(signal.SIGINT)
    process.communicate()
    before = saved_step(run)
    command = shlex.join([sys.executable, "-m", "mnist_scratch", "train", "--resume", str(run)])
    limited = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -f 100; exec {command}"],
        capture_output=True,
        text=True,
        check=False,
        # The limit would hit what measures the coverage of processes as well.
        env={k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")} | ONE_THREAD,
    )
    assert limited.returncode == 2
    assert f"cannot write {run / 'checkpoint.npz'}: File too large" in limited.stderr
    assert "Exception" not in limited.stderr
    assert f"resume it with: mnist-scratch train --resume {run}" in limited.stderr
    assert saved_step(run) == before
    assert not list(run.glob(".*"))
    assert train("--resume", run)[0] == 0
