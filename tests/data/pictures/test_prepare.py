"""Preparing a picture as MNIST was prepared."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_scratch.data.pictures.prepare import prepare
from mnist_scratch.data.synthetic.digits import draw_digits


@pytest.fixture(scope="module")
def digits() -> NDArray[np.uint8]:
    """Two hundred prepared digits, (200, 28, 28)."""
    return draw_digits(np.arange(200) % 10, np.random.default_rng(7))


def brightness(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.astype(np.float32) / np.float32(255)


def rectangle(height: int, width: int, canvas: int = 120) -> NDArray[np.float32]:
    ink = np.zeros((1, canvas, canvas), np.float32)
    ink[0, 11 : 11 + height, 7 : 7 + width] = 1
    return ink


def ink_size(image: NDArray[np.uint8]) -> tuple[int, int]:
    rows, columns = np.nonzero(image)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def centre_of_mass(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    mass = images.sum(axis=(1, 2), dtype=np.float64)
    rows = (images.sum(axis=2) * np.arange(28)).sum(axis=1) / mass
    columns = (images.sum(axis=1) * np.arange(28)).sum(axis=1) / mass
    return np.stack((rows, columns), axis=1)


def test_the_longer_side_of_the_ink_becomes_20_pixels_and_the_shorter_follows() -> None:
    assert ink_size(prepare(rectangle(100, 50))[0]) == (20, 10)
    assert ink_size(prepare(rectangle(30, 90))[0]) == (7, 20)
    assert ink_size(prepare(rectangle(5, 3, canvas=40))[0]) == (20, 12)


def test_every_digit_fits_the_box_and_touches_it(digits: NDArray[np.uint8]) -> None:
    for image in digits:
        assert max(ink_size(image)) in (19, 20)  # 19 where the outermost row is too faint for uint8
    assert np.mean([max(ink_size(image)) == 20 for image in digits]) > 0.9


def test_the_centre_of_mass_comes_within_half_a_pixel_of_14_14(digits: NDArray[np.uint8]) -> None:
    off_centre = np.abs(centre_of_mass(digits) - 14).max(axis=1) > 0.5
    assert off_centre.mean() < 0.02
    edge = np.ones((28, 28), np.bool_)
    edge[1:-1, 1:-1] = False
    for lopsided in digits[off_centre]:
        assert lopsided[edge].any()  # one pixel further and ink would be lost


def test_ink_whose_mass_lies_at_one_edge_is_not_pushed_out_of_the_field() -> None:
    ink = np.zeros((1, 100, 100), np.float32)
    ink[0, :, :2] = 0.02
    ink[0, -6:, :] = 1
    image = prepare(ink)[0]
    assert ink_size(image) == (20, 20)


def test_edges_between_pixels_become_grey_by_the_area_they_cover() -> None:
    image = prepare(rectangle(80, 30))[0]  # four pixels to one: 7.5 pixels wide
    assert ink_size(image) == (20, 8)
    lit_columns = image[14][image[14] > 0]
    assert lit_columns.tolist() == [255] * 7 + [128]


def test_a_prepared_picture_prepared_again_is_the_same(digits: NDArray[np.uint8]) -> None:
    full = np.array([max(ink_size(image)) == 20 for image in digits])
    assert np.array_equal(prepare(brightness(digits[full])), digits[full])


def test_a_prepared_picture_enlarged_and_moved_comes_back(digits: NDArray[np.uint8]) -> None:
    full = np.array([max(ink_size(image)) == 20 for image in digits])
    few = digits[full][:40]
    enlarged = few.repeat(10, axis=1).repeat(10, axis=2)
    moved = np.pad(enlarged, ((0, 0), (3, 90), (41, 2)))
    difference = np.abs(prepare(brightness(moved)).astype(int) - few)
    assert difference.max() <= 1


def test_a_batch_gives_what_its_pictures_give_alone(digits: NDArray[np.uint8]) -> None:
    ink = brightness(digits[:5].repeat(3, axis=1))
    together = prepare(ink)
    for alone, image in zip(ink, together, strict=True):
        assert np.array_equal(prepare(alone[None])[0], image)


def test_a_single_lit_pixel_fills_the_box() -> None:
    ink = np.zeros((1, 3, 5), np.float32)
    ink[0, 1, 4] = 1
    assert ink_size(prepare(ink)[0]) == (20, 20)
