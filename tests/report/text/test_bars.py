from __future__ import annotations

import re

import numpy as np
import pytest

from mnist_scratch.data.sources.registry import DIGITS, class_names
from mnist_scratch.report.text.bars import Numbers, describe, summarise
from mnist_scratch.system.text import printable


def test_bars_are_as_long_as_probabilities_and_names_cannot_steer_the_terminal() -> None:
    probabilities = np.array([0.5, 0.25, 0.125, 0.125 - 1 / 480, 1 / 480, 0, 0, 0, 0, 0])
    first, *bars = describe("a\x1b[2J\n.png", "0", probabilities[None], DIGITS).splitlines()
    assert first == r"a\x1b[2J\n.png: 0"
    lengths = ["#" * 30, "#" * 15, "#" * 8, "#" * 7, "", ""]
    assert [bar[5:65].strip() for bar in bars[:6]] == lengths
    assert printable("größe 3.png") == "größe 3.png"
    line = summarise("long/" * 30 + "name.png", "0", probabilities[None], DIGITS)
    assert len(line) <= 80
    assert "name.png" in line


def test_classes_that_are_no_digits_are_called_by_their_names() -> None:
    names = class_names("fashion-mnist")
    probabilities = np.array([0.125, 0, 0, 0, 0, 0.25, 0, 0.5, 0, 0.125])
    first, *bars = describe("shoe.png", "Sneaker", probabilities[None], names).splitlines()
    assert first == "shoe.png: Sneaker"
    assert [bar[2:13].rstrip() for bar in bars] == list(names)
    lengths = {"Sneaker": "#" * 25, "Sandal": "#" * 12, "Ankle boot": "#" * 6}
    for name, bar in zip(names, bars, strict=True):
        assert bar[15:65].rstrip() == lengths.get(name, "#" * 6 if "shirt" in name else "")
        assert len(bar) <= 80
    line = summarise("long/" * 30 + "name.png", "Sneaker", probabilities[None], names)
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
    _, *bars = describe("three.png", names[3], probabilities[None], names).splitlines()
    line = summarise("long/" * 30 + "3.png", names[3], probabilities[None], names)
    assert max(map(len, [*bars, line])) <= 40
    assert "##########" in bars[3]
    assert line.startswith("...")
    assert f"3.png  {names[3]} " in " ".join(line.split(" "))
    assert "100.00%" in line


def number(dataset: str, *digits: tuple[int, int, float]) -> tuple[str, Numbers, tuple[str, ...]]:
    """What is read, given first and second class of each digit, and the second's probability."""
    names = class_names(dataset)
    probabilities = np.zeros((len(digits), 10))
    for place, (first, second, probability) in enumerate(digits):
        probabilities[place, [first, second]] = 1 - probability, probability
    between = "" if dataset == "mnist" else " "
    return between.join(names[first] for first, _, _ in digits), probabilities, names


def test_a_number_is_answered_with_a_bar_for_each_digit_and_its_second_class_if_probable() -> None:
    read = number("mnist", (1, 7, 0.25), (4, 9, 0.009))
    assert describe("house.png", *read).splitlines() == [
        "house.png: 14",
        f"  1  {'#' * 42}{' ' * 14}  75.00%  or 7 25%",
        f"  4  {'#' * 55}   99.10%",
    ]
    _, probabilities, names = read
    assert describe("two_rows.png", "1\n4", probabilities, names).startswith(
        "two_rows.png: 1 / 4\n"
    )


def test_a_number_in_a_line_says_how_sure_its_least_sure_digit_is() -> None:
    line = summarise("house.png", *number("mnist", (1, 7, 0.25), (4, 9, 0)))
    assert line == f"{'house.png':<50}  14  lowest 75.00%"
    phone = number("mnist", *[(1, 7, 0.25)] * 30)
    line = summarise("long/" * 30 + "phone.png", *phone)
    assert len(line) == 80
    assert line.endswith("/phone.png  111111111111111111111111111111  lowest 75.00%")


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("columns", [40, 80])
def test_numbers_fit_a_terminal(
    dataset: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    read = number(dataset, (1, 7, 0.25), (9, 8, 0.5))
    _, *bars = describe("house.png", *read).splitlines()
    assert max(map(len, bars)) < columns
    assert "########" in bars[0]
    if dataset == "mnist":
        line = summarise("long/" * 30 + "house.png", *read)
        assert len(line) <= columns
        assert " ".join(line.split()).endswith("use.png 19 lowest 50.00%")


def test_of_many_classes_the_most_probable_and_the_rest_get_a_bar() -> None:
    probabilities = np.full((1, 47), 0.1 / 45)
    probabilities[0, [40, 7]] = 0.6, 0.3
    lines = describe("a.png", "q", probabilities, [f"class {k}" for k in range(47)]).splitlines()
    assert [line.split("  ")[1] for line in lines[1:4]] == ["class 40", "class 7", "class 0"]
    assert len(lines) == 1 + 10 + 1
    assert re.fullmatch(r"  37 more   #+ +8\.22%", lines[-1])
    assert {len(line) for line in lines[1:]} == {len(lines[1])}


@pytest.mark.parametrize("width", ["40", "80"])
def test_long_names_leave_room_for_bars(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    names = ["a" * 40, "b" * 40]
    for lines in (
        describe("a.png", "b", np.array([[0.25, 0.75]]), names).splitlines()[1:],
        [summarise("a.png", "b", np.array([[0.25, 0.75]]), names)],
    ):
        assert max(map(len, lines)) <= int(width)
