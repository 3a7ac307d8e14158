"""Trainings that are stopped, killed or short of disk, and resumed."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from helpers.command_line import (
    SMALL,
    CommandLine,
    environment_of,
    refused,
    run_in_process,
    start_process,
)

from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.runs.checkpoint import load_checkpoint

pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("undrawn_loss")]
WITH_SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
# A second or two, so that it can be stopped in the middle.
LONGER = (*SMALL, "--hidden", "64", "--epochs", "45", "--checkpoint-seconds", "0.1")


def saved_step(run: Path) -> int:
    path = run / "checkpoint.npz"
    return load_checkpoint(path).state.step if path.exists() else 0


def started(folder: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a training of the run `run`, and wait until it has saved a step more than was saved."""
    before = saved_step(folder / "run")
    process = start_process("train", *arguments, folder=folder)
    for _ in range(3000):
        if saved_step(folder / "run") > before or process.poll() is not None:
            break
        time.sleep(0.01)
    return process


def bytes_of(run: Path) -> tuple[bytes, bytes, list[str]]:
    """Return the model, the config, and the history, its times aside."""
    history = (run / "history.csv").read_text().splitlines()
    return (
        (run / "model.npz").read_bytes(),
        (run / "config.toml").read_bytes(),
        [line.rpartition(",")[0] for line in history],
    )


class Stopped(NamedTuple):
    """What Ctrl-C leaves of a training, in the folder `run` of its working folder."""

    folder: Path
    status: int
    errors: str


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, digit_files: Path) -> Stopped:
    """A training that was stopped when it had saved a few epochs; to be read only."""
    folder = tmp_path_factory.mktemp("stopped")
    process = started(folder, *LONGER, "--data-dir", digit_files, "--run", "run")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    return Stopped(folder, process.returncode, errors)


@pytest.fixture
def stopped_run(stopped: Stopped, tmp_path: Path) -> Path:
    """A copy of the stopped run."""
    return Path(shutil.copytree(stopped.folder / "run", tmp_path / "run"))


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory, digit_files: Path) -> Path:
    """The same training, which nothing stopped."""
    folder = tmp_path_factory.mktemp("whole")
    run_in_process("train", *LONGER, "--data-dir", digit_files, "--run", "run", folder=folder)
    return folder / "run"


def test_a_command_trains_the_same_bytes_twice(
    main: CommandLine, trained_run: Path, digit_files: Path, tmp_path: Path
) -> None:
    assert main("train", *SMALL, "--data-dir", digit_files, "--run", "twin").returncode == 0
    assert bytes_of(tmp_path / "twin") == bytes_of(trained_run)


def test_a_finished_run_is_shown_and_stays_as_it_is(main: CommandLine, finished_run: Path) -> None:
    before = bytes_of(finished_run)
    answer = main("train", "--resume", "run")
    assert (answer.returncode, answer.stderr) == (0, "run is finished: epoch 2 of 2\n")
    assert "test accuracy" in answer.stdout
    assert bytes_of(finished_run) == before


@WITH_SIGNALS
def test_ctrl_c_saves_the_run_and_names_the_command_that_resumes_it(stopped: Stopped) -> None:
    assert stopped.status == 130
    saved, interrupted = stopped.errors.splitlines()[-2:]
    assert interrupted == "mnist-scratch: interrupted"
    command = saved.partition("resume it with: ")[2]
    assert shlex.split(command) == ["mnist-scratch", "train", "--resume", "run"]
    assert saved_step(stopped.folder / "run") > 0
    assert not list((stopped.folder / "run").glob(".*")), "no lock and no half of a file is left"


@WITH_SIGNALS
def test_a_run_that_was_stopped_twice_ends_with_the_bytes_of_one_that_was_not(
    main: CommandLine, stopped_run: Path, whole_run: Path, tmp_path: Path
) -> None:
    process = started(tmp_path, "--resume", "run")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    assert errors.endswith("mnist-scratch: interrupted\n")
    answer = main("train", "--resume", "run", "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["run"] == "run"
    assert bytes_of(stopped_run) == bytes_of(whole_run)


@WITH_SIGNALS
def test_a_run_in_use_is_refused_and_a_lock_that_a_kill_left_is_none(
    main: CommandLine, stopped_run: Path, tmp_path: Path
) -> None:
    process = started(tmp_path, "--resume", "run")
    try:
        message = refused(main("train", "--resume", "run"))
        assert f"run is in use by process {process.pid}" in message
    finally:
        process.kill()
        process.communicate()
    assert main("train", "--resume", "run").returncode == 0


@WITH_SIGNALS
def test_a_run_is_not_resumed_on_other_data(
    main: CommandLine, stopped_run: Path, digit_files: Path, tmp_path: Path
) -> None:
    shutil.copytree(digit_files, tmp_path / "own")
    with (tmp_path / "own" / FILE_NAMES[0]).open("r+b") as file:
        file.seek(1000)
        file.write(b"another pixel")
    message = refused(main("train", "--resume", "run", "--data-dir", "own"))
    assert f"begun on other data than these of files: '{FILE_NAMES[0]}' differs" in message


@WITH_SIGNALS
def test_a_file_size_limit_is_a_clear_error_and_the_last_checkpoint_stays_good(
    main: CommandLine, stopped_run: Path, tmp_path: Path
) -> None:
    before = saved_step(stopped_run)
    command = shlex.join([sys.executable, "-m", "mnist_scratch", "train", "--resume", "run"])
    limited = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -f 100; exec {command}"],
        cwd=tmp_path,
        env=environment_of(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 2
    path = Path("run", "checkpoint.npz")
    assert f"cannot write {path}: File too large" in limited.stderr
    assert "Exception" not in limited.stderr
    assert "resume it with: mnist-scratch train --resume run" in limited.stderr
    assert saved_step(stopped_run) == before
    assert not list(stopped_run.glob(".*"))
    assert main("train", "--resume", "run").returncode == 0
