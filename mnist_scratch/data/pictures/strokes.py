"""Making strokes as sharp and thick as those of MNIST, which networks have learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Of the digit's longer side. Of MNIST's training images, 5% have thinner strokes.
_THINNEST = 0.1
_EDGE = 25  # grey levels: what an edge loses on either side of its middle
_SOFT = 165  # grey levels, the mean of ink: sharp strokes have 200 to 255, out of focus 130 to 165
# Strokes' length, half of their outline, and their width, by the digit's longer side. Of MNIST's
# 60,000 training images 81 are longer or wider: scribbles and solid shapes are. A bar is wider than
# high, and shorter than all but 1.
LONGEST = 4.0
LONGEST_BROAD = 5.9  # of length * (1 + 6 * width)
WIDEST = 0.3
SHORTEST = 1.15
BAR = 1.2  # heights


def sharpen(box: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Steepen the edges of a digit whose ink is soft all over: out of focus, or enlarged.

    Parameters
    ----------
    box : array of uint8, shape (H, W)
        A digit, cut out; 0 paper to 255 ink.
    """
    if box[box > _EDGE].mean() > _SOFT:
        return box
    steeper = (box.astype(np.int64) - _EDGE) * 255 // (255 - 2 * _EDGE)
    return np.clip(steeper, 0, 255).astype(np.uint8)


def thicken(box: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Thicken a digit's strokes if they are thinner than MNIST's.

    Parameters
    ----------
    box : array of uint8, shape (H, W)
        A digit, cut out; 0 paper to 255 ink.

    Returns
    -------
    array of uint8
        The digit, larger by as much on each side as its strokes have grown.
    """
    side = max(box.shape)
    radius = int((_THINNEST * side - stroke_width(box)) / (2 * (1 - _THINNEST)))
    if radius < 1:
        return box
    # An octagon, nearly a circle: a square of its radius times tan(22.5 degrees), then a diamond.
    square = (radius * 53 + 64) // 128
    box = np.pad(box, radius)
    for _ in range(square):
        box = np.maximum(box, np.maximum(*_shifted(box, 0)))
        box = np.maximum(box, np.maximum(*_shifted(box, 1)))
    for _ in range(radius - square):
        box = np.maximum.reduce([box, *_shifted(box, 0), *_shifted(box, 1)])
    return box


def stroke_width(box: NDArray[np.uint8]) -> float:
    """Return the mean width of strokes in pixels: twice their area by their outline.

    The outline is what neighbours differ by, along rows and columns: on average over all
    directions, 4 / pi of its length.
    """
    return 8 * int(box.sum(dtype=np.int64)) / (np.pi * _steps(box))


def is_written(box: NDArray[np.uint8]) -> bool:
    """Tell whether a box's ink may be a digit's strokes: no scribble, texture, solid shape or bar.

    The ink is first reduced, so that the grain of a pencil does not count.
    """
    small = _reduced(box)
    side = max(small.shape)
    length, width = np.pi / 8 * _steps(small) / 255 / side, stroke_width(small) / side
    return bool(
        length <= LONGEST
        and length * (1 + 6 * width) <= LONGEST_BROAD
        and width <= WIDEST
        and (length >= SHORTEST or small.shape[1] <= BAR * small.shape[0])
    )


def _reduced(box: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the means of squares of pixels, at most 128 along a side, stretched to full ink."""
    factor = -(-max(box.shape) // 128)
    padded = np.pad(box, [(0, -length % factor) for length in box.shape])
    height, width = (length // factor for length in padded.shape)
    means = padded.reshape(height, factor, width, factor).mean(axis=(1, 3))
    return np.asarray(means * (255 / max(means.max(), 1)), np.uint8)


def _steps(box: NDArray[np.uint8]) -> int:
    """Return the sum of the differences between neighbours."""
    ink = np.pad(box, 1).astype(np.int64)
    return int(np.abs(np.diff(ink, axis=0)).sum() + np.abs(np.diff(ink, axis=1)).sum())


def _shifted(box: NDArray[np.uint8], axis: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Move the box by a pixel either way, over paper."""
    padded = np.pad(box, [(1, 1) if each == axis else (0, 0) for each in (0, 1)])
    moved = np.moveaxis(padded, axis, 0)
    return np.moveaxis(moved[2:], 0, axis), np.moveaxis(moved[:-2], 0, axis)
