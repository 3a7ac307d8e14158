"""`train --live`: the picture of the loss, drawn after every epoch."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.command_line import SMALL, CommandLine
from matplotlib import image

from mnist_scratch.errors import MnistScratchError


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
def test_ctrl_c_ends_a_live_training_and_leaves_a_whole_picture(
    digit_files: Path, tmp_path: Path
) -> None:
    arguments = ("--data-dir", str(digit_files), "--live", "--epochs", "100000", "--run", "run")
    training = subprocess.Popen(
        [sys.executable, "-m", "mnist_scratch", "train", *SMALL, *arguments],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    picture = tmp_path / "run" / "loss_curve.png"
    for _ in range(600):
        if picture.exists() or training.poll() is not None:
            break
        time.sleep(0.1)
    training.send_signal(signal.SIGINT)
    _, errors = training.communicate(timeout=60)
    assert training.returncode == 130, errors
    assert errors.splitlines()[-2].endswith("mnist-scratch train --resume run")
    assert image.imread(picture).shape == (816, 1088, 4)
    assert "live" not in (tmp_path / "run" / "config.toml").read_text()
    assert list((tmp_path / "run").glob(".*")) == []


def test_a_picture_that_cannot_be_drawn_does_not_end_the_training(
    main: CommandLine, digit_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(*_: object) -> None:
        raise MnistScratchError("the disk is full")

    monkeypatch.setattr("mnist_scratch.report.plots.loss_curve.draw_loss_curve", draw)
    result = main("train", *SMALL, "--data-dir", digit_files, "--live", "--run", "run")
    picture = Path("run", "loss_curve.png")
    assert result.stderr.startswith(f"open {picture}: it is drawn anew after every epoch\n")
    assert result.stderr.count("cannot draw the loss: the disk is full\n") == 2, "once an epoch"
    assert "test accuracy" in result.stdout
    assert (result.returncode, result.stderr.splitlines()[-1]) == (
        2,
        "mnist-scratch: the disk is full",
    )
