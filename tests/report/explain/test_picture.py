from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnist_scratch.data.sources.registry import DIGITS, class_names
from mnist_scratch.inference.examples import Example
from mnist_scratch.report.explain import picture as explanation_picture
from mnist_scratch.report.explain.picture import draw_explanations, summarise
from mnist_scratch.report.explain.steps import Explanation, explain


def explained(number: int, label: int, sure_of: int) -> tuple[Example, Explanation]:
    logits = np.zeros(10)
    logits[sure_of] = 3.0
    picture = np.full((28, 28), 51, np.uint8)
    return Example(number, picture, label, logits), explain(logits, label)


def heights(axes: Axes) -> list[float]:
    return [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)]


def colours(axes: Axes) -> list[str]:
    return [to_hex(bar.get_facecolor()).upper() for bar in axes.patches]


def test_every_image_has_a_row_with_its_probabilities_and_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(explanation_picture, "save", lambda figure, _: figures.append(figure))
    draw_explanations(
        "a run",
        [explained(17, 2, 2), explained(8, 4, 9), explained(5, 6, 7)],
        DIGITS,
        tmp_path / "picture.png",
    )
    (legend,) = figures[0].legends
    meanings = {
        text.get_text(): to_hex(patch.get_facecolor()).upper()
        for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)
    }
    rows = figures[0].subfigs
    assert len(rows) == 3
    assert len(set(meanings.values())) == 5
    below = ("predicted\ntrue", "true", "\ntrue")
    for row, true, predicted, word in zip(rows, (2, 4, 6), (2, 9, 7), below, strict=True):
        shown, probabilities, _, steps = row.axes
        assert np.asarray(shown.images[0].get_array()).max() == 255 - 51
        others = 1.0 / (9.0 + np.exp(3.0))
        expected = np.where(np.arange(10) == predicted, 1.0 - 9.0 * others, others)
        np.testing.assert_allclose(heights(probabilities), expected, rtol=1e-12)
        np.testing.assert_allclose(heights(steps), np.eye(10)[true] - expected, rtol=1e-12)
        expected_colours = [meanings["other class"]] * 10
        expected_colours[predicted] = meanings["predicted class, if wrong"]
        expected_colours[true] = meanings["true class"]
        assert colours(probabilities) == expected_colours
        expected_colours = [meanings["lower the logit"]] * 10
        expected_colours[true] = meanings["raise the logit"]
        assert colours(steps) == expected_colours
        labels = [text.get_text() for text in probabilities.get_xticklabels()]
        assert labels[true] == f"{true}\n{word}"
        assert predicted == true or labels[predicted] == f"{predicted}\npredicted"


def test_an_image_is_summed_up_in_a_line() -> None:
    # p = e^3 / (9 + e^3) = 0.690566; -log p = 0.370243, and 3 more for another class.
    right, wrong = (summarise(*explained(*each), DIGITS) for each in ((17, 2, 2), (8, 4, 9)))
    assert right == "image 17: true 2, predicted 2 (69%); cross-entropy 0.3702 nats"
    assert wrong == "image 8: true 4, predicted 9 (69%); cross-entropy 3.37 nats"
    clothes = summarise(*explained(8, 4, 9), class_names("fashion-mnist"))
    assert clothes.startswith("image 8: true 4 = Coat, predicted 9 = Ankle boot (69%);")


def test_percentages_keep_clear_of_each_other_and_of_the_edges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(explanation_picture, "save", lambda figure, _: figures.append(figure))
    examples = []
    for label, predicted in ((0, 1), (9, 8), (4, 6), (0, 0)):
        logits = np.zeros(10)
        logits[label], logits[predicted] = 19.9, 20.0  # bars of nearly one height
        examples.append(
            (Example(0, np.zeros((28, 28), np.uint8), label, logits), explain(logits, label))
        )
    draw_explanations("a run", examples, DIGITS, tmp_path / "picture.png")
    figures[0].draw_without_rendering()
    for row, count in zip(figures[0].subfigs, (2, 2, 2, 1), strict=True):
        axes = row.axes[1]
        boxes = [text.get_window_extent() for text in axes.texts]
        assert len(boxes) == count
        assert all(axes.bbox.x0 <= box.x0 < box.x1 <= axes.bbox.x1 for box in boxes)
        assert count == 1 or not boxes[0].overlaps(boxes[1])
