"""Predictions for a person: as bars, or as a line each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mnist_scratch.system.text import columns, cut, printable

Numbers = npt.NDArray[np.float64]

_BESIDE_BAR = 19  # columns of a line that neither name nor bar takes, margin and percentage
_BESIDE_BARS = 22  # the same, with the second class but without its name
_BESIDE_NAME = 28  # the same beside a file's name and the names of two classes
_SHORTEST = 8  # columns for a file's name
_ALL_CLASSES, _LIKELIEST = 12, 10  # that get a bar; of more, the most probable
_SECOND = 0.01  # probability: a digit's second class is named from here on


def describe(file: str, number: str, probabilities: Numbers, names: Sequence[str]) -> str:
    """Return what is read in a picture and how surely, as bars no wider than the terminal.

    Of one digit these are the probabilities of all classes, or of many the most probable; of
    several, the probability of each digit, and its second class where that is probable too.

    Parameters
    ----------
    file
        The picture's name.
    number
        What is read in it, a line for each row of digits.
    probabilities, names
        (D, C), of each class for each digit, and the classes' names.
    """
    names = [cut(name, columns() - _BESIDE_BAR - _SHORTEST) for name in names]
    width = max(map(len, names))
    if len(probabilities) == 1:
        room = columns() - _BESIDE_BAR - width
        bars = [(name, float(p), "") for name, p in zip(names, probabilities[0], strict=True)]
        if len(bars) > _ALL_CLASSES:
            bars.sort(key=lambda each: -each[1])
            rest = sum(probability for _, probability, _ in bars[_LIKELIEST:])
            bars[_LIKELIEST:] = [(f"{len(bars) - _LIKELIEST} more", rest, "")]
            width = max(width, len(bars[-1][0]))
    else:
        room = columns() - _BESIDE_BARS - 2 * width
        bars = [_digit(each, names) for each in probabilities]
        if room < _SHORTEST:
            room = columns() - _BESIDE_BAR - width
            bars = [(name, probability, "") for name, probability, _ in bars]
    full = max(room, 1)
    lines = [f"{printable(file)}: {_in_one_line(number)}"]
    for name, probability, second in bars:
        bar = "#" * round(probability * full)
        lines.append(f"  {name:<{width}}  {bar:<{full}} {probability:>7.2%}{second}")
    return "\n".join(lines)


def _digit(probabilities: Numbers, names: Sequence[str]) -> tuple[str, float, str]:
    """Return a digit's class, its probability, and its second class if that is probable."""
    second, first = np.argsort(probabilities, kind="stable")[-2:].tolist()
    likely = probabilities[second] >= _SECOND
    text = f"  or {names[second]} {probabilities[second]:.0%}" if likely else ""
    return names[first], float(probabilities[first]), text


def summarise(file: str, number: str, probabilities: Numbers, names: Sequence[str]) -> str:
    """Return a line with a picture's name, and what is read in it.

    That is the two most probable classes of one digit and their probabilities, one class where the
    terminal is too narrow for two; or a number and the probability of its least sure digit. The
    parameters are those of `describe`.
    """
    names = [cut(name, columns() - 12 - _SHORTEST) for name in names]
    width = max(map(len, names))
    room = columns() - _BESIDE_NAME - 2 * width
    if len(probabilities) > 1:
        answer = f"{_in_one_line(number)}  lowest {probabilities.max(axis=1).min():.2%}"
        room = max(min(room, columns() - 2 - len(answer)), _SHORTEST)
    else:
        second, first = np.argsort(probabilities[0], kind="stable")[-2:].tolist()
        shown = (first, second) if room >= _SHORTEST else (first,)
        if len(shown) == 1:
            room = max(columns() - 12 - width, _SHORTEST)
        answer = "   ".join(f"{names[k]:<{width}} {probabilities[0, k]:>7.2%}" for k in shown)
    name = printable(file)
    name = name if len(name) <= room else f"...{name[3 - room :]}"
    return f"{name:<{room}}  {answer}"


def _in_one_line(number: str) -> str:
    return " / ".join(number.splitlines())
