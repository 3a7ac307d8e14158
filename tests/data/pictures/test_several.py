"""Which pieces of ink are which digit, and what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnist_scratch.data.pictures.components import Component, connected_components
from mnist_scratch.data.pictures.own import prepare_digit, read_digits, read_picture
from mnist_scratch.data.pictures.several import find_digits, may_be_two
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.errors import MnistScratchError

Box = tuple[int, int, int, int]  # left, top, right, bottom


def found(*boxes: Box) -> list[list[Box]]:
    """The digits in each row, where components fill these boxes half."""
    components = [
        Component((bottom - top) * (right - left) / 2, top, bottom, left, right)
        for left, top, right, bottom in boxes
    ]
    digits, _ = find_digits(components)
    rows: list[list[Box]] = [[] for _ in range(digits[-1].row + 1)]
    for digit in digits:
        box = digit.box
        rows[digit.row].append((box.left, box.top, box.right, box.bottom))
    return rows


def test_digits_of_unequal_sizes_on_an_uneven_base_line_are_read_from_left_to_right() -> None:
    row = [(0, 30, 60, 120), (70, 0, 76, 100), (90, 55, 150, 110), (160, 10, 230, 130)]
    assert found(*reversed(row)) == [row]


def test_a_row_may_climb_until_its_end_is_above_its_start() -> None:
    row = [(100 * n, 600 - 50 * n, 100 * n + 60, 700 - 50 * n) for n in range(10)]
    assert found(*row) == [row]


def test_rows_are_read_from_top_to_bottom_and_may_lie_close() -> None:
    top = [(n, 0, n + 60, 100) for n in (200, 300)]
    middle = [(n, 115, n + 60, 215) for n in (0, 100, 200, 300)]
    bottom = [(n, 230, n + 60, 330) for n in (50, 150)]
    assert found(*bottom, *top, *middle) == [top, middle, bottom]


def test_dots_and_dashes_are_no_digits_and_a_thin_1_is_one() -> None:
    digits = [(0, 0, 60, 100), (100, 10, 106, 90), (150, 0, 210, 100), (300, 0, 304, 95)]
    dot, low_dot = (70, 86, 84, 100), (216, 90, 230, 112)
    dash, long_dash = (113, 45, 143, 55), (240, 40, 295, 60)
    assert found(*digits, dot, low_dot, dash, long_dash) == [digits]


@pytest.mark.parametrize(
    "pieces",
    [
        ((0, 30, 50, 100), (40, 0, 95, 22)),  # the bar of a 5, away to the right
        ((0, 0, 60, 48), (10, 55, 50, 100)),  # an 8 in two rings
        ((0, 0, 60, 100), (20, 40, 45, 60)),  # something within a 0
        ((0, 0, 60, 100), (62, 20, 80, 45)),  # all but touching
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_pieces_of_a_broken_digit_belong_together(pieces: list[Box], *, alone: bool) -> None:
    others = [] if alone else [(150, 0, 210, 100), (250, 0, 310, 100), (350, 0, 410, 100)]
    corners = np.array(pieces)
    whole = (*corners[:, :2].min(axis=0).tolist(), *corners[:, 2:].max(axis=0).tolist())
    assert found(*pieces, *others) == [[whole, *others]]


def test_a_small_digit_above_a_large_one_is_no_part_of_it() -> None:
    digit = (0, 0, 60, 100)
    assert found(digit, (20, -40, 40, -15)) == [[digit]]
    assert found(digit, (10, -25, 50, -15)) == [[(0, -25, 60, 100)]], "the flat top of a 5"


def test_slanting_neighbours_that_share_columns_are_two() -> None:
    ones = [(0, 0, 60, 100), (25, 0, 85, 100)]
    assert found(*ones) == [ones]


def bars(*places: Box, size: tuple[int, int] = (600, 200)) -> Image.Image:
    """Upright strokes, as 1s are, dark on light."""
    picture = Image.new("L", size, 230)
    for place in places:
        ImageDraw.Draw(picture).rectangle(place, fill=30)
    return picture


def test_boxes_are_in_pixels_of_the_picture_even_if_it_is_reduced(tmp_path: Path) -> None:
    ones = [(300, 100, 359, 799), (1500, 140, 1559, 799), (3200, 100, 3259, 799)]
    bars(*ones, size=(3501, 900)).save(tmp_path / "large.png")
    digits = read_digits(tmp_path / "large.png")
    assert digits.images.shape == (3, 28, 28)
    assert digits.rows.tolist() == [0, 0, 0]
    assert np.abs(digits.boxes - np.array(ones)).max() <= 4


def test_the_ink_of_a_neighbour_that_reaches_into_a_box_is_left_out(tmp_path: Path) -> None:
    picture = Image.new("L", (500, 300), 230)
    pen = ImageDraw.Draw(picture)
    pen.line((50, 250, 200, 50), fill=30, width=16)
    picture.save(tmp_path / "one.png")
    pen.line((130, 250, 280, 50), fill=30, width=16)
    picture.save(tmp_path / "two.png")
    both = read_digits(tmp_path / "two.png")
    assert both.boxes[0][2] > both.boxes[1][0]
    alone = read_picture(tmp_path / "one.png").astype(int)
    assert np.abs(both.images - alone).mean() < 1


def test_digits_that_touch_are_read_as_one_with_a_warning(tmp_path: Path) -> None:
    picture = bars((50, 20, 70, 180), (250, 20, 270, 180), (300, 20, 320, 180))
    ImageDraw.Draw(picture).rectangle((130, 20, 180, 180), outline=30, width=15)
    ImageDraw.Draw(picture).rectangle((150, 90, 260, 100), fill=30)
    picture.save(tmp_path / "touching.png")
    digits = read_digits(tmp_path / "touching.png")
    assert len(digits.images) == 3
    (warning,) = digits.warnings
    assert warning.startswith("digit 2 of 3 may be two that touch; if it is, write them apart")


def test_what_is_too_small_for_a_digit_but_no_dot_is_left_out_with_a_warning(
    tmp_path: Path,
) -> None:
    bars((50, 20, 70, 180), (150, 20, 170, 180), (250, 20, 256, 60)).save(tmp_path / "label.png")
    digits = read_digits(tmp_path / "label.png")
    assert len(digits.images) == 2
    (warning,) = digits.warnings
    assert warning.startswith("left out: 1 mark far lower than the digits, the highest at 253, 40;")


def test_a_slash_or_a_bracket_that_is_higher_than_its_neighbours_is_warned_of(
    tmp_path: Path,
) -> None:
    picture = bars((50, 60, 70, 180), (300, 60, 320, 180), (400, 60, 420, 180))
    ImageDraw.Draw(picture).line((150, 190, 230, 20), fill=30, width=12)
    picture.save(tmp_path / "date.png")
    (warning,) = read_digits(tmp_path / "date.png").warnings
    assert warning == "digit 2 of 4 may be a slash or a bracket; if it is, leave it out"


@pytest.mark.parametrize("table", [5, 60])
def test_a_row_on_a_narrow_sheet_on_a_dark_table_is_read_as_on_a_wide_one(
    table: int, tmp_path: Path
) -> None:
    boxes = [(left, 30, left + 12, 90) for left in (60, 130, 200, 300)]
    picture = Image.new("L", (500, 500), table)
    picture.paste(bars(*boxes, size=(400, 120)), (50, 210))
    picture.save(tmp_path / "sheet.png")
    found = read_digits(tmp_path / "sheet.png").boxes
    assert np.abs(found - np.array([[x + 50, 240, r + 50, 300] for x, _, r, _ in boxes])).max() <= 2
    picture.paste(bars(size=(400, 120)), (50, 210))
    picture.save(tmp_path / "empty.png")
    with pytest.raises(MnistScratchError, match="no digit"):
        read_digits(tmp_path / "empty.png")


def test_hatching_is_no_row_of_digits(tmp_path: Path) -> None:
    picture = Image.new("L", (500, 300), 230)
    for x in range(50, 300, 40):
        ImageDraw.Draw(picture).line((x, 250, x + 150, 50), fill=30, width=8)
    picture.save(tmp_path / "hatching.png")
    with pytest.raises(MnistScratchError, match=r"hatching\.png: .* no row of digits; cut out"):
        read_digits(tmp_path / "hatching.png")


def test_a_page_of_more_than_a_hundred_digits_is_refused(tmp_path: Path) -> None:
    places = [(20 * n, 20 * k, 20 * n + 3, 20 * k + 12) for n in range(1, 13) for k in range(1, 10)]
    bars(*places, size=(300, 220)).save(tmp_path / "page.png")
    with pytest.raises(MnistScratchError, match=r"page\.png: .* no row of digits; cut out"):
        read_digits(tmp_path / "page.png")


def test_thousands_of_blots_are_refused_at_once(tmp_path: Path) -> None:
    blots = np.random.default_rng(0).random((400, 400)) < 0.2
    Image.fromarray(np.uint8(255 * blots)).save(tmp_path / "blots.png")
    with pytest.raises(MnistScratchError, match=r"blots\.png: (nothing is drawn|.* no row)"):
        read_digits(tmp_path / "blots.png")


def pair(
    images: NDArray[np.uint8], rng: np.random.Generator, gap: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Two of the images side by side, their ink `gap` pixels apart."""
    halves = []
    for image in images[rng.integers(0, len(images), 2)]:
        lit = np.flatnonzero((image > 25).any(axis=0))
        halves.append(image[:, lit[0] : lit[-1] + 1])
    both = np.hstack([halves[0], np.zeros((28, gap), np.uint8), halves[1]]).astype(np.float32)
    return both, both > 25


def digits_in(ink: NDArray[np.float32], is_ink: NDArray[np.bool_]) -> int:
    return len(find_digits(connected_components(ink, is_ink))[0])


@pytest.mark.mnist
def test_mnist_s_single_digits_are_single_and_its_pairs_are_two_digits(mnist_dir: Path) -> None:
    images = load_dataset("mnist", str(mnist_dir)).test.images[::10]
    ink = images.astype(np.float32)
    # Of all 10,000 images, 7 are in two large pieces beside each other.
    assert sum(digits_in(each, each > 25) != 1 for each in ink) <= 2
    rng = np.random.default_rng(4)
    pairs = [pair(images, rng, gap) for gap in (1, 3, 8) for _ in range(50)]
    assert np.mean([digits_in(*each) == 2 for each in pairs]) > 0.96


@pytest.mark.mnist
def test_most_pairs_that_touch_are_told_and_few_single_digits_are_taken_for_two(
    mnist_dir: Path,
) -> None:
    images = load_dataset("mnist", str(mnist_dir)).test.images[::5]
    rng = np.random.default_rng(6)
    touching: list[NDArray[np.float32]] = []
    while len(touching) < 100:
        both, is_ink = pair(images, rng, 0)
        if len(connected_components(both, is_ink)) == 1:
            touching.append(both)

    def told(ink: NDArray[np.float32]) -> bool:
        digits, _ = find_digits(connected_components(ink, ink > 25))
        drawn = ink / np.float32(255)
        return len(digits) == 1 and may_be_two(digits[0], prepare_digit(drawn, digits[0].box))

    assert np.mean([told(each) for each in touching]) > 0.88
    assert np.mean([told(each.astype(np.float32)) for each in images[:200]]) <= 0.03
