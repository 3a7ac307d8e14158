from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest

from mnist_scratch.config.schema import Config, TrainingConfig
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.nn.network import Network
from mnist_scratch.training.history import Row
from mnist_scratch.training.progress import Progress
from mnist_scratch.training.trainer import Trainer

ENDED = Row(10, 1, 0.1, 0.5, 0.25, 0.9182, 1.25)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_running_loss_accuracy_speed_and_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "100")
    progress = Progress("training something", epochs=2, examples=400)
    assert progress._bar
    progress._bar.mininterval = 0
    predictions = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    for _ in range(100):
        progress.step(0.25, predictions, np.eye(2)[[0, 1, 0, 0]])
    progress.epoch(ENDED, best=True)
    progress.step(0.25, predictions, np.eye(2)[[0, 1, 0, 0]])
    progress.close()
    text = screen.getvalue()
    assert text.count("epoch 1/2 |") > 1
    assert "epoch 2/2 |" in text, "the same text in every epoch"
    assert text.startswith("training something\n")
    assert "epoch 1/2" in text
    assert "loss 0.2500, 75.0%" in text
    assert re.search(r"images/s, \d\d:\d\d left", text)
    assert "epoch 1/2  validation loss 0.2500, accuracy 91.82%  1.2 s  best so far\n" in text


def test_a_narrow_terminal_gets_short_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    progress = Progress("training", epochs=200, examples=400)
    progress.epoch(ENDED._replace(epoch=100), best=True)
    progress.epoch(ENDED._replace(epoch=101, validation_loss=8.7e34), best=False)
    assert capsys.readouterr().err.splitlines()[1:] == [
        "epoch 100/200  loss 0.25, 91.82%  best",
        "epoch 101/200  loss 8.7e+34, 91.82%",
    ]


def test_the_loss_of_a_diverging_training_takes_no_more_room_than_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = Progress("training", epochs=5, examples=400)
    progress.epoch(ENDED._replace(validation_loss=8.6838502e34), best=False)
    assert "loss 8.68e+34, accuracy" in capsys.readouterr().err


def test_a_pipe_gets_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("training something", epochs=12, examples=400)
    progress.step(0.25, np.eye(2), np.eye(2))
    progress.epoch(ENDED, best=False)
    progress.close()
    assert capsys.readouterr().err == (
        "training something\nepoch  1/12  validation loss 0.2500, accuracy 91.82%  1.2 s\n"
    )


def test_what_is_printed_after_an_epoch_stands_on_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, digits: Dataset
) -> None:
    screen = Terminal()
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, screen)
    config = Config(training=TrainingConfig(epochs=2))
    trainer = Trainer(Network.of_widths((784, 10), "relu", 0), digits, digits, config)
    trainer.run(after_epoch=lambda: print("saved"))
    lines = [line.rpartition("\r")[2] for line in screen.getvalue().split("\n")]
    assert [line.partition(" ")[0] for line in lines] == ["training", *["saved", "epoch"] * 2, ""]


def test_a_notebook_shows_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class OutStream(io.StringIO):
        """What a cell of a notebook has for its standard error: no terminal."""

    OutStream.__module__ = "ipykernel.iostream"
    screen = OutStream()
    monkeypatch.setattr(sys, "stderr", screen)
    Progress("training something", epochs=2, examples=400).close()
    assert "epoch 1/2 |" in screen.getvalue()
