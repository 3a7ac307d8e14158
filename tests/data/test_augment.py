from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.data.augment import Augmentation
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.loader import BatchLoader

MIDDLE = 13.5
ROWS, COLUMNS = np.mgrid[0:28, 0:28].astype(float)
EVERYTHING = {
    "rotation": 10.0,
    "scale": 0.1,
    "shear": 0.1,
    "shift": 1.5,
    "elastic_alpha": 30.0,
    "elastic_sigma": 4.0,
}


def augmentation(amounts: Mapping[str, float], seed: int = 0) -> Augmentation:
    return Augmentation(np.random.SeedSequence(seed), 1, **amounts)


def distorted(
    images: npt.NDArray[np.uint8], amounts: Mapping[str, float], epoch: int = 0, batch: int = 0
) -> npt.NDArray[np.float64]:
    out = augmentation(amounts).distort(images.reshape(-1, 784), epoch, batch)
    return out.reshape(-1, 28, 28).astype(float)


def places(amounts: Mapping[str, float], count: int) -> npt.NDArray[np.float64]:
    """Row and column (2, B, 28, 28) at which each pixel was looked up; NaN near or past the border.

    Bilinear sampling is exact on a ramp, so the image of a ramp says where it was looked up.
    """
    found = []
    for ramp in (ROWS, COLUMNS):
        rising = np.repeat((9 * ramp).astype(np.uint8)[None], count, axis=0)
        falling = np.repeat((9 * (27 - ramp)).astype(np.uint8)[None], count, axis=0)
        up, down = distorted(rising, amounts), distorted(falling, amounts)
        # Inside, the two add up to the whole ramp; where paper was mixed in, they do not.
        found.append(np.where(np.abs(up + down - 9 * 27) < 1e-3, up / 9, np.nan))
    return np.array(found)


def test_no_distortion_is_the_identity_to_the_last_bit() -> None:
    images = np.random.default_rng(0).integers(0, 256, (150, 28, 28), np.uint8)
    np.testing.assert_array_equal(distorted(images, {}), images)


def test_rotation_keeps_distances_and_turns_all_pixels_by_one_angle() -> None:
    rows, columns = places({"rotation": 30.0}, 400) - MIDDLE
    turned = np.arctan2(rows, columns) - np.arctan2(ROWS - MIDDLE, COLUMNS - MIDDLE)
    turned = np.degrees((turned + math.pi) % (2 * math.pi) - math.pi)
    angles = np.nanmedian(turned, axis=(1, 2))
    np.testing.assert_allclose(
        np.hypot(rows, columns)[np.isfinite(turned)],
        np.broadcast_to(np.hypot(ROWS - MIDDLE, COLUMNS - MIDDLE), rows.shape)[np.isfinite(turned)],
        atol=1e-3,
    )
    assert np.nanmax(np.abs(turned - angles[:, None, None])) < 0.05
    assert np.abs(angles).max() <= 30.0 < np.abs(angles).max() * 1.05
    # Evenly drawn: the mean within three of its standard errors, the spread that of an even draw.
    assert abs(angles.mean()) < 3 * 30 / math.sqrt(3 * 400)
    assert angles.std() == pytest.approx(30 / math.sqrt(3), rel=0.1)


def test_each_axis_is_scaled_on_its_own_between_the_share_and_its_inverse() -> None:
    rows, columns = places({"scale": 0.25}, 400) - MIDDLE
    by_row, by_column = (
        np.nanmedian(axis / (pixels - MIDDLE), axis=(1, 2))
        for axis, pixels in ((rows, ROWS), (columns, COLUMNS))
    )
    assert np.nanmax(np.abs(rows - by_row[:, None, None] * (ROWS - MIDDLE))) < 1e-3
    assert np.nanmax(np.abs(columns - by_column[:, None, None] * (COLUMNS - MIDDLE))) < 1e-3
    for factors in (by_row, by_column):
        assert 0.8 - 1e-4 < factors.min() < 0.81
        assert 1.24 < factors.max() < 1.25 + 1e-4
    assert abs(np.corrcoef(by_row, by_column)[0, 1]) < 0.15


def test_shear_slips_rows_against_each_other() -> None:
    rows, columns = places({"shear": 0.3}, 200)
    assert np.nanmax(np.abs(rows - ROWS)) < 1e-3
    slips = np.nanmedian((columns - COLUMNS) / (ROWS - MIDDLE), axis=(1, 2))
    assert np.nanmax(np.abs(columns - COLUMNS - slips[:, None, None] * (ROWS - MIDDLE))) < 1e-3
    assert 0.28 < np.abs(slips).max() <= 0.3 + 1e-4


def test_rotation_and_shear_together_keep_areas() -> None:
    found = places({"rotation": 30.0, "shear": 0.3}, 100)  # (2, B, 28, 28)
    by_row = np.nanmedian(np.diff(found, axis=2), axis=(2, 3))
    by_column = np.nanmedian(np.diff(found, axis=3), axis=(2, 3))
    areas = by_row[0] * by_column[1] - by_row[1] * by_column[0]
    np.testing.assert_allclose(areas, 1.0, atol=1e-3)


def test_a_shift_moves_all_pixels_alike_along_each_axis_on_its_own() -> None:
    rows, columns = places({"shift": 2.0}, 200)
    down, right = np.nanmedian(rows - ROWS, axis=(1, 2)), np.nanmedian(columns - COLUMNS, (1, 2))
    assert np.nanmax(np.abs(rows - ROWS - down[:, None, None])) < 1e-3
    assert np.nanmax(np.abs(columns - COLUMNS - right[:, None, None])) < 1e-3
    for moved in (down, right):
        assert 1.9 < np.abs(moved).max() <= 2.0 + 1e-4
    assert abs(np.corrcoef(down, right)[0, 1]) < 0.2


def test_elastic_fields_have_the_strength_and_the_smoothness_of_their_formula() -> None:
    alpha, sigma = 20.0, 3.0
    rows, columns = places({"elastic_alpha": alpha, "elastic_sigma": sigma}, 2000)
    down, right = (rows - ROWS)[:, 6:22, 6:22], (columns - COLUMNS)[:, 6:22, 6:22]
    strength = alpha / (2 * math.sqrt(3 * math.pi) * sigma)
    for field in (down, right):
        assert np.std(field) == pytest.approx(strength, rel=0.03)
        assert abs(np.mean(field)) < 0.03 * strength
        for distance in (1, 3, 6):
            # A Gaussian's overlap with itself is a Gaussian of twice the variance.
            expected = math.exp(-(distance**2) / (4 * sigma**2))
            across = np.mean(field[:, :, distance:] * field[:, :, :-distance])
            along = np.mean(field[:, distance:] * field[:, :-distance])
            assert across / strength**2 == pytest.approx(expected, abs=0.05)
            assert along / strength**2 == pytest.approx(expected, abs=0.05)
    assert abs(np.mean(down * right)) < 0.03 * strength**2


def test_an_elastic_field_is_as_strong_at_the_border() -> None:
    subject = augmentation({"elastic_alpha": 20.0, "elastic_sigma": 5.0})
    fields = []
    for batch in range(40):
        places = subject._places(64, 1.0, np.random.default_rng(batch))
        fields.append(places - np.stack([ROWS, COLUMNS])[:, None])
    by_pixel = np.std(np.concatenate(fields, axis=1), axis=(0, 1))
    np.testing.assert_allclose(by_pixel, 20.0 / (2 * math.sqrt(3 * math.pi) * 5.0), rtol=0.08)


def test_pixels_between_four_are_their_mean_weighted_by_nearness() -> None:
    images = np.random.default_rng(1).integers(0, 256, (100, 28, 28), np.uint8)
    result, (rows, columns) = distorted(images, EVERYTHING), places(EVERYTHING, 100)
    inside = np.isfinite(rows) & np.isfinite(columns)
    assert inside.mean() > 0.7
    image = np.broadcast_to(np.arange(100)[:, None, None], rows.shape)[inside]
    row, column, sampled = rows[inside], columns[inside], result[inside]
    expected = np.zeros(len(row))
    for near_row in (np.floor(row), np.floor(row) + 1):
        for near_column in (np.floor(column), np.floor(column) + 1):
            weight = (1 - np.abs(row - near_row)) * (1 - np.abs(column - near_column))
            within = np.minimum(near_row, 27).astype(int), np.minimum(near_column, 27).astype(int)
            expected += weight * images[(image, *within)]
    # Places are read back from float32 images of 243 grey levels: 1e-5 of a pixel, times 255.
    np.testing.assert_allclose(sampled, expected, atol=0.02)


def test_what_lies_outside_is_paper_and_comes_from_no_other_row_or_image() -> None:
    images = np.zeros((64, 28, 28), np.uint8)
    images[::2] = 255  # every other image is all ink
    result = distorted(images, {"rotation": 45.0, "scale": 0.5, "shift": 28.0})
    assert not result[1::2].any()
    assert result.min() == 0.0
    assert result.max() == 255.0
    # All ink, moved: one end of each axis is left to paper, unless it moved by less than a pixel.
    moved = distorted(images[::2], {"shift": 28.0})
    for edges in (moved.max(axis=2), moved.max(axis=1)):
        fainter = np.minimum(edges[:, 0], edges[:, -1])
        assert (fainter < 255).all()
        assert (fainter == 0).mean() > 0.9


def test_the_same_place_in_the_same_run_gives_the_same_and_any_other_does_not() -> None:
    images = np.random.default_rng(2).integers(0, 256, (130, 28, 28), np.uint8)
    first = distorted(images, EVERYTHING, epoch=3, batch=5)
    np.testing.assert_array_equal(first, distorted(images, EVERYTHING, epoch=3, batch=5))
    for epoch, batch in ((3, 6), (4, 5), (5, 3)):
        assert (first != distorted(images, EVERYTHING, epoch, batch)).mean() > 0.9
    alike = distorted(np.repeat(images[:1], 130, axis=0), EVERYTHING)
    assert len({image.tobytes() for image in alike}) == 130  # each image has numbers of its own


def test_faded_amounts_fall_in_a_straight_line_to_a_step_before_nothing() -> None:
    def strengths(epochs: int, fade: float) -> list[float]:
        subject = Augmentation(np.random.SeedSequence(0), epochs, fade=fade)
        return [subject._strength(epoch) for epoch in range(epochs)]

    assert strengths(8, 0.5) == [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    assert strengths(2, 1.0) == [1, 0.5]
    assert strengths(8, 0.01) == [1] * 8
    assert strengths(8, 0.0) == [1] * 8


def test_faded_distortion_is_that_of_smaller_amounts_and_comes_back_for_an_earlier_epoch() -> None:
    images = np.random.default_rng(5).integers(0, 256, (70, 784), np.uint8)
    subject = Augmentation(np.random.SeedSequence(0), 8, fade=0.5, **EVERYTHING)
    smaller = {name: amount / 2 for name, amount in EVERYTHING.items()} | {"elastic_sigma": 4.0}
    for epoch, amounts in ((6, smaller), (4, EVERYTHING), (6, smaller)):
        out = subject.distort(images, epoch, 0)
        expected = distorted(images, amounts, epoch).reshape(-1, 784)
        np.testing.assert_array_equal(out, expected.astype(np.float32))


def numbered(count: int) -> Dataset:
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (count, 28, 28), np.uint8)
    return Dataset("random", images, (np.arange(count) % 10).astype(np.uint8))


def test_a_loader_standardises_what_was_distorted_and_counts_epochs() -> None:
    dataset = numbered(150)
    loader = BatchLoader(dataset, 64, augmentation=augmentation(EVERYTHING))
    for epoch in range(2):
        expected = np.empty((150, 784), np.float32)
        for number, start in enumerate((0, 64, 128)):
            chunk = slice(start, start + 64)
            expected[chunk] = augmentation(EVERYTHING).distort(dataset.pixels[chunk], epoch, number)
        batches = [(images.copy(), targets.copy()) for images, targets in loader]
        np.testing.assert_allclose(
            np.concatenate([images for images, _ in batches]),
            (expected / 255 - 0.1307) / 0.3081,
            atol=1e-5,
        )
        labels = np.concatenate([targets for _, targets in batches]).argmax(axis=1)
        np.testing.assert_array_equal(labels, dataset.labels)
    assert loader.epoch == 2


def test_a_batch_stays_as_it_is_while_the_next_is_prepared() -> None:
    loader = BatchLoader(numbered(320), 64, augmentation=augmentation(EVERYTHING))
    for images, targets in loader:
        kept = images.copy(), targets.copy()
        time.sleep(0.02)  # the next takes less than a millisecond
        np.testing.assert_array_equal(images, kept[0])
        np.testing.assert_array_equal(targets, kept[1])


def test_a_loader_that_goes_on_within_an_epoch_distorts_as_if_it_had_never_stopped() -> None:
    dataset = numbered(300)

    def loader() -> BatchLoader:
        return BatchLoader(dataset, 64, np.random.default_rng(4), augmentation(EVERYTHING))

    whole = loader()
    for _ in whole:
        pass
    expected = [images.copy() for images, _ in whole]
    resumed = loader()
    resumed.epoch = 1
    resumed.resume(whole.order, 128)
    for images, mine in zip(expected[2:], resumed, strict=True):
        np.testing.assert_array_equal(mine.images, images)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": 0}, r"seeds = 0: must be a numpy.random.SeedSequence\(seed\)"),
        ({"epochs": 0}, "epochs = 0: must be at least 1"),
        ({"epochs": 2.0}, r"epochs = 2\.0: must be an integer"),
        ({"rotation": -1}, "rotation = -1: must be a number, 0 or above"),
        ({"scale": math.nan}, "scale = nan: must be a number"),
        ({"shear": math.inf}, "shear = inf"),
        ({"shift": "2"}, "shift = '2': must be a number"),
        ({"elastic_alpha": True}, "elastic_alpha = True: must be a number"),
        ({"elastic_sigma": 0}, "elastic_sigma = 0: must be a number above 0"),
        ({"fade": 1.5}, r"fade = 1\.5: must be a number from 0 to 1"),
    ],
)
def test_distortion_of_no_such_amount_is_an_error(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Augmentation(**dict[str, Any](seeds=np.random.SeedSequence(0)) | arguments)
