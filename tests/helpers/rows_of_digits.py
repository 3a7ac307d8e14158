"""Pictures of rows of MNIST's digits, spaced and sized as people write them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

INK, PAPER = 40, 225


def picture_of(
    rows: Sequence[NDArray[np.uint8]],
    rng: np.random.Generator,
    marks: str = "",
    gaps: tuple[float, float] = (0.1, 1.0),
) -> Image.Image:
    """Draw rows of digits, each (D, 28, 28), dark on light paper.

    The digits of a row differ in size by up to a fifth and stand up to a tenth of their height off
    its base line; `gaps` lie between their ink, in heights. `marks` are drawn in turn between every
    two or three digits of a row, "." or "-".
    """
    height = int(rng.integers(40, 100))  # of the digits, 20 pixels high in MNIST
    lines = [_line(row, rng, height, marks, gaps) for row in rows]
    margin = height // 2
    width = max(line.shape[1] for line in lines) + 2 * margin
    papers = [
        np.pad(line, ((margin, 0), (margin, width - line.shape[1] - margin))) for line in lines
    ]
    ink = np.vstack([*papers, np.zeros((margin, width), np.uint8)])
    grey = PAPER - ink.astype(np.float32) / 255 * (PAPER - INK)
    return Image.fromarray(np.round(grey).astype(np.uint8))


def _line(
    row: NDArray[np.uint8],
    rng: np.random.Generator,
    height: int,
    marks: str,
    gaps: tuple[float, float],
) -> NDArray[np.uint8]:
    """Set digits side by side, (about 2 heights, W)."""
    line = Image.new("L", (int(len(row) * 3.5 * height), 2 * height), 0)
    base, x, until_mark, marked = 1.6 * height, 0.0, int(rng.integers(2, 4)), 0
    for number, image in enumerate(row):
        if number:
            gap = rng.uniform(*gaps) * height
            if marks and until_mark == 0 and gap < 0.7 * height:
                gap += 0.5 * height
            if marks and until_mark == 0:
                _mark(line, marks[marked % len(marks)], x + gap / 2, base, height)
                until_mark, marked = int(rng.integers(2, 4)), marked + 1
            x += gap
        until_mark -= 1
        size = rng.uniform(0.8, 1.2) * height / 20
        side = round(28 * size)
        enlarged = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
        lit = np.asarray(enlarged) > 25
        rows, columns = (np.flatnonzero(lit.any(axis=axis)) for axis in (1, 0))
        drawn = enlarged.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        y = round(base + rng.uniform(-0.1, 0.1) * height) - drawn.height
        line.paste(255, (round(x), y), mask=drawn)
        x += drawn.width
    return np.asarray(line)[:, : round(x) + 1]


def _mark(line: Image.Image, mark: str, x: float, base: float, height: int) -> None:
    pen, radius = ImageDraw.Draw(line), 0.07 * height
    if mark == ".":
        pen.ellipse((x - radius, base - 2 * radius, x + radius, base), fill=255)
    else:
        y, half = base - 0.45 * height, 0.17 * height
        pen.rectangle((x - half, y - radius, x + half, y + radius), fill=255)
