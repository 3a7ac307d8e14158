"""What the functions and classes of data/ refuse, with messages that name value and remedy.

Shapes: N examples in a data set; 784 = 28 x 28 pixels.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from operator import index
from typing import Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

from mnist_scratch.nn.checks import as_array, kind_of
from mnist_scratch.system.text import shown

T = TypeVar("T")

MOST_CLASSES = 256  # labels are bytes
_LONGEST_NAME = 40  # characters: tables and pictures have room for it

# Of `Dataset.resized`; "" for images that were prepared as MNIST was.
RESIZED_INKS = ("", "auto", "dark", "light")


def as_integer(value: int, argument: str) -> int:
    """Return an integer, which may be NumPy's, as Python's int, or raise a TypeError."""
    if not isinstance(value, bool | np.bool_):
        try:
            return index(value)
        except TypeError:
            pass
    raise TypeError(f"{argument} = {shown(value)}: must be an integer")


def as_flag(value: bool, argument: str) -> bool:
    """Return True or False as Python's, or raise a TypeError."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{argument} = {shown(value)}: must be True or False")
    return bool(value)


def as_resized(value: str, argument: str) -> str:
    """Return how pictures were resized, as `Dataset.resized` has it, or raise a ValueError."""
    if value not in RESIZED_INKS:
        choices = ", ".join(map(repr, RESIZED_INKS))
        raise ValueError(f"{argument} = {shown(value)}: must be one of {choices}")
    return value


def check_callback(function: Any, argument: str, *given: str) -> None:
    """Raise a TypeError if that cannot be called with what it will be given."""
    try:
        inspect.signature(function).bind(*given)
    except ValueError:  # some built-in functions do not say what they take
        return
    except TypeError:
        takes = f"that takes {' and '.join(given)}" if given else "without parameters"
        raise TypeError(f"{argument} = {shown(function)}: must be a function {takes}") from None


def stays_as_it_is(kind: type[T]) -> type[T]:
    """Let a frozen dataclass say in plain words that its attributes cannot be assigned."""

    def refuse(_: object, name: str, *__: object) -> NoReturn:
        raise FrozenInstanceError(
            f"{name}: a {kind.__name__} is not changed in place; make a new one with "
            "dataclasses.replace(...)"
        )

    for method in ("__setattr__", "__delattr__"):
        setattr(kind, method, refuse)
    return kind


def as_images(images: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return images as an array, uint8 (N, 28, 28), or raise a ValueError."""
    wanted = "images must be uint8 (N, 28, 28)"
    array = _as_uint8(images, wanted)
    if array.ndim != 3 or array.shape[1:] != (28, 28):
        remedy = "; images.reshape(-1, 28, 28)" if array.shape[1:] == (28 * 28,) else ""
        raise ValueError(f"{wanted}, not {kind_of(array)}{remedy}")
    return array


def as_rows(images: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return one image or several, square or in a row, as uint8 (N, 784), or raise a ValueError."""
    wanted = "images must be uint8 (N, 28, 28), (28, 28), (N, 784) or (784,)"
    array = _as_uint8(images, wanted)
    one = (28, 28) if array.shape[-2:] == (28, 28) else (28 * 28,)
    if array.shape not in (one, (*array.shape[:1], *one)):
        raise ValueError(f"{wanted}, not {kind_of(array)}")
    return array.reshape(-1, 28 * 28)


def _as_uint8(images: npt.ArrayLike, wanted: str) -> npt.NDArray[np.uint8]:
    """Return images of any shape as an array, or raise a ValueError with the remedy."""
    array = as_array(images, "images")
    if array.dtype == np.uint8:
        return array
    given = f"{wanted}, not {kind_of(array)}; grey levels are integers from 0 to 255"
    if array.dtype.kind not in "biuf" or not array.size:
        raise ValueError(given)
    lowest, highest = array.min(), array.max()
    if not 0 <= lowest <= highest <= 255:
        raise ValueError(
            f"{given}, and these are from {lowest:g} to {highest:g}; give them as they were loaded"
        )
    if highest == 1 or (highest <= 1 and array.dtype.kind in "bf"):
        raise ValueError(f"{given}: (images * 255).round().astype(np.uint8)")
    raise ValueError(f"{given}: np.array(images, np.uint8)")


def as_labels(labels: npt.ArrayLike, count: int, classes: int) -> npt.NDArray[np.uint8]:
    """Return the labels of some images as an array, uint8 (N,), or raise a ValueError."""
    array = as_array(labels, "labels")
    wanted = f"{count} images need uint8 labels ({count},), not {kind_of(array)}"
    if array.shape == (count, classes):
        raise ValueError(f"{wanted}; of one-hot labels: labels.argmax(axis=1).astype(np.uint8)")
    if array.shape != (count,):
        raise ValueError(wanted)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{wanted}; labels are integers")
    # Before the remedy for another dtype, which would make 256 a 0 and 1.5 a 1.
    for number in np.flatnonzero(~np.isin(array, np.arange(classes))):
        raise ValueError(
            f"example {number} has the label {array[number]}; labels are 0 to {classes - 1}, of "
            f"{classes} classes; name others with classes=[...], or "
            "in a file classes.txt beside the data"
        )
    if array.dtype != np.uint8:
        raise ValueError(f"{wanted}; np.array(labels, np.uint8)")
    return array


def as_numbers(
    examples: npt.NDArray[np.integer] | Sequence[int], count: int
) -> npt.NDArray[np.int64]:
    """Return a copy of the numbers (B,) of some of N examples, or raise a ValueError."""
    numbers = as_array(examples, "examples")
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1 or not len(numbers):
        remedy = "; of a mask: np.flatnonzero(mask)" if numbers.dtype.kind == "b" else ""
        raise ValueError(f"examples must be integers (N,), not {kind_of(numbers)}{remedy}")
    for number in numbers[(numbers < 0) | (numbers >= count)]:
        raise ValueError(f"there is no example {number}: they are 0 to {count - 1}")
    return numbers.astype(np.int64)


def as_class_names(names: Sequence[str], called: str = "class", first: int = 0) -> tuple[str, ...]:
    """Return the names of 2 to 256 classes, in the order of labels, or raise a ValueError.

    The message names a class by what it is called and its number: "class 0", or "line 1" of a file.
    """
    if not 2 <= len(names) <= MOST_CLASSES:
        raise ValueError(f"{len(names)} names of classes: there must be 2 to {MOST_CLASSES}")
    numbers: dict[str, int] = {}
    for number, name in enumerate(names, first):
        where = f"{called} {number}"
        if not isinstance(name, str):
            raise ValueError(f"{where}: {shown(name)} must be a text")
        if name != name.strip() or not name:
            raise ValueError(f"{where}: {shown(name)} must be a name, without spaces around it")
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise ValueError(
                f"{where}: {shown(name)} must have at most {_LONGEST_NAME} characters, "
                "all printable"
            )
        if name in numbers:
            raise ValueError(f"{where}: {called} {numbers[name]} has the name {name} too")
        numbers[name] = number
    return tuple(names)
