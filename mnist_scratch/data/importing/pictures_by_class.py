"""Pictures in folders, one for each class: a/, b/ and so on, or train/a/ and test/a/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mnist_scratch.data.importing.part import Label, Part
from mnist_scratch.data.pictures.read import left_out as files_left_out
from mnist_scratch.data.pictures.read import picture_files
from mnist_scratch.data.sources.files import unreadable
from mnist_scratch.errors import MnistScratchError

_TRAINING = ("train", "training")
_TEST = ("test", "testing")
_VALIDATION = ("val", "valid", "validation")


def read_pictures(folder: Path, report: Callable[[str], object]) -> tuple[Part, Part | None]:
    """List the pictures of the training part and of the test part, if there is one.

    Where there are folders for training and validation and none for the test, those for validation
    are the test part; beside a test part they are left out. The program sets its own validation
    images aside from the training images. Other folders beside those for training are no classes.

    Raises
    ------
    MnistScratchError
        If the folder has no folders of pictures.
    """
    inner = _folders(folder)
    while len(inner) == 1 and _folders(inner[0]):  # an archive's own folder
        (folder,) = inner
        inner = _folders(folder)
    training, test, validation = (
        next((path for name in names for path in inner if path.name.lower() == name), None)
        for names in (_TRAINING, _TEST, _VALIDATION)
    )
    held_out = test or validation
    if training is None or (held_out is None and not _folders(training)):
        return _part(folder), None
    for path in inner:
        if path not in (training, test, validation):
            report(f"{path} is left out: it lies beside {training.name}, not in it")
    if validation is not None:
        report(f"{validation} is {'left out' if test else 'taken for the test part'}")
    return _part(training), None if held_out is None else _part(held_out)


def _folders(folder: Path) -> list[Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise unreadable(folder, error) from error
    return [path for path in paths if not path.name.startswith((".", "__"))]


def _part(folder: Path) -> Part:
    paths: list[Path] = []
    labels: list[Label] = []
    left_out: list[str] = []
    for path in _folders(folder):
        try:
            pictures = picture_files(path)
        except MnistScratchError as error:
            left_out.append(str(error))
            continue
        paths += pictures
        labels += [path.name.strip()] * len(pictures)
        left_out += files_left_out(path)
        left_out += [f"{inner}: left out: a folder within a class" for inner in _folders(path)]
    if not paths:
        why = f"; {left_out[0]}" if left_out else ""
        tables = [path for path in folder.iterdir() if path.suffix.lower() in (".csv", ".npz")]
        if tables:
            raise MnistScratchError(
                f"{folder} has no folders of pictures, but {tables[0].name}; name {tables[0]}"
            )
        lone = _count_pictures(folder)
        found = "no folders of pictures"
        if lone:
            found = f"{lone:,} picture{'s' if lone > 1 else ''} but {found}"
        raise MnistScratchError(
            f"{folder} has {found}; place the pictures of each class in a folder of its name, such "
            f"as a/ and b/, or train/a/ and test/a/; or name a CSV or an .npz file{why}"
        )
    if lone := _count_pictures(folder):
        left_out.append(f"{folder}: left out: {lone:,} pictures beside the folders of the classes")
    return Part(paths, labels, lambda number: str(paths[number]), left_out)


def _count_pictures(folder: Path) -> int:
    try:
        return len(picture_files(folder))
    except MnistScratchError:
        return 0
