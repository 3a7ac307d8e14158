"""One process at a time: an advisory lock on a file, which a crash does not leave behind."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import is_running, open_own
from mnist_scratch.system.reading import read_whole

_PAUSE = 0.1  # seconds between two tries
_VANISHED = 1000  # times that a folder may vanish under the file before it is no accident


class InUseError(MnistScratchError):
    """Another process holds the lock."""


@contextmanager
def locked(
    path: Path, *, wait: bool, report: Callable[[str], object] | None = None
) -> Iterator[None]:
    """Hold the lock of a file, which no other process then gets.

    The operating system takes the lock back when the process ends, however it ends; a file that a
    crash left there means nothing. The file is there only while the lock is held. Folders above it
    are made, and removed again if nothing was put into them and nobody else waits there.

    Parameters
    ----------
    path
        The lock's file; its content is the number of the process that holds it.
    wait
        Whether to wait until the lock is free, or to be refused at once.
    report
        Is called once, before waiting, with who holds the lock ("process 4711").

    Raises
    ------
    MnistScratchError
        If another process holds the lock and `wait` is false, or the file cannot be locked, or is
        a link, a pipe or a folder.
    """
    made = [folder for folder in path.parents if not folder.exists()]
    try:
        while (descriptor := _try_to_lock(path)) is None:
            holder = _holder(path)
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
        _remove(made)
        raise MnistScratchError(
            f"cannot lock {path.parent}: {error.strerror or error}; "
            "check the space and the permissions there, or name another folder"
        ) from error
    try:
        yield
    finally:
        _release(path, descriptor)
        _remove(made)


def _try_to_lock(path: Path) -> int | None:
    """Return the descriptor of the file, locked, or None if another process has it."""
    vanished = 0
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = open_own(path)
        except (FileNotFoundError, FileExistsError):
            # Another process has just released the lock, and removed the folder; if it does so
            # while the folder is made here, pathlib says that it exists.
            vanished += 1
            if vanished > _VANISHED:
                raise
            continue
        try:
            if not _take(descriptor):
                os.close(descriptor)
                return None
            # Whoever had it before may have removed the file after it was opened here. Then this is
            # the lock of a file without a name, which a third process would not meet.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    with suppress(OSError):  # a full disk: only the name of the holder is lost
                        os.ftruncate(descriptor, 0)
                        os.write(descriptor, str(os.getpid()).encode())
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


if sys.platform == "win32":
    import errno
    import msvcrt

    def _take(descriptor: int) -> bool:
        # Others may not even read what is locked here, so it is a byte behind the content.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EDEADLK}:
                return False
            raise
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


def running_holder(path: Path) -> str:
    """Return who holds a lock, "process 4711", without touching it; "" if nobody is known to.

    A file that a crash left has the number of a process that does not run any more.
    """
    number = _number(path)
    return f"process {number}" if number and is_running(number) else ""


def _holder(path: Path) -> str:
    number = _number(path)
    return f"process {number}" if number else "another process"


def _number(path: Path) -> int:
    """Return the number in the file, 0 if there is none."""
    try:
        number = read_whole(path, 9).decode("ascii")
    except (OSError, ValueError):
        return 0
    return int(number) if number.isdecimal() else 0


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()  # as long as it is empty
