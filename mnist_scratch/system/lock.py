"""One process at a time: an advisory lock on a file, which ends with its process."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import is_running

_PAUSE = 0.1  # seconds between two tries


class InUseError(MnistScratchError):
    """Another process holds the lock."""


@contextmanager
def locked(
    path: Path, *, wait: bool, report: Callable[[str], object] = lambda _: None
) -> Iterator[None]:
    """Hold the lock of a file, which no other process then gets.

    The operating system releases the lock when the process ends, however it ends. The file has the
    number of that process, and is there only while the lock is held; one that a killed process left
    means nothing. Folders above it are made.

    A lock that another process holds is an `InUseError`. With `wait`, the function tells `report`
    once who holds it ("process 4711"), and waits. A file that cannot be locked is a
    `MnistScratchError`.
    """
    waiting = False
    try:
        while (descriptor := _try_to_lock(path)) is None:
            number = _number(path)
            holder = f"process {number}" if number else "another process"
            if not wait:
                raise InUseError(
                    f"{path.parent} is in use by {holder}; "
                    "wait until that has ended, or name another folder"
                )
            if not waiting:
                report(holder)
            waiting = True
            time.sleep(_PAUSE)
    except OSError as error:
        raise MnistScratchError(
            f"cannot lock {path.parent}: {error.strerror or error}; "
            "check the space and the permissions there, or name another folder"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # first: once it is released, the name may be another's lock
            path.unlink()
        os.close(descriptor)
        if sys.platform == "win32":  # where an open file cannot be removed
            with suppress(OSError):
                path.unlink()


def running_holder(path: Path) -> str:
    """Return who holds a lock, "process 4711"; "" if the file names no process that runs."""
    number = _number(path)
    return f"process {number}" if number and is_running(number) else ""


def _number(path: Path) -> int:
    """Return the number of a process in the file, 0 if there is none."""
    with suppress(OSError):
        content = path.read_bytes()
        if content.isdigit() and len(content) <= 9:  # more digits than a process has
            return int(content)
    return 0


def _try_to_lock(path: Path) -> int | None:
    """Return the descriptor of the file, locked, or None if another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    with suppress(BlockingIOError, PermissionError, FileNotFoundError):
        _lock(descriptor)
        # The process that had the lock may have removed the file after it was opened here: a third
        # one would lock a new file beside it.
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            with suppress(OSError):  # a full disk: only the number of the holder is lost
                os.ftruncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
            return descriptor
    os.close(descriptor)
    return None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # others cannot read the byte that is locked
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
