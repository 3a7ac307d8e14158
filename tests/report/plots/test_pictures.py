"""What the pictures of a report show, read from Matplotlib's figures."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.inference.examples import Example
from mnist_scratch.nn.layers import Dense
from mnist_scratch.nn.network import Network
from mnist_scratch.report.plots.evaluation import (
    calibration_figure,
    confusion_figure,
    mistakes_figure,
    share_text,
)
from mnist_scratch.report.plots.layers import norms_figure, shown_units, weights_figure
from mnist_scratch.training.metrics import BINS, calibration

DIGITS = tuple("0123456789")


def test_the_confusion_matrix_has_every_count_at_its_place() -> None:
    confusion = np.random.default_rng(0).integers(1, 2000, (10, 10))
    (axes,) = confusion_figure(confusion, DIGITS).axes
    for text in axes.texts:
        column, row = map(int, text.get_position())
        assert text.get_text() == f"{confusion[row, column]:,}"
    assert len(axes.texts) == 100
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("truth", "read as")


def test_an_image_stands_under_its_truth_and_its_answer() -> None:
    logits = np.log([0.25, 0.7, 0.05, *[1e-9] * 7])
    images = np.arange(2 * 784).astype(np.uint8).reshape(2, 28, 28)
    examples = [Example(7, images[0], 0, logits), Example(8, images[1], 3, logits)]
    axes = mistakes_figure(examples, DIGITS).axes
    assert axes[0].get_title() == "0: 25.0%\nread as 1: 70.0%"
    assert axes[1].get_title() == "3: <0.1%\nread as 1: 70.0%"
    np.testing.assert_array_equal(axes[1].get_images()[0].get_array(), 255 - images[1])


def test_no_class_name_is_so_long_that_it_reaches_into_the_next_image_s() -> None:
    names = class_names("fashion-mnist")
    image = np.zeros((28, 28), np.uint8)
    logits = np.log([*[1e-9] * 9, 0.9732])  # an ankle boot, which has the longest name
    figure = mistakes_figure([Example(n, image, n, logits) for n in range(5)], names)
    figure.draw_without_rendering()
    boxes = [axes.title.get_window_extent() for axes in figure.axes]
    edges = [0.0, *(edge for box in boxes for edge in (box.x0, box.x1)), figure.bbox.x1]
    assert edges == sorted(edges)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0.0%"), (1e-12, "<0.1%"), (0.5, "50.0%"), (0.9999, ">99.9%"), (1.0, "100.0%")],
)
def test_a_share_is_never_all_or_nothing_that_is_not(share: float, text: str) -> None:
    assert share_text(share) == text


def test_the_histogram_and_the_reliability_diagram_show_the_bins() -> None:
    confidences = np.array([0.35, 0.98, 0.99, 1.0])
    figure = calibration_figure(calibration(confidences, np.array([False, True, True, False])))
    histogram, reliability = figure.axes
    heights = [bar.get_height() for bar in histogram.patches if isinstance(bar, Rectangle)]
    assert heights[:BINS] == [0] * 5 + [1] + [0] * 8 + [3], "all"
    assert heights[BINS:] == [0] * 5 + [1] + [0] * 8 + [1], "wrong"
    points = np.array(reliability.lines[1].get_xydata(), float)
    np.testing.assert_allclose(points, np.array([[0.35, 0.0], [0.99, 2 / 3]]), rtol=1e-12)


def sheet(axes: Axes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(axes.get_images()[0].get_array(), float)


def test_the_first_layers_weights_lie_side_by_side_as_images() -> None:
    network = Network([Dense(784, 10)], np.random.default_rng(0))
    axes = weights_figure(network, DIGITS).axes[0]
    image = sheet(axes)[30:58, 60:88]  # the second row's third: unit 7
    np.testing.assert_array_equal(image, network.dense_layers[0].weights[:, 7].reshape(28, 28))
    assert [text.get_text() for text in axes.texts] == list(DIGITS)


def test_of_many_units_those_with_the_largest_weights_are_shown() -> None:
    network = Network([Dense(784, 300), Dense(300, 10)], np.random.default_rng(0))
    network.dense_layers[0].weights[:, 17:61] *= 0.1
    assert shown_units(network) == [*range(17), *range(61, 300)]


def test_the_norms_are_drawn_layer_by_layer() -> None:
    norms = np.random.default_rng(0).uniform(size=(3, 2, 2))
    figure = norms_figure(norms, (784, 6, 10))
    for number, axes in enumerate(figure.axes):
        for layer, line in enumerate(axes.lines):
            np.testing.assert_array_equal(line.get_ydata(), norms[:, layer, number])
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
