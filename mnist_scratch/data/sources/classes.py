"""classes.txt: the names of classes beside the IDX files, one a line, in the order of labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mnist_scratch.data.checks import as_class_names
from mnist_scratch.data.sources.files import unreadable
from mnist_scratch.data.sources.registry import DIGITS
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import write_text_whole

CLASSES_FILE = "classes.txt"


def read_classes(folder: Path) -> tuple[str, ...]:
    """Return the names of the classes of the data set in a folder, in the order of their labels.

    They are the ten digits where the folder has no classes.txt, as MNIST's has none.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or a line is no name.
    """
    path = folder / CLASSES_FILE
    try:
        text = path.read_text("utf-8-sig")  # Windows' editors begin with a mark
    except FileNotFoundError:
        return DIGITS
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise MnistScratchError(f"{path}: not UTF-8; save it in that encoding") from error
    lines = [line.strip() for line in text.rstrip().split("\n")]
    try:
        return as_class_names(lines, "line", 1)
    except ValueError as error:
        raise MnistScratchError(f"{path}: {error}") from error


def write_classes(folder: Path, names: Sequence[str]) -> None:
    """Write the names of classes, in the order of their labels, for `read_classes`.

    Raises
    ------
    ValueError
        If they are no names of classes.
    MnistScratchError
        If the file cannot be written.
    """
    lines = "".join(f"{name}\n" for name in as_class_names(names))
    write_text_whole(folder / CLASSES_FILE, lines)
