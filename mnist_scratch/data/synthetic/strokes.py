"""Strokes: how the path of a pen is written down, and how it becomes a line of short segments.

A way of writing a digit is written down like this:

    a plain stroke (8)
        pen: top 0,0; middle 1,50; bottom 0,100
        bow: middle 3,0
        lean: top 4,0; bottom -4,0

First its name, and how often it is met compared with the digit's other ways. Then, for each time
the pen is put down, the places it passes, each with a name, x to the right and y downwards, in a
box about 100 high; `!` after a name marks a corner. The other lines are habits, in which one writer
differs from the next: a habit moves some places along the given x,y. More than eight spaces before
a line continue the line above.

Between the places the path is a Catmull-Rom spline. That is linear in the places, so a skeleton's
path is `weights @ places` with a matrix that is worked out once, wherever the places then move.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The path of a digit is drawn as this many straight segments. In the longest digits, the 8s, a
# segment is then a fourteenth of the digit's height, short enough not to be seen.
SEGMENTS = 44

_HEADER = re.compile(r"(?P<name>.+) \((?P<weight>[\d.]+)\)")
_PLACE = re.compile(r"(?P<name>\w+)(?P<corner>!?) (?P<x>-?\d+),(?P<y>-?\d+)")


@dataclass(frozen=True)
class Place:
    """A place that the pen passes, or what a habit adds to it."""

    name: str
    x: float
    y: float
    is_corner: bool


@dataclass(frozen=True)
class Skeleton:
    """One way of writing a digit."""

    name: str  # the way in a few words
    weight: float  # how often it is met, relative to the digit's other ways
    strokes: tuple[tuple[Place, ...], ...]  # the places passed, each time the pen is put down
    habits: tuple[tuple[Place, ...], ...]  # by how much each habit moves which places


@dataclass(frozen=True)
class Path:
    """A skeleton as arrays: P places, H habits, SEGMENTS + 1 points."""

    places: NDArray[np.float32]  # (P, 2)
    spacing: NDArray[np.float32]  # (P,) mean distance to a place's neighbours on its stroke
    habits: NDArray[np.float32]  # (H, P, 2)
    weights: NDArray[np.float32]  # (SEGMENTS + 1, P); `weights @ places` are the path's points
    pen_down: NDArray[np.bool_]  # (SEGMENTS,) False where the pen moves to the next stroke
    length: float  # of all strokes together


def read_skeletons(text: str) -> tuple[Skeleton, ...]:
    """Read the ways of writing a digit, written down as the module's docstring shows."""
    unfolded = re.sub(r"\n {8,}", " ", text.strip())
    return tuple(_read_skeleton(block) for block in unfolded.split("\n\n"))


def _read_skeleton(block: str) -> Skeleton:
    first, *lines = block.splitlines()
    header = _HEADER.fullmatch(first)
    if header is None:
        raise ValueError(f"not a name and a weight in brackets: {first!r}")
    strokes: list[tuple[Place, ...]] = []
    habits: list[tuple[Place, ...]] = []
    for line in lines:
        kind, _, places = line.strip().partition(": ")
        (strokes if kind == "pen" else habits).append(tuple(map(_read_place, places.split("; "))))
    skeleton = Skeleton(header["name"], float(header["weight"]), tuple(strokes), tuple(habits))

    names = [place.name for stroke in strokes for place in stroke]
    if len(set(names)) != len(names):
        raise ValueError(f"two places of {skeleton.name!r} have the same name")
    unknown = {place.name for habit in habits for place in habit} - set(names)
    if unknown:
        raise ValueError(f"a habit of {skeleton.name!r} moves what is not there: {sorted(unknown)}")
    return skeleton


def _read_place(text: str) -> Place:
    place = _PLACE.fullmatch(text)
    if place is None:
        raise ValueError(f"not a place and its x,y: {text!r}")
    return Place(place["name"], float(place["x"]), float(place["y"]), bool(place["corner"]))


def trace(skeleton: Skeleton) -> Path:
    """Turn a skeleton into the arrays from which digits are drawn."""
    length = np.cumsum([_knots(stroke)[-1] for stroke in skeleton.strokes])
    drawn = SEGMENTS - (len(length) - 1)  # a segment goes to each lifting of the pen
    ends = np.rint(length / length[-1] * drawn).astype(int)

    names = [place.name for stroke in skeleton.strokes for place in stroke]
    weights = np.zeros((SEGMENTS + 1, len(names)), np.float32)
    pen_down = np.ones(SEGMENTS, np.bool_)
    point = place = 0
    for stroke, segments in zip(skeleton.strokes, np.diff(ends, prepend=0), strict=True):
        if point:
            pen_down[point - 1] = False
        points, places = slice(point, point + segments + 1), slice(place, place + len(stroke))
        weights[points, places] = _spline_weights(stroke, int(segments))
        point, place = points.stop, places.stop

    habits = np.zeros((len(skeleton.habits), len(names), 2), np.float32)
    for habit, moves in zip(habits, skeleton.habits, strict=True):
        for move in moves:
            habit[names.index(move.name)] = move.x, move.y
    return Path(
        places=np.concatenate([_xy(stroke) for stroke in skeleton.strokes]).astype(np.float32),
        spacing=np.concatenate([_spacing(stroke) for stroke in skeleton.strokes]).astype(
            np.float32
        ),
        habits=habits,
        weights=weights,
        pen_down=pen_down,
        length=float(length[-1]),
    )


def _xy(stroke: tuple[Place, ...]) -> NDArray[np.float64]:
    return np.array([(place.x, place.y) for place in stroke])


def _knots(stroke: tuple[Place, ...]) -> NDArray[np.float64]:
    """How far along a stroke's chords its places lie, (P,)."""
    chords = np.diff(_xy(stroke), axis=0)
    return np.append(0.0, np.cumsum(np.sqrt((chords * chords).sum(axis=1))))


def _spacing(stroke: tuple[Place, ...]) -> NDArray[np.float64]:
    """How far away the neighbours of a stroke's places are, (P,); an end has one neighbour."""
    chords = np.diff(_knots(stroke))
    return (np.append(chords[:1], chords) + np.append(chords, chords[-1:])) / 2


def _spline_weights(stroke: tuple[Place, ...], segments: int) -> NDArray[np.float64]:
    """Weights (segments + 1, P) of a stroke's places in points evenly spread along it.

    Between two places the path is the cubic Hermite spline whose tangent at each is the slope of
    the chord between its neighbours; at ends and corners, that of the chord to the other place.
    """
    knots = _knots(stroke)
    last = len(stroke) - 1
    is_sharp = [place.is_corner or index in (0, last) for index, place in enumerate(stroke)]
    unit = np.eye(len(stroke))

    weights = np.empty((segments + 1, len(stroke)))
    for point, knot in enumerate(np.linspace(0, knots[-1], segments + 1)):
        a = min(int(np.searchsorted(knots, knot, side="right")) - 1, last - 1)
        b = a + 1
        chord = knots[b] - knots[a]
        slope = (unit[b] - unit[a]) / chord
        leaving = slope if is_sharp[a] else (unit[b] - unit[a - 1]) / (knots[b] - knots[a - 1])
        arriving = slope if is_sharp[b] else (unit[b + 1] - unit[a]) / (knots[b + 1] - knots[a])
        t = (knot - knots[a]) / chord
        weights[point] = (
            (1 + 2 * t) * (1 - t) * (1 - t) * unit[a]
            + t * (1 - t) * (1 - t) * chord * leaving
            + t * t * (3 - 2 * t) * unit[b]
            + t * t * (t - 1) * chord * arriving
        )
    return weights
