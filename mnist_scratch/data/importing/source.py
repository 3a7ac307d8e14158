"""Telling what a source is, and reading it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.data.file_kind import KNOWN_BY, file_kind
from mnist_scratch.data.importing.csv_file import read_csv
from mnist_scratch.data.importing.npz_file import read_npz
from mnist_scratch.data.importing.part import Part, as_pictures, check_lengths, labels_of
from mnist_scratch.data.importing.pictures_by_class import read_pictures
from mnist_scratch.data.sources.classes import CLASSES_FILE, read_classes
from mnist_scratch.data.sources.files import unreadable
from mnist_scratch.data.sources.own_files import find_files, read_file
from mnist_scratch.errors import MnistScratchError


class Source(NamedTuple):
    """What was read.

    Attributes
    ----------
    kind
        What it is, for a person.
    training, test
        Its parts; the test part is None where it has none.
    classes
        The names of its classes, if they are written beside it.
    """

    kind: str
    training: Part
    test: Part | None
    classes: Sequence[str] = ()


def read_source(path: Path, report: Callable[[str], object]) -> Source:
    """Read a folder of pictures or of IDX files, a CSV or an .npz file.

    Raises
    ------
    MnistScratchError
        If it is none of these, or cannot be read.
    """
    if not path.exists():
        raise MnistScratchError(f"{path}: no such file or folder; check the name")
    if path.is_dir():
        images, labels, test_images, test_labels = find_files(path)
        if images and labels:
            classes = read_classes(path) if (path / CLASSES_FILE).exists() else ()
            training = _read_idx(images, labels, report)
            if test_images is None or test_labels is None:
                return Source("IDX files", training, None, classes)
            return Source(
                "IDX files", training, _read_idx(test_images, test_labels, report), classes
            )
        return Source("pictures in folders", *read_pictures(path, report))
    try:
        with path.open("rb") as file:
            kind = file_kind(file.read(KNOWN_BY))
    except OSError as error:
        raise unreadable(path, error) from error
    if kind == "a ZIP archive":
        return Source("an .npz file", *read_npz(path))
    if kind == "a text file":
        return Source("a CSV file", read_csv(path), None)
    remedy = "name a folder of pictures or of IDX files, a CSV or an .npz file"
    if kind.endswith("archive") or kind in ("a gzip file", "an xz file", "a bzip2 file"):
        remedy = "unpack it, and name what was in it"
    elif kind.endswith("picture") or "idx" in path.name.lower():
        remedy = f"name the folder that it is in, {path.parent}"
    raise MnistScratchError(f"{path} is {kind}; {remedy}")


def _read_idx(images: Path, labels: Path, report: Callable[[str], object]) -> Part:
    name = f"{images}"
    pictures = as_pictures(read_file(images, report).array, name)
    numbers = read_file(labels, report).array
    where = f"{labels}, image {{}}".format
    part = Part(pictures, labels_of(numbers, where, f"{labels}"), f"{images}, image {{}}".format)
    return check_lengths(part, f"{images}, {labels}")
