from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from matplotlib import image

from mnist_scratch.config.schema import Config
from mnist_scratch.report.plots.live import LivePicture
from mnist_scratch.report.plots.loss_curve import draw_loss_curve
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.files import is_running
from mnist_scratch.training.history import History, Row

WITHOUT_SIGNALS = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signals to send"
)


def some_run(path: Path, epochs: int = 2) -> RunFolder:
    run = RunFolder.create(path, Config())
    run.write_history(
        History([Row(10 * n, n, 0.1, 1 / n, 1.1 / n, 0.9, 1.0) for n in range(1, epochs + 1)])
    )
    return run


def test_the_picture_is_that_of_the_last_epoch_when_the_training_is_over(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = some_run(tmp_path / "run")
    with LivePicture(run.path) as redraw:
        redraw()
        run.write_history(some_run(tmp_path / "longer" / "run", epochs=4).history())
        redraw()
    draw_loss_curve(run, tmp_path / "expected.png")
    assert run.loss_curve_path.read_bytes() == (tmp_path / "expected.png").read_bytes()
    assert list(run.path.glob(".*")) == []
    assert capfd.readouterr().err == ""


def test_a_picture_that_fails_is_told_of_once_and_disturbs_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = some_run(tmp_path / "run")
    run.loss_curve_path.mkdir()
    with LivePicture(run.path) as redraw:
        for _ in range(100):
            redraw()
            if redraw._process is None:
                break
            time.sleep(0.1)
        redraw()
    (told,) = capfd.readouterr().err.splitlines()
    assert told.startswith("loss_curve.png is not kept fresh: ")
    assert "is a folder" in told


def test_without_the_process_the_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    with LivePicture(tmp_path) as redraw:
        redraw()
    assert capfd.readouterr().err.startswith("loss_curve.png is not kept fresh: No such file")


@WITHOUT_SIGNALS
def test_the_process_ends_with_a_training_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time\n"
        "from mnist_scratch.report.plots.live import LivePicture\n"
        "with LivePicture(pathlib.Path(sys.argv[1])) as redraw:\n"
        "    redraw()\n"
        "    print(redraw._process.pid, flush=True)\n"
        "    time.sleep(100)\n"
    )
    run = some_run(tmp_path / "run")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(run.path)], stdout=subprocess.PIPE
    ) as training:
        assert training.stdout is not None
        drawing = int(training.stdout.readline())
        training.kill()
    for _ in range(300):
        if not is_running(drawing):
            break
        time.sleep(0.1)
    else:
        pytest.fail("it still runs")
    assert image.imread(run.loss_curve_path).shape == (900, 1200, 4)
    assert list(run.path.glob(".*")) == []


@WITHOUT_SIGNALS
def test_ctrl_c_ends_a_live_training_and_leaves_a_whole_picture(
    synthetic_dir: Path, tmp_path: Path
) -> None:
    flags = ("--live", "--epochs", "1000", "--hidden", "16", "--run", "run")
    data = ("--dataset", "synthetic", "--data-dir", str(synthetic_dir))
    training = subprocess.Popen(
        [sys.executable, "-m", "mnist_scratch", "train", *flags, *data],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    picture = tmp_path / "run" / "loss_curve.png"
    for _ in range(600):
        if picture.exists() or training.poll() is not None:
            break
        time.sleep(0.1)
    os.killpg(training.pid, signal.SIGINT)  # what a terminal sends to all that run in it
    _, errors = training.communicate(timeout=60)
    assert training.returncode == 130, errors
    assert errors.splitlines()[-2].endswith("resume it with: mnist-scratch train --resume run")
    assert "not kept fresh" not in errors
    assert image.imread(picture).shape == (900, 1200, 4)
    assert "live" not in (tmp_path / "run" / "config.toml").read_text()
    assert list((tmp_path / "run").glob(".*")) == []
