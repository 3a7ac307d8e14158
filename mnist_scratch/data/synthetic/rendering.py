"""Rendering: from the path and the width of a pen to ink on a canvas."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# Twice MNIST's 20 pixels, and a margin for the edges of the ink.
DRAWING = 40
MARGIN = 2
CANVAS = DRAWING + 2 * MARGIN

# Pictures drawn together: their patches (about 12 x 12 float32 each) then stay in a core's cache.
GROUP = 250

FAR = np.float32(100)


def render(
    points: NDArray[np.float32],
    radii: NDArray[np.float32],
    pen_down: NDArray[np.bool_],
    softness: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Draw paths with a round pen.

    Parameters
    ----------
    points : array of float32, shape (N, S + 1, 2)
        The path (x, y) in canvas pixels, at least a radius inside the drawing.
    radii : array of float32, shape (N, S + 1)
        Half the width of the ink at each point, in canvas pixels.
    pen_down : array of bool, shape (N, S)
        Which of the S segments between the points are drawn.
    softness : array of float32, shape (N,)
        Over how many canvas pixels the ink's edge fades.

    Returns
    -------
    array of float32, 0 (paper) to 1 (ink), shape (N, CANVAS, CANVAS)
    """
    distance = np.empty((len(points), CANVAS, CANVAS), np.float32)
    # A patch is as large as the largest pen of its group needs, so pens of a size are grouped.
    by_width = np.argsort(radii.max(axis=1), kind="stable")
    for first in range(0, len(points), GROUP):
        group = by_width[first : first + GROUP]
        distance[group] = _distance_to_ink(points[group], radii[group], pen_down[group])
    distance /= -softness[:, None, None]
    distance += np.float32(0.5)
    return np.clip(distance, 0, 1, out=distance)


def _distance_to_ink(
    points: NDArray[np.float32], radii: NDArray[np.float32], pen_down: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Signed distance (N, CANVAS, CANVAS) of pixel centres to the ink's edge, exact near the edge.

    One segment at a time, for all pictures at once, in a square patch around the segment: further
    away the segment cannot be what inks a pixel.
    """
    count = len(points)
    start = points[:, :-1]  # (N, S, 2)
    step = np.where(pen_down[:, :, None], points[:, 1:] - start, 0)
    radius = radii[:, :-1]  # (N, S)
    widening = np.where(pen_down, radii[:, 1:] - radius, 0)
    length_squared = np.maximum(step[:, :, 0] ** 2 + step[:, :, 1] ** 2, np.float32(1e-6))
    unit = step / length_squared[:, :, None]

    reach = radii.max() + 1
    size = int(np.abs(step).max() + 2 * reach) + 2
    corner = np.floor(np.minimum(start, start + step) - reach).astype(np.intp)
    corner = np.clip(corner, 0, CANVAS - size)  # (N, S, 2)
    to_start = corner.astype(np.float32) + np.float32(0.5) - start

    canvas = np.full((count, CANVAS, CANVAS), FAR, np.float32)
    patches = sliding_window_view(canvas, (size, size), axis=(1, 2), writeable=True)
    pixel = np.arange(size, dtype=np.float32)
    picture = np.arange(count)
    along = np.empty((count, size, size), np.float32)
    across = np.empty_like(along)
    nearest = np.empty_like(along)
    for s in range(step.shape[1]):
        x = pixel + to_start[:, s, 0, None]  # (N, size)
        y = pixel + to_start[:, s, 1, None]
        # How far along the segment the nearest point lies, 0 at its start and 1 at its end.
        np.add(
            (x * unit[:, s, 0, None])[:, None, :], (y * unit[:, s, 1, None])[:, :, None], out=along
        )
        np.maximum(along, 0, out=along)
        np.minimum(along, 1, out=along)
        np.multiply(along, step[:, s, 0, None, None], out=nearest)
        np.subtract(x[:, None, :], nearest, out=nearest)
        np.multiply(nearest, nearest, out=nearest)
        np.multiply(along, step[:, s, 1, None, None], out=across)
        np.subtract(y[:, :, None], across, out=across)
        np.multiply(across, across, out=across)
        np.add(nearest, across, out=nearest)
        np.sqrt(nearest, out=nearest)
        np.multiply(along, widening[:, s, None, None], out=along)
        np.add(along, radius[:, s, None, None], out=along)
        np.subtract(nearest, along, out=nearest)
        at = (picture, corner[:, s, 1], corner[:, s, 0])
        np.minimum(nearest, patches[at], out=nearest)
        patches[at] = nearest
    return canvas
