"""Figures of a training in the hands of other programs: TensorBoard's files, pandas."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from helpers.command_line import CHECKOUT
from tensorboardX.proto.event_pb2 import Event

import mnist_scratch as ms


@pytest.fixture
def trainer(digits: ms.Dataset) -> ms.Trainer:
    config = ms.Config(training=ms.TrainingConfig(epochs=3, batch_size=10))
    network = ms.Network.of_widths((784, 8, 10), "relu", 0)
    return ms.Trainer(network, digits, digits, config)


def scalars(folder: Path) -> Iterator[tuple[int, str, float]]:
    """Read the scalars of an event file: records of a length, its checksum, an event, a checksum.

    See tensorflow/core/lib/io/record_writer.h.
    """
    (file,) = folder.glob("events.out.tfevents.*")
    content = file.read_bytes()
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        event = Event.FromString(content[12 : 12 + length])
        content = content[16 + length :]
        for value in event.summary.value:
            yield event.step, value.tag, value.simple_value


def test_ten_lines_send_every_epoch_to_tensorboard(
    trainer: ms.Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (CHECKOUT / "mnist_scratch" / "README.md").read_text(encoding="utf-8")
    lines = re.search(r"```python\n(from tensorboardX .*?)```", readme, re.DOTALL)
    assert lines
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"ms": ms, "network": trainer.network, "config": trainer.config}
    names |= {"kept": trainer.loader.dataset, "validation": trainer.validation}
    exec(lines[1], names)  # noqa: S102  # as a reader would
    trainer = names["trainer"]
    written = {(step, tag): value for step, tag, value in scalars(tmp_path / "logs" / "first")}
    assert len(written) == 6
    for row in trainer.history.epochs:
        assert written[row.epoch, "loss/training"] == np.float32(row.loss)
        accuracy = written[row.epoch, "accuracy/validation"]
        assert accuracy == np.float32(row.validation_accuracy or 0)


def test_pandas_reads_the_history_in_one_line(trainer: ms.Trainer, tmp_path: Path) -> None:
    trainer.run()
    (tmp_path / "history.csv").write_text(trainer.history.as_csv())
    table = pandas.read_csv(tmp_path / "history.csv")
    assert [str(kind) for kind in table.dtypes] == ["int64"] * 2 + ["float64"] * 5
    assert table["loss"].tolist() == [row.loss for row in trainer.history.rows]
    epochs = table.dropna()
    assert epochs["validation_accuracy"].tolist() == [
        row.validation_accuracy for row in trainer.history.epochs
    ]
