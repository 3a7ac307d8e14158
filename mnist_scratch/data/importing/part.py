"""The training or the test part of a source, as its file has it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.text import shown

Label: TypeAlias = int | str

_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0*)?")  # 7 and 7.0; 07 is another class, a word
_BROKEN = re.compile(r"-?[0-9]*\.[0-9]+")

TEST_SHARE = 0.2  # of each class, held out where a source has no test part


class Part(NamedTuple):
    """Images and their labels.

    Attributes
    ----------
    images
        Paths of N pictures; or numbers (N, H, W), of colours (N, H, W, 3) or (N, H, W, 4).
    labels
        N whole numbers or words.
    where
        Says of the number of an image where it is from, for messages.
    left_out
        For each folder that has no picture, its name and what it has.
    """

    images: Sequence[Path] | npt.NDArray[Any]
    labels: list[Label]
    where: Callable[[int], str]
    left_out: Sequence[str] = ()


def as_label(cell: str, where: str) -> Label:
    """Return a label as a whole number if it is one, otherwise as the word that it is."""
    word = cell.strip()
    if not word:
        raise MnistScratchError(f"{where}: the label is empty; name the class")
    if match := _WHOLE.fullmatch(word):
        return int(match[1])
    if _BROKEN.fullmatch(word):
        raise MnistScratchError(
            f"{where}: the label {word} is no class; classes are whole numbers or words"
        )
    return word


def labels_of(array: npt.NDArray[Any], where: Callable[[int], str], name: str) -> list[Label]:
    """Return the labels in an array (N,) or (N, 1), or one-hot (N, C)."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and array.dtype.kind in "biuf" and array.shape[1] > 1:
        wrong = np.flatnonzero(
            (np.sum(array == 1, axis=1) != 1) | (np.sum(array != 0, axis=1) != 1)
        )
        if len(wrong):
            row = shown(array[wrong[0]].tolist())
            raise MnistScratchError(
                f"{where(int(wrong[0]))}: the label {row} is not one-hot, a single 1 among zeros"
            )
        array = array.argmax(axis=1)
    if array.ndim != 1 or array.dtype.kind not in "biufUS":
        raise MnistScratchError(
            f"{name}: labels must be whole numbers or words (N,), not {array.dtype} {array.shape}"
        )
    if array.dtype.kind in "US":
        words = array if array.dtype.kind == "U" else np.char.decode(array, "utf-8", "replace")
        return [as_label(word, where(number)) for number, word in enumerate(words.tolist())]
    numbers = array.astype(np.float64)
    for number in np.flatnonzero(numbers != np.rint(numbers)):  # not a number, too
        raise MnistScratchError(
            f"{where(int(number))}: the label {array[number]} is no class; classes are whole "
            "numbers or words"
        )
    return [int(number) for number in array.tolist()]


def check_lengths(part: Part, name: str) -> Part:
    """Return a part that has as many images as labels, and at least one."""
    if len(part.images) != len(part.labels):
        raise MnistScratchError(
            f"{name}: {len(part.images):,} images, but {len(part.labels):,} labels; "
            "every image needs one"
        )
    if not part.labels:
        raise MnistScratchError(f"{name}: there is no image in it")
    return part


def as_pictures(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Return images as (N, H, W), (N, H, W, 3) or (N, H, W, 4), whatever their order of axes."""
    if array.dtype.kind in "biuf" and array.size:
        if array.ndim == 4 and array.shape[-1] not in (1, 3, 4) and array.shape[1] in (1, 3, 4):
            array = np.moveaxis(array, 1, -1)  # channels first
        if array.ndim == 4 and array.shape[-1] == 1:
            return array[..., 0]
        if array.ndim == 3 or (array.ndim == 4 and array.shape[-1] in (3, 4)):
            return array
        if array.ndim == 2 and math.isqrt(array.shape[1]) ** 2 == array.shape[1]:
            side = math.isqrt(array.shape[1])
            return array.reshape(-1, side, side)
    raise MnistScratchError(
        f"{name}: images must be numbers (N, height, width), with a last axis for 3 colours, or "
        f"squares (N, pixels), not {array.dtype} {array.shape}"
    )
