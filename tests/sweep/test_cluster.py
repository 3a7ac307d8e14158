"""A sweep on a Dask cluster whose workers are processes, of which one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import distributed
import psutil
import pytest
from helpers.command_line import CommandLine, environment_of
from helpers.untraced import untraced

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.checkpoint import load_checkpoint
from mnist_scratch.runs.folder import trained_by
from mnist_scratch.sweep import cluster, execute

_WORKERS = 2


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler in this process, without workers."""
    local = {"host": "127.0.0.1", "protocol": "tcp://", "dashboard_address": None}
    with distributed.LocalCluster(n_workers=0, silence_logs=50, **local) as started:
        yield started.scheduler_address


@pytest.fixture(scope="module")
def workers() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for worker in started:
        worker.kill()
        worker.wait()


@pytest.fixture
def address(
    scheduler: str,
    workers: list[subprocess.Popen[bytes]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The address of the scheduler, which has workers of one thread now, each a process."""
    monkeypatch.setattr(execute, "PAUSE", 0.05)
    running = [worker for worker in workers if worker.poll() is None]
    for _ in range(_WORKERS - len(running)):
        folder = tmp_path_factory.mktemp("worker")
        command = ["worker", scheduler, "--host", "127.0.0.1", "--nworkers", "1", "--nthreads", "1"]
        worker = subprocess.Popen(
            [sys.executable, "-m", "dask", *command, "--no-nanny", "--no-dashboard"],
            cwd=folder,
            env=environment_of(folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        workers.append(worker)
    with distributed.Client(scheduler, set_as_default=False) as client:
        client.wait_for_workers(_WORKERS, timeout=60)
        client.run(setattr, execute, "PAUSE", 0.05)
    return scheduler


def sweep_on(address: str, digit_files: Path) -> list[str]:
    arguments = ["sweep", "--seeds", "1", "--run", "many", "--cluster", address]
    for value in (
        "data.dataset=files",
        f'data.data_dir="{digit_files.as_posix()}"',
        "data.validation_examples=50",
        "training.epochs=20",
        "training.batch_size=2",
        "network.hidden=[16]",
        "optimizer.learning_rate=0.001",
    ):
        arguments += ["--set", value]
    return arguments


@contextmanager
def once_under_way(run: Path, act: Callable[[], object]) -> Iterator[None]:
    """Wait in a thread until the run has saved a step, then act."""
    acted = threading.Event()

    def wait() -> None:
        for _ in range(2000):
            path = run / "checkpoint.npz"
            if path.exists() and load_checkpoint(path).state.step and trained_by(run):
                act()
                acted.set()
                return
            time.sleep(0.02)

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()
    assert acted.is_set(), "the run did not begin"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
def test_an_interrupted_sweep_saves_the_runs_of_its_workers(
    address: str, main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    run = tmp_path / "many" / "seed-000"
    with once_under_way(run, lambda: os.kill(os.getpid(), signal.SIGINT)):
        result = main(*sweep_on(address, digit_files))
    assert result.returncode == 130, result.stderr
    assert f"{address} has 2 workers, for 2 runs at a time\n" in result.stderr
    assert "the same command resumes the sweep" in result.stderr
    assert not trained_by(run)
    assert load_checkpoint(run / "checkpoint.npz").state.step > 0
    assert not (run / "evaluation.json").exists()


def test_a_run_outlives_its_worker_and_ends_with_the_bytes_of_a_local_one(
    address: str,
    workers: list[subprocess.Popen[bytes]],
    main: CommandLine,
    digit_files: Path,
    tmp_path: Path,
) -> None:
    run = tmp_path / "many" / "seed-000"

    def kill_its_worker() -> None:
        trainer = int(trained_by(run).removeprefix("process "))
        (worker,) = (each for each in workers if each.pid == psutil.Process(trainer).ppid())
        worker.kill()
        assert not (run / "evaluation.json").exists()

    with once_under_way(run, kill_its_worker):
        result = main(*sweep_on(address, digit_files))
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    assert "    1 " in result.stdout
    assert "threads = 1\n" in (run / "config.toml").read_text()
    alone = untraced(main)("train", "--config", run / "config.toml", "--run", "alone")
    assert alone.returncode == 0, alone.stderr
    model = (tmp_path / "alone" / "model.npz").read_bytes()
    assert (run / "model.npz").read_bytes() == model


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1:9"])
def test_where_no_scheduler_answers_the_message_says_how_to_start_one(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.2)
    with pytest.raises(MnistScratchError) as caught, cluster.cluster_workers(address, print):
        pass
    assert str(caught.value).startswith(f"--cluster {address}: no Dask scheduler answers there")
    assert "'dask scheduler' starts one" in str(caught.value)


def test_without_dask_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(MnistScratchError, match=r"pip install 'mnist_scratch\[cluster\]'"),
        cluster.cluster_workers("tcp://127.0.0.1:9", print),
    ):
        pass
