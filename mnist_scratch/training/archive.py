"""Named arrays in a file: .npz without objects, every array checked before it is read.

An .npz file is a ZIP archive of .npy files (numpy.lib.format), here stored without compression, so
that no array is larger than the file.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.files import written_whole


def save_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays to an .npz file. The same arrays give the same bytes.

    Raises
    ------
    MnistScratchError
        If the file cannot be written.
    """
    with written_whole(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub has no way to say "any name"


class Arrays:
    """The arrays of a file, each to be taken once."""

    def __init__(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        self._arrays = arrays

    def take(self, name: str, kind: str, dimensions: int) -> npt.NDArray[Any]:
        """Return an array, checked.

        Parameters
        ----------
        name
            Its name.
        kind
            How the code of its dtype begins: "f4", "f8", "i8", "u1", or "U" for text of any width.
        dimensions
            How many it has.

        Raises
        ------
        ValueError
            If it is missing or of another kind.
        """
        array = self._arrays.pop(name, None)
        if array is None:
            raise ValueError(f"the array '{name}' is missing")
        if not array.dtype.str[1:].startswith(kind) or array.ndim != dimensions:
            raise ValueError(f"the array '{name}' is {array.dtype} {array.shape}")
        return array

    def check_all_taken(self) -> None:
        """Make sure that nothing is left.

        Raises
        ------
        ValueError
            If an array was not taken: it has no business in the file.
        """
        if self._arrays:
            raise ValueError(f"unknown array '{next(iter(self._arrays))}'")


@contextmanager
def opened_arrays(path: Path, what: str, remedy: str) -> Iterator[Arrays]:
    """Read an .npz file, to take every array out of it. Nothing is unpickled.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, for the error: "a model".
    remedy
        What to do if it is not, for the error.

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
        arrays = Arrays(_read_arrays(path))
        yield arrays
    except OSError as error:
        raise MnistScratchError(
            f"cannot read {path}: {error.strerror or error}; is it the folder of a finished run?"
        ) from error
    except (ValueError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise MnistScratchError(f"{path} is not {what}, or damaged: {error}; {remedy}") from error


def _read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read every array of an .npz file, each only after its announced size proved to be there."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if info.compress_type != zipfile.ZIP_STORED or info.file_size > path.stat().st_size:
                raise ValueError(f"{name} is compressed or larger than the file")
            if name in arrays:
                raise ValueError(f"{name} is there twice")
            with archive.open(info) as member:
                if np.lib.format.read_magic(member) != (1, 0):
                    raise ValueError(f"{name} has an unknown format")
                shape, _, dtype = np.lib.format.read_array_header_1_0(member)
                if dtype.hasobject or math.prod(shape) * dtype.itemsize != (
                    info.file_size - member.tell()
                ):
                    raise ValueError(f"{name} is not the array that its header announces")
            with archive.open(info) as member:
                arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
    return arrays
