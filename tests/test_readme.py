from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import CHECKOUT

import mnist_scratch
from mnist_scratch.cli import make_parser
from mnist_scratch.data.sources.load import load_dataset

TEXTS = [CHECKOUT / "README.md", CHECKOUT / ".github" / "CONTRIBUTING.md"]
BLOCKS = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def blocks(path: Path, language: str) -> list[str]:
    found = BLOCKS.findall(path.read_text(encoding="utf-8"))
    return [block for marked, block in found if marked == language]


def test_the_loop_in_the_readme_trains(
    monkeypatch: pytest.MonkeyPatch, synthetic_dir: Path
) -> None:
    data = load_dataset("synthetic", str(synthetic_dir))
    monkeypatch.setattr(mnist_scratch, "load_dataset", lambda: data, raising=False)
    (code,) = blocks(CHECKOUT / "README.md", "python")
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 20
    values: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), values)  # noqa: S102  # the README is this project's
    result = mnist_scratch.evaluate(values["network"], data.test)
    # Synthetic digits are sloppier than MNIST's: the default recipe reads 87% of them.
    assert 0.75 < result.accuracy < 0.92


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_command_shown_is_one_that_the_program_takes(path: Path) -> None:
    shown = [
        line
        for block in blocks(path, "sh")
        for line in block.splitlines()
        if line.startswith("mnist-scratch ")
    ]
    if path.name == "README.md":
        assert len(shown) >= 5
    for line in shown:
        arguments = shlex.split(line, comments=True)[1:]
        options, unknown = make_parser().parse_known_args(arguments)
        assert not unknown, line
        assert options.command


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_file_that_is_linked_is_there(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
