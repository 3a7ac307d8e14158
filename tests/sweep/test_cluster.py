"""A sweep on a Dask cluster of real processes, of which one is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from helpers.command_line import NO_NETWORK, CommandLine

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.checkpoint import load_checkpoint
from mnist_scratch.runs.folder import trained_by
from mnist_scratch.sweep import cluster as cluster_of

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


class Cluster(NamedTuple):
    address: str
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and three workers, each a process of one thread."""
    file = tmp_path / "scheduler.json"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def dask(*arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(file)],
            cwd=elsewhere,
            env=os.environ | NO_NETWORK,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    local = ("--host", "127.0.0.1", "--no-dashboard")
    scheduler = dask("scheduler", *local, "--port", "0")
    worker = ("worker", *local, "--nworkers", "1", "--nthreads", "1", "--no-nanny")
    workers = [dask(*worker) for _ in range(3)]
    try:
        for _ in range(1000):
            if file.exists() and file.stat().st_size:
                break
            time.sleep(0.05)
        yield Cluster(json.loads(file.read_text())["address"], workers)
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def arguments_of(cluster: Cluster, synthetic_dir: Path) -> list[str]:
    arguments = ["sweep", "--seeds", "3", "--run", "many", "--cluster", cluster.address]
    for value in (
        "data.dataset=synthetic",
        f'data.data_dir="{synthetic_dir.as_posix()}"',
        "training.epochs=4",
        "network.hidden=[64]",
        "training.checkpoint_seconds=0.1",
    ):
        arguments += ["--set", value]
    return arguments


def sweep(folder: Path, arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mnist_scratch", *arguments],
        cwd=folder,
        env=os.environ | NO_NETWORK | ONE_THREAD,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_under_way(folder: Path) -> Path:
    """Wait until some run has saved a step, and return its folder."""
    for _ in range(2000):
        for path in folder.glob("seed-*/checkpoint.npz"):
            if load_checkpoint(path).state.step and trained_by(path.parent):
                return path.parent
        time.sleep(0.02)
    raise AssertionError("no run began")


def test_runs_outlive_the_worker_and_end_with_the_bytes_of_local_ones(
    cluster: Cluster, command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    process = sweep(tmp_path, arguments_of(cluster, synthetic_dir))
    run = run_under_way(tmp_path / "many")
    trainer = int(trained_by(run).removeprefix("process "))
    (worker,) = (each for each in cluster.workers if each.pid == psutil.Process(trainer).ppid())
    worker.kill()
    assert not (run / "evaluation.json").exists()
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert f"{cluster.address} has " in errors
    assert "    3 " in output
    another = max(path for path in (tmp_path / "many").glob("seed-*/") if path != run)
    for path in (run, another):
        assert "threads = 1\n" in (path / "config.toml").read_text()
        alone = command_line(
            "train", "--config", path / "config.toml", "--run", f"alone-{path.name}"
        )
        assert alone.returncode == 0, alone.stderr
        model = (tmp_path / f"alone-{path.name}" / "model.npz").read_bytes()
        assert (path / "model.npz").read_bytes() == model


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
def test_an_interrupted_sweep_saves_what_its_workers_do(
    cluster: Cluster, synthetic_dir: Path, tmp_path: Path
) -> None:
    process = sweep(tmp_path, arguments_of(cluster, synthetic_dir))
    run = run_under_way(tmp_path / "many")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "the same command goes on with it" in errors
    assert not [path for path in (tmp_path / "many").glob("seed-*") if trained_by(path)]
    assert load_checkpoint(run / "checkpoint.npz").state.step > 0
    assert not (run / "evaluation.json").exists()


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1:9"])
def test_where_no_scheduler_answers_the_message_says_how_to_start_one(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_of, "_CONNECT_SECONDS", 0.5)
    with pytest.raises(MnistScratchError) as caught:
        cluster_of.connect(address)
    assert str(caught.value).startswith(f"--cluster {address}: no Dask scheduler answers there")
    assert "'dask scheduler' starts one" in str(caught.value)


def test_without_dask_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MnistScratchError, match=r"pip install 'mnist_scratch\[cluster\]'"):
        cluster_of.connect("tcp://127.0.0.1:9")
