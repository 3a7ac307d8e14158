"""What the pictures of the layers show, read from Matplotlib's figures."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from mnist_scratch.nn.layers import Dense
from mnist_scratch.nn.network import Network
from mnist_scratch.report.plots.layers import norms_figure, shown_units, weights_figure

DIGITS = tuple("0123456789")


def sheet(axes: Axes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(axes.get_images()[0].get_array(), float)


def test_the_first_layers_weights_lie_side_by_side_as_images() -> None:
    network = Network([Dense(784, 10)], np.random.default_rng(0))
    axes = weights_figure(network, DIGITS).axes[0]
    image = sheet(axes)[30:58, 60:88]  # the second row's third: unit 7
    np.testing.assert_array_equal(image, network.dense_layers[0].weights[:, 7].reshape(28, 28))
    assert [text.get_text() for text in axes.texts] == list(DIGITS)


def test_of_many_units_those_with_the_largest_weights_are_shown() -> None:
    network = Network([Dense(784, 100), Dense(100, 10)], np.random.default_rng(0))
    network.dense_layers[0].weights[:, 17:53] *= 0.1
    assert shown_units(network) == [*range(17), *range(53, 100)]


def test_the_norms_are_drawn_layer_by_layer() -> None:
    norms = np.random.default_rng(0).uniform(size=(3, 2, 2))
    figure = norms_figure(norms, (784, 6, 10))
    for number, axes in enumerate(figure.axes):
        for layer, line in enumerate(axes.lines):
            np.testing.assert_array_equal(line.get_ydata(), norms[:, layer, number])
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
