"""The data set that a run asks for: found on disk, fetched, or drawn by the program itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_scratch.data.checks import as_flag, check_callback
from mnist_scratch.data.dataset import DARK_ON_LIGHT, Dataset, Examples, Inverted
from mnist_scratch.data.idx import parse_idx
from mnist_scratch.data.sources.files import (
    data_folder,
    locate,
    missing,
    read_archive,
    read_verified,
    sha256_of,
    verify,
)
from mnist_scratch.data.sources.own_files import load_own_files
from mnist_scratch.data.sources.registry import DATASETS, SourceFile
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import as_path
from mnist_scratch.system.lock import locked
from mnist_scratch.system.text import nearest, shown

_SAMPLED_IMAGES = 1000  # images, evenly spread: a data set may be larger than the memory


class DataSplits(NamedTuple):
    """A training set and the test set that belongs to it."""

    training: Examples
    test: Examples


def load_dataset(
    dataset: str = "auto",
    data_dir: str | os.PathLike[str] = "",
    report: Callable[[str], object] | None = None,
    *,
    invert: bool = False,
) -> DataSplits:
    """Load a data set, verified by SHA-256; fetch or draw what is not on disk.

    A network expects images that are light on dark. Others are used as they are, which is reported.

    Parameters
    ----------
    dataset
        A name in `mnist_scratch.data.sources.registry.DATASETS`; or "auto", MNIST if it is on disk
        or can be fetched and otherwise the synthetic digits.
    data_dir
        The folder of the files; where it is empty, `data_folder` says where they are looked for,
        and "files" are nowhere.
    report
        Called with what a person should know; the default prints it to standard error.
    invert
        Whether to take 255 minus every pixel: for images that are dark on light.

    Returns
    -------
    training, test : Dataset, or what inverts one

    Raises
    ------
    MnistScratchError
        If there is no such data set, a file is damaged, or it cannot be fetched or written.
    TypeError
        If an argument is of another kind.
    """
    names = ("auto", *DATASETS)
    if dataset not in names:
        raise MnistScratchError(
            f"dataset = {shown(dataset)}: must be one of {', '.join(names)}"
            f"{nearest(str(dataset), names)}"
        )
    as_path(data_dir, "data_dir")
    invert = as_flag(invert, "invert")
    report = _print if report is None else report
    check_callback(report, "report", "a text")
    splits = _load(dataset, os.fspath(data_dir), report)
    if invert:
        splits = DataSplits(Inverted(splits.training), Inverted(splits.test))
    _report_ink(splits, report)
    return splits


def _report_ink(splits: DataSplits, report: Callable[[str], object]) -> None:
    """Report in a line if images are dark on light, or of 0 and 1 where 255 is ink."""
    for dataset in splits:
        examples = np.linspace(0, len(dataset) - 1, min(len(dataset), _SAMPLED_IMAGES)).astype(
            np.int64
        )
        pixels = dataset.take(examples)[0]
        mean, most = pixels.mean(), pixels.max()
        if most == 1:
            report(
                f"the images of {dataset.name} are of 0 and 1 alone, which a network cannot tell "
                "from empty ones: ink is 255; multiply them by 255 before you write the files"
            )
            return
        if mean > DARK_ON_LIGHT:
            inverted, remedy = "", "with"
            if isinstance(dataset, Inverted):
                inverted, remedy = "inverted ", "without"
            report(
                f"the {inverted}images of {dataset.name} are dark on light (mean pixel {mean:.0f} "
                f"of 255), where light on dark is expected: train {remedy} --invert, in Python "
                f"{remedy} load_dataset(..., invert=True)"
            )
            return


def _load(dataset: str, data_dir: str, report: Callable[[str], object]) -> DataSplits:
    if dataset == "files":
        if not data_dir:
            raise MnistScratchError(
                "dataset = files: name the folder in which your IDX files lie, with --data-dir or "
                "in Python data_dir"
            )
        return DataSplits(*load_own_files(data_folder(dataset, data_dir), report))
    if dataset == "synthetic":
        return _synthetic(data_folder(dataset, data_dir), report)
    wanted = "mnist" if dataset == "auto" else dataset
    folder = data_folder(wanted, data_dir)
    try:
        fetch_missing(wanted, folder, report)
    except MnistScratchError as error:
        if dataset != "auto":
            raise
        reason = str(error).split("\n", maxsplit=1)[0].rstrip(":")
        report(
            f"MNIST is not in {folder} and cannot be fetched: {reason}\n"
            "Training on synthetic digits, drawn by the program, instead: every result says so.\n"
            "For MNIST itself: 'mnist-scratch data download' says what is needed."
        )
        return _synthetic(data_folder("synthetic"), report)
    return _read(wanted, DATASETS[wanted].files, folder)


def fetch_missing(dataset: str, folder: Path, report: Callable[[str], object]) -> None:
    """Download those of a published data set's files that are not in the folder.

    Raises
    ------
    MnistScratchError
        If a file cannot be fetched or written.
    """
    source = DATASETS[dataset]
    if not to_fetch(dataset, folder):
        return
    from mnist_scratch.data.sources.download import download

    with _exclusive(folder, f"fetches {source.title}", report):
        files = to_fetch(dataset, folder)
        if files:
            names = f"{len(files)} of {source.title}'s {len(source.files)} files"
            if source.archive:
                names = f"{source.archive.name} ({source.archive.size:,} bytes)"
            report(f"fetching {names} into {folder}")
            download(files, folder, source.mirrors, report)


def to_fetch(dataset: str, folder: Path) -> list[SourceFile]:
    """Return the files of a data set that would be fetched, or drawn, to be complete."""
    source = DATASETS[dataset]
    files = missing(_recorded_files(dataset, folder) or source.files, folder)
    return missing([source.archive], folder) if files and source.archive else files


@contextmanager
def _exclusive(folder: Path, work: str, report: Callable[[str], object]) -> Iterator[None]:
    """Wait until no other process fetches or draws into a folder, then keep others out.

    A folder that was made for it and stays empty is removed.
    """
    existed = folder.exists()
    try:
        with locked(
            folder / ".lock",
            wait=True,
            report=lambda holder: report(f"waiting for {holder}, which {work} into {folder}"),
        ):
            yield
    finally:
        if not existed:
            with suppress(OSError):  # it has files
                folder.rmdir()


def _recorded_files(dataset: str, folder: Path) -> Sequence[SourceFile]:
    """Return what the files of a data set must be; of synthetic digits, what is noted beside them.

    Another version of NumPy may draw other ones. Nothing is on record before they are drawn.
    """
    if dataset != "synthetic":
        return DATASETS[dataset].files
    from mnist_scratch.data.synthetic.digits import recorded_files

    return recorded_files(folder)


def _synthetic(folder: Path, report: Callable[[str], object]) -> DataSplits:
    from mnist_scratch.data.synthetic.digits import draw_files, recorded_files

    def drawn() -> Sequence[SourceFile]:
        files = recorded_files(folder)
        return () if missing(files, folder) else files

    files = drawn()
    if not files:
        with _exclusive(folder, "draws the synthetic digits", report):
            files = drawn() or draw_files(folder, report)
    return _read("synthetic", files, folder)


def _read(dataset: str, files: Sequence[SourceFile], folder: Path) -> DataSplits:
    arrays = []
    hashes = {}
    archive = DATASETS[dataset].archive if missing(files, folder) else None
    contents = (
        read_archive(archive, files, folder / archive.name)
        if archive
        else (read_verified(file, locate(file, folder) or folder / file.name) for file in files)
    )
    for file, content in zip(files, contents, strict=True):
        array = parse_idx(content, f"{file.name} in {folder}")
        arrays.append(DATASETS[dataset].to_mnist_layout(array))
        recorded = "" if archive else file.sha256
        hashes[file.name] = recorded or sha256_of(content)
    about = (hashes, DATASETS[dataset].classes, DATASETS[dataset].resized)
    return DataSplits(
        Dataset(dataset, arrays[0], arrays[1], *about),
        Dataset(dataset, arrays[2], arrays[3], *about),
    )


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
    files = _recorded_files(dataset, folder) or DATASETS[dataset].files
    archive = DATASETS[dataset].archive
    absent = missing(files, folder)
    if archive and absent and (len(absent) == len(files) or locate(archive, folder)):
        files = [archive]
    return [_check(dataset, file, folder) for file in files]


def _check(dataset: str, file: SourceFile, folder: Path) -> FileState:
    path = locate(file, folder)
    if path is None:
        plain = folder / file.name
        if not file.size and plain.exists():
            problem = f"{plain}: no synthetic.json of this version lies beside it to verify it by"
            return FileState(dataset, plain, "damaged", problem)
        return FileState(dataset, folder / file.published[0], "missing")
    try:
        if path.suffix == ".gz":
            read_verified(file, path)
        else:
            verify(path, file.size, file.sha256)
    except MnistScratchError as error:
        return FileState(dataset, path, "damaged", str(error))
    return FileState(dataset, path, "verified")


def _print(text: str) -> None:
    print(text, file=sys.stderr)
