"""Printed lines are told from strokes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnist_scratch.data.pictures.lines import remove_lines


def drawn(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(image, np.float32) / np.float32(255)


def seven(ink: int = 255) -> Image.Image:
    image = Image.new("L", (200, 220))
    ImageDraw.Draw(image).line([(60, 60), (140, 60), (90, 170)], ink, 11, joint="curve")
    return image


def over(image: Image.Image, *lines: tuple[int, ...], ink: int = 255) -> Image.Image:
    together = Image.new("L", image.size)
    for each in lines:
        ImageDraw.Draw(together).line(each, ink, 2)
    return Image.fromarray(np.maximum(np.asarray(image), np.asarray(together)))


RULED = tuple((0, y, 199, y + 3) for y in range(20, 220, 40))
SQUARED = (*RULED, *((x, 0, x - 3, 219) for x in range(15, 200, 40)))
BOXES = (
    *((20, y, 180, y) for y in (35, 190)),
    *((x, 35, x, 190) for x in (20, 50, 150, 180)),
)


@pytest.mark.parametrize("lines", [RULED, SQUARED, BOXES, ((25, 0, 27, 219),)])
@pytest.mark.parametrize("ink", [110, 255])
def test_lines_and_boxes_go_and_the_strokes_that_they_cross_stay(
    lines: tuple[tuple[int, ...], ...], ink: int
) -> None:
    without = remove_lines(drawn(over(seven(), *lines, ink=ink)), 0.1)
    digit = drawn(seven())
    assert (without * (1 - digit)).sum() < 0.06 * digit.sum(), "little is left beside it"
    assert (without * digit).sum() > 0.95 * digit.sum(), "it is whole"


def test_a_clean_drawing_stays_as_it_is() -> None:
    digit = drawn(seven())
    assert np.array_equal(remove_lines(digit, 0.1), digit)


def test_an_angular_digit_is_no_box_and_a_long_stroke_no_line() -> None:
    eight = Image.new("L", (200, 220))
    pen = ImageDraw.Draw(eight)
    pen.rectangle((60, 40, 140, 110), outline=255, width=8)
    pen.rectangle((60, 102, 140, 180), outline=255, width=8)
    assert np.array_equal(remove_lines(drawn(eight), 0.1), drawn(eight))
    one = Image.new("L", (200, 220))
    ImageDraw.Draw(one).line((100, 12, 96, 208), 255, 6)
    assert np.array_equal(remove_lines(drawn(one), 0.1), drawn(one))
