"""Images in a CSV file, a label and pixels in each row, as Kaggle's Digit Recognizer has them."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.file_kind import UTF_16
from mnist_scratch.data.importing.part import Label, Part, as_label
from mnist_scratch.data.sources.files import unreadable
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.bar import progress_bar
from mnist_scratch.system.text import cut, shown

if TYPE_CHECKING:
    from tqdm import tqdm

_LABELS = {"label", "labels", "class", "target", "y"}  # of a column, in small letters
_NUMBERS = {"", "id", "index", "unnamed: 0"}  # of a column that counts the rows
_BYTES = {str(level): level for level in range(256)}  # three times as fast as float()

_LONGEST_SHOWN = 80  # letters of the names of columns


class _Columns(NamedTuple):
    """Which columns a file has: their names, that of the label, and those that are not pixels."""

    names: list[str]
    label: int
    dropped: list[int]  # the label's too; from right to left


def read_csv(path: Path) -> Part:
    """Read a CSV file with a label and the pixels of a square image in each row.

    The header, if there is one, names the column of the label: label, class, target or y. Without
    one the label is in the first column. Commas, semicolons or tabs stand between the columns.

    Raises
    ------
    MnistScratchError
        If it cannot be read, or a row is no image.
    """
    try:
        with path.open("rb") as beginning:
            encoding = "utf-16" if beginning.read(2) in UTF_16 else "utf-8-sig"
        with (
            path.open(encoding=encoding, newline="") as file,
            progress_bar(path.stat().st_size, "bytes", title=path.name) as bar,
        ):
            return _read(path, file, bar)
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeError as error:
        raise MnistScratchError(f"{path}: not UTF-8; save it in that encoding") from error


def _read(path: Path, file: IO[str], bar: tqdm[NoReturn]) -> Part:
    beginning = file.readline()
    file.seek(0)
    reader = csv.reader(_counted(file, bar), delimiter=max(",;\t", key=beginning.count))
    columns = None
    rows: list[npt.NDArray[Any]] = []
    labels: list[Label] = []
    lines: list[int] = []
    try:
        for row in reader:
            if not row:
                continue
            where = f"{path}, line {reader.line_num}"
            if columns is None:
                columns, is_header = _columns(row, where)
                if is_header:
                    continue
            if len(row) != len(columns.names):
                raise MnistScratchError(
                    f"{where}: {len(row)} columns, where the first line has {len(columns.names)}; "
                    "every row needs a label and all pixels"
                )
            labels.append(as_label(row[columns.label], where))
            rows.append(_pixels(row, columns, where))
            lines.append(reader.line_num)
    except csv.Error as error:
        raise MnistScratchError(
            f"{path}, line {reader.line_num}: {error}; save it again"
        ) from error
    if not rows:
        raise MnistScratchError(f"{path}: there is no row with an image in it")
    side = math.isqrt(len(rows[0]))
    images = np.stack(rows).reshape(-1, side, side)
    return Part(images, labels, lambda number: f"{path}, line {lines[number]}")


def _counted(file: IO[str], bar: tqdm[NoReturn]) -> Iterator[str]:
    for line in file:
        bar.update(len(line))
        yield line


def _columns(first: list[str], where: str) -> tuple[_Columns, bool]:
    """Return the columns that the first row says, and whether it is a header."""
    names = [cell.strip() for cell in first]
    small = [name.lower() for name in names]
    counted = small == [str(number) for number in range(len(small))]  # pandas' names of columns
    # Beside a column called label, pixels may be called by their numbers. A lone y may be a class.
    named = small[0] in _LABELS and (small[0] != "y" or _count_up(small[1:]))
    is_header = counted or named or any(not _is_number(name) for name in names[1:])
    label, dropped = 0, [0]
    if is_header and not counted:
        found = [number for number, name in enumerate(small) if name in _LABELS]
        if len(found) != 1:
            several = "more than one column" if found else "no column"
            raise MnistScratchError(
                f"{where}: {several} is called label, class, target or y among "
                f"{cut(', '.join(names), _LONGEST_SHOWN)}; call the column of the labels label; "
                "images without labels, as in Kaggle's test.csv, are of no use here"
            )
        label = found[0]
        counting = [number for number, name in enumerate(small) if name in _NUMBERS]
        dropped = sorted([label, *counting], reverse=True)
    pixels = len(names) - len(dropped)
    if pixels < 1:
        raise MnistScratchError(
            f"{where}: a single column, as of a text that is no CSV; a row has a label and pixels"
        )
    if math.isqrt(pixels) ** 2 != pixels:
        raise MnistScratchError(
            f"{where}: {pixels} columns of pixels make no square image; a row has a label and "
            "28 x 28 = 784 grey levels, or those of another square"
        )
    return _Columns(names, label, dropped), is_header


def _count_up(names: list[str]) -> bool:
    return any(names == [str(first + k) for k in range(len(names))] for first in (0, 1))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _pixels(row: list[str], columns: _Columns, where: str) -> npt.NDArray[Any]:
    """Return the pixels of a row: bytes where all are whole, otherwise floats."""
    for number in columns.dropped:
        del row[number]
    try:
        return np.frombuffer(bytes(map(_BYTES.__getitem__, row)), np.uint8)
    except KeyError:
        pass
    try:
        return np.array(list(map(float, row)), np.float32)
    except ValueError:
        number = next(number for number, cell in enumerate(row) if not _is_number(cell))
        value = shown(row[number]) if row[number].strip() else "empty"
        raise MnistScratchError(
            f"{where}: pixel {number} is {value}, where a grey level is needed"
        ) from None
