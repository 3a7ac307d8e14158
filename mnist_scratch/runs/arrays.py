"""Named arrays in a file, each checked against what it should be before it is read."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.npz import LARGEST_FILE, Member, read_headers, read_values
from mnist_scratch.system.files import written_whole
from mnist_scratch.system.reading import opened_ordinary

_LARGEST_CONTENT = LARGEST_FILE - 10**7  # which leaves room for the headers


def save_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays to an .npz file. The same arrays give the same bytes.

    Raises
    ------
    MnistScratchError
        If the file cannot be written, or would be too large to be read again.
    """
    size = sum(array.nbytes for array in arrays.values())
    if size > _LARGEST_CONTENT:
        raise MnistScratchError(
            f"cannot write {path}: its arrays have {size:,} bytes, where at most "
            f"{_LARGEST_CONTENT:,} can be read again; choose smaller layers"
        )
    in_order = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    with written_whole(path) as file:
        np.savez(file, **in_order)  # type: ignore[arg-type]  # its stub cannot say "any name"


class Arrays:
    """The arrays of an open file, to be read one by one.

    Parameters
    ----------
    file
        The file.
    members
        What `read_headers` found in it.
    """

    def __init__(self, file: IO[bytes], members: Mapping[str, Member]) -> None:
        self._file = file
        self._members = members
        self._unknown = set(members)

    def shape(
        self, name: str, kind: str, dimensions: int, limit: int = LARGEST_FILE
    ) -> tuple[int, ...]:
        """Check what the headers say of an array, and return its shape.

        Parameters
        ----------
        name
            Its name.
        kind
            How the code of its dtype begins: "f4", "f8", "i8", "u1", or "U" for text of any width.
        dimensions
            How many it has.
        limit
            The most bytes that it may have.

        Raises
        ------
        ValueError
            If it is missing, of another kind or larger.
        """
        if name not in self._members:
            raise ValueError(f"the array '{name}' is missing")
        member = self._members[name]
        if not member.code.startswith(kind) or len(member.shape) != dimensions:
            raise ValueError(f"the array '{name}' is {np.dtype(member.code)} {member.shape}")
        if member.size > limit:
            raise ValueError(f"the array '{name}' has {member.size:,} bytes, more than {limit:,}")
        self._unknown.discard(name)
        return member.shape

    def take(
        self, name: str, kind: str, dimensions: int, limit: int = LARGEST_FILE
    ) -> npt.NDArray[Any]:
        """Read an array.

        Parameters
        ----------
        name, kind, dimensions, limit
            As of `shape`.

        Raises
        ------
        ValueError
            As from `shape`; or if the array is damaged.
        """
        self.shape(name, kind, dimensions, limit)
        return read_values(self._file, name, self._members[name])

    def check_all_taken(self) -> None:
        """Make sure that every array of the file was asked for.

        Raises
        ------
        ValueError
            If one was not: it has no business in the file.
        """
        if self._unknown:
            raise ValueError(f"unknown array '{min(self._unknown)}'")


@contextmanager
def opened_arrays(path: Path, what: str) -> Iterator[Arrays]:
    """Open an .npz file, to take every array out of it. Nothing is unpickled or evaluated.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, for the error: "a model".

    Yields
    ------
    Arrays
        A ValueError raised while they are taken is about the file, and becomes the error below.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or what is in it cannot be taken.
    """
    try:
        with opened_ordinary(path, LARGEST_FILE) as file:
            yield Arrays(file, read_headers(file))
    except OSError as error:
        raise MnistScratchError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError, struct.error) as error:  # the last if it shrinks meanwhile
        raise MnistScratchError(f"{path} is not {what}, or damaged: {error}") from error
    except MemoryError as error:
        raise MnistScratchError(f"there is not enough memory to read {path}; free some") from error
