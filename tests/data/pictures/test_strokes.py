"""Thin strokes made as thick as MNIST's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_scratch.data.pictures.prepare import to_full_ink
from mnist_scratch.data.pictures.strokes import is_written, sharpen, stroke_width, thicken
from mnist_scratch.data.sources.load import load_dataset


def ring(side: int, width: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.where(np.abs(np.hypot(y, x) - (side - width) / 2) <= width / 2, 255, 0).astype(
        np.uint8
    )


def test_soft_edges_become_steeper_about_their_middle_and_sharp_ones_stay() -> None:
    soft = np.rint(127.5 * (1 - np.cos(np.linspace(0, 2 * np.pi, 41))))[None].astype(np.uint8)
    steeper = sharpen(soft)
    assert (steeper[soft > 127] >= soft[soft > 127]).all()
    assert (steeper[soft < 127] <= soft[soft < 127]).all()
    assert (steeper == 0).sum() > (soft < 10).sum()
    assert steeper.max() == 255
    np.testing.assert_array_equal(sharpen(ring(60, 8)), ring(60, 8))


@pytest.mark.parametrize("width", [2, 5, 12])
def test_the_width_of_strokes_is_measured_in_every_direction(width: int) -> None:
    assert stroke_width(ring(200, width)) == pytest.approx(width, rel=0.2)
    assert stroke_width(np.full((300, width), 255, np.uint8)) == pytest.approx(width, rel=0.3)


@pytest.mark.parametrize(("side", "width"), [(100, 2), (300, 4), (500, 6)])
def test_thin_strokes_become_a_tenth_of_the_digit_evenly(side: int, width: int) -> None:
    thick = thicken(ring(side, width))
    assert stroke_width(thick) == pytest.approx(len(thick) / 10, rel=0.15)
    y, x = np.mgrid[: len(thick), : len(thick)] - (len(thick) - 1) / 2
    radius = np.hypot(y, x)[thick > 0]
    outline = [radius[np.abs(np.arctan2(y, x)[thick > 0] - turn) < 0.05].max() for turn in (0, 0.8)]
    assert outline[0] == pytest.approx(outline[1], rel=0.03), "diagonals grow as much"


def test_strokes_as_thick_as_mnist_s_stay_as_they_are() -> None:
    drawn = ring(100, 11)
    assert thicken(drawn) is drawn


def test_the_strongest_pixel_becomes_full_ink_and_paper_stays_paper() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[10:12, 10] = 76, 19
    assert to_full_ink(image)[10:12, 10].tolist() == [255, 64]
    assert to_full_ink(image).sum() == 255 + 64
    image[10, 10] = 254  # as in MNIST
    assert to_full_ink(image)[10, 10] == 254
    assert not to_full_ink(np.zeros((28, 28), np.uint8)).any()


def test_strokes_are_told_from_solid_shapes_bars_and_scribbles() -> None:
    triangle = np.tri(80, dtype=np.uint8) * 255
    bar, square = np.full((20, 90), 255, np.uint8), np.full((60, 60), 255, np.uint8)
    scribble = np.full((100, 100), 255, np.uint8) * (np.arange(100) % 10 < 4)
    for drawn in (triangle, bar, square, ring(60, 30), scribble):
        assert not is_written(drawn)
    for drawn in (ring(60, 12), bar.T):
        assert is_written(drawn)


@pytest.mark.mnist
def test_mnist_s_digits_are_strokes(mnist_dir: Path) -> None:
    images = load_dataset("mnist", str(mnist_dir)).test.images[::4]
    lit = [np.ix_((each > 25).any(axis=1), (each > 25).any(axis=0)) for each in images]
    assert sum(not is_written(each[cut]) for each, cut in zip(images, lit, strict=True)) <= 4
