"""Taking printed lines out of the ink: ruled and squared paper, margins, boxes of a form.

A printed line is told from a stroke by its length and straightness: it runs from one border of the
picture to the other, or it is a side of a box, whose four sides run from end to end, with
something in it. A clean drawing has none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_scratch.data.pictures.components import connected_components

_SIDE = 400  # lines are looked for in a mask of at most as many pixels along a side
_STEEPEST = 0.1  # 6 degrees
_STEP = 1.6  # rows by which lines of neighbouring slopes end apart
_WHOLE = 0.85  # of a line's length is ink: the rest is faint
_END = 0.03  # of a line's length: the line must have ink at both of its ends
_PART = 0.15  # of the width: a line that leaves the picture sooner is not seen
_WIDEST = 0.04  # of the picture's longer side
_BORDER = 0.02  # of the picture: an edge of ink along its border is no line
_CLEARLY = 0.65  # of full ink: a line fainter than that is told from strokes by its colour
_BOX = 0.2  # of the picture's shorter side: what is smaller is no box
_LEFT = 0.15  # of a line's length: what is left must be as long, or the lines were the digit


class Line(NamedTuple):
    """A line nearly along the rows: its row where it begins, on the left, and its slope."""

    row: float
    slope: float


def remove_lines(drawn: NDArray[np.float32], faintest: float) -> NDArray[np.float32]:
    """Remove printed lines and boxes from the ink, and mend the strokes that they cross.

    Parameters
    ----------
    drawn : array of float32, shape (H, W)
        0 for paper to 1 for full ink.
    faintest
        The ink that a stroke has more of.

    Returns
    -------
    array of float32, shape (H, W)
    """
    drawn = _remove_boxes(drawn, faintest)
    across, down = _ruling(drawn, faintest), _ruling(drawn.T, faintest)
    if not across and not down:
        return drawn
    without = _without(_without(drawn, across, faintest).T, down, faintest).T
    return without if _something_left(without, faintest, _LEFT * min(drawn.shape)) else drawn


def _ruling(drawn: NDArray[np.float32], faintest: float) -> list[Line]:
    """Find lines from border to border; one that lies along another border may be a stroke."""
    lines = _lines_across(drawn, faintest)
    if len(lines) == 1:
        middle = (lines[0].row + lines[0].slope * drawn.shape[1] / 2) / drawn.shape[0]
        if not _BORDER < middle < 1 - _BORDER:
            return []
    return lines


def _remove_boxes(drawn: NDArray[np.float32], faintest: float) -> NDArray[np.float32]:
    for box in connected_components(drawn, drawn > faintest):
        if min(box.height, box.width) < _BOX * min(drawn.shape):
            continue
        inside = np.s_[box.top : box.bottom, box.left : box.right]
        part = drawn[inside]
        across = _lines_across(part, faintest)
        down = _lines_across(part.T, faintest) if len(across) > 1 else []
        if len(down) < 2:
            continue
        without = _without(_without(part, across, faintest).T, down, faintest).T
        if _something_left(without, faintest, _LEFT * min(part.shape)):
            drawn = drawn.copy()
            drawn[inside] = without
    return drawn


def _something_left(drawn: NDArray[np.float32], faintest: float, length: float) -> bool:
    components = connected_components(drawn, drawn > faintest)
    return any(max(each.height, each.width) >= length for each in components)


def _lines_across(drawn: NDArray[np.float32], faintest: float) -> list[Line]:
    """Find lines from the left border to the right."""
    factor = -(-max(drawn.shape) // _SIDE)
    mask = _reduced(drawn > faintest, factor)
    width = mask.shape[1]
    lines: list[Line] = []
    for _ in range(4):  # as many directions at most
        found = _most_parallel(mask)
        if not found:
            break
        for row, slope in found:
            lines.append(Line((row + 0.5) * factor, slope))
            at = np.rint(row + slope * np.arange(width)).astype(np.intp)
            for nearby in range(-2, 3):
                mask[np.clip(at + nearby, 0, len(mask) - 1), np.arange(width)] = False
    return lines


def _reduced(mask: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    padded = np.pad(mask, [(0, -length % factor) for length in mask.shape])
    height, width = (length // factor for length in padded.shape)
    squares = padded.reshape(height, factor, width, factor)
    return np.asarray(squares.any(axis=(1, 3)), np.bool_)


def _most_parallel(mask: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Find lines of that slope which most have: (row, slope) of each."""
    height, width = mask.shape
    wide = mask.copy()  # a row more either way, for lines that are not quite straight
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    if wide.any(axis=0).mean() < _WHOLE:
        return []
    rows, columns = np.nonzero(wide)
    steps = int(np.ceil(_STEEPEST * width / _STEP))
    slopes = [_STEEPEST * step / steps for step in range(-steps, steps + 1)]
    spare = int(_STEEPEST * width) + 2
    ends = (columns < _END * width) | (columns >= (1 - _END) * width)
    best, best_score, best_slope = None, 0.0, 0.0
    for slope in sorted(slopes, key=abs):
        bend = np.rint(slope * np.arange(width)).astype(np.intp)
        shifted = rows - bend[columns] + spare
        size = height + 2 * spare
        share = np.bincount(shifted, minlength=size) / width
        if share.max() < _WHOLE:
            continue
        # Of a sloping line, some columns may lie outside the picture.
        inside = np.bincount(spare - bend, minlength=size + 1) - np.bincount(
            np.clip(height + spare - bend, 0, size), minlength=size + 1
        )
        inside = np.cumsum(inside)[:size]
        share = np.where(inside >= _PART * width, share * width / np.maximum(inside, 1), 0)
        at_ends = np.bincount(shifted[ends], minlength=size)
        share[(inside == width) & (at_ends < 1.4 * _END * width)] = 0
        score = float((np.maximum(share - 0.7, 0) ** 2).sum())
        if score > best_score * 1.02:
            best, best_score, best_slope = share, score, slope
    if best is None or best.max() < _WHOLE:
        return []
    whole = np.flatnonzero(best >= _WHOLE)
    bands = np.split(whole, np.flatnonzero(np.diff(whole) > 1) + 1)
    return [(float(band.mean()) - spare, best_slope) for band in bands]


def _without(drawn: NDArray[np.float32], lines: list[Line], faintest: float) -> NDArray[np.float32]:
    """Take lines across out of the ink."""
    drawn = drawn.copy()
    height, width = drawn.shape
    reach = max(4, int(_WIDEST * max(drawn.shape)))
    columns = np.arange(width)
    for line in lines:
        offsets = np.arange(-2 * reach, 2 * reach + 1)[:, None]
        rows = np.rint(line.row + line.slope * columns).astype(np.intp) + offsets
        within = (rows >= 0) & (rows < height)
        rows = np.clip(rows, 0, height - 1)
        strip = np.where(within, drawn[rows, columns], 0)  # (offsets, W): the line made straight
        taken = _taken(strip, reach, faintest)
        drawn[rows[taken & within], np.broadcast_to(columns, rows.shape)[taken & within]] = 0
    return drawn


def _taken(strip: NDArray[np.float32], reach: int, faintest: float) -> NDArray[np.bool_]:
    """Tell which pixels of a strip are of the line along its middle, and not of a stroke."""
    taken = np.zeros(strip.shape, np.bool_)
    is_ink = strip > faintest
    share = is_ink.mean(axis=1)
    near = slice(2 * reach - reach // 2 - 1, 2 * reach + reach // 2 + 2)
    middle = near.start + int(share[near].argmax())
    faint = np.flatnonzero(share < 0.5 * share[middle])
    above, below = faint[faint < middle], faint[faint > middle]
    if not above.size or not below.size or below[0] - above[-1] > reach:
        return taken
    first, last = max(above[-1], 2), min(below[0], len(strip) - 3)  # with an edge that fades
    level = float(np.median(strip[first : last + 1].max(axis=0)))
    if level < _CLEARLY:
        taken[first : last + 1] = strip[first : last + 1] < (1 + level) / 2
        return taken
    from_above = np.all(is_ink[first - 2 : first], axis=0)
    from_below = np.all(is_ink[last + 1 : last + 3], axis=0)
    half = (first + last) // 2
    taken[first : half + 1] = ~from_above
    taken[half + 1 : last + 1] = ~from_below
    return taken
