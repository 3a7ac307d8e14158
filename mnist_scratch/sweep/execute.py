"""One run of a sweep, in a process of its own, on this machine or on a worker of a cluster."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mnist_scratch.config.toml import parse_config
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.folder import EVALUATION, RunFolder, locked_folder
from mnist_scratch.system.lock import InUseError

PAUSE = 0.5  # seconds between two looks at whether to stop
_PATIENCE = 30.0  # seconds that a process may take to save and end once nobody waits for it
_LAST_LINES = 8  # of what a process said, where it ended without an error of its own

# Ctrl-C in a terminal reaches every process of its group, and two signals would not let a run save.
_GROUP_OF_ITS_OWN: dict[str, Any]
if sys.platform == "win32":
    _GROUP_OF_ITS_OWN = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    _GROUP_OF_ITS_OWN = {"process_group": 0}


class Order(NamedTuple):
    """A run to be carried out, in words that another machine understands.

    Attributes
    ----------
    path
        Its folder, absolute; on a file system that whoever carries it out has too.
    config
        What it does, as TOML.
    working_folder, environment
        Where the data is looked for: relative paths begin there, these variables are set.
    """

    path: Path
    config: str
    working_folder: Path
    environment: dict[str, str]


class Outcome(NamedTuple):
    """How an order ended; `error` says why it failed."""

    path: Path
    state: Literal["finished", "failed", "stopped"]
    error: str = ""


def is_finished(path: Path) -> bool:
    """Say whether the run in a folder has come to its end, down to the picture."""
    return (path / EVALUATION).exists() and RunFolder(path).loss_curve_path.exists()


def carry_out(order: Order, is_stopped: Callable[[], bool]) -> Outcome:
    """Carry out a run, or go on with it where it was saved, in a process of its own.

    What the process says goes to a file beside the folder, which stays if the run fails.

    Parameters
    ----------
    order
        The run.
    is_stopped
        Is asked again and again whether the run shall be saved and left.
    """
    if is_stopped():
        return Outcome(order.path, "stopped")
    log = order.path.with_name(f"{order.path.name}.log")
    try:
        _make_folder(order)
        if is_finished(order.path):
            return Outcome(order.path, "finished")
        status, stopped = _train(order, log, is_stopped)
        if status == 0 and is_finished(order.path):
            log.unlink()
            return Outcome(order.path, "finished")
        if stopped:
            log.unlink()
            return Outcome(order.path, "stopped")
        reason = _reason(log.read_text(encoding="utf-8", errors="replace"), status)
    except MnistScratchError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.filename or order.path}: {error.strerror or error}"
    return Outcome(order.path, "failed", reason)


def _make_folder(order: Order) -> None:
    """Make the run's folder if there is none, once nobody else is at work in it.

    A process whose sweep, or whose worker, was killed needs a moment to save and end.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with locked_folder(order.path):
                if not (order.path / "config.toml").exists():
                    RunFolder.create(order.path, parse_config(order.config, str(order.path)))
        except InUseError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
        else:
            return


def _train(order: Order, log: Path, is_stopped: Callable[[], bool]) -> tuple[int, bool]:
    """Run the process to its end; return its exit status, and whether it was asked to stop."""
    command = [sys.executable, "-m", "mnist_scratch.commands.child", "train", "--resume"]
    stopped = False
    with (
        log.open("wb") as messages,
        subprocess.Popen(
            [*command, str(order.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=messages,
            cwd=order.working_folder,
            env=os.environ | order.environment,
            **_GROUP_OF_ITS_OWN,
        ) as process,
    ):
        while True:
            try:
                return process.wait(PAUSE), stopped
            except subprocess.TimeoutExpired:
                if not stopped and process.stdin and is_stopped():
                    process.stdin.close()
                    stopped = True


def _reason(messages: str, status: int) -> str:
    """Return why a process failed, from what it said and its exit status."""
    _, found, error = messages.rpartition("mnist-scratch: ")
    if found and status == 2:
        return error.strip()
    said = "\n".join(messages.splitlines()[-_LAST_LINES:])
    if status < 0:
        return f"{said}\nended by signal {-status}".strip()
    return f"{said}\nended with the exit status {status}".strip()


def carry_out_here(
    orders: Sequence[Order], jobs: int, is_interrupted: Callable[[], bool]
) -> Iterator[Outcome]:
    """Carry out runs on this machine.

    Parameters
    ----------
    orders
        The runs.
    jobs
        How many at a time.
    is_interrupted
        Is asked again and again whether to save what runs, and to leave it and the rest.

    Yields
    ------
    Outcome
        Of every run, as they end.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(jobs) as pool:
        pending: set[Future[Outcome]] = {
            pool.submit(carry_out, order, stop.is_set) for order in orders
        }
        try:
            while pending:
                done, pending = wait(pending, PAUSE, return_when=FIRST_COMPLETED)
                if is_interrupted():
                    stop.set()
                yield from (future.result() for future in done)
        finally:
            stop.set()
