"""Connected components of ink, and which of them are dust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_SPECK = 0.1  # of the longest component's length
_FAINT = 0.4  # of the strongest pixel: no pixel of a component is stronger
_MOST_DUST = 0.25  # of all ink is not dust, or all is


class Component(NamedTuple):
    """A connected component: how much ink it is, and its bounding box, ends excluded."""

    mass: float
    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Its rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Its columns."""
        return self.right - self.left


def connected_components(ink: NDArray[np.float32], is_ink: NDArray[np.bool_]) -> list[Component]:
    """Find the 8-connected components of ink, heaviest first.

    Parameters
    ----------
    ink : array (H, W)
        How much ink each pixel has.
    is_ink : array of bool (H, W)
        Which pixels count.
    """
    return numbered_components(ink, is_ink)[0]


def numbered_components(
    ink: NDArray[np.float32], is_ink: NDArray[np.bool_]
) -> tuple[list[Component], NDArray[np.int64]]:
    """Find the components of ink, and which of them each pixel is of: (H, W), -1 for none."""
    numbers = np.full(is_ink.shape, -1)
    rows, columns = np.nonzero(is_ink)
    if not len(rows):
        return [], numbers
    _, component = np.unique(_first_pixels(is_ink), return_inverse=True)
    count = int(component.max()) + 1
    mass = np.bincount(component, weights=ink[is_ink])
    low = np.full((2, count), max(is_ink.shape))
    high = np.zeros((2, count), np.int64)
    for axis, positions in enumerate((rows, columns)):
        np.minimum.at(low[axis], component, positions)
        np.maximum.at(high[axis], component, positions + 1)
    values = (mass, low[0], high[0], low[1], high[1])
    found = list(map(Component, *(each.tolist() for each in values)))
    order = sorted(range(count), key=found.__getitem__, reverse=True)
    numbers[is_ink] = np.argsort(order)[component]
    return [found[number] for number in order], numbers


def without_dust(ink: NDArray[np.float32], is_ink: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the ink without components that are far smaller than the longest, or faint.

    These are grain, the dots of dotted paper, and what is left of lines that were taken out. Where
    they are most of the ink there is nothing else.
    """
    components, numbers = numbered_components(ink, is_ink)
    if len(components) < 2:
        return ink
    strongest = np.zeros(len(components))
    np.maximum.at(strongest, numbers[is_ink], ink[is_ink])
    strong = strongest >= _FAINT * strongest.max()
    length = np.array([max(each.height, each.width) for each in components])
    kept = strong & (length >= _SPECK * length[strong].max())
    mass = np.array([each.mass for each in components])
    if mass[kept].sum() < _MOST_DUST * mass.sum():
        return np.zeros_like(ink)
    return np.where(is_ink & ~kept[numbers], 0, ink)


def _first_pixels(is_ink: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each ink pixel (P,), return the number of the first pixel of its component.

    Union-find over all runs, the pixels of a row without a gap, at once: every run points at one of
    its component with a lower number, first at itself. Where two neighbours point at different
    runs, the higher is made to point at the lower; then all pointers are followed to their ends.
    """
    row = is_ink.shape[1] + 1  # a pixel of paper before each keeps runs of two rows apart
    padded = np.zeros((len(is_ink), row), np.int8)
    padded[:, 1:] = is_ink
    starts, ends = (
        np.flatnonzero(np.diff(padded.ravel(), append=np.int8(0))).reshape(-1, 2).T
    )  # (R,)
    lengths = ends - starts
    # Below a run are those that end at its start or later and start at its end or before.
    below, beyond = (
        np.searchsorted(ends, starts + row),
        np.searchsorted(starts, ends + row, "right"),
    )
    count = np.maximum(beyond - below, 0)
    first = np.repeat(np.arange(len(starts)), count)
    second = np.arange(len(first)) + np.repeat(below - (np.cumsum(count) - count), count)
    points_at = np.arange(len(starts))
    while True:
        one, other = points_at[first], points_at[second]
        apart = one != other
        if not apart.any():
            return np.repeat((np.cumsum(lengths) - lengths)[points_at], lengths)
        np.minimum.at(points_at, np.maximum(one, other)[apart], np.minimum(one, other)[apart])
        while not np.array_equal(points_at, further := points_at[points_at]):
            points_at = further


def joined(components: Sequence[Component]) -> Component:
    """Return several components as one."""
    return Component(
        sum(each.mass for each in components),
        min(each.top for each in components),
        max(each.bottom for each in components),
        min(each.left for each in components),
        max(each.right for each in components),
    )
