from __future__ import annotations

from pathlib import Path

import pytest

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.training.history import History, Row

ROWS = [
    Row(1, 1, 0.1, 2.302585092994046),
    Row(2, 1, 0.05, 1 / 3, 0.25, 0.9182, 1.5),
    Row(3, 2, 1e-05, 1e-10),
]
HEADER = "step,epoch,learning_rate,loss,validation_loss,validation_accuracy,seconds\n"


def test_a_history_reads_back_to_the_last_bit(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(History(ROWS).as_csv())
    assert History.read(path).rows == ROWS


def test_the_ends_of_epochs_can_be_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(History(ROWS).as_csv())
    assert History.read(path, epochs_only=True).rows == [ROWS[1]]
    path.write_text(History(ROWS).as_csv().rstrip("\n"))  # the last line of an epoch under way
    assert History.read(path, epochs_only=True).rows == [ROWS[1]]
    path.write_text(f"{HEADER}1,1,0.1,0.5,0.25,x,1.5\n")
    with pytest.raises(MnistScratchError, match="damaged"):
        History.read(path, epochs_only=True)


def test_the_file_can_be_read_by_anything() -> None:
    assert History(ROWS[:2]).as_csv() == (
        f"{HEADER}1,1,0.1,2.302585092994046,,,\n2,1,0.05,0.3333333333333333,0.25,0.9182,1.5\n"
    )


def test_the_ends_of_epochs_are_the_rows_with_validation() -> None:
    assert History(ROWS).epochs == [ROWS[1]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "damaged: its first line must be"),
        ("a,b\n1,2\n", "damaged: its first line must be"),
        (f"{HEADER}1,1,0.1\n", "damaged: a line has 3 cells, not 7"),
        (f"{HEADER}1,1,0.1,x,,,\n", "damaged: could not convert"),
        (f"{HEADER}1,1,0.1,nan,,,\n", "damaged: a line has impossible numbers"),
        (f"{HEADER}0,1,0.1,1,,,\n", "damaged: a line has impossible numbers"),
        (f"{HEADER}1{'0' * 400},1,0.1,1,,,\n", "damaged: a line has impossible numbers"),
        (f"{HEADER}1,1e300,0.1,1,,,\n", "damaged: a line has impossible numbers"),
        (f"{HEADER}1,0,0.1,1,,,\n", "damaged: a line has impossible numbers"),
        (f"{HEADER},1,0.1,1,,,\n", "damaged: could not convert"),
        (f"{HEADER}1.5,1,0.1,1,,,\n", "damaged: invalid literal"),
        (f"{HEADER}1,1,0.1,1,,,\x1b[2J\n", r"damaged: could not convert string .*'\\x1b\[2J'"),
        (f"{HEADER}{'1' * 200_000},1,0.1,1,,,\n", "damaged: field larger than field limit"),
        (f"{HEADER}{',' * 200_000}\n", "damaged: a line has 200001 cells"),
        (f"{HEADER}2,2,0.1,1,1,1,1\n", "damaged: epoch 1 ends in a line of epoch 2"),
        (
            f"{HEADER}2,1,0.1,1,1,1,1\n4,1,0.1,1,1,1,1\n",
            "damaged: epoch 2 ends in a line of epoch 1",
        ),
        (f"{HEADER}1,1,0.1,1,0.27,,\n", "damaged: a line has only some of the figures"),
        (f"{HEADER}1,1,0.1,1,0.27,0.92,\n", "damaged: a line has only some of the figures"),
        ("\udcff", "damaged: 'utf-8' codec"),
    ],
)
def test_what_is_no_history_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(content, errors="surrogateescape")
    with pytest.raises(MnistScratchError, match=f"history.csv.*{message}") as error:
        History.read(path)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < len(str(path)) + 250


def test_a_missing_history_is_named(tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match=r"cannot read .*history\.csv"):
        History.read(tmp_path / "history.csv")


def test_a_history_without_an_epoch_has_no_best_one() -> None:
    with pytest.raises(ValueError, match="no epoch of this history is over"):
        _ = History(ROWS[:1]).best


def test_a_history_keeps_rows_of_its_own() -> None:
    rows = list(ROWS)
    History(rows).rows.clear()
    assert rows == ROWS
