"""The data set that a run asks for: found on disk, fetched, or drawn by the program itself."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import numpy.typing as npt

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.idx import parse_idx
from mnist_scratch.data.sources.files import (
    AUTO,
    MNIST,
    SYNTHETIC,
    SourceFile,
    data_folder,
    locate,
    missing,
    read_verified,
)
from mnist_scratch.data.sources.own_files import FILES, load_own_files
from mnist_scratch.data.sources.registry import SOURCES, Source, as_mnist_has_it
from mnist_scratch.data.sources.zipped import opened_verified, read_member
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.lock import locked


class Acquired(NamedTuple):
    """A training set and the test set that belongs to it."""

    training: Dataset
    test: Dataset


def load_dataset(
    dataset: str = AUTO, data_dir: str = "", report: Callable[[str], object] | None = None
) -> Acquired:
    """Load a data set, verified by SHA-256; fetch or draw what is not on disk.

    Parameters
    ----------
    dataset
        "mnist", "fashion-mnist", "kmnist", "qmnist", "emnist-digits"; "synthetic", the digits that
        the program draws; "files", four IDX files of your own (see `load_own_files`); or "auto",
        MNIST if it is on disk or can be fetched and otherwise synthetic.
    data_dir
        The folder of the files; empty for `$MNIST_SCRATCH_DATA`, else `data/mnist` (for the
        others: `data/` and the name; "files" lie nowhere unless it says where).
    report
        Is called with what a person should know; the default prints it to standard error.

    Returns
    -------
    training, test : Dataset

    Raises
    ------
    MnistScratchError
        If a file is damaged, or cannot be had or written.
    """
    report = report or _print
    if dataset == FILES:
        if not data_dir:
            raise MnistScratchError(
                "--dataset files: name the folder in which your IDX files lie with --data-dir"
            )
        return Acquired(*load_own_files(data_folder(FILES, data_dir), report))
    if dataset == SYNTHETIC:
        return _synthetic(data_folder(SYNTHETIC, data_dir), report)
    wanted = MNIST if dataset == AUTO else dataset
    folder = data_folder(wanted, data_dir)
    try:
        fetch_missing(wanted, folder, report)
    except MnistScratchError as error:
        if dataset != AUTO:
            raise
        report(
            f"MNIST is not in {folder} and cannot be fetched: {_in_one_line(error)}\n"
            "Training on synthetic digits, drawn by the program, instead: every result says so.\n"
            "For MNIST itself: 'mnist-scratch data download' says what is needed."
        )
        return _synthetic(data_folder(SYNTHETIC), report)
    return _read(wanted, SOURCES[wanted].files, folder)


def fetch_missing(dataset: str, folder: Path, report: Callable[[str], object]) -> None:
    """Download those of a published data set's files that are not in the folder.

    Raises
    ------
    MnistScratchError
        If a file cannot be had or written.
    """
    source = SOURCES[dataset]
    if not _to_fetch(source, folder):
        return
    from mnist_scratch.data.sources.download import download

    with _alone_in(folder, f"fetches {source.title}", report):
        files = _to_fetch(source, folder)
        if files:
            names = f"{len(files)} of {source.title}'s {len(source.files)} files"
            if source.archive:
                names = f"{source.archive.packed_name} ({source.archive.packed_size:,} bytes)"
            report(f"fetching {names} into {folder}")
            download(files, folder, source.mirrors, report)


def _to_fetch(source: Source, folder: Path) -> list[SourceFile]:
    files = missing(source.files, folder)
    return missing([source.archive], folder) if files and source.archive else files


def _alone_in(
    folder: Path, work: str, report: Callable[[str], object]
) -> AbstractContextManager[None]:
    """Wait until no other process fetches or draws into a folder, then keep others out."""
    return locked(
        folder / ".lock",
        wait=True,
        report=lambda holder: report(f"waiting for {holder}, which {work} into {folder}"),
    )


def known_files(dataset: str, folder: Path) -> Sequence[SourceFile]:
    """Return what the files of a data set must be.

    Those that are published are on record in this program. Synthetic digits are on record beside
    themselves, in `synthetic.json`, since another version of NumPy may draw other ones; before
    they are drawn there is nothing on record, and the sequence is empty.
    """
    if dataset in SOURCES:
        return SOURCES[dataset].files
    from mnist_scratch.data.synthetic.files import files_on_record

    return files_on_record(folder)


def _synthetic(folder: Path, report: Callable[[str], object]) -> Acquired:
    from mnist_scratch.data.synthetic.files import draw_files, files_on_record

    def drawn() -> Sequence[SourceFile]:
        files = files_on_record(folder)
        return () if missing(files, folder) else files

    files = drawn()
    if not files:
        with _alone_in(folder, "draws the synthetic digits", report):
            files = drawn() or draw_files(folder, report)
    return _read(SYNTHETIC, files, folder)


def _read(dataset: str, files: Sequence[SourceFile], folder: Path) -> Acquired:
    arrays: list[npt.NDArray[Any]] = []
    hashes = {}
    for file, (array, sha256) in zip(files, _arrays(dataset, files, folder), strict=True):
        arrays.append(array)
        hashes[file.name] = sha256
    return Acquired(
        Dataset(dataset, arrays[0], arrays[1], hashes),
        Dataset(dataset, arrays[2], arrays[3], hashes),
    )


def _arrays(
    dataset: str, files: Sequence[SourceFile], folder: Path
) -> Iterator[tuple[npt.NDArray[Any], str]]:
    """Read what each file of a data set holds, and the SHA-256 of its plain content."""
    archive = SOURCES[dataset].archive if dataset in SOURCES else None
    if archive and missing(files, folder):
        path = folder / archive.packed_name
        with opened_verified(archive, path) as opened:
            for file in files:
                yield _parsed(dataset, read_member(opened, file), f"{file.name} in {path}", "")
        return
    for file in files:
        path = locate(file, folder) or folder / file.name
        yield _parsed(dataset, read_verified(file, path), str(path), file.sha256)


def _parsed(dataset: str, content: bytes, name: str, sha256: str) -> tuple[npt.NDArray[Any], str]:
    """Return the array in a file's content, which is let go where the array is made anew."""
    array = as_mnist_has_it(dataset, parse_idx(content, name))
    return array, sha256 or hashlib.sha256(content).hexdigest()


def _in_one_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0].rstrip(":")


def _print(text: str) -> None:
    print(text, file=sys.stderr)
