"""What is behind the ink is subtracted, whatever it is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_scratch.data.pictures.background import subtract_background


def ring() -> NDArray[np.bool_]:
    y, x = np.mgrid[:120, :100]
    return np.asarray(np.abs(np.hypot(y - 60, x - 52) - 22) < 4)


def picture(grey: NDArray[np.float64]) -> NDArray[np.uint8]:
    pixels = np.full((*grey.shape, 4), 255, np.uint8)
    pixels[:, :, :3] = np.round(grey)[:, :, None]
    return pixels


def with_edge(level: float) -> NDArray[np.float64]:
    y, x = np.mgrid[:120, :100]
    return np.where(x + 0.7 * y < 95, 230.0, level)


def with_table(level: float) -> NDArray[np.float64]:
    table = np.full((120, 100), level)
    table[15:110, 20:] = 230
    return table


def with_frame(level: float) -> NDArray[np.float64]:
    frame = np.full((120, 100), level)
    frame[2:-2, 2:-2] = 230
    return frame


@pytest.mark.parametrize(
    "behind", [with_edge(120), with_table(60), with_table(0), with_frame(0), with_frame(160)]
)
def test_edges_of_shadows_tables_and_frames_are_no_ink(behind: NDArray[np.float64]) -> None:
    strength = subtract_background(picture(np.where(ring(), 0.1 * behind, behind)), "auto")
    assert np.abs(strength[~ring()]).max() < 2
    assert strength[ring()].min() > 150
    assert strength[ring()].max() < 1.6 * strength[ring()].min(), "as dark in the shadow"


def test_of_a_drawing_on_white_the_strength_is_what_the_pixels_lack() -> None:
    grey = np.where(ring(), 40.0, 255.0)
    assert np.array_equal(subtract_background(picture(grey), "auto"), 255 - grey)
    assert np.array_equal(subtract_background(picture(255 - grey), "auto"), 255 - grey)


def test_a_stroke_that_touches_the_border_is_ink_and_a_corner_is_not() -> None:
    grey = np.full((120, 100), 255.0)
    grey[:, 45:55] = 0  # from top to bottom
    grey[100:, 80:] = 90
    strength = subtract_background(picture(grey), "auto")
    assert (strength[:, 45:55] == 255).all()
    assert (strength[100:, 80:] == 0).all()


@pytest.mark.parametrize("radius", [30, 38, 45])
def test_the_rim_of_a_disc_that_is_wider_than_ink_is_no_ink(radius: int) -> None:
    y, x = np.mgrid[:120, :100]
    disc = picture(np.where(np.hypot(y - 60, x - 50) < radius, 30.0, 230.0))
    assert not subtract_background(disc, "auto").any()
