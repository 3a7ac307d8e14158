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
    path: Path, *, wait: bool, report: Callable[[str], object] | None = None
) -> Iterator[None]:
    """Hold the lock of a file, which no other process then gets.

    The operating system releases the lock when the process ends, however it ends. The file is
    there only while the lock is held; one that a killed process left means nothing. Folders above
    it are made.

    Parameters
    ----------
    path
        The lock's file; its content is the number of the process that holds it.
    wait
        Whether to wait until the lock is free, or to be refused at once.
    report
        Called once, before waiting, with who holds the lock ("process 4711").

    Raises
    ------
    MnistScratchError
        If the file cannot be locked, or another process holds the lock and `wait` is false.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while (descriptor := _try_to_lock(path)) is None:
            number = _number(path)
            holder = f"process {number}" if number else "another process"
            if not wait:
                raise InUseError(
                    f"{path.parent} is in use by {holder}; "
                    "wait until that has ended, or name another folder"
                )
            if report:
                report(holder)
                report = None
            time.sleep(_PAUSE)
    except OSError as error:
        raise MnistScratchError(
            f"cannot lock {path.parent}: {error.strerror or error}; "
            "check the space and the permissions there, or name another folder"
        ) from error
    try:
        yield
    finally:
        _release(path, descriptor)


def running_holder(path: Path) -> str:
    """Return who holds a lock, "process 4711"; "" if the file names no process that runs."""
    number = _number(path)
    return f"process {number}" if number and is_running(number) else ""


def _number(path: Path) -> int:
    """Return the number in the file, 0 if there is none."""
    try:
        number = path.read_bytes()
    except OSError:
        return 0
    return int(number) if number.isdigit() and len(number) < 10 else 0


def _try_to_lock(path: Path) -> int | None:
    """Return the descriptor of the file, locked, or None if another process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    # The process that had the lock may have removed the file after it was opened here. A file
    # without a name would be locked beside the one that a third process makes.
    with suppress(FileNotFoundError):
        if _take(descriptor) and os.path.samestat(os.fstat(descriptor), path.stat()):
            with suppress(OSError):  # a full disk: only the number of the holder is lost
                os.ftruncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
            return descriptor
    os.close(descriptor)
    return None


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        # Others may not even read what is locked here, so it is a byte behind the content.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True

    def _release(path: Path, descriptor: int) -> None:
        os.close(descriptor)  # an open file cannot be removed
        with suppress(OSError):  # another process has it open, and may have the lock already
            path.unlink()

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(path: Path, descriptor: int) -> None:
        with suppress(OSError):
            path.unlink()  # first: once it is released, the name may be another process's lock
        os.close(descriptor)
