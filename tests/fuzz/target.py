"""What is fuzzed: a reader, with inputs to begin from and a way to change them."""

from __future__ import annotations

import functools
import io
import random
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.errors import MnistScratchError

# A file in memory, where there is such a place: a disk would be slower by much.
_MEMORY = Path("/dev/shm")  # noqa: S108  # only a folder with a random name
_FOLDER = tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)

Mutate = Callable[[bytes, int], bytes]
Change = Callable[[bytes, random.Random, Mutate], bytes]


class Target(NamedTuple):
    """A reader to be fuzzed.

    A fuzzer that changes any bytes never finds a right CRC-32 or the name of a setting, so a target
    changes its inputs itself, knowing their format.

    Attributes
    ----------
    read
        Reads an input and checks what comes of it; may raise MnistScratchError.
    seeds
        Returns inputs to begin with.
    change
        Changes an input, with a source of randomness and a function that changes any bytes.
    largest
        The most bytes of an input.
    """

    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    change: Change
    largest: int

    def run(self, content: bytes) -> None:
        """Read an input; whatever is raised beside MnistScratchError is a defect."""
        with suppress(MnistScratchError):
            self.read(content)


@functools.cache
def _place(name: str) -> Path:
    return Path(_FOLDER.name) / name


def file_holding(content: bytes, name: str = "input") -> Path:
    """Return a file with the content, which the next call overwrites."""
    path = _place(name)
    with io.FileIO(str(path), "w") as file:
        file.write(content)
    return path
