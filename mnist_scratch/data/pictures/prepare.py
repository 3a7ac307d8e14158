"""Preparing a picture of a digit the way MNIST was prepared.

The digits of MNIST were fitted into a box of 20 x 20 pixels, keeping their aspect ratio, with
antialiasing, and then moved in a field of 28 x 28 until their centre of mass lay at its centre
(Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits"). A network that has
only seen such pictures knows a digit prepared otherwise badly, however cleanly it was written.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIELD = 28
BOX = 20

# In MNIST's 60,000 training images the centre of mass, in pixel indices, lies between 13.50 and
# 14.50 in both directions, evenly spread: the digits were moved by whole pixels, and to (14, 14),
# not to the geometric middle (13.5, 13.5).
CENTRE = 14

_FULL = 254  # as MNIST's images have it

# What rounds to 0 of 255 grey levels is paper, and does not count as ink when cropping.
FAINTEST_INK = 0.5 / 255


def prepare(brightness: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Crop pictures to their ink, fit them into 20 x 20 and centre them by mass in 28 x 28.

    Every step is a comparison, an exactly rounded float32 operation or an integer one, so a picture
    gives the same bytes on every machine, alone or in a batch.

    Parameters
    ----------
    brightness : array of float32, 0 to 1, shape (N, H, W)
        Bright ink on black paper, some on each; H and W of any size.

    Returns
    -------
    array of uint8, shape (N, 28, 28)
    """
    is_ink: NDArray[np.bool_] = brightness > FAINTEST_INK
    top, bottom = _first_and_last(np.any(is_ink, axis=2))  # (N,) each
    left, right = _first_and_last(np.any(is_ink, axis=1))
    cell = np.maximum(bottom - top, right - left).astype(np.float32) / np.float32(BOX)

    fitted = _average_rows(brightness, top, bottom, cell)  # (N, 20, W)
    fitted = _average_rows(fitted.swapaxes(1, 2), left, right, cell).swapaxes(1, 2)  # (N, 20, 20)
    grey = np.minimum(fitted * np.float32(255) + np.float32(0.5), 255).astype(np.uint8)
    return _centre(grey)


def to_full_ink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch a prepared image so that its strongest pixel is 255, as in MNIST's images.

    Thin or faint strokes become grey where they are averaged over the pixels of a small image.
    """
    strongest = int(image.max())
    if strongest == 0 or strongest >= _FULL:
        return image
    return ((image.astype(np.int64) * 510 + strongest) // (2 * strongest)).astype(np.uint8)


def _first_and_last(lit: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of lit (N, L): the first lit position of every row, and the one after its last, both (N,)."""
    return lit.argmax(axis=1), lit.shape[1] - lit[:, ::-1].argmax(axis=1)


def _average_rows(
    pictures: NDArray[np.float32],
    start: NDArray[np.intp],
    stop: NDArray[np.intp],
    cell: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Average rows start to stop of pictures (N, H, W) over cells of height `cell`: (N, 20, W).

    The average of a cell is the difference of the running sum at its two edges, which may lie
    within a row. The first cell begins at `start`, so that ink which is a whole number of cells
    high stays sharp. Outside start to stop is paper.
    """
    count, height, width = pictures.shape
    running_sum = np.zeros((count, height + 1, width), np.float32)
    np.cumsum(pictures, axis=1, out=running_sum[:, 1:])

    edges = np.arange(BOX + 1, dtype=np.float32) * cell[:, None]  # (N, 21)
    edges = np.minimum(edges + start[:, None].astype(np.float32), stop[:, None].astype(np.float32))
    row = np.minimum(edges.astype(np.intp), height - 1)
    below_edge = (edges - row.astype(np.float32))[:, :, None]
    picture = np.arange(count)[:, None]
    at_edges = running_sum[picture, row] + below_edge * pictures[picture, row]  # (N, 21, W)
    averages: NDArray[np.float32] = np.diff(at_edges, axis=1) / cell[:, None, None]
    return np.maximum(averages, 0, out=averages)


def _centre(boxes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Move boxes (N, 20, 20) by whole pixels so that their centres of mass come to (14, 14)."""
    count = len(boxes)
    row_mass = boxes.sum(axis=2, dtype=np.int64)  # (N, 20)
    column_mass = boxes.sum(axis=1, dtype=np.int64)
    source_row = _source_positions(row_mass)  # (N, 28)
    source_column = _source_positions(column_mass)

    # The position after the box's last is paper, for the pixels that no ink moves to.
    papered = np.zeros((count, BOX + 1, BOX + 1), np.uint8)
    papered[:, :BOX, :BOX] = boxes
    picture = np.arange(count)[:, None, None]
    return papered[picture, source_row[:, :, None], source_column[:, None, :]]


def _source_positions(mass: NDArray[np.int64]) -> NDArray[np.int64]:
    """Given the mass (N, 20) at each position of a box, return which one goes to each of 28."""
    total = mass.sum(axis=1)
    moment = (mass * np.arange(BOX)).sum(axis=1)
    shift = (2 * CENTRE * total - 2 * moment + total) // (2 * total)  # rounded CENTRE - mean
    length = BOX - (mass[:, ::-1] > 0).argmax(axis=1)
    shift = np.clip(shift, 0, FIELD - length)  # no ink leaves the field
    source = np.arange(FIELD) - shift[:, None]
    return np.where((source >= 0) & (source < BOX), source, BOX)
