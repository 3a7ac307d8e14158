"""Subtracting the background: any colours, dark on light or light on dark, however it is lit."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_scratch.data.dataset import DARK_ON_LIGHT

Ink = Literal["auto", "dark", "light"]

_BORDER = 50  # the border is a 50th of the shorter side, at least a pixel
# Of the picture's side, the mean of both: what is narrower is ink, what is wider is background.
_WIDEST_STROKE = 0.35
_WIDEST_NAMED = 0.6  # if the user says what is ink
_DARKEST = 0.35  # of the brightest paper: darker is no paper in shadow, but a table
_SHADOW = 0.5  # of the brightest paper: in a darker shadow ink counts less
_LEAST_LIGHT = 64  # grey levels: ink on darker paper is measured as if on this
_GRAIN = 1.5  # grey levels: a picture with more noise is smoothed
_SMOOTHING = 0.01  # of the longer side, at most
_DARK_INK = 1.25  # times as likely as light ink
_UPON = 8.0  # what lies on the paper, by the picture's side, weighs as many times its outlines
_RIM = 0.1  # of the ink's outline is not in the picture: the ink is the rim of something wider
_EVEN = 0.28  # Gaussian smoothing of radius r leaves 0.28 / r of white noise


def subtract_background(picture: NDArray[np.uint8], ink: Ink) -> NDArray[np.float32]:
    """Measure how much of the paper's light each pixel lacks.

    Ink is what is narrower than everything behind it. So the background of dark ink is found by
    filling all that is dark and narrow with what is around it (a morphological closing): paper
    under a lamp, the edge of a shadow and the table beside a sheet all stay as they are. Ink is
    measured in the colour channel in which it takes the largest share of the light, so yellow on
    white counts as much as black, and ink in a shadow as much as beside it. Of light ink, all is
    inverted.

    A drawing of one ink on one colour without noise goes through none of this but the difference.

    Parameters
    ----------
    picture : array of uint8, shape (H, W, 4)
        Red, green, blue and opacity.
    ink
        Whether the ink is darker or lighter than the paper; "auto" finds out.

    Returns
    -------
    array of float32, shape (H, W)
        0 for paper, up to 255 for ink that takes all light. All is 0 where what is drawn is wider
        than ink, such as a disc, of which the middle is background.
    """
    colours = _smoothed(_over_a_background(picture, ink))  # (H, W, 3)
    if (colours == colours[:, :, :1]).all():
        colours = colours[:, :, :1]
    lacking = [_lacking(colours[:, :, c], ink) for c in range(colours.shape[2])]
    strongest: NDArray[np.float32] = np.max(lacking, axis=0)
    return np.zeros_like(strongest) if _is_rim(strongest, colours) else strongest


def _lacking(colour: NDArray[np.uint8], ink: Ink) -> NDArray[np.float32]:
    """Measure how much of the paper's light each pixel (H, W) lacks in one colour."""
    paper = _closing(colour, ink)
    if ink != "dark":
        inverted = 255 - colour
        inverted_paper = _closing(inverted, ink)
        cost = _cost(colour, paper)
        if ink == "light" or _DARK_INK * _cost(inverted, inverted_paper) < cost:
            colour, paper = inverted, inverted_paper
    brightest = float(np.quantile(paper, 0.95))
    least = np.float32(max(_DARKEST * brightest, _LEAST_LIGHT))
    light = np.maximum(paper.astype(np.float32), least)
    lacking = np.float32(255) * (paper - colour).astype(np.float32) / light
    # What lies on a dark table beside the sheet counts less and less.
    weight = np.minimum(paper / (_SHADOW * max(brightest, 1)), 1) ** 2
    return np.asarray(lacking * weight, np.float32)


def _is_rim(ink: NDArray[np.float32], colours: NDArray[np.uint8]) -> bool:
    """Tell whether ink (H, W) ends where the picture (H, W, C) goes on evenly.

    Ink that leaves the picture is none: of a digit that fills it, a part may be background.
    """
    outline = beyond = 0.0
    if max(ink[0].max(), ink[-1].max(), ink[:, 0].max(), ink[:, -1].max()) > 0.1 * ink.max():
        return False
    for axis in (0, 1):
        steps = np.abs(np.diff(ink, axis=axis))
        steps[steps < 0.1 * ink.max()] = 0
        seen = np.abs(np.diff(colours.astype(np.int16), axis=axis)).max(axis=2)
        outline += float(steps.sum())
        beyond += float(steps[seen < 0.25 * steps].sum())
    return beyond > _RIM * outline


def grain(values: NDArray[np.uint8] | NDArray[np.float32]) -> float:
    """Estimate the standard deviation of a picture's noise; no slope counts as noise.

    That is J. Immerkaer's mask (1996), of which the median resists edges.
    """
    bends = np.diff(np.diff(values.astype(np.float32), 2, axis=0), 2, axis=1)
    return 1.4826 / 6 * float(np.median(np.abs(bends))) if bends.size else 0.0


def _smoothed(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Smooth a noisy picture until it is even, but not so far that it loses its strokes."""
    from PIL import Image, ImageFilter  # only where a picture is read

    noise = grain(colours)
    if noise <= _GRAIN:
        return colours
    radius = min(_EVEN * noise / _GRAIN, _SMOOTHING * max(colours.shape))
    return np.asarray(Image.fromarray(colours).filter(ImageFilter.GaussianBlur(float(radius))))


def _closing(colour: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8]:
    """Fill what is dark and narrower than a window: the smallest of the largest values around.

    Beyond its border the picture goes on as it is there, so a frame is background like a table,
    and so is a shadow. Only ink that ends at the border without a corner of the picture ends
    there, and all ink if the user has named it, which may then fill the picture.
    """
    widest = _WIDEST_STROKE if ink == "auto" else _WIDEST_NAMED
    window = max(3, round(widest * float(np.sqrt(colour.size))))
    if ink == "auto":
        values = np.pad(colour, 1, mode="edge")
        for side in (values[0], values[-1], values[:, 0], values[:, -1]):
            from_both = np.maximum.accumulate(side), np.maximum.accumulate(side[::-1])[::-1]
            side[:] = np.minimum(*from_both)
        values = np.pad(values, window - 2, mode="edge")
    else:
        values = np.pad(colour, window - 1, constant_values=255)
    for extreme in (np.maximum, np.minimum):
        for axis in (0, 1):
            values = _extreme(values, window, axis, extreme)
    return values


def _extreme(
    values: NDArray[np.uint8], window: int, axis: int, extreme: np.ufunc
) -> NDArray[np.uint8]:
    """Return the extreme of each `window` neighbouring values, in log2(window) steps."""
    values = np.moveaxis(values, axis, 0)
    width = 1
    while width < window:
        step = min(width, window - width)
        values = extreme(values[:-step], values[step:])
        width += step
    return np.moveaxis(values, 0, axis)


def _cost(colour: NDArray[np.uint8], paper: NDArray[np.uint8]) -> float:
    """How unlikely a background is: one with the digit's outlines in it, or with much upon it."""
    levels = paper.astype(np.int16)
    outlines = np.abs(np.diff(levels, axis=0)).sum(dtype=np.int64)
    outlines += np.abs(np.diff(levels, axis=1)).sum(dtype=np.int64)
    upon = (paper - colour).astype(np.int16)
    noise = min(2 * np.median(upon), 0.15 * upon.max())
    upon = np.maximum(upon - noise, 0).sum(dtype=np.float64)
    return float(outlines) + _UPON * float(upon) / float(np.sqrt(colour.size))


def _over_a_background(picture: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8]:
    """Blend a transparent picture with a background on which its ink can be seen, (H, W, 3)."""
    if picture[:, :, 3].min() == 255:
        return picture[:, :, :3]
    colours = picture[:, :, :3].astype(np.float32)
    opacity = picture[:, :, 3:].astype(np.float32) / np.float32(255)
    border = _border(picture.shape[:2])
    paper = border & (picture[:, :, 3] == 255)
    if np.median(opacity[border]) > 0.5 and paper.any():  # paper that is transparent in places
        background = np.median(colours[paper], axis=0)
    else:  # ink alone
        brightness = float((colours * opacity).sum() / max(3 * float(opacity.sum()), 1e-9))
        light = ink == "light" or (ink == "auto" and brightness > DARK_ON_LIGHT)
        background = np.full(3, 0 if light else 255)
    composed = colours * opacity + background.astype(np.float32) * (1 - opacity)
    return np.asarray(composed + np.float32(0.5), np.uint8)


def _border(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    width = max(1, min(shape) // _BORDER)
    border = np.ones(shape, np.bool_)
    border[width:-width, width:-width] = False
    return border
