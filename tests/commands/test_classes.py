"""Data sets of any number of classes, through the commands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import CommandLine, refused, succeeded

from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.classes import write_classes
from mnist_scratch.data.sources.registry import FILE_NAMES

WORDS = ("cat", "dog", "great white shark", "zebra", "$x_2$")


def write_dots(folder: Path, names: Sequence[str], training: int, test: int) -> None:
    """Write a data set of three dots in an image, which lie at other places in each class."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    places = rng.integers(2, 26, (len(names), 3, 2))
    arrays = []
    for count in (training, test):
        labels = (np.arange(count) % len(names)).astype(np.uint8)
        images = rng.integers(0, 60, (count, 28, 28), np.uint8)
        for row, column in places[labels].transpose(1, 2, 0):
            for down in (-1, 0, 1):
                images[np.arange(count), row + down, column] = 220
        arrays += [images, labels]
    for name, array in zip(FILE_NAMES, arrays, strict=True):
        (folder / name).write_bytes(format_idx(array))
    write_classes(folder, names)


def train(main: CommandLine, data: str, run: str, *more: str) -> None:
    small = ("--hidden", "16", "--epochs", "1", "--batch-size", "5", "--learning-rate", "0.02")
    few = ("--validation-examples", "20", *small, *more)
    answer = main("train", "--dataset", "files", "--data-dir", data, *few, "--run", run)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    "names", [WORDS, ("no", "yes"), tuple(f"class {k}" for k in range(256))], ids=len
)
def test_a_run_has_as_many_classes_as_its_data_by_their_names(
    main: CommandLine, tmp_path: Path, names: tuple[str, ...]
) -> None:
    write_dots(tmp_path / "data", names, 2 * len(names) + 100, len(names))
    train(main, "data", "run")
    found = json.loads(succeeded(main("evaluate", "run", "--json")))
    assert [each["name"] for each in found["classes"]] == list(names)
    assert np.shape(found["confusion"]) == (len(names), len(names))
    assert found["examples"] == np.sum(found["confusion"]) == len(names)
    lines = succeeded(main("evaluate", "run")).splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("class ")) + 1
    assert all(
        line.startswith(f"{name} ") for line, name in zip(lines[first:], names, strict=False)
    )
    assert lines[first + len(names)] in ("", "-: undefined, no examples")


def test_a_run_is_evaluated_on_its_own_classes_alone(
    main: CommandLine, tmp_path: Path, finished_run: Path
) -> None:
    write_dots(tmp_path / "five", WORDS, 100, 10)
    write_dots(tmp_path / "other", WORDS[::-1], 10, 10)
    train(main, "five", "words")
    other = ("--dataset", "files", "--data-dir", "other")
    message = refused(main("evaluate", "words", *other))
    assert "words knows 5 classes (cat, dog, great white shark, ...)" in message
    assert "files has 5 classes ($x_2$, zebra, great white shark, ...)" in message
    assert "run knows 10 classes (0, 1, 2, ...), files" in refused(
        main("report", finished_run, *other[2:])
    )
    assert "knows 10 classes (0, 1, 2, ...), files" in refused(
        main("explain", finished_run, "--worst", "1", *other)
    )
    (tmp_path / "other" / "classes.txt").unlink()
    assert "5 classes" not in succeeded(main("evaluate", "words", *other)), "numbers are no names"
    assert "their classes differ" in refused(main("evaluate", "words", finished_run))
