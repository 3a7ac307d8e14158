"""Predictions for a person: as bars, as lines, and the images that the network saw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnist_scratch.system.files import written_whole
from mnist_scratch.system.text import columns, printable

Numbers = npt.NDArray[np.float64]

_BESIDE_BAR = 19  # columns of a line that neither name nor bar takes, margin and percentage
_BESIDE_NAME = 28  # the same beside a file's name and the names of two classes
_SHORTEST = 8  # columns for a file's name
_ACROSS = 10  # images in a row of a sheet


def describe(file: str, probabilities: Numbers, names: Sequence[str]) -> str:
    """Return the predicted class and all probabilities as bars, no wider than the terminal.

    Parameters
    ----------
    file
        The picture's name.
    probabilities, names
        (C,), of each class, and the classes' names.
    """
    lines = [f"{printable(file)}: {names[int(probabilities.argmax())]}"]
    width = max(map(len, names))
    full = max(columns() - _BESIDE_BAR - width, 1)
    for name, probability in zip(names, probabilities.tolist(), strict=True):
        bar = "#" * round(probability * full)
        lines.append(f"  {name:<{width}}  {bar:<{full}} {probability:>7.2%}")
    return "\n".join(lines)


def summarise(file: str, probabilities: Numbers, names: Sequence[str]) -> str:
    """Return a line with the file and the most probable classes and their probabilities.

    They are two, or one where the terminal is too narrow for two.
    """
    width = max(map(len, names))
    second, first = np.argsort(probabilities, kind="stable")[-2:].tolist()
    name = printable(file)
    room = columns() - _BESIDE_NAME - 2 * width
    shown = (first, second) if room >= _SHORTEST else (first,)
    if len(shown) == 1:
        room = max(columns() - 12 - width, _SHORTEST)
    name = name if len(name) <= room else f"...{name[3 - room :]}"
    classes = (f"{names[each]:<{width}} {probabilities[each]:>7.2%}" for each in shown)
    return f"{name:<{room}}  {'   '.join(classes)}"


def save_images(images: Sequence[npt.NDArray[np.uint8]], output: Path) -> None:
    """Write the images as the network saw them: one as it is, several as a sheet of ten across.

    Parameters
    ----------
    images
        At least one, uint8 (28, 28).
    output
        The PNG to write, 28 x 28 pixels for each image.

    Raises
    ------
    MnistScratchError
        If it cannot be written.
    """
    across = min(len(images), _ACROSS)
    rows = math.ceil(len(images) / across)
    sheet = np.zeros((rows, across, 28, 28), np.uint8)
    for number, image in enumerate(images):
        sheet[divmod(number, across)] = image
    pixels = sheet.swapaxes(1, 2).reshape(rows * 28, across * 28)
    with written_whole(output) as file:
        Image.fromarray(pixels).save(file, format="PNG")
