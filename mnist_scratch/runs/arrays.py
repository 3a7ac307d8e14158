"""Named arrays in an .npz file, each checked before it is read. Nothing is unpickled.

`numpy.load` alone would inflate what is compressed and allocate whatever a header announces. Here
every array is stored as it is, is asked for by name, and has the bytes that its header says.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import written_whole
from mnist_scratch.system.text import printable

if TYPE_CHECKING:
    from zipfile import ZipFile

_STORED = 0  # zipfile.ZIP_STORED
_ENCRYPTED = 0x1  # of a member's flags
_LONGEST_HEADER = 256  # NumPy pads it to 118; a nested one of 10,000 takes seconds to parse
_LONGEST_REASON = 200


def save_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays to an .npz file. The same arrays give the same bytes.

    Raises
    ------
    MnistScratchError
        If the file cannot be written.
    """
    in_order = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    with written_whole(path) as file:
        np.savez(file, **in_order)  # type: ignore[arg-type]  # its stub cannot say "any name"


class Arrays:
    """The arrays of an open .npz file, to be taken one by one; see `opened_arrays`.

    Raises
    ------
    ValueError
        If two have the same name, or together they are larger than the file.
    """

    def __init__(self, archive: ZipFile, file_size: int) -> None:
        members = archive.infolist()
        self._archive = archive
        self._file_size = file_size
        self._untaken = {member.filename: member for member in members}
        if len(self._untaken) < len(members):
            raise ValueError("an array is there twice")
        if sum(member.file_size for member in members) > file_size:
            raise ValueError("its arrays are larger than the file")

    def __contains__(self, name: str) -> bool:
        return f"{name}.npy" in self._untaken

    def take(self, name: str, code: str | tuple[str, ...], dimensions: int) -> npt.NDArray[Any]:
        """Read an array.

        Parameters
        ----------
        name
            Its name.
        code
            Its dtype: "f4", "f8", "i8", "u1", or "U" for text of any width; or a choice of them.
        dimensions
            How many it has.

        Raises
        ------
        ValueError
            If it is missing, of another kind, or not exactly as long as its header says.
        """
        member = self._untaken.pop(f"{name}.npy", None)
        if member is None:
            raise ValueError(f"the array '{name}' is missing")
        if member.compress_type != _STORED or member.flag_bits & _ENCRYPTED:
            raise ValueError(f"the array '{name}' is compressed or encrypted")
        with self._archive.open(member) as file:
            if npy.read_magic(file) != (1, 0):
                raise ValueError(f"the array '{name}' is not in version 1.0 of the .npy format")
            shape, is_fortran, dtype = npy.read_array_header_1_0(file, _LONGEST_HEADER)
            if not dtype.str.lstrip("<|").startswith(code) or len(shape) != dimensions:
                raise ValueError(f"the array '{name}' is {dtype.str} {shape}")
            size = math.prod(shape) * dtype.itemsize
            # Beside a size of 0 any other makes 0 bytes, and would count later.
            sizes_fit = all(0 <= length <= self._file_size for length in shape)
            if is_fortran or not sizes_fit or size != member.file_size - file.tell():
                raise ValueError(
                    f"the array '{name}' announces {dtype.str} {shape}, which its "
                    f"{member.file_size - file.tell()} bytes are not"
                )
            file.seek(0)
            array = npy.read_array(file, allow_pickle=False)
            file.read()  # an empty array's CRC-32 is compared only at the end of the file
        if code == "U" and (np.atleast_1d(array).view(np.uint32) > sys.maxunicode).any():
            raise ValueError(f"the array '{name}' is not Unicode text")
        return array

    def check_all_taken(self) -> None:
        """Make sure that every array of the file was asked for.

        Raises
        ------
        ValueError
            If one was not.
        """
        for name in self._untaken:
            raise ValueError(f"unknown array '{name.removesuffix('.npy')}'")


@contextmanager
def opened_arrays(path: Path, what: str) -> Iterator[Arrays]:
    """Open an .npz file to take every array out of it.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, for the error: "a model".

    Yields
    ------
    Arrays
        What is raised while they are taken is about the file, and becomes the error below.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or is not what it should be.
    """
    from zipfile import ZipFile  # 3% of the import of NumPy

    try:
        with ZipFile(path) as archive:
            yield Arrays(archive, path.stat().st_size)
    except OSError as error:
        raise MnistScratchError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # zipfile and NumPy raise a dozen kinds for damaged files
        reason = printable(str(error)[:_LONGEST_REASON])
        raise MnistScratchError(f"{path} is not {what}, or damaged: {reason}") from error
