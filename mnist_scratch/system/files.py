"""Writing a file so that it is there whole or not at all, and no other file through a link."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mnist_scratch.errors import MnistScratchError


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes the place of `path` once it is complete.

    The file is written beside its target, flushed to disk and renamed, and the folder is flushed,
    so that neither a crash nor a full disk leaves half a file under the name that readers trust.
    Folders above are made.

    Parameters
    ----------
    path
        The target.

    Yields
    ------
    IO[bytes]
        The temporary file, open for writing.

    Raises
    ------
    MnistScratchError
        If the operating system refuses; the target is then as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)  # a crashed process may have had this number
        with temporary.open("xb") as file:  # follows no link that somebody put there since
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise MnistScratchError(
            f"cannot write {path}: {error.strerror or error}; "
            "check the space and the permissions there, or name another place"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_name(output: Path, what: str, *endings: str) -> None:
    """Make sure that the name of an output says its format.

    So a run's own files, or whatever a name was mistyped for, are not written over.

    Raises
    ------
    MnistScratchError
        If the name has none of the endings.
    """
    if output.suffix.lower() not in endings:
        raise MnistScratchError(f"{output}: {what}; let the name end in {' or '.join(endings)}")


def check_own(path: Path) -> None:
    """Make sure that what lies under the name of a file of this program's own can be that file.

    Raises
    ------
    MnistScratchError
        If it is a link, a folder, a pipe or a device; says what, and to remove it.
    """
    with suppress(FileNotFoundError):
        _check_own(path, path.lstat())


def open_own(path: Path, flags: int = 0) -> int:
    """Open, or make, a file of this program's own, to read and write it.

    Nothing that lies there instead is written through, waited for or emptied.

    Parameters
    ----------
    path
        The file.
    flags
        Of `os.open`, beside those that this needs.

    Returns
    -------
    int
        The descriptor.

    Raises
    ------
    MnistScratchError
        As from `check_own`.
    OSError
        If the operating system refuses.
    """
    check_own(path)
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    binary = getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags | os.O_RDWR | os.O_CREAT | careful | binary, 0o666)
    try:
        _check_own(path, os.fstat(descriptor))  # it may be another one by now
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_own(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        kind = "a link"
    elif stat.S_ISDIR(found.st_mode):
        kind = "a folder"
    elif not stat.S_ISREG(found.st_mode):
        kind = "a device or a pipe"
    elif found.st_nlink > 1:
        kind = "a hard link"
    else:
        return
    raise MnistScratchError(
        f"{path} is {kind}, where this program writes a file of its own; remove it"
    )


def _flush_folder(folder: Path) -> None:
    """Bring a folder's new names to disk: without it a power cut can undo a rename."""
    if os.name == "nt":
        return  # Windows has no way to open a folder for this
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_leftover(path: Path, names: Collection[str]) -> bool:
    """Say whether a crash in the middle of `written_whole` left a file.

    Parameters
    ----------
    path
        The file.
    names
        Of the files that are written where it lies. What a process that still runs is writing is
        no leftover.
    """
    parts = re.fullmatch(r"\.(.+)\.(\d{1,9})\.part", path.name)
    return parts is not None and parts[1] in names and not is_running(int(parts[2]))


def is_running(process: int) -> bool:
    """Say whether a process with that number runs; never on Windows, which does not tell."""
    if os.name == "nt":
        return False  # and a file that it has open cannot be deleted there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another user's
    return True


def write_text_whole(path: Path, text: str) -> None:
    """Write a UTF-8 text file with `written_whole`; line ends stay as they are in the text."""
    with written_whole(path) as file:
        file.write(text.encode())
