from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mnist_scratch.data.sources.registry import DIGITS
from mnist_scratch.report.explain import curves
from mnist_scratch.report.explain.comparison import Comparison, Learning
from mnist_scratch.report.explain.curves import as_json, draw_curves, table
from mnist_scratch.report.plots.style import COLOURS
from mnist_scratch.training.history import History, Row


def learning(loss: str, start_loss: float, end_loss: float) -> Learning:
    rows = [Row(10, 1, 0.1, end_loss), Row(20, 1, 0.1, end_loss, end_loss, 0.75, 1.0)]
    return Learning(loss, start_loss, 0.125, History(rows))


@pytest.fixture
def compared() -> Comparison:
    trainings = [learning("cross-entropy", 8.0, 2.0), learning("squared-error", 2.0, 1.5)]
    return Comparison("digits", DIGITS, trainings, trainings)


def test_the_table_has_the_known_values() -> None:
    expected = [
        (0.9, 0.105361, 0.01),
        (0.5, 0.693147, 0.25),
        (0.1, 2.302585, 0.81),
        (0.01, 4.605170, 0.9801),
        (0.001, 6.907755, 0.998001),
    ]
    np.testing.assert_allclose(table(), expected, atol=6e-7)


def points(line: Line2D) -> list[tuple[float, float]]:
    x, y = (np.asarray(part, float).tolist() for part in line.get_data())
    return list(zip(x, y, strict=True))


def slope_of_beginning(line: Line2D) -> float:
    (x, y), (next_x, next_y), *_ = points(line)
    return (next_y - y) / (next_x - x)


def test_each_loss_is_drawn_as_a_share_of_its_own_start(
    compared: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(curves, "save", lambda figure, _: figures.append(figure))
    draw_curves(compared, tmp_path / "curves.png")
    costs, plateau, *accuracies_and_losses = figures[0].axes
    for panel in figures[0].axes:
        assert [line.get_color() for line in panel.get_lines()] == list(COLOURS[:2])
    for panel in accuracies_and_losses[:2]:
        for line in panel.get_lines():
            assert points(line) == [(0.0, 0.125), (20.0, 0.75)]
        assert "digits" in panel.get_title()
    for panel in accuracies_and_losses[2:]:
        cross_entropy, squared = panel.get_lines()
        assert points(cross_entropy) == [(0.0, 1.0), (10.0, 0.25), (20.0, 0.25)]
        assert points(squared) == [(0.0, 1.0), (10.0, 0.75), (20.0, 0.75)]
    cross_entropy, squared = costs.get_lines()
    for p, loss in points(cross_entropy):
        assert loss == pytest.approx(-math.log(p))
    for p, loss in points(squared):
        assert loss == pytest.approx((1.0 - p) ** 2)
    # Far on the wrong side, cross-entropy falls by one for every unit of the logits.
    cross_entropy, squared = plateau.get_lines()
    assert slope_of_beginning(cross_entropy) == pytest.approx(-1.0, abs=1e-3)
    assert slope_of_beginning(squared) == pytest.approx(0.0, abs=1e-3)


def test_the_figures_are_there_as_json(compared: Comparison) -> None:
    values = as_json(compared)
    assert values["dataset"] == "digits"
    assert values["table"][1] == {
        "p": 0.5,
        "cross_entropy": pytest.approx(0.693147, abs=1e-6),
        "squared_error": 0.25,
    }
    assert values["ordinary"]["squared-error"] == {
        "steps": [0, 20],
        "validation_accuracies": [0.125, 0.75],
        "training_losses": [2.0, 1.5],
    }
