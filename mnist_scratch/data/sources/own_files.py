"""A person's own images: four IDX files, under any of the names that they have in the wild.

No hash of them is on record. What can be checked is their format, and that images and labels belong
together. Their SHA-256 is written down with the run, which then resumes with the same images only.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.file_kind import KNOWN_BY, file_kind
from mnist_scratch.data.idx import idx_size, parse_idx
from mnist_scratch.data.sources.classes import CLASSES_FILE, read_classes
from mnist_scratch.data.sources.files import decompressed, sha256_of, unreadable
from mnist_scratch.data.sources.pictures import PICTURES_FILE, as_word, read_resized
from mnist_scratch.data.sources.registry import DATASETS, DIGITS, FILE_NAMES
from mnist_scratch.errors import MnistScratchError

_LONG_TO_HASH = 10**9  # bytes, a second or two
_SHOWN = 3  # files of a folder in a message
_IMPORT = "'mnist-scratch data import {} --output DIR'"


class IdxFile(NamedTuple):
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
        Where the four files lie; see `find_files`. The names of the classes are in classes.txt
        beside them, if they have any; how the images were made, in pictures.txt.
    report
        Called with what a person should know.

    Raises
    ------
    MnistScratchError
        If a file is missing, cannot be read, is no IDX file, or does not fit the others.
    """
    paths = find_files(folder)
    missing = [name for name, path in zip(FILE_NAMES, paths, strict=True) if path is None]
    if len(missing) == len(FILE_NAMES):
        raise MnistScratchError(
            f"{folder} has no IDX files such as {FILE_NAMES[0]}: {_found_in(folder)}; "
            f"{_IMPORT.format(folder)} makes them from folders of pictures, CSV or .npz"
        )
    if missing:
        raise MnistScratchError(
            f"{folder} has no {', '.join(missing)}, plain or with .gz; all four files must lie in "
            f"that folder; where there is no test part, {_IMPORT.format(folder)} holds one out"
        )
    files = [read_file(path, report) for path in paths if path]
    hashes = {name: file.sha256 for name, file in zip(FILE_NAMES, files, strict=True)}
    images, labels, test_images, test_labels = files
    classes, first = _classes(folder, labels.array, test_labels.array)
    if first:
        report(f"labels 1 to {len(classes)} are numbered from 0; their names stay")
        labels, test_labels = (
            file._replace(array=file.array - first) for file in (labels, test_labels)
        )
    if (folder / CLASSES_FILE).exists():
        hashes[CLASSES_FILE] = sha256_of("\n".join(classes).encode())
    resized = read_resized(folder)
    if resized:
        hashes[PICTURES_FILE] = sha256_of(as_word(resized).encode())
    return (
        _dataset(images, labels, hashes, classes, resized),
        _dataset(test_images, test_labels, hashes, classes, resized),
    )


def _classes(
    folder: Path, labels: npt.NDArray[Any], test_labels: npt.NDArray[Any]
) -> tuple[tuple[str, ...], int]:
    """Return the names in classes.txt, or the labels where there is none; and the first label.

    Of N names and labels 1 to N, the first label is 1. Without classes.txt labels are names if they
    are 0, 1 and so on without a gap, or 1, 2 and so on to 10 or more, as those of EMNIST's letters
    are to 26. Otherwise they are the ten digits, as are 1 to 9.
    """
    if (folder / CLASSES_FILE).exists():
        names, both = read_classes(folder), np.concatenate([labels.ravel(), test_labels.ravel()])
        return names, int(both.size and both.min() > 0 and both.max() == len(names))
    if labels.dtype == np.uint8:
        found: list[int] = np.unique(labels).tolist()
        for first, fewest in ((0, 2), (1, len(DIGITS))):
            in_order = found == list(range(first, first + len(found)))
            if in_order and len(found) >= fewest and (test_labels >= first).all():
                return tuple(map(str, found)), first
    return read_classes(folder), 0


def find_files(folder: Path) -> list[Path | None]:
    """Find the files of a data set by what their names have in common.

    Parameters
    ----------
    folder
        Where they lie: as `train-images-idx3-ubyte`, with `.idx3-ubyte` as 7-Zip names them, with
        `.gz` or without, as `qmnist-test-labels-idx2-int`, `emnist-letters-train-images-idx3-ubyte`
        and so on; or each in a folder of its own name.

    Returns
    -------
    list
        Training images and labels, test images and labels: the path, or None.

    Raises
    ------
    MnistScratchError
        If the folder cannot be read, or several files may be meant.
    """
    try:
        paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    except OSError as error:
        raise MnistScratchError(
            f"cannot read {folder}: {error.strerror or error}; name a folder that you may read"
        ) from error
    return [_choose(folder, name, paths) for name in FILE_NAMES]


def _choose(folder: Path, name: str, paths: list[Path]) -> Path | None:
    """Return the file that plays the part of one of MNIST's files: that of its name, first."""
    dotted = name.replace("-idx", ".idx")
    known = [
        path
        for each in (name, dotted)
        for path in filter(Path.exists, (folder / each, folder / f"{each}.gz"))
    ]
    if len({path.name.removesuffix(".gz") for path in known}) > 1:
        raise MnistScratchError(
            f"{folder}: {known[0].name} and {known[-1].name} are two files for one part; take one "
            "of them away"
        )
    if known:
        return _within(known[0])
    part = "test" if name.startswith("t10k") else "train"
    what = "images" if "images" in name else "labels"
    found = [
        path
        for path in map(_within, paths)
        if _plays(path.name.lower()) == (part, what) and path.is_file()
    ]
    if len(found) > 1:
        raise MnistScratchError(
            f"{folder}: {found[0].name} or {found[1].name} may be {name}; keep one of them there, "
            f"or give one the name {name}"
        )
    return found[0] if found else None


def _plays(name: str) -> tuple[str, str]:
    """Return of which part a file is by its name in small letters, and what it holds."""
    what = next((word for word in ("images", "labels") if word in name), "")
    if re.search(r"(?<![a-z])(test|t10k)", name):
        return "test", what
    return "train" if re.search(r"(?<![a-z])train|idx", name) else "", what


def _within(path: Path) -> Path:
    """Return the file in a folder of its own name, as some archives unpack it."""
    inner = path / path.name
    return inner if inner.exists() else path


def _found_in(folder: Path) -> str:
    """Return what is in a folder instead of IDX files."""
    paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "__"))]
    folders = [path.name for path in paths if path.is_dir()]
    files = [f"{path.name}, {kind_of_file(path)}" for path in paths if path.is_file()]
    found = [f"{len(folders)} folders ({', '.join(folders[:_SHOWN])})"] if folders else []
    if len(folders) == 1:
        found = [f"the folder {folders[0]}"]
    found += files[:_SHOWN]
    if len(files) > _SHOWN:
        found.append(f"{len(files) - _SHOWN} files more")
    return f"it has {'; '.join(found)}" if found else "it is empty"


def kind_of_file(path: Path) -> str:
    """Return what a file is, such as "a ZIP archive", by its first bytes."""
    try:
        with path.open("rb") as file:
            return file_kind(file.read(KNOWN_BY))
    except OSError as error:
        raise unreadable(path, error) from error


def read_file(path: Path, report: Callable[[str], object]) -> IdxFile:
    """Read an IDX file, compressed or not, whatever its name says.

    Labels of QMNIST become the classes alone, and images of EMNIST, published lying on their sides,
    are turned upright.

    Parameters
    ----------
    path
        Where it lies. A file that is not compressed is mapped, not read.
    report
        Called with what a person should know.

    Raises
    ------
    MnistScratchError
        If it cannot be read, or is not exactly one IDX array.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
            if mapped[:2] == b"\x1f\x8b":
                content = _decompressed(path, bytes(mapped))
                array, sha256 = parse_idx(content, str(path)), sha256_of(content)
            else:
                array = parse_idx(mapped, str(path))
                if size >= _LONG_TO_HASH:
                    report(f"computing the SHA-256 of {path}, {size / 1e9:.1f} GB")
                # From the file: pages of the map would count as this process's memory.
                sha256 = sha256_of(file)
    except OSError as error:
        raise unreadable(path, error) from error
    if array.ndim == 2 and array.shape[1] == 8:
        array = DATASETS["qmnist"].to_mnist_layout(array)
    if array.ndim == 1 and array.dtype != np.uint8 and np.isin(array, np.arange(256)).all():
        array = array.astype(np.uint8)
    if array.ndim == 3 and path.name.lower().startswith("emnist"):
        report(f"{path.name}: turned upright, since EMNIST's images are published on their sides")
        array = DATASETS["emnist-digits"].to_mnist_layout(array)
    return IdxFile(array, sha256, path)


def _decompressed(path: Path, content: bytes) -> memoryview:
    """Return the plain content of a compressed file, no more of it than its header announces."""
    try:
        beginning = zlib.decompressobj(wbits=31).decompress(content, KNOWN_BY)
        return decompressed(content, idx_size(beginning, f"{path}, decompressed"))
    except (zlib.error, ValueError, OverflowError) as error:
        raise MnistScratchError(
            f"{path} is damaged: {error}; compress it again with gzip, or place the plain file"
        ) from error


def _dataset(
    images: IdxFile,
    labels: IdxFile,
    hashes: dict[str, str],
    classes: Sequence[str],
    resized: str,
) -> Dataset:
    if images.array.ndim == 3 and images.array.shape[1:] != (28, 28):
        height, width = images.array.shape[1:]
        raise MnistScratchError(
            f"{images.path}: images of {height} x {width}, where 28 x 28 is needed; "
            f"{_IMPORT.format(images.path.parent)} resizes them"
        )
    try:
        return Dataset("files", images.array, labels.array, hashes, classes, resized)
    except ValueError as error:
        reason = str(error).removeprefix("files: ")
        raise MnistScratchError(f"{images.path}, {labels.path}: {reason}") from error
