"""What the pictures of an evaluation show, read from Matplotlib's figures."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.inference.examples import Example
from mnist_scratch.report.plots.evaluation import (
    calibration_figure,
    confusion_figure,
    draw_mistakes,
    examples_figure,
)
from mnist_scratch.system.text import share_text
from mnist_scratch.training.metrics import BINS, calibration

DIGITS = tuple("0123456789")


def test_the_confusion_matrix_has_every_count_at_its_place() -> None:
    confusion = np.random.default_rng(0).integers(1, 2000, (10, 10))
    (axes,) = confusion_figure(confusion, DIGITS).axes
    for text in axes.texts:
        column, row = map(int, text.get_position())
        assert text.get_text() == f"{confusion[row, column]:,}"
    assert len(axes.texts) == 100
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("true", "predicted")


def test_an_image_stands_below_its_true_and_its_predicted_class() -> None:
    logits = np.log([0.25, 0.7, 0.05, *[1e-9] * 7])
    images = np.arange(2 * 784).astype(np.uint8).reshape(2, 28, 28)
    examples = [Example(7, images[0], 0, logits), Example(8, images[1], 3, logits)]
    (axes,) = examples_figure(examples, DIGITS).axes
    assert [text.get_text() for text in axes.texts[1:]] == [
        "7: true\n0 (25%)\npredicted\n1 (70%)",
        "8: true\n3 (<0.001%)\npredicted\n1 (70%)",
    ]
    for drawn, image in zip(axes.images, images, strict=True):
        np.testing.assert_array_equal(drawn.get_array(), 255 - image)


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
def test_captions_and_images_stay_clear_of_each_other(dataset: str) -> None:
    logits = np.log([*[1e-9] * 9, 0.9732])  # an ankle boot, which has the longest name
    image = np.zeros((28, 28), np.uint8)
    examples = [Example(1000 + n, image, n, logits) for n in range(10)]
    figure = examples_figure(examples, class_names(dataset), "A title\nof three\nlines")
    figure.draw_without_rendering()
    (axes,) = figure.axes
    boxes = [artist.get_window_extent() for artist in (*axes.texts, *axes.images)]
    assert len(boxes) == 1 + 2 * 10
    for number, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:number]), axes.texts


def test_a_sheet_of_mistakes_has_five_in_a_row_below_its_title(tmp_path: Path) -> None:
    example = Example(1, np.full((28, 28), 255, np.uint8), 3, np.eye(10)[4])
    draw_mistakes("12 misclassified", [example] * 12, DIGITS, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == 1056
        ink = np.asarray(sheet.convert("L")) < 128
    assert ink[:80].any(), "the title"
    assert ink[-60, :400].any()
    assert not ink[-60, 430:].any(), "12 are 5, 5 and 2"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        *[(0.0, "0%"), (1e-12, "<0.001%"), (5e-5, "0.005%"), (0.0123, "1.2%"), (0.9, "90%")],
        *[(0.99999, "99.99%"), (1.0, "100%")],
    ],
)
def test_only_certainty_is_0_or_100_percent(share: float, text: str) -> None:
    assert share_text(share) == text


def test_the_histogram_and_the_reliability_diagram_show_the_bins() -> None:
    confidences = np.array([0.35, 0.98, 0.99, 1.0])
    figure = calibration_figure(calibration(confidences, np.array([False, True, True, False])))
    histogram, reliability = figure.axes
    heights = [bar.get_height() for bar in histogram.patches if isinstance(bar, Rectangle)]
    assert heights[:BINS] == [0] * 5 + [1] + [0] * 8 + [3], "all"
    assert heights[BINS:] == [0] * 5 + [1] + [0] * 8 + [1], "misclassified"
    points = np.array(reliability.lines[1].get_xydata(), float)
    np.testing.assert_allclose(points, np.array([[0.35, 0.0], [0.99, 2 / 3]]), rtol=1e-12)


@pytest.mark.parametrize("classes", [47, 256])
def test_the_names_beside_a_large_confusion_matrix_stay_clear_of_each_other(classes: int) -> None:
    names = [f"class of number {k}" for k in range(classes)]
    figure = confusion_figure(np.diag([400] * classes), names)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    for labels, axis in ((axes.get_xticklabels(), "x"), (axes.get_yticklabels(), "y")):
        boxes = [label.get_window_extent() for label in labels]
        ends = sorted((getattr(box, f"{axis}0"), getattr(box, f"{axis}1")) for box in boxes)
        assert len(ends) == (47 if classes == 47 else 86)
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(ends))
        assert min(start for start, _ in ends) >= 0
    counts = [text.get_text() for text in axes.texts]
    assert counts == ["400"] * 47 * (classes == 47), "none for zeros; none where they do not fit"


def test_a_long_name_is_cut_and_a_dollar_is_no_formula() -> None:
    names = ("$x$ and $y$", "a name with too many letters")
    (axes,) = confusion_figure(np.eye(2, dtype=np.int64), names).axes
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert shown == [r"\$x\$ and \$y\$", "a name with t..."]
