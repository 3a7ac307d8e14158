"""Several digits in one picture: which pieces of ink make a digit, and in which order to read.

People lift the pen within a digit, and set dots and dashes between digits. Both are told by size
and place, in parts of the digits' height.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_scratch.data.pictures.components import Component, joined

# Chosen on rows of MNIST's training images.
TALL = 0.5  # of the tallest: a 1 of a small hand beside a large one; less is a broken-off stroke
BROAD = 0.38  # of the tallest, in height and width: a low wide 2; less is a dot, a dash, a tick
TICK = 0.48  # of the longer of two: less is a tick beside a digit
SAME_ROW = 0.4  # of the lower one's height is shared by neighbours, on an uneven base line too
DOT = 0.22  # heights: dots, dashes and dust are lower
DUST = 0.02  # heights
_MOST_PIECES = 300  # large ones, and ten times as many in all: more are noise
BESIDE = 0.3  # of the wider or higher one: the centres of two digits are further apart

# Two digits that touch are wide, and a line across them crosses three strokes or more. Of pairs of
# MNIST's, pushed together until they touch, 93% are told so, and 1.2% of single digits mistaken.
TWO = 2.4  # strokes, with half of the width in heights
_HIGHER = 1.25  # heights of its row: so are 0.3% of MNIST's digits that are a 1, and many slashes
_LINE = 8  # pixels of 28 in a row


class Digit(NamedTuple):
    """A digit in a picture: the numbers of its components, its box, and its row with its height."""

    members: list[int]
    box: Component
    row: int
    row_height: float


def find_digits(components: list[Component]) -> tuple[list[Digit], list[Component]]:
    """Find the digits among components of ink, row by row, and what is left out beside them.

    Parameters
    ----------
    components
        At least one.

    Returns
    -------
    digits : list of Digit
        From left to right, and row after row from the top; `members` are numbers of components.
        None where far too many components are large.
    marks : list of Component
        What belongs to no digit, and is higher than dots, dashes and dust.
    """
    tallest = max(each.height for each in components)
    large = [number for number, each in enumerate(components) if _is_large(each, tallest)]
    if len(large) == 2:  # one digit, and perhaps a tick beside it
        by_size = [max(components[k].height, components[k].width) for k in large]
        large = [k for k, size in zip(large, by_size, strict=True) if size >= TICK * max(by_size)]
    if len(large) > _MOST_PIECES:
        return [], []
    heights = [components[number].height for number in large]
    if len(large) == 2:  # may be the halves of one digit
        heights = [joined([components[number] for number in large]).height]
    height = float(np.quantile(heights, 0.75))
    groups: list[tuple[list[int], Component]] = []
    for number in large:
        members, box = [number], components[number]
        while parts := [other for other in groups if _are_one(box, other[1], height)]:
            groups = [other for other in groups if other not in parts]
            members += [each for part in parts for each in part[0]]
            box = joined([box, *(part[1] for part in parts)])
        groups.append((members, box))
    marks = []
    bodies = [box for _, box in groups]
    for number, part in enumerate(components[: 10 * _MOST_PIECES]):
        if number in large or max(part.height, part.width) < DUST * height:
            continue
        near = [k for k, body in enumerate(bodies) if _is_part(part, body, height)]
        if near:
            members, box = groups[k := min(near, key=lambda k: _apart(part, bodies[k]))]
            groups[k] = ([*members, number], joined([box, part]))
        elif part.height > DOT * height:
            marks.append(part)
    digits = []
    for row, places in enumerate(_rows([box for _, box in groups])):
        height = float(np.median([groups[k][1].height for k in places]))
        digits += [Digit(*groups[k], row, height) for k in places]
    return digits, marks


def may_be_two(digit: Digit, image: NDArray[np.uint8]) -> bool:
    """Tell whether a digit, and its prepared image (28, 28), look like two that touch."""
    strokes = _strokes(image)
    width = digit.box.width / max(digit.row_height, digit.box.height)
    return float(strokes[strokes > 0].mean()) + width / 2 > TWO


def may_be_slash(digit: Digit, image: NDArray[np.uint8]) -> bool:
    """Tell whether a digit, and its prepared image, look like a slash or a bracket."""
    is_line = int(_strokes(image).max()) == 1 and int((image > 100).sum(axis=1).max()) <= _LINE
    return is_line and digit.box.height > _HIGHER * digit.row_height


def _strokes(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the strokes that a line across each row of an image meets, (28,)."""
    ink = np.pad(image > 100, ((0, 0), (1, 0)))
    return np.asarray((ink[:, 1:] & ~ink[:, :-1]).sum(axis=1))


def have_places(digits: list[Digit]) -> bool:
    """Tell whether every digit has a place of its own, as in rows, but not in scribbles."""
    centres = np.array([(d.box.left + d.box.right, d.box.top + d.box.bottom) for d in digits]) / 2
    sizes = np.array([(d.box.width, d.box.height) for d in digits])
    apart = np.abs(centres[:, None] - centres)  # (D, D, 2)
    near = (apart < BESIDE * np.maximum(sizes[:, None], sizes)).all(axis=2)
    return int(near.sum()) == len(digits)  # each to itself


def _is_large(each: Component, tallest: int) -> bool:
    return each.height >= TALL * tallest or min(each.height, each.width) >= BROAD * tallest


def _across(one: Component, other: Component) -> int:
    """Return the columns between two components; below 0, how many they share."""
    return max(one.left, other.left) - min(one.right, other.right)


def _down(one: Component, other: Component) -> int:
    """Return the rows between two components; below 0, how many they share."""
    return max(one.top, other.top) - min(one.bottom, other.bottom)


def _apart(one: Component, other: Component) -> int:
    return max(_across(one, other), _down(one, other))


def _are_one(one: Component, other: Component, height: float) -> bool:
    """Tell whether two large components are of one broken digit: above each other, or nested."""
    lower, higher = sorted((one, other), key=lambda each: each.height)
    if _is_bar_of(lower, higher, height):
        return True
    shared = -_across(one, other) / min(one.width, other.width)
    down = _down(one, other)
    if -down > 0.7 * lower.height:  # beside each other, as slanting neighbours are too
        return shared >= (0.75 if lower.height > 0.75 * joined([one, other]).height else 0.5)
    far = 0.1 * height if joined([one, other]).height > 1.5 * height else 0.25 * higher.height
    if down > far:
        return False  # two rows
    return shared >= (0.5 if -down > 0.3 * lower.height else 0.1)


def _is_part(part: Component, digit: Component, height: float) -> bool:
    """Tell whether a small component is of a digit: over, under or in it, or all but touching."""
    if _is_bar_of(part, digit, height):
        return True
    low = (part.top + part.bottom) / 2 > digit.top + 0.75 * digit.height
    if low and max(part.height, part.width) < DOT * height:
        return False  # a full stop, which may stand below the bar of a 7
    shared = -_across(part, digit) / part.width
    near = 0.25 if part.height < DOT * height else 0.1  # higher, it may be a small digit
    return (shared >= 0.5 and _down(part, digit) < near * height) or (
        _apart(part, digit) < 0.05 * height
    )


def _is_bar_of(bar: Component, digit: Component, height: float) -> bool:
    """Tell whether a component is the bar of a 5, which flies off to the right."""
    return (
        bar.height <= 0.5 * height
        and bar.width >= 1.2 * bar.height
        and bar.top + bar.bottom < 2 * digit.top + 0.6 * digit.height
        and bar.right >= digit.right - 0.2 * digit.width
        and _across(bar, digit) < 0.15 * height
        and _down(bar, digit) < 0.2 * height
    )


def _rows(boxes: list[Component]) -> list[list[int]]:
    """Return the numbers of boxes row by row, each from left to right.

    A box continues the row whose last box it shares most of its height with, so that a row may
    rise or fall.
    """
    rows: list[list[int]] = []
    for number in sorted(range(len(boxes)), key=lambda k: boxes[k].left + boxes[k].right):
        box = boxes[number]
        shared = [
            -_down(box, last) / min(box.height, last.height)
            for last in (boxes[row[-1]] for row in rows)
        ]
        if shared and max(shared) >= SAME_ROW:
            rows[int(np.argmax(shared))].append(number)
        else:
            rows.append([number])
    return sorted(rows, key=lambda row: np.mean([boxes[k].top + boxes[k].bottom for k in row]))
