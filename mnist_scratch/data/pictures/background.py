"""Subtracting the background: any colours, dark on light or light on dark, evenly lit or not."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Ink = Literal["auto", "dark", "light"]

_BORDER = 50  # the border is a 50th of the shorter side, at least a pixel
_ONE_COLOUR = 1.0  # grey levels: a border that is even to this is of one colour
_FITS = 4  # times the surface of the paper is fitted, each time to the inliers of the last
_FITTED_PIXELS = 20_000  # as many, evenly spread, are enough for six coefficients


def subtract_background(picture: NDArray[np.uint8], ink: Ink) -> NDArray[np.float32]:
    """Measure how far each pixel is from the paper, on the ink's side.

    The border gives the colour of the paper. Where that is uneven, as lamps and shadows make it,
    the paper is modelled as a quadratic surface in each colour, fitted to the border and then to
    all inliers. Ink is measured in the colour channel in which it differs most: so yellow on white
    counts as much as black.

    Parameters
    ----------
    picture : array of uint8, shape (H, W, 4)
        Red, green, blue and opacity.
    ink
        Whether the ink is darker or lighter than the paper; "auto" finds out.

    Returns
    -------
    array of float32, shape (H, W)
        0 for paper, up to 255 for ink; slightly negative for noise on the paper's other side.
    """
    colours = _over_a_background(picture, ink)  # (H, W, 3)
    start = _border(colours.shape[:2])
    if ink != "auto":  # the border may be ink: begin with the brightest or darkest tenth
        grey = colours.mean(axis=2)
        start = grey >= np.quantile(grey, 0.9) if ink == "dark" else grey <= np.quantile(grey, 0.1)
    darker = np.stack([_paper(colours[:, :, c], start) - colours[:, :, c] for c in range(3)])
    dark, light = darker.max(axis=0), (-darker).max(axis=0)
    if ink == "auto":
        # Cubes, so that a broad faint shadow does not outvote a thin clear line.
        ink = "dark" if _cubes(dark) >= _cubes(light) else "light"
    strength: NDArray[np.float32] = dark if ink == "dark" else light
    return strength


def _border(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    width = max(1, min(shape) // _BORDER)
    border = np.ones(shape, np.bool_)
    border[width:-width, width:-width] = False
    return border


def _over_a_background(picture: NDArray[np.uint8], ink: Ink) -> NDArray[np.float32]:
    """Blend a transparent picture with a background on which its ink can be seen, (H, W, 3)."""
    colours = picture[:, :, :3].astype(np.float32)
    opacity = picture[:, :, 3:].astype(np.float32) / np.float32(255)
    if opacity.min() == 1:
        return colours
    border = _border(picture.shape[:2])
    paper = border & (picture[:, :, 3] == 255)
    if np.median(opacity[border]) > 0.5 and paper.any():  # paper that is transparent in places
        background = np.median(colours[paper], axis=0)
    else:  # ink alone
        brightness = float((colours * opacity).sum() / max(3 * float(opacity.sum()), 1e-9))
        light = ink == "light" or (ink == "auto" and brightness > 127.5)
        background = np.full(3, 0 if light else 255)
    composed: NDArray[np.float32] = colours * opacity + background.astype(np.float32) * (
        1 - opacity
    )
    return composed


def _paper(colour: NDArray[np.float32], start: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Estimate one colour of the paper alone, (H, W), from the pixels `start` and their inliers."""
    level = np.median(colour[start])
    if np.quantile(np.abs(colour[start] - level), 0.75) <= _ONE_COLOUR:
        return np.full(colour.shape, level, np.float32)
    step = max(1, int(np.sqrt(colour.size / _FITTED_PIXELS)))
    rows, columns = (np.linspace(-1, 1, length, dtype=np.float32) for length in colour.shape)
    sampled = colour[::step, ::step].ravel()
    terms = _quadratic(rows[::step], columns[::step])  # (samples, 6)
    chosen = start[::step, ::step].ravel().copy()
    if chosen.sum() < terms.shape[1]:
        return np.full(colour.shape, level, np.float32)
    for _ in range(_FITS):
        weights = np.linalg.lstsq(terms[chosen], sampled[chosen])[0]
        residuals = np.abs(sampled - terms @ weights)
        tolerance = max(2.0, 4.0 * float(np.median(residuals[chosen])))
        chosen = residuals <= tolerance
    return (_quadratic(rows, columns) @ weights).reshape(colour.shape)


def _quadratic(rows: NDArray[np.float32], columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 1, x, y, x x, x y, y y at every pixel, (H * W, 6)."""
    y, x = (values.ravel() for values in np.meshgrid(rows, columns, indexing="ij"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _cubes(strength: NDArray[np.float32]) -> float:
    ink = np.maximum(strength, 0)
    return float((ink * ink * ink).sum(dtype=np.float64))
