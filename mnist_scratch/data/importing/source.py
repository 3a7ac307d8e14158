"""Telling what a source is, and reading it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.data.file_kind import GZIP, HTML, IDX, PACKED, PICTURES, TEXT, ZIP
from mnist_scratch.data.importing.csv_file import read_csv
from mnist_scratch.data.importing.npz_file import read_npz
from mnist_scratch.data.importing.part import Part, as_pictures, check_lengths, labels_of
from mnist_scratch.data.importing.pictures_by_class import read_pictures
from mnist_scratch.data.sources.classes import CLASSES_FILE, read_classes
from mnist_scratch.data.sources.own_files import find_files, kind_of_file, read_file
from mnist_scratch.data.sources.registry import FILE_NAMES
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
        return _read_folder(path, report)
    kind = kind_of_file(path)
    if kind == ZIP:
        return Source("an .npz file", *read_npz(path))
    if kind == TEXT:
        return Source("a CSV file", read_csv(path), None)
    remedy = "name a folder of pictures or of IDX files, a CSV or an .npz file"
    if kind == IDX or (kind == GZIP and "idx" in path.name.lower()):
        kind += ", images or labels alone"
        remedy = f"name the folder in which both are, such as {path.parent}"
    elif kind in PACKED:
        remedy = "unpack it, and name what was in it"
    elif kind in PICTURES:
        remedy = f"name the folder that has a folder for each class, such as {path.parent.parent}"
    elif kind == HTML:
        remedy = "a page about the file was saved in its place: download the file itself"
    raise MnistScratchError(f"{path} is {kind}; {remedy}")


def _read_folder(path: Path, report: Callable[[str], object]) -> Source:
    images, labels, test_images, test_labels = find_files(path)
    if images and labels:
        test = None
        if test_images and test_labels:
            test = _read_idx(test_images, test_labels, report)
        elif lone := test_images or test_labels:
            absent = FILE_NAMES[3] if test_images else FILE_NAMES[2]
            raise MnistScratchError(
                f"{path} has {lone.name} but no {absent}, plain or with .gz; place it there "
                f"too, or take {lone.name} away to hold out a test part"
            )
        classes = read_classes(path) if (path / CLASSES_FILE).exists() else ()
        return Source("IDX files", _read_idx(images, labels, report), test, classes)
    lone = images or labels
    if lone and kind_of_file(lone) in (IDX, GZIP):
        absent = FILE_NAMES[1] if images else FILE_NAMES[0]
        raise MnistScratchError(
            f"{path} has {lone.name} but no {absent}, plain or with .gz; place it there too"
        )
    return Source("pictures in folders", *read_pictures(path, report))


def _read_idx(images: Path, labels: Path, report: Callable[[str], object]) -> Part:
    name = f"{images}"
    pictures = as_pictures(read_file(images, report).array, name)
    numbers = read_file(labels, report).array
    where = f"{labels}, image {{}}".format
    part = Part(pictures, labels_of(numbers, where, f"{labels}"), f"{images}, image {{}}".format)
    return check_lengths(part, f"{images}, {labels}")
