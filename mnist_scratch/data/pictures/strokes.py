"""Making thin strokes as thick as those of MNIST, which networks have learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Of the digit's longer side. Of MNIST's training images, 5% have thinner strokes.
_THINNEST = 0.1


def thicken(box: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Thicken a digit's strokes if they are thinner than MNIST's.

    Every step is of integers, or rounded exactly, so that it is the same in JavaScript.

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
    ink = np.pad(box, 1).astype(np.int64)
    outline = int(np.abs(np.diff(ink, axis=0)).sum() + np.abs(np.diff(ink, axis=1)).sum())
    return 8 * int(ink.sum()) / (np.pi * outline)


def _shifted(box: NDArray[np.uint8], axis: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Move the box by a pixel either way, over paper."""
    padded = np.pad(box, [(1, 1) if each == axis else (0, 0) for each in (0, 1)])
    moved = np.moveaxis(padded, axis, 0)
    return np.moveaxis(moved[2:], 0, axis), np.moveaxis(moved[:-2], 0, axis)
