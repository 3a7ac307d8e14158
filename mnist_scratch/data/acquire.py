"""The data set that a run asks for: found on disk, fetched, or drawn by the program itself."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import numpy.typing as npt
from tqdm import tqdm

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.download import download
from mnist_scratch.data.idx import format_idx, parse_idx
from mnist_scratch.data.own_files import FILES, load_own_files
from mnist_scratch.data.published import SOURCES, Source, as_mnist_has_it
from mnist_scratch.data.sources import (
    AUTO,
    FILE_NAMES,
    MNIST,
    SYNTHETIC,
    SourceFile,
    data_folder,
    locate,
    read_verified,
)
from mnist_scratch.data.synthetic import SYNTHETIC_VERSION, make_synthetic
from mnist_scratch.data.zipped import opened_verified, read_member
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.files import write_text_whole, written_whole
from mnist_scratch.lock import locked
from mnist_scratch.reading import read_whole

# A data set has to be the same for two runs to be compared, so its seed is not the run's.
SYNTHETIC_SEED = 0
_MANIFEST = "synthetic.json"
_MOST_MANIFEST_BYTES = 16_384


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


def missing(files: Sequence[SourceFile], folder: Path) -> list[SourceFile]:
    """Return those of the files that are not in a folder."""
    return [file for file in files if locate(file, folder) is None]


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
    try:
        manifest = json.loads(read_whole(folder / _MANIFEST, _MOST_MANIFEST_BYTES).decode())
        if manifest["version"] != SYNTHETIC_VERSION or manifest["seed"] != SYNTHETIC_SEED:
            return ()
        return [_recorded(manifest["files"][file.name], file) for file in SOURCES[MNIST].files]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()


def _recorded(record: dict[str, Any], counterpart: SourceFile) -> SourceFile:
    """Return what is on record of a file, which is no larger than its counterpart in MNIST."""
    size, sha256 = record["bytes"], record["sha256"]
    if type(size) is not int or not 0 < size <= counterpart.size or type(sha256) is not str:
        raise ValueError("not the record of a file")
    return SourceFile(counterpart.name, size, sha256)


def _synthetic(folder: Path, report: Callable[[str], object]) -> Acquired:
    files = _drawn(folder)
    if not files:
        with _alone_in(folder, "draws the synthetic digits", report):
            files = _drawn(folder) or _draw(folder, report)
    return _read(SYNTHETIC, files, folder)


def _drawn(folder: Path) -> Sequence[SourceFile]:
    """Return what the synthetic digits in a folder must be; nothing if some are missing."""
    files = known_files(SYNTHETIC, folder)
    return () if missing(files, folder) else files


def _draw(folder: Path, report: Callable[[str], object]) -> Sequence[SourceFile]:
    """Draw the synthetic digits and keep them.

    What they hash to is written first. Interrupted between two files, the next run finds that some
    are missing and draws all again; and files without it are not this program's to overwrite.
    """
    foreign = [name for name in FILE_NAMES if (folder / name).exists()]
    if foreign and not (folder / _MANIFEST).exists():
        raise MnistScratchError(
            f"{folder} holds {foreign[0]}, but no {_MANIFEST}: it is not known to be a file of the "
            f"synthetic digits, and is not overwritten; move {', '.join(foreign)} out of the way"
        )
    for name in (*FILE_NAMES, _MANIFEST):
        for leftover in folder.glob(f".{name}.*.part"):  # of a process that was killed
            leftover.unlink(missing_ok=True)
    report(f"drawing synthetic digits into {folder} (once; they are kept)")
    with tqdm(
        total=70_000, desc="drawing digits", unit=" images", disable=not sys.stderr.isatty()
    ) as bar:
        training, test = make_synthetic(seed=SYNTHETIC_SEED, progress=bar.update)
    contents = [format_idx(array) for array in (*training, *test)]
    files = [
        SourceFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in zip(FILE_NAMES, contents, strict=True)
    ]
    manifest = {
        "version": SYNTHETIC_VERSION,
        "seed": SYNTHETIC_SEED,
        "files": {file.name: {"bytes": file.size, "sha256": file.sha256} for file in files},
    }
    write_text_whole(folder / _MANIFEST, json.dumps(manifest, indent=2) + "\n")
    for file, content in zip(files, contents, strict=True):
        with written_whole(folder / file.name) as output:
            output.write(content)
    return files


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
