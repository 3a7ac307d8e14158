"""An optimizer that is added to `OPTIMIZERS` works in every command, or is refused by name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from helpers.command_line import SMALL, CommandLine, refused, run_in_process, succeeded

from mnist_scratch.nn import Array
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import OPTIMIZERS

pytestmark = pytest.mark.usefixtures("undrawn_loss")


class RMSprop:
    """Steps scaled by a running mean of the squared gradients."""

    state_names: ClassVar[tuple[str, ...]] = ("squares",)

    def __init__(self, network: Network, learning_rate: float, *, epsilon: float = 1e-8) -> None:
        self.network, self.learning_rate, self.epsilon = network, learning_rate, epsilon
        self.squares: Array = np.zeros_like(network.parameters)
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        gradients: Any = self.network.gradients
        self.squares[...] = 0.9 * self.squares + 0.1 * gradients**2
        scaled = gradients / (np.sqrt(self.squares) + self.epsilon)
        self.network.parameters[...] -= self.learning_rate * scaled


@pytest.fixture(autouse=True)
def rmsprop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPTIMIZERS, "rmsprop", RMSprop)


@pytest.fixture
def run(rmsprop_run: Path, tmp_path: Path) -> str:
    shutil.copytree(rmsprop_run, tmp_path / "run")
    return "run"


@pytest.fixture(scope="module")
def rmsprop_run(tmp_path_factory: pytest.TempPathFactory, digit_files: Path) -> Path:
    folder = tmp_path_factory.mktemp("rmsprop")
    options = ("--optimizer", "rmsprop", "--learning-rate", "0.001")
    train = ("train", *SMALL, *options, "--data-dir", digit_files, "--run", "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPTIMIZERS, "rmsprop", RMSprop)
        assert run_in_process(*train, folder=folder).returncode == 0
    return folder / "run"


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--resume", "run"),
        ("evaluate", "run"),
        ("explain", "run", "--batch", "2"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_take_a_run_with_it(
    main: CommandLine, run: str, arguments: tuple[str, ...]
) -> None:
    assert main(*arguments).returncode == 0


def test_a_step_of_it_is_not_explained_as_another_s(
    main: CommandLine, run: str, tmp_path: Path, undrawn_report: None
) -> None:
    unknown = "does not know how RMSprop moves a weight; it explains SGD, Adam"
    assert unknown in refused(main("explain", run, "--index", "0", "--backward"))
    succeeded(main("report", run))
    assert unknown in re.sub(r"\s+", " ", (tmp_path / run / "report.html").read_text("utf-8"))
