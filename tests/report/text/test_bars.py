from __future__ import annotations

import numpy as np
import pytest

from mnist_scratch.data.sources.registry import DIGITS, class_names
from mnist_scratch.report.text.bars import describe, summarise
from mnist_scratch.system.text import printable


def test_bars_are_as_long_as_probabilities_and_names_cannot_steer_the_terminal() -> None:
    probabilities = np.array([0.5, 0.25, 0.125, 0.125 - 1 / 480, 1 / 480, 0, 0, 0, 0, 0])
    first, *bars = describe("a\x1b[2J\n.png", probabilities, DIGITS).splitlines()
    assert first == r"a\x1b[2J\n.png: 0"
    lengths = ["#" * 30, "#" * 15, "#" * 8, "#" * 7, "", ""]
    assert [bar[5:65].strip() for bar in bars[:6]] == lengths
    assert printable("größe 3.png") == "größe 3.png"
    line = summarise("long/" * 30 + "name.png", probabilities, DIGITS)
    assert len(line) <= 80
    assert "name.png" in line


def test_classes_that_are_no_digits_are_called_by_their_names() -> None:
    names = class_names("fashion-mnist")
    probabilities = np.array([0.125, 0, 0, 0, 0, 0.25, 0, 0.5, 0, 0.125])
    first, *bars = describe("shoe.png", probabilities, names).splitlines()
    assert first == "shoe.png: Sneaker"
    assert [bar[2:13].rstrip() for bar in bars] == list(names)
    lengths = {"Sneaker": "#" * 25, "Sandal": "#" * 12, "Ankle boot": "#" * 6}
    for name, bar in zip(names, bars, strict=True):
        assert bar[15:65].rstrip() == lengths.get(name, "#" * 6 if "shirt" in name else "")
        assert len(bar) <= 80
    line = summarise("long/" * 30 + "name.png", probabilities, names)
    assert len(line) <= 80
    assert line.startswith("...")
    assert line.split("name.png")[1].split() == ["Sneaker", "50.00%", "Sandal", "25.00%"]


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
def test_predictions_fit_a_terminal_of_forty_columns(
    dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    probabilities = np.array([0.0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    names = class_names(dataset)
    _, *bars = describe("three.png", probabilities, names).splitlines()
    line = summarise("long/" * 30 + "3.png", probabilities, names)
    assert max(map(len, [*bars, line])) <= 40
    assert "##########" in bars[3]
    assert line.startswith("...")
    assert f"3.png  {names[3]} " in " ".join(line.split(" "))
    assert "100.00%" in line
