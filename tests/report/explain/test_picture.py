from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib import image
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnist_scratch.data.sources.registry import DIGITS, class_names
from mnist_scratch.inference.examples import Example
from mnist_scratch.report.explain import picture as explanation_picture
from mnist_scratch.report.explain.picture import draw_explanations, summarise
from mnist_scratch.report.explain.steps import Explanation, explain
from mnist_scratch.report.plots.style import COLOURS


def explained(number: int, label: int, sure_of: int) -> tuple[Example, Explanation]:
    logits = np.zeros(10)
    logits[sure_of] = 3.0
    picture = np.full((28, 28), 51, np.uint8)
    return Example(number, picture, label, logits), explain(logits, label)


def heights(axes: Axes) -> list[float]:
    return [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)]


def test_every_image_has_a_row_with_its_probabilities_and_pushes(
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
    rows = figures[0].subfigs
    assert len(rows) == 3
    below = ("read = true", "true", "\ntrue")
    for row, truth, read, word in zip(rows, (2, 4, 6), (2, 9, 7), below, strict=True):
        shown, probabilities, pushes = row.axes
        assert np.asarray(shown.images[0].get_array()).max() == 255 - 51
        others = 1.0 / (9.0 + np.exp(3.0))
        expected = np.where(np.arange(10) == read, 1.0 - 9.0 * others, others)
        np.testing.assert_allclose(heights(probabilities), expected, rtol=1e-12)
        np.testing.assert_allclose(heights(pushes), np.eye(10)[truth] - expected, rtol=1e-12)
        colours = [to_hex(bar.get_facecolor()).upper() for bar in probabilities.patches]
        expected_colours = [COLOURS[5]] * 10
        expected_colours[read], expected_colours[truth] = COLOURS[4], COLOURS[2]
        assert colours == expected_colours
        labels = [text.get_text() for text in probabilities.get_xticklabels()]
        assert labels[truth] == f"{truth}\n{word}"
        assert read == truth or labels[read] == f"{read}\nread"


def test_the_picture_has_the_colours_of_its_legend(tmp_path: Path) -> None:
    draw_explanations("a run", [explained(8, 4, 9)], DIGITS, tmp_path / "picture.png")
    picture = image.imread(tmp_path / "picture.png")
    assert picture.shape == (552, 1440, 4)
    for colour in (COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[4], COLOURS[5]):
        wanted = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        share = np.mean(np.all(np.abs(picture[..., :3] - wanted) < 0.02, axis=-1))
        assert share > 1e-3, colour
    assert list(tmp_path.glob(".*")) == []


def test_an_image_is_summed_up_in_a_line() -> None:
    # p = e^3 / (9 + e^3) = 0.690566; -log p = 0.370243, and 3 more for another class.
    right, wrong = (summarise(*explained(*each), DIGITS) for each in ((17, 2, 2), (8, 4, 9)))
    assert right == "image 17: a 2, read rightly (69%); cross-entropy 0.3702 nats"
    assert wrong == "image 8: a 4, read as a 9 (69%); cross-entropy 3.37 nats"
    clothes = summarise(*explained(8, 4, 9), class_names("fashion-mnist"))
    assert clothes.startswith("image 8: 4 = Coat, read as 9 = Ankle boot (69%);")


def test_percentages_keep_clear_of_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(explanation_picture, "save", lambda figure, _: figures.append(figure))
    rng = np.random.default_rng(0)
    examples = []
    for concentration in (0.05, 0.1, 0.3, 1.0, 10.0):
        for label in (0, 4, 9):
            logits = np.log(rng.dirichlet(np.full(10, concentration)) + 1e-6)
            picture = np.zeros((28, 28), np.uint8)
            examples.append((Example(0, picture, label, logits), explain(logits, label)))
    draw_explanations("a run", examples, DIGITS, tmp_path / "picture.png")
    figures[0].canvas.draw()
    for row, (example, explanation) in zip(figures[0].subfigs, examples, strict=True):
        texts = row.axes[1].texts
        assert 1 <= len(texts) <= 4
        assert explanation_picture._percent(explanation.predictions[example.label]) in [
            text.get_text() for text in texts
        ]
        boxes = [text.get_window_extent() for text in texts]
        for number, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:number]), [
                text.get_text() for text in texts
            ]


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, "100%"), (0.99999, "99.99%"), (0.9, "90%"), (0.0123, "1.2%"), (5e-5, "0.005%")],
)
def test_only_certainty_is_a_hundred_percent(probability: float, text: str) -> None:
    assert explanation_picture._percent(probability) == text
