"""The table and the picture of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnist_scratch.config.schema import Config
from mnist_scratch.report.plots import sweep as sweep_picture
from mnist_scratch.report.text.sweep import sweep_table
from mnist_scratch.sweep.grid import Combination
from mnist_scratch.sweep.results import Figures, Result

KEY = "optimizer.learning_rate"


def result(
    values: dict[str, Any], accuracies: Sequence[tuple[float, float]], unfinished: int = 0
) -> Result:
    runs = [
        Figures(f"runs/{seed}", seed, 1, validation, test, 0.1, 1.5 + seed, 3)
        for seed, (validation, test) in enumerate(accuracies)
    ]
    return Result(Combination(values, Config()), runs, ["runs/later"] * unfinished)


def test_the_table_has_means_standard_errors_and_the_best_in_80_columns() -> None:
    results = [
        result({KEY: 0.05}, [(0.97, 0.9612), (0.98, 0.9832)]),
        result({KEY: 0.1}, [(0.99, 0.9712)]),
        result({KEY: 3.0}, [], unfinished=2),
        result({"data.data_dir": "x" * 200}, [(0.5, 0.5)]),
    ]
    assert sweep_table(results).splitlines() == [
        "          validation %             test %                                seconds",
        "    n    mean   error       mean   error      sd     min     max        (median)",
        "",
        "learning_rate=0.05",
        # sd = 0.022 / sqrt 2, its error half of 0.022.
        "    2   97.50    0.50      97.22    1.10    1.56   96.12   98.32             2.0",
        "",
        "learning_rate=0.1   <- best on validation",
        "    1   99.00       -      97.12       -       -   97.12   97.12             1.5",
        "",
        "learning_rate=3.0",
        "    2 not finished",
        "",
        f"data_dir={'x' * 68}...",
        "    1   50.00       -      50.00       -       -   50.00   50.00             1.5",
        "",
        "error: the standard error of the mean; sd: the standard deviation of the runs",
    ]


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are drawn, instead of files."""
    drawn: list[Figure] = []
    monkeypatch.setattr(sweep_picture, "save", lambda figure, _: drawn.append(figure))
    return drawn


def test_one_number_is_an_axis_logarithmic_where_it_spans_a_factor_of_ten(
    figures: list[Figure],
) -> None:
    accuracies = [(0.97, 0.96), (0.98, 0.97), (0.99, 0.98)]
    for numbers, scale in (
        ((0.1, 0.01, 0.03), "log"),
        ((0.05, 0.1, 0.2), "linear"),
        ((0.1, 1.0), "log"),
        ((1, 2, 3), "linear"),
        ((0.1, 0.2), "linear"),
        ((0.0, 0.01, 0.1), "linear"),
    ):
        results = [result({KEY: number}, accuracies) for number in numbers]
        sweep_picture.draw_sweep(results, "title", Path("x.png"))
        upper, lower = figures.pop().axes
        assert lower.get_xscale() == scale, numbers
        assert list(lower.get_xticks()) == list(numbers)
        assert lower.get_xlabel() == KEY
        for axes, expected in ((upper, [97, 98, 99]), (lower, [96, 97, 98])):
            dots = [line for line in axes.lines if line.get_label() == "a run"]
            assert len(dots) == len(numbers)
            for line, number in zip(dots, numbers, strict=True):
                np.testing.assert_allclose(np.asarray(line.get_ydata(), float), expected)
                middle = np.asarray(line.get_xdata(), float)[1]
                assert middle == pytest.approx(number)


def test_other_settings_are_lines_with_their_names(figures: list[Figure]) -> None:
    runs = [(0.97, 0.96), (0.99, 0.98)]
    names = [{"schedule.name": name, KEY: 0.1} for name in ("cosine", "step")]
    sweep_picture.draw_sweep([result(each, runs) for each in names], "title", Path("x.png"))
    left, _ = figures.pop().axes
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert labels == ["schedule=cosine\nlearning_rate=0.1", "schedule=step\nlearning_rate=0.1"]
    left_to_right = left.get_ylim()
    assert left_to_right[0] < -1 < 0 < left_to_right[1], "the first on top"


def test_a_sweep_of_seeds_alone_is_one_line(figures: list[Figure]) -> None:
    sweep_picture.draw_sweep([result({}, [(0.97, 0.96)])], "title", Path("x.png"))
    (figure,) = figures
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["all runs"]
    assert figure.get_suptitle() == "title, 1 run"
