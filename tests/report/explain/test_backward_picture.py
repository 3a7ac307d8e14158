from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from mnist_scratch.data.sources.registry import DIGITS, class_names
from mnist_scratch.inference.examples import Example
from mnist_scratch.nn.layers import ACTIVATIONS
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import SGD
from mnist_scratch.report.explain.backward import ExplainedStep, explain_step
from mnist_scratch.report.explain.backward_picture import (
    _near_one,
    pulls,
    step_figure,
    strongest,
)
from mnist_scratch.report.explain.backward_text import show
from mnist_scratch.report.plots.style import COLOURS

IMAGE = np.random.default_rng(3).integers(0, 256, (28, 28), np.uint8)


def step_of(widths: tuple[int, ...], activation: str = "relu") -> tuple[ExplainedStep, Example]:
    network = Network.of_widths(widths, activation, np.random.default_rng(0))
    step = explain_step(network, IMAGE, 3, SGD(network, 0.001))
    return step, Example(17, IMAGE, 3, step.logits.astype(np.float64))


def test_with_one_hidden_layer_a_pull_is_activation_times_weight() -> None:
    step, _ = step_of((784, 12, 10))
    last = step.layers[1]
    np.testing.assert_allclose(pulls(step), last.inputs[:, None] * last.weights)
    np.testing.assert_allclose(pulls(step).sum(axis=0) + last.biases, step.logits)


def test_with_more_relu_layers_the_pulls_add_up_to_the_logits_without_biases() -> None:
    step, _ = step_of((784, 12, 8, 10))  # whose biases are 0
    np.testing.assert_allclose(pulls(step).sum(axis=0), step.logits, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_pull_is_the_activation_times_the_slope_of_the_logit(activation: str) -> None:
    step, _ = step_of((784, 12, 8, 10), activation)
    _, second, last = step.layers
    network = Network.of_widths((12, 8, 10), activation, np.random.default_rng(0))
    for layer, wanted in zip(network.dense_layers, (second, last), strict=True):
        layer.weights[...], layer.biases[...] = wanted.weights, wanted.biases
    for unit in (0, 5):
        nudged = [second.inputs + way * 1e-2 * np.eye(12)[unit] for way in (1, -1)]
        above, below = network.forward(np.array(nudged, np.float32))
        measured = second.inputs[unit] * (above - below) / 2e-2
        np.testing.assert_allclose(pulls(step)[unit], measured, atol=2e-3)


def test_the_units_shown_are_those_that_decide_most_between_the_true_class_and_its_rival() -> None:
    step, _ = step_of((784, 12, 10))
    pull = pulls(step)
    between = np.abs(pull[:, 3] - pull[:, step.rival])
    assert step.rival != 3
    assert strongest(step) == np.argsort(-between)[:5].tolist()
    regression, _ = step_of((784, 10))
    assert strongest(regression)[0] == 3
    assert len(set(strongest(regression))) == 5


@pytest.mark.parametrize("widths", [(784, 10), (784, 3, 10), (784, 12, 10), (784, 12, 8, 10)])
def test_the_picture_shows_image_weights_and_their_changes_and_words_with_their_sign(
    widths: tuple[int, ...],
) -> None:
    step, example = step_of(widths)
    figure = step_figure(step, example, DIGITS)
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    chosen, first = strongest(step), step.layers[0]
    assert len(shown) == 1 + 2 * len(chosen)
    assert np.array_equal(shown[0], 255.0 - IMAGE)
    for unit, weights, changes in zip(
        chosen, shown[1 : 1 + len(chosen)], shown[1 + len(chosen) :], strict=True
    ):
        assert np.array_equal(weights, first.weights[:, unit].reshape(28, 28))
        assert np.array_equal(changes, -first.d_weights[:, unit].reshape(28, 28))
    words = [(text.get_text(), to_hex(text.get_color()).upper()) for text in figure.texts]
    moves = [word for word in words if word[0] in ("up", "down", "not")]
    colours = {"up": COLOURS[1], "down": COLOURS[0]}
    assert len(moves) == len(chosen)
    for (word, colour), unit in zip(moves, chosen, strict=True):
        d = first.d_outputs[unit]
        assert word == ("up" if d < 0 else "down" if d > 0 else "not")
        assert colour == colours.get(word, colour)
    said = [text for text, _ in words]
    assert f"loss {show(step.loss)}" in said
    assert f"loss after the step {show(step.loss_after)}" in said
    bars = [
        [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)]
        for axes in figure.axes
        if axes.patches
    ]
    np.testing.assert_allclose(bars[0], step.predictions)
    np.testing.assert_allclose(bars[1], step.targets - step.predictions)


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("widths", [(784, 10), (784, 12, 10)])
def test_no_words_run_into_each_other_or_over_the_edge(
    widths: tuple[int, ...], dataset: str
) -> None:
    step, example = step_of(widths)
    figure = step_figure(step, example, class_names(dataset))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.texts]
    for number, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, figure.texts[number]
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, figure.texts[number]
        for other in boxes[:number]:
            assert not box.overlaps(other), figure.texts[number]
        for axes in figure.axes:
            assert not box.overlaps(axes.bbox), (figure.texts[number], axes)


def test_every_word_is_large_enough_for_a_phone() -> None:
    step, example = step_of((784, 12, 10))
    figure = step_figure(step, example, DIGITS)
    texts = [*figure.texts]
    for axes in figure.axes:
        texts += [axes.title, *axes.get_xticklabels(), *axes.get_yticklabels()]
    width = figure.get_size_inches()[0] * 72.0  # points
    # In a report on a phone 390 of its pixels wide; 9 pixels are read without effort.
    assert all(text.get_fontsize() / width * 345 >= 9 for text in texts if text.get_text())


def test_what_the_step_has_beside_the_gradient_is_named_where_there_is_something() -> None:
    plain, example = step_of((784, 12, 10))
    assert not any("momentum" in x.get_text() for x in step_figure(plain, example, DIGITS).texts)
    network = Network.of_widths((784, 12, 10), "relu", np.random.default_rng(0))
    mover = SGD(network, 0.001, momentum=0.9, weight_decay=0.01)
    mover.velocities[...] = 0.5
    both = step_figure(explain_step(network, IMAGE, 3, mover), example, DIGITS)
    assert "with momentum and weight decay" in [text.get_text() for text in both.texts]


@pytest.mark.parametrize(
    ("p", "shown"), [(0.8339, "0.834"), (0.99997, "0.99997"), (0.9996, "0.9996"), (1.0, "1.000")]
)
def test_a_probability_below_1_is_not_shown_as_1(p: float, shown: str) -> None:
    assert _near_one(p) == shown
