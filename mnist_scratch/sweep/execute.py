"""The runs of a sweep, each in a process of its own, on this machine or on a cluster's workers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mnist_scratch.config.toml import parse_config
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import EVALUATION, RunFolder, locked_folder
from mnist_scratch.system.lock import InUseError

PAUSE = 0.5  # seconds between two checks whether to stop
_PATIENCE = 30.0  # seconds that an earlier process of a run may need to save and end
_LAST_LINES = 8  # of a process's messages, where it ended without an error of its own

# Ctrl-C in a terminal reaches every process of its group, and a run that gets two signals ends
# without saving.
_OWN_GROUP: dict[str, Any]
if sys.platform == "win32":
    _OWN_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    _OWN_GROUP = {"process_group": 0}


class Job(NamedTuple):
    """A run to train, as another machine with the same file system can read it.

    Attributes
    ----------
    path
        The run's folder, absolute.
    config
        Its config.toml.
    working_folder, environment
        The folder and the environment variables that say where the data are.
    """

    path: Path
    config: str
    working_folder: Path
    environment: dict[str, str]


class JobResult(NamedTuple):
    """How a job ended; `error` says why it failed."""

    path: Path
    state: Literal["finished", "failed", "stopped"]
    error: str = ""


class Workers(NamedTuple):
    """What executes jobs, and what tells them to save and end: on a cluster, Dask's own event."""

    executor: Executor
    stop: threading.Event


@contextmanager
def local_workers(number: int) -> Iterator[Workers]:
    """Execute up to `number` jobs at a time on this machine; what still runs at the end stops."""
    stop = threading.Event()
    with ThreadPoolExecutor(number) as executor:
        try:
            yield Workers(executor, stop)
        finally:
            stop.set()


def run_jobs(
    jobs: Sequence[Job], workers: Workers, is_interrupted: Callable[[], bool]
) -> Iterator[JobResult]:
    """Execute jobs, and yield the result of each as it ends.

    Once `is_interrupted` returns true, running jobs are saved and stopped, and none starts.
    """
    pending = {workers.executor.submit(run_job, job, workers.stop): job for job in jobs}
    while pending:
        done, _ = wait(pending, PAUSE, return_when=FIRST_COMPLETED)
        if is_interrupted():
            with suppress(OSError):  # a cluster's scheduler that is gone; its workers stop without
                workers.stop.set()
        for future in done:
            yield _result(future, pending.pop(future))


def run_job(job: Job, stop: threading.Event) -> JobResult:
    """Train a run, or resume it where it was saved, in a process of its own.

    A training that is killed, for lack of memory for example, then ends without the others. What it
    prints goes to a log file beside the run's folder, which is kept if the run fails.
    """
    if stop.is_set():
        return JobResult(job.path, "stopped")
    if not job.working_folder.is_dir():
        error = (
            f"{socket.gethostname()} has no folder {job.working_folder}; the workers of a cluster "
            "need the file system of the machine that sweeps, under the same names"
        )
        return JobResult(job.path, "failed", error)
    log = job.path.with_name(f"{job.path.name}.log")
    try:
        _make_folder(job)
        if is_finished(job.path):
            return JobResult(job.path, "finished")
        status, stopped = _train(job, log, stop)
        finished = status == 0 and is_finished(job.path)
        if finished or stopped:
            log.unlink()
            return JobResult(job.path, "finished" if finished else "stopped")
        error = _reason(log.read_text(encoding="utf-8", errors="replace"), status)
        return JobResult(job.path, "failed", error)
    except (MnistScratchError, OSError) as error:
        return JobResult(job.path, "failed", str(error))


def is_finished(path: Path) -> bool:
    """Return whether the run in a folder is complete, its picture included."""
    return (path / EVALUATION).exists() and RunFolder(path).loss_curve_path.exists()


def _result(future: Future[JobResult], job: Job) -> JobResult:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001  # one job that is lost must not end the others
        return JobResult(job.path, "failed", f"not executed: {type(error).__name__}: {error}")


def _make_folder(job: Job) -> None:
    """Make the run's folder if it does not exist, once no earlier process trains there.

    The process of a sweep or a worker that was killed needs a moment to save and end.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with locked_folder(job.path):
                if not (job.path / "config.toml").exists():
                    RunFolder.create(job.path, parse_config(job.config, str(job.path)))
        except InUseError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
        else:
            return


def _train(job: Job, log: Path, stop: threading.Event) -> tuple[int, bool]:
    """Return the exit status of the process that trains, and whether it was told to stop."""
    command = [sys.executable, "-m", "mnist_scratch.commands.child", "train", "--resume"]
    stopped = False
    with (
        log.open("wb") as messages,
        subprocess.Popen(
            [*command, str(job.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=messages,
            cwd=job.working_folder,
            env=os.environ | job.environment,
            **_OWN_GROUP,
        ) as process,
    ):
        while True:
            try:
                return process.wait(PAUSE), stopped
            except subprocess.TimeoutExpired:
                if not stopped and process.stdin and stop.is_set():
                    process.stdin.close()
                    stopped = True


def _reason(messages: str, status: int) -> str:
    """Return why a process failed, from its messages and its exit status."""
    _, found, error = messages.rpartition("mnist-scratch: ")
    if found and status == 2:
        return error.strip()
    end = f"ended by signal {-status}" if status < 0 else f"ended with exit status {status}"
    return "\n".join([end, *messages.splitlines()[-_LAST_LINES:]])
