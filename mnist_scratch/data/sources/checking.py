"""Whether the files of a data set are there, and right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.data.sources.files import FILE_NAMES, SourceFile, locate, missing, read_verified
from mnist_scratch.data.sources.load import known_files
from mnist_scratch.data.sources.registry import SOURCES
from mnist_scratch.data.sources.zipped import opened_verified
from mnist_scratch.errors import MnistScratchError


class FileState(NamedTuple):
    """What was found of one file of a data set.

    Attributes
    ----------
    dataset
        Its name.
    path
        Where it is, or would be.
    state
        "verified", "missing" or "damaged".
    problem
        What is wrong with a damaged file, and what to do; else "".
    """

    dataset: str
    path: Path
    state: str
    problem: str = ""


def check_files(dataset: str, folder: Path) -> list[FileState]:
    """Look for every file of a data set in a folder, and read and hash what is there.

    Of a data set that is published as an archive that is the archive alone, unless files that were
    unpacked are there instead.
    """
    return [_check(dataset, file, folder) for file in _looked_for(dataset, folder)]


def _looked_for(dataset: str, folder: Path) -> Sequence[SourceFile]:
    files = known_files(dataset, folder) or [SourceFile(name, 0, "") for name in FILE_NAMES]
    archive = SOURCES[dataset].archive if dataset in SOURCES else None
    if archive is None or not (absent := missing(files, folder)):
        return files
    return [archive] if len(absent) == len(files) or locate(archive, folder) else files


def _check(dataset: str, file: SourceFile, folder: Path) -> FileState:
    path = locate(file, folder)
    if path is None:
        name = file.packed_name if file.packed_size else file.name
        return FileState(dataset, folder / name, "missing")
    if not file.packed_size and not file.size:
        problem = f"{path} is on no record: no synthetic.json of this version lies beside it"
        return FileState(dataset, path, "damaged", problem)
    try:
        if path.suffix == ".zip":
            with opened_verified(file, path):
                pass
        else:
            read_verified(file, path)
    except MnistScratchError as error:
        return FileState(dataset, path, "damaged", str(error))
    return FileState(dataset, path, "verified")
