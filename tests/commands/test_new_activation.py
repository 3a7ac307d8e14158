"""An activation that is added to `ACTIVATIONS` works in every command, or is refused by name."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import CHECKOUT, SMALL, CommandLine, refused, run_in_process, succeeded
from PIL import Image

from mnist_scratch.nn.layers import ACTIVATIONS

pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("undrawn_report", "undrawn_loss")]

REGISTER = """
import numpy as np

from mnist_scratch.nn.layers import ACTIVATIONS


class Leaky:
    name = "leaky"
    initialisation = "he"
    size = 0

    def forward(self, inputs):
        self.slopes = np.where(inputs > 0.0, 1.0, 0.1).astype(inputs.dtype)
        return inputs * self.slopes

    def backward(self, d_outputs):
        return d_outputs * self.slopes


ACTIVATIONS["leaky"] = Leaky
"""


@pytest.fixture(autouse=True)
def leaky(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACTIVATIONS, "leaky", object)  # what is there before is there afterwards
    exec(REGISTER, {})  # noqa: S102


@pytest.fixture
def run(leaky_run: Path, tmp_path: Path) -> str:
    shutil.copytree(leaky_run, tmp_path / "run")
    return "run"


@pytest.fixture(scope="module")
def leaky_run(tmp_path_factory: pytest.TempPathFactory, digit_files: Path) -> Path:
    folder = tmp_path_factory.mktemp("leaky")
    train = ("train", *SMALL, "--activation", "leaky", "--data-dir", digit_files, "--run", "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ACTIVATIONS, "leaky", object)
        exec(REGISTER, {})  # noqa: S102
        assert run_in_process(*train, folder=folder).returncode == 0
    return folder / "run"


def test_it_is_among_the_choices(main: CommandLine) -> None:
    assert "--activation relu|tanh|sigmoid|leaky" in succeeded(main("train", "--help"))
    assert "leaky, did you mean 'leaky'?" in refused(main("train", "--activation", "laeky"))


def test_it_is_trained_and_resumed(main: CommandLine, run: str, tmp_path: Path) -> None:
    assert 'activation = "leaky"' in (tmp_path / run / "config.toml").read_text()
    assert main("train", "--resume", run).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "run", "--tta", "2", "--mistakes", "mistakes.png"),
        ("report", "run"),
        ("plot", "run"),
        ("runs", "."),
        ("explain", "run", "--worst", "1"),
        ("predict", "run", "picture.png"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_take_a_run_with_it(
    main: CommandLine,
    run: str,
    tmp_path: Path,
    arguments: tuple[str, ...],
) -> None:
    pixels = np.full((60, 60), 255, np.uint8)
    pixels[10:50, 28:33] = 0
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    succeeded(main(*arguments))


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (("draw", "run"), "the drawing page"),
        (("export", "run", "--format", "onnx"), "ONNX export"),
        (("export", "run", "--format", "safetensors"), "safetensors export"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_know_it_refuses_it_by_name(
    main: CommandLine, run: str, arguments: tuple[str, ...], target: str
) -> None:
    assert f"{target} does not support Leaky layers" in refused(main(*arguments))


def test_a_sweep_trains_it_in_processes_that_have_it(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(REGISTER)
    values = (
        *("data.dataset=files", f'data.data_dir="{digit_files.as_posix()}"'),
        *("data.validation_examples=50", "network.hidden=[16]", "network.activation=leaky"),
    )
    sets = [argument for value in values for argument in ("--set", value)]
    path = os.pathsep.join([str(tmp_path / "site"), str(CHECKOUT), *filter(None, sys.path)])
    sweep = ("sweep", "--seeds", "1", "--run", "many", *sets, "--set", "training.epochs=1")
    result = main(*sweep, environment={"PYTHONPATH": path})
    assert result.returncode == 0, result.stderr
