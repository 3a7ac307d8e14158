"""Rows of bytes in a file too large for the memory: each is read when it is asked for.

Mapping such a file is simpler, and slices of it are taken that way. But a mapped page counts as the
process's own memory from when it is touched, and the kernel maps up to 2 MB at a touch: after 2,560
random images of a file of 6.4 GB a process has 3.5 GB. To give them back costs more than to read.
"""

from __future__ import annotations

import os
import weakref
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError

# Windows has no pread; there such files are mapped only, as the small ones are.
READS_ROWS = hasattr(os, "pread")


class RowFile:
    """Rows of equal length in a file.

    Parameters
    ----------
    path
        The file, which stays open.
    start
        Where its first row begins, in bytes.
    length
        Of a row, in bytes.

    Raises
    ------
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: Path, start: int, length: int) -> None:
        self.path = path
        self._start = start
        self._length = length
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)
        if hasattr(os, "posix_fadvise"):  # what lies beside a row is not asked for next
            os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_RANDOM)

    def read(self, rows: npt.NDArray[np.int64], out: npt.NDArray[np.uint8]) -> None:
        """Read rows.

        Parameters
        ----------
        rows
            int64 (B,), their numbers from 0.
        out
            uint8 (B, length), where they go.

        Raises
        ------
        MnistScratchError
            If the file has become shorter.
        """
        pread, descriptor, length = os.pread, self._descriptor, self._length
        offsets = (rows * length + self._start).tolist()
        # 1.8 microseconds a row, of which the kernel has most.
        content = b"".join([pread(descriptor, length, offset) for offset in offsets])
        if len(content) != out.size:
            raise MnistScratchError(
                f"{self.path} has become shorter while it was read; put the whole file back"
            )
        out[...] = np.frombuffer(content, np.uint8).reshape(out.shape)
