"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mnist_scratch.errors import MnistScratchError


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes the place of `path` once it is complete.

    The file is written beside its target, flushed to disk and renamed, so that neither a crash nor
    a full disk leaves half a file under the name that readers trust. Folders above are made.

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
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise MnistScratchError(
            f"cannot write {path}: {error.strerror or error}; "
            "check the space and the permissions there, or name another place"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text_whole(path: Path, text: str) -> None:
    """Write a UTF-8 text file with `written_whole`; line ends stay as they are in the text."""
    with written_whole(path) as file:
        file.write(text.encode())
