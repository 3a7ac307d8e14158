"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import IO

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.text import shown


def as_path(path: str | os.PathLike[str], argument: str) -> Path:
    """Return the path that an argument of a public function names.

    Raises
    ------
    TypeError, ValueError
        If it is none, or has a character that no file name can have.
    """
    try:
        found = Path(path)
    except TypeError:
        raise TypeError(f"{argument} = {shown(path)}: must be a path, as str or Path") from None
    if "\0" in str(found):
        raise ValueError(f"{argument} = {shown(path)}: a path has no NUL character")
    return found


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
    if not path.name:
        raise MnistScratchError(f"cannot write {path}: it is a folder; name a file in it")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """Make a temporary folder that gets the name `path` once all files are in it.

    Raises
    ------
    MnistScratchError
        If there is something of that name, or the operating system refuses.
    """
    if path.exists():
        raise MnistScratchError(f"{path} exists, and nothing is overwritten; name a new folder")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.rename(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        rmtree(temporary, ignore_errors=True)


def _cannot_write(path: Path, error: OSError) -> MnistScratchError:
    return MnistScratchError(
        f"cannot write {path}: {error.strerror or error}; "
        "check the space and the permissions there, or name another place"
    )


def write_text_whole(path: Path, text: str) -> None:
    """Write a UTF-8 text file with `written_whole`; line ends stay as they are in the text."""
    with written_whole(path) as file:
        file.write(text.encode())


def check_name(output: Path, what: str, *endings: str) -> None:
    """Make sure that the name of an output says its format.

    A mistyped name then overwrites no file of another kind, such as a run's own.

    Raises
    ------
    MnistScratchError
        If the name has none of the endings.
    """
    if output.suffix.lower() not in endings:
        raise MnistScratchError(f"{output}: {what}; let the name end in {' or '.join(endings)}")


def is_leftover(path: Path) -> bool:
    """Return whether a file is the rest of a `written_whole` whose process was killed."""
    process = re.fullmatch(r"\..+\.(\d{1,9})\.part", path.name)
    return process is not None and not is_running(int(process[1]))


def is_running(process: int) -> bool:
    """Return whether a process with that number runs; always false on Windows."""
    if os.name == "nt":
        return False  # a file that the process has open cannot be deleted there anyway
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another user's
    return True


def _flush_folder(folder: Path) -> None:
    """Bring a folder's new names to disk: without it a power cut can undo a rename."""
    if os.name == "nt":
        return  # Windows has no way to open a folder for this
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
