"""A person's own images: four IDX files of MNIST's names, of which no hash is on record.

What can be checked is their format, their sizes, and that images and labels belong together. Their
SHA-256 is computed and written down with the run, which then goes on with the same images only.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import CLASSES, PIXELS, Dataset
from mnist_scratch.data.idx import parse_idx
from mnist_scratch.data.row_file import READS_ROWS, RowFile
from mnist_scratch.data.sources.files import decompressed
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.reading import opened_ordinary

_IMAGES_BEGIN, _LABELS_BEGIN = b"\x00\x00\x08\x03", b"\x00\x00\x08\x01"
_IMAGES_HEADER = 16  # bytes
# Images of a larger file are read one by one in training. Those of a smaller one are taken from the
# map, seven times as fast, and all its pages may stay.
_MOST_MAPPED_BYTES = 2**27
_LONG_TO_HASH = 10**9  # bytes, a second or two
_MOST_FILE_BYTES = 2**62


class _Content(NamedTuple):
    """What a file holds: its array, the SHA-256 of its plain content, and where it lies."""

    array: npt.NDArray[Any]
    sha256: str
    path: Path


def load_own_files(folder: Path, report: Callable[[str], object]) -> tuple[Dataset, Dataset]:
    """Load a training and a test set from a folder.

    Images that are not compressed stay on disk and are mapped: they may be more than the memory.

    Parameters
    ----------
    folder
        Where the four files lie, each plain or compressed with gzip, in which case `.gz` is
        appended to its name. Plain comes before compressed.
    report
        Is called with what a person should know.

    Raises
    ------
    MnistScratchError
        If a file is missing, cannot be read, is no IDX file of images or labels, or does not fit
        the other.
    """
    paths = [_find(folder, name) for name in FILE_NAMES]
    missing = [name for name, path in zip(FILE_NAMES, paths, strict=True) if path is None]
    if missing:
        raise MnistScratchError(
            f"{folder} has no {', '.join(missing)}, plain or with .gz; --dataset files needs all "
            "four, in the folder that --data-dir names"
        )
    contents = [
        _read(path, begin, report)
        for path, begin in zip(filter(None, paths), (_IMAGES_BEGIN, _LABELS_BEGIN) * 2, strict=True)
    ]
    hashes = {name: content.sha256 for name, content in zip(FILE_NAMES, contents, strict=True)}
    images, labels, test_images, test_labels = contents
    return _dataset(images, labels, hashes), _dataset(test_images, test_labels, hashes)


def _find(folder: Path, name: str) -> Path | None:
    paths = (folder / name, folder / f"{name}.gz")
    return next((path for path in paths if path.exists()), None)


def _read(path: Path, begin: bytes, report: Callable[[str], object]) -> _Content:
    """Return what a file holds; its first four bytes must be those of images, or of labels."""
    try:
        with opened_ordinary(path, _MOST_FILE_BYTES) as file:
            if path.suffix == ".gz":
                plain = _unpacked(file.read(), begin, path)
                return _Content(
                    parse_idx(plain, str(path)), hashlib.sha256(plain).hexdigest(), path
                )
            _check_begin(file.read(len(begin)), begin, path)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            array = parse_idx(mapped, str(path))
            if len(mapped) >= _LONG_TO_HASH:
                report(f"computing the SHA-256 of {path}, {len(mapped) / 1e9:.1f} GB")
            file.seek(0)  # not by the map, whose pages would count as this process's memory
            return _Content(array, hashlib.file_digest(file, "sha256").hexdigest(), path)
    except OSError as error:
        raise MnistScratchError(
            f"cannot read {path}: {error.strerror}; check that it is a file you may read"
        ) from error


def _unpacked(content: bytes, begin: bytes, path: Path) -> bytes:
    """Return the plain content of a compressed file, no more of it than its header announces."""
    try:
        header = zlib.decompressobj(wbits=31).decompress(content, _IMAGES_HEADER)
        _check_begin(header[: len(begin)], begin, path)
        sizes = 4 * begin[3]  # bytes of the sizes of its dimensions
        shape = struct.unpack(f">{begin[3]}I", header[4 : 4 + sizes])
        return decompressed(content, 4 + sizes + math.prod(shape))
    except (zlib.error, struct.error, ValueError) as error:
        raise MnistScratchError(
            f"{path} is damaged: {error}; compress it again with gzip, or place the plain file"
        ) from error


def _check_begin(found: bytes, begin: bytes, path: Path) -> None:
    if found != begin:
        kind = "images" if begin == _IMAGES_BEGIN else "labels"
        raise MnistScratchError(
            f"{path}: not an IDX file of {kind}, which begins {begin.hex(' ')}: it begins "
            f"{found.hex(' ') or 'with nothing'}"
        )


def _dataset(images: _Content, labels: _Content, hashes: dict[str, str]) -> Dataset:
    """Return the data set of images and labels that belong together."""
    count, height, width = images.array.shape
    if (height, width) != (28, 28):
        raise MnistScratchError(
            f"{images.path}: its images are {height} x {width}, where 28 x 28 are needed; scale "
            "them before they are written as IDX"
        )
    if len(labels.array) != count:
        raise MnistScratchError(
            f"{images.path} has {count:,} images, but {labels.path} has {len(labels.array):,} "
            "labels; put those together that belong together"
        )
    if count == 0:
        raise MnistScratchError(f"{images.path}: there is no image in it")
    if labels.array.max() >= CLASSES:
        example = int(np.argmax(labels.array >= CLASSES))
        raise MnistScratchError(
            f"{labels.path}: example {example} has the label {labels.array[example]}; labels are "
            f"0 to {CLASSES - 1}"
        )
    row_file = None
    if READS_ROWS and images.path.suffix != ".gz" and images.array.nbytes > _MOST_MAPPED_BYTES:
        row_file = RowFile(images.path, _IMAGES_HEADER, PIXELS)
    return Dataset("files", images.array, labels.array, hashes, row_file)
