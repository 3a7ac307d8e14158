"""Digits as strokes: twenty clear ones set down by hand, and any number in a sloppy hand."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from mnist_scratch.data.synthetic.handwriting import choose_skeletons, write

Stroke: TypeAlias = list[tuple[float, float]]  # across and down, 0 to 1


# Each digit in two ways: its strokes, as points in hundredths, across and down.
_SHAPES = """
0: 50,2 73,20 79,61 63,93 37,93 21,61 27,20 50,2
0: 62,4 86,35 81,78 50,98 19,78 14,35 38,4 72,11
1: 50,2 50,98
1: 35,20 55,2 50,98
2: 22,28 25,16 35,6 47,2 61,4 72,12 78,23 77,36 22,96 82,96
2: 20,25 35,6 60,4 75,25 60,50 20,95 50,90 85,95
3: 22,19 32,7 48,2 64,7 74,19 74,33 64,45 48,50 57,51 72,60 78,74 72,88 57,97 39,97 24,88
   19,81
3: 20,5 75,5 45,40 75,55 75,80 50,97 20,88
4: 35,3 20,58 85,58 | 62,25 60,98
4: 65,98 65,2 15,65 90,65
5: 75,4 30,4 26,42 34,42 54,41 71,52 76,71 67,88 49,96 29,91 22,84
5: 30,5 28,45 60,42 75,65 60,92 22,93 | 30,5 78,4
6: 65,3 40,20 27,50 28,60 48,47 70,56 74,80 57,96 34,91 25,69 30,57
6: 70,6 45,10 28,40 25,70 40,95 65,90 72,70 55,55 30,65
7: 20,5 80,5 42,97
7: 20,10 50,4 80,6 60,50 45,97 | 35,50 78,48
8: 50,49 33,40 29,21 40,5 60,5 71,21 67,40 50,49 62,52 76,69 71,89 50,98 29,89 24,69 38,52
   50,50
8: 70,15 50,3 30,18 45,42 70,68 60,93 40,95 27,75 50,48 70,25 68,14
9: 73,28 64,48 42,52 25,39 25,17 42,4 64,8 73,28 66,97
9: 70,20 50,4 28,20 35,42 60,42 72,15 70,50 55,95
"""


def shapes() -> list[tuple[str, list[Stroke]]]:
    """Return twenty clear drawings, each with the digit that it is."""
    drawn = []
    for text in _SHAPES.replace("\n   ", " ").strip().splitlines():
        digit, strokes = text.split(": ")
        drawn.append((digit, [_points(stroke) for stroke in strokes.split(" | ")]))
    return drawn


def _points(text: str) -> Stroke:
    pairs = (point.split(",") for point in text.split())
    return [(int(x) / 100, int(y) / 100) for x, y in pairs]


def scaled(strokes: list[Stroke], size: float, left: float, top: float) -> list[Stroke]:
    """Return strokes that fill a square of `size` at (left, top)."""
    return [[(left + size * x, top + size * y) for x, y in stroke] for stroke in strokes]


def handwriting(count: int, seed: int) -> list[list[Stroke]]:
    """Return digits 0, 1, ... as the synthetic data set's writers write them, 0 to 1."""
    rng = np.random.default_rng(seed)
    pen = write(choose_skeletons(np.arange(count) % 10, rng), rng)
    digits = []
    for points, is_down in zip(pen.points, pen.pen_down, strict=True):
        places = ((points - points.min(axis=0)) / np.ptp(points, axis=0).max()).tolist()
        strokes: list[Stroke] = []
        for number in np.flatnonzero(is_down).tolist():
            if number == 0 or not is_down[number - 1]:
                strokes.append([tuple(places[number])])
            strokes[-1].append(tuple(places[number + 1]))
        digits.append(strokes)
    return digits
