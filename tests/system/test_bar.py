from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mnist_scratch.system.bar import progress_bar, training_bar


class Terminal(io.StringIO):
    """A terminal of some columns: it breaks lines, and \\r goes back to where one begins."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.lines = [""]
        self.column = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for letter in text:
            if letter == "\r":
                self.column = 0
            elif letter == "\n" or self.column == self.width:
                self.lines.append("")
                self.column = 0
            if letter not in "\r\n":
                line = self.lines[-1].ljust(self.column)
                self.lines[-1] = line[: self.column] + letter + line[self.column + 1 :]
                self.column += 1
        return len(text)


def terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Put a terminal in the place of standard error."""
    screen = Terminal(width)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", str(width))
    # tqdm asks the operating system, which knows of no such terminal.
    monkeypatch.setattr("tqdm.std._screen_shape_wrapper", lambda: lambda _: (width, 24))
    return screen


@pytest.mark.parametrize("width", [40, 59, 60, 71, 72, 80, 120])
@pytest.mark.parametrize(
    "make",
    [
        lambda: training_bar(200_000, 1000, "epoch 100/200"),
        lambda: progress_bar(2000, "pictures", title="drawing"),
        lambda: progress_bar(12, "runs", 3),
    ],
)
def test_a_bar_fits_its_line_and_ctrl_c_leaves_nothing_of_it(
    width: int, make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = terminal(width, monkeypatch)
    bar = make()
    bar.set_postfix_str("loss 0.2500, 75.0%", refresh=False)
    bar.update(5)
    bar.refresh()
    (line,) = screen.lines
    assert re.search(r"\|.{4,}\|.*left", line)
    assert screen.column == 0
    screen.write("^C")  # as a terminal echoes it
    bar.close()
    assert [line.strip() for line in screen.lines] == [""]


def test_a_bar_counts_what_is_done_and_names_the_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(80, monkeypatch)
    with progress_bar(12, "pictures") as bar:
        bar.update(3)
        bar.refresh()
        assert re.fullmatch(r"\|.{40,}\| 3 of 12 pictures, \S+ left ?", screen.lines[-1])


def test_without_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(12, "pictures") as bar:
        bar.update(3)
    assert capsys.readouterr().err == ""
