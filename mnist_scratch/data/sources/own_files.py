"""A person's own images: four IDX files of MNIST's names, of which no hash is on record.

What can be checked is their format, and that images and labels belong together. Their SHA-256 is
written down with the run, which then resumes with the same images only.
"""

from __future__ import annotations

import math
import mmap
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy.typing as npt

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.idx import parse_idx
from mnist_scratch.data.sources.files import decompressed, sha256_of, unreadable
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.errors import MnistScratchError

_LONG_TO_HASH = 10**9  # bytes, a second or two


class _Content(NamedTuple):
    """What a file holds: its array, the SHA-256 of its plain content, and where it lies."""

    array: npt.NDArray[Any]
    sha256: str
    path: Path


def load_own_files(folder: Path, report: Callable[[str], object]) -> tuple[Dataset, Dataset]:
    """Load a training and a test set from a folder.

    Files that are not compressed stay on disk and are mapped: they may be larger than the memory.

    Parameters
    ----------
    folder
        Where the four files lie, each plain or compressed with gzip, in which case `.gz` is
        appended to its name. Plain comes before compressed.
    report
        Called with what a person should know.

    Raises
    ------
    MnistScratchError
        If a file is missing, cannot be read, is no IDX file, or does not fit the others.
    """
    paths = [_find(folder, name) for name in FILE_NAMES]
    missing = [name for name, path in zip(FILE_NAMES, paths, strict=True) if path is None]
    if missing:
        raise MnistScratchError(
            f"{folder} has no {', '.join(missing)}, plain or with .gz; all four files "
            "must lie in that folder"
        )
    contents = [_read(path, report) for path in paths if path]
    hashes = {name: content.sha256 for name, content in zip(FILE_NAMES, contents, strict=True)}
    images, labels, test_images, test_labels = contents
    return _dataset(images, labels, hashes), _dataset(test_images, test_labels, hashes)


def _find(folder: Path, name: str) -> Path | None:
    paths = (folder / name, folder / f"{name}.gz")
    return next((path for path in paths if path.exists()), None)


def _read(path: Path, report: Callable[[str], object]) -> _Content:
    try:
        if path.suffix == ".gz":
            content = _decompressed(path)
            return _Content(parse_idx(content, str(path)), sha256_of(content), path)
        with path.open("rb") as file:
            size = path.stat().st_size
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
            array = parse_idx(mapped, str(path))
            if size >= _LONG_TO_HASH:
                report(f"computing the SHA-256 of {path}, {size / 1e9:.1f} GB")
            # From the file: pages of the map would count as this process's memory.
            return _Content(array, sha256_of(file), path)
    except OSError as error:
        raise unreadable(path, error) from error


def _decompressed(path: Path) -> bytes:
    """Return the plain content of a compressed file, no more of it than its header announces."""
    content = path.read_bytes()
    try:
        header = zlib.decompressobj(wbits=31).decompress(content, 16)  # of images; labels' is 8
        sizes = header[3] * 4  # bytes
        shape = struct.unpack(f">{header[3]}I", header[4 : 4 + sizes])
        return decompressed(content, 4 + sizes + math.prod(shape))
    except (zlib.error, struct.error, ValueError, IndexError, OverflowError) as error:
        raise MnistScratchError(
            f"{path} is damaged, or no IDX file of images or labels: {error}; "
            "compress it again with gzip, or place the plain file"
        ) from error


def _dataset(images: _Content, labels: _Content, hashes: dict[str, str]) -> Dataset:
    try:
        return Dataset("files", images.array, labels.array, hashes)
    except MnistScratchError as error:
        reason = str(error).removeprefix("files: ")
        raise MnistScratchError(f"{images.path}, {labels.path}: {reason}") from error
