"""Handwriting: what differs between two digits that were written the same way.

From a skeleton to a path on the canvas: a writer's habits, a hand that shakes, a smooth warp, the
digit's proportions, slant and rotation, and a pen that is pressed more here and less there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mnist_scratch.data.pictures.prepare import BOX
from mnist_scratch.data.synthetic.rendering import CANVAS, DRAWING
from mnist_scratch.data.synthetic.skeletons import SKELETONS
from mnist_scratch.data.synthetic.strokes import SEGMENTS, trace

Array = NDArray[np.float32]

# How much digits vary. Single numbers are standard deviations, pairs the bounds of a uniform draw.
# They vary more than MNIST's own, for a network learns more from sloppy digits than from careful
# ones. A 784-256-10 network trained on 60,000 of them, 5 epochs, knew 96.4 % of MNIST's training
# images (3 seeds, 96.2 to 96.5). With PLACES_SHAKE of 0.02 to 0.08 and no LINE_SHAKES it was
# 95.7 %; with a PRESSURE of 0.05 and no NIB 94.6 %; with all of this and HABITS of 1, 92.9 % (one
# seed each).

HABITS = 1.5  # times the steps written down with the skeletons
PLACES_SHAKE = (0.11, 0.29)  # of the spacing of the places, from a steady hand to a shaking one
SPACING = (10, 35)  # hundredths of the digit's height, to which the spacing is clipped
LINE_SHAKES = 0.008  # of the line's length
LINE_KNOTS = 12
WARP = 0.11  # of half the digit's height

STRETCH_MEAN, STRETCH, STRETCH_LEAST = 1.12, 0.25, 0.6  # of the width
SLANT_MEAN, SLANT = 0.19, 0.25  # width by height; most people's writing leans to the right
ROTATION = 0.09  # tangent of the angle

STROKE_WIDTH_MEAN, STROKE_WIDTH, STROKE_WIDTH_LEAST = 2.35, 0.65, 1.1  # pixels of 20
PRESSURE = 0.35  # of the width
PRESSURE_KNOTS = 5
NIB = 0.15  # of the width
PRESSURE_LEAST = 0.4
SOFTNESS = (0.4, 1.4)  # canvas pixels


@dataclass(frozen=True)
class Penwork:
    """Paths ready to be inked; see `rendering.render`."""

    points: Array
    radii: Array
    pen_down: NDArray[np.bool_]
    softness: Array


@dataclass(frozen=True)
class Stencils:
    """All K skeletons in arrays of one size: P places and H habits, padded with zeros."""

    first: NDArray[np.intp]  # (11,) where each digit's skeletons begin, and K
    cumulative: NDArray[np.float64]  # (K,) the weights of each digit's skeletons, adding up to 1
    places: Array  # (K, P, 2)
    spacing: Array  # (K, P, 1)
    habits: Array  # (K, H, P, 2)
    weights: Array  # (K, P, SEGMENTS + 1)
    pen_down: NDArray[np.bool_]  # (K, SEGMENTS)
    length: Array  # (K, 1, 1)


@cache
def stencils() -> Stencils:
    """Trace all skeletons."""
    paths = [trace(skeleton) for ways in SKELETONS for skeleton in ways]
    most_places = max(len(path.places) for path in paths)
    most_habits = max(len(path.habits) for path in paths)
    places = np.zeros((len(paths), most_places, 2), np.float32)
    spacing = np.zeros((len(paths), most_places, 1), np.float32)
    habits = np.zeros((len(paths), most_habits, most_places, 2), np.float32)
    weights = np.zeros((len(paths), most_places, SEGMENTS + 1), np.float32)
    for k, path in enumerate(paths):
        count = len(path.places)
        places[k, :count] = path.places
        spacing[k, :count, 0] = np.clip(path.spacing, *SPACING)
        habits[k, : len(path.habits), :count] = path.habits
        weights[k, :count] = path.weights.T
    shares = [np.cumsum([skeleton.weight for skeleton in ways]) for ways in SKELETONS]
    return Stencils(
        first=np.cumsum([0, *map(len, SKELETONS)]),
        cumulative=np.concatenate([share / share[-1] for share in shares]),
        places=places,
        spacing=spacing,
        habits=habits,
        weights=weights,
        pen_down=np.array([path.pen_down for path in paths]),
        length=np.array([path.length for path in paths], np.float32)[:, None, None],
    )


def choose_skeletons(labels: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw for every label (N,) a way of writing it, by the ways' weights: indices (N,)."""
    ways = stencils()
    draw = rng.random(len(labels))
    chosen = np.empty(len(labels), np.intp)
    for digit in range(len(SKELETONS)):
        first, end = ways.first[digit : digit + 2]
        mine = labels == digit
        chosen[mine] = first + np.searchsorted(ways.cumulative[first:end], draw[mine], "right")
    return chosen


def write(skeletons: NDArray[np.intp], rng: np.random.Generator) -> Penwork:
    """Write a digit after each of the chosen skeletons (N,), each with variations of its own."""
    count = len(skeletons)
    points = _follow(skeletons, rng)
    shake = np.stack([_curve(LINE_KNOTS, count, rng) for _ in "xy"], axis=2)
    points += LINE_SHAKES * stencils().length[skeletons] * shake
    points = _fit(_distort(points, rng), np.zeros(count, np.float32))
    radii = _press(points, rng)
    return Penwork(
        points=_fit(points, radii.max(axis=1)),
        radii=radii,
        pen_down=stencils().pen_down[skeletons],
        softness=_uniform(rng, *SOFTNESS, (count,)),
    )


def _follow(skeletons: NDArray[np.intp], rng: np.random.Generator) -> Array:
    """Paths (N, S + 1, 2) past the skeletons' places, moved by habit and by a shaking hand."""
    ways = stencils()
    places = ways.places[skeletons]  # (N, P, 2)
    strength = _uniform(rng, -HABITS, HABITS, (len(skeletons), ways.habits.shape[1], 1, 1))
    for habit in range(strength.shape[1]):
        places += strength[:, habit] * ways.habits[skeletons, habit]
    shake = _uniform(rng, *PLACES_SHAKE, (len(skeletons), 1, 1)) * ways.spacing[skeletons]
    places += shake * _bell(rng, places.shape)

    # One place at a time, so that the order of the additions is ours and not a matrix library's.
    points = np.zeros((len(skeletons), SEGMENTS + 1, 2), np.float32)
    for place in range(places.shape[1]):
        points += ways.weights[skeletons, place][:, :, None] * places[:, None, place]
    return points


def _distort(points: Array, rng: np.random.Generator) -> Array:
    """Warp, stretch, slant and turn paths (N, S + 1, 2)."""
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    half = (high - low).max(axis=2, keepdims=True) / 2
    x, y = np.moveaxis((points - (low + high) / 2) / half, 2, 0)  # (N, S + 1) each, -1 to 1

    bends = (x * x, x * y, y * y, x * x * y, x * y * y)
    amounts = WARP * _bell(rng, (2, len(bends) + 1, len(points), 1))
    dx, dy = amounts[0, -1] * y * y * y, amounts[1, -1] * y * y * y
    for bend, amount_x, amount_y in zip(bends, amounts[0], amounts[1], strict=False):
        dx += amount_x * bend
        dy += amount_y * bend
    x, y = x + dx, y + dy

    stretch, slant, turn = _bell(rng, (3, len(points), 1))
    x = np.maximum(STRETCH_MEAN + STRETCH * stretch, STRETCH_LEAST) * x
    x -= (SLANT_MEAN + SLANT * slant) * y
    turn *= ROTATION
    length = np.sqrt(1 + turn * turn)
    return np.stack(((x - turn * y) / length, (y + turn * x) / length), axis=2)


def _press(points: Array, rng: np.random.Generator) -> Array:
    """Half the width (N, S + 1) of the ink along paths (N, S + 1, 2), in canvas pixels."""
    count = len(points)
    width = STROKE_WIDTH_MEAN + STROKE_WIDTH * _bell(rng, (count, 1))
    width = np.maximum(width, STROKE_WIDTH_LEAST)
    pressure = 1 + PRESSURE * _curve(PRESSURE_KNOTS, count, rng)

    # A nib writes broad in one direction and fine across it; the products are the cosine and sine
    # of twice the stroke's angle.
    x, y = np.moveaxis(np.diff(points, axis=1, append=points[:, -1:]), 2, 0)
    square = x * x + y * y + np.float32(1e-6)
    nib = NIB * _bell(rng, (2, count, 1))
    pressure += (nib[0] * (x * x - y * y) + nib[1] * (2 * x * y)) / square
    radii: Array = width * np.maximum(pressure, PRESSURE_LEAST) * (DRAWING / BOX / 2)
    return radii


def _fit(points: Array, reach: Array) -> Array:
    """Scale and move paths so that they, widened by reach (N,), fill the drawing on the canvas."""
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    room = DRAWING - 2 * reach[:, None, None]
    scale = room / (high - low).max(axis=2, keepdims=True)
    middle: Array = (low + high) * np.float32(0.5)
    fitted: Array = (points - middle) * scale + np.float32(CANVAS / 2)
    return fitted


def _curve(knots: int, count: int, rng: np.random.Generator) -> Array:
    """Random curves along paths, (N, S + 1): drawn at evenly spaced knots, smooth in between."""
    at = np.linspace(0, knots - 1, SEGMENTS + 1, dtype=np.float32)
    curve = np.zeros((count, SEGMENTS + 1), np.float32)
    for knot, height in enumerate(_bell(rng, (knots, count, 1))):
        near = np.maximum(1 - np.abs(at - knot), 0)
        curve += height * (near * near * (3 - 2 * near))
    return curve


def _uniform(rng: np.random.Generator, low: float, high: float, shape: tuple[int, ...]) -> Array:
    draws: Array = low + (high - low) * rng.random(shape, np.float32)
    return draws


def _bell(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw with mean 0 and standard deviation 1 between -3 and 3: the sum of three uniform draws.

    It is rounded alike on all machines, which a normal distribution's logarithm is not.
    """
    total = rng.random(shape, np.float32)
    total += rng.random(shape, np.float32)
    total += rng.random(shape, np.float32)
    return 2 * total - 3
