from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.data.augment import Augmentation
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.report.plots import contact_sheet
from mnist_scratch.report.plots.contact_sheet import write_contact_sheet


@pytest.fixture
def dataset() -> Dataset:
    """Three images of each class but the last, of which there is none."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (27, 28, 28), np.uint8)
    return Dataset("random", images, (np.arange(27) % 9).astype(np.uint8))


def cells(dataset: Dataset, augmentation: Augmentation | None) -> npt.NDArray[np.uint8]:
    """The ink of the images on the sheet, (10, columns, 28, 28)."""
    (drawing,) = contact_sheet._draw(dataset, augmentation).axes[0].images
    sheet = 255 - np.asarray(drawing.get_array())
    across = (sheet.shape[1] + 3) // 31
    found = [
        [
            sheet[31 * row : 31 * row + 28, 31 * column : 31 * column + 28]
            for column in range(across)
        ]
        for row in range(10)
    ]
    return np.array(found, np.uint8)


def test_a_row_has_the_images_of_its_class_in_their_order(dataset: Dataset) -> None:
    shown = cells(dataset, None)
    for label in range(9):
        expected = dataset.images[dataset.labels == label]
        np.testing.assert_array_equal(shown[label, :3], expected)
        assert not shown[label, 3:].any()
    assert not shown[9].any()


def test_the_first_image_of_a_class_stands_before_its_distortions(dataset: Dataset) -> None:
    augmentation = Augmentation(np.random.SeedSequence(0), shift=3.0)
    shown = cells(dataset, augmentation)
    for label in range(9):
        np.testing.assert_array_equal(shown[label, 0], dataset.images[label])
        assert len({image.tobytes() for image in shown[label]}) == shown.shape[1]
    assert not shown[9].any()
    nothing = Augmentation(np.random.SeedSequence(0))
    alike = cells(dataset, nothing)
    np.testing.assert_array_equal(alike[:9], np.repeat(shown[:9, :1], shown.shape[1], axis=1))


def test_the_title_names_the_distortions_that_are_used(dataset: Dataset) -> None:
    augmentation = Augmentation(
        np.random.SeedSequence(0), rotation=6.0, elastic_alpha=22.0, elastic_sigma=4.0
    )
    title = contact_sheet._draw(dataset, augmentation).axes[0].get_title(loc="left")
    assert title == "random: rotation 6°, elastic alpha 22, sigma 4"


def test_a_sheet_is_a_png_file_or_an_error(dataset: Dataset, tmp_path: Path) -> None:
    write_contact_sheet(dataset, None, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(MnistScratchError, match=r"sheet\.jpg: pictures are PNG"):
        write_contact_sheet(dataset, None, tmp_path / "sheet.jpg")
