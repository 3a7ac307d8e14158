"""Opening a file that could be anything: only if it is an ordinary one, and not too large."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path


@contextmanager
def opened_ordinary(path: Path, limit: int) -> Iterator[BufferedReader]:
    """Open a file to read it.

    Opening a pipe waits for somebody to write into it, and a device may never end.

    Parameters
    ----------
    path
        The file.
    limit
        The most bytes that it may have.

    Yields
    ------
    BufferedReader
        The file, at its beginning.

    Raises
    ------
    OSError
        If it cannot be opened, is not an ordinary file, or is larger; its `strerror` says which.
    """
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a device or a pipe, not an ordinary file", str(path))
    if found.st_size > limit:
        message = f"it has {found.st_size:,} bytes, where at most {limit:,} are read"
        raise OSError(errno.EFBIG, message, str(path))
    with path.open("rb") as file:
        yield file


def read_whole(path: Path, limit: int) -> bytes:
    """Return the content of a file.

    Parameters
    ----------
    path, limit
        As of `opened_ordinary`.

    Raises
    ------
    OSError
        As from `opened_ordinary`.
    """
    with opened_ordinary(path, limit) as file:
        content = file.read(limit + 1)
    if len(content) > limit:  # it grew, or is one of those that do not tell their size
        raise OSError(errno.EFBIG, f"it has more than the {limit:,} bytes that are read", str(path))
    return content
