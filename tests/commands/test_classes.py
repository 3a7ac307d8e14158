"""Data sets of any number of classes, through the commands."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from helpers.command_line import CommandLine, refused, succeeded
from PIL import Image
from safetensors import safe_open

from mnist_scratch.data.dataset import split
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.classes import write_classes
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.inference.predict import predict

pytestmark = pytest.mark.usefixtures("undrawn_loss")

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


def page_of(main: CommandLine, folder: Path) -> str:
    """Return the model, in JSON, on the drawing page of a run."""
    succeeded(main("draw", "run"))
    page = (folder / "draw.html").read_text(encoding="utf-8")
    (model,) = re.findall(r'<script type="application/json" id="model">(.*?)</script>', page)
    return str(model)


def test_every_command_calls_the_classes_of_a_run_by_its_words(
    main: CommandLine, tmp_path: Path, undrawn_report: None
) -> None:
    write_dots(tmp_path / "data", WORDS, 100, 10)
    train(main, "data", "run")
    train(main, "data", "other", "--seed", "1", "--loss", "squared-error")
    names = list(WORDS)
    both = json.loads(succeeded(main("evaluate", "run", "other", "--tta", "2", "--json")))
    assert [each["name"] for each in both["classes"]] == names
    picture = np.full((40, 40), 255, np.uint8)
    picture[5:35, 18:22] = 0
    Image.fromarray(picture).save(tmp_path / "stroke.png")
    (answer,) = json.loads(succeeded(main("predict", "run", "stroke.png", "--json")))
    assert answer["name"] == names[answer["digit"]]
    assert len(answer["probabilities"]) == 5
    lines = succeeded(main("predict", "run", "stroke.png")).splitlines()
    assert lines[0] == f"stroke.png: {answer['name']}"
    assert [line[2:].split("  ")[0].strip() for line in lines[1:]] == names
    assert json.loads(page_of(main, tmp_path))["names"] == names
    succeeded(main("export", "run", "--format", "safetensors"))
    with safe_open(tmp_path / "run" / "model.safetensors", "np") as file:
        about = file.metadata()
    assert (json.loads(about["class_names"]), about["widths"]) == (names, "784-16-5")
    succeeded(main("export", "run", "--format", "onnx"))
    model = onnx.load(tmp_path / "run" / "model.onnx")
    assert [output.type.tensor_type.shape.dim[1].dim_value for output in model.graph.output] == [
        5,
        5,
    ]
    stored = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(stored["class_names"]) == names
    assert re.search(
        "true class [0-4] = (cat|dog|great white shark|zebra|.x_2.), predicted ",
        succeeded(main("explain", "run", "--worst", "1", "--backward")).replace("\n", " "),
    )
    succeeded(main("report", "run"))
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert all(f'<th scope="row">{name}</th>' in report for name in names)
    (listed, _) = json.loads(succeeded(main("runs", "--json")))
    assert listed["classes"] == 5


def test_the_run_keeps_the_names_when_its_data_are_gone(main: CommandLine, tmp_path: Path) -> None:
    write_dots(tmp_path / "data", ("yes", "no"), 60, 10)
    train(main, "data", "run")
    shutil.rmtree(tmp_path / "data")
    image = np.zeros((28, 28), np.uint8)
    for model in ("run", "run/model.npz"):
        assert predict(tmp_path / model, image).names[0] in ("yes", "no")
    shutil.copy(tmp_path / "run" / "model.npz", tmp_path / "alone.npz")
    assert predict(tmp_path / "alone.npz", image).names[0] in ("yes", "no")


def test_a_run_is_not_resumed_under_other_names(main: CommandLine, tmp_path: Path) -> None:
    write_dots(tmp_path / "data", ("yes", "no"), 60, 10)
    train(main, "data", "run")
    write_classes(tmp_path / "data", ("no", "yes"))
    assert "classes.txt' differs" in refused(main("train", "--resume", "run"))


def test_files_without_names_have_as_many_classes_as_labels_in_a_row(tmp_path: Path) -> None:
    for count, labels, expected in ((5, range(5), "01234"), (2, (3, 7), "0123456789")):
        folder = tmp_path / str(count)
        write_dots(folder, [f"class {k}" for k in range(count)], 20, 10)
        (folder / "classes.txt").unlink()
        for name in FILE_NAMES[1::2]:
            given = np.resize(np.array(labels, np.uint8), 20 if "train" in name else 10)
            (folder / name).write_bytes(format_idx(given))
        training, test = load_dataset("files", folder, invert=True)
        assert "".join(training.classes) == "".join(test.classes) == expected
        assert "".join(split(training, 5, 0)[0].classes) == expected


@pytest.mark.parametrize("ink", ["light", "dark"])
def test_pictures_are_read_as_they_were_imported_by_resizing(
    main: CommandLine, tmp_path: Path, ink: str
) -> None:
    for number in range(40):  # a bar along an edge, which to crop and centre would hide
        picture = np.full((32, 32), 20, np.uint8)
        word = ("above", "left")[number % 2]
        picture[(slice(0, 4), slice(None))[:: 1 if number % 2 == 0 else -1]] = 200 + number
        (tmp_path / "pictures" / word).mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(picture if ink == "light" else 255 - picture)
        image.save(tmp_path / "pictures" / word / f"{number}.png")
    said = succeeded(main("data", "import", "pictures", "--output", "data"))
    assert "predict        resizes a picture as a whole, as these were" in said
    train(main, "data", "run", "--epochs", "5", "--validation-examples", "4")
    for word in ("above", "left"):
        folder = ("--folder", tmp_path / "pictures" / word)
        answers = json.loads(succeeded(main("predict", "run", *folder, "--json")))
        assert {answer["name"] for answer in answers} == {word}
        assert answers[0]["digits"][0]["box"] == [0, 0, 32, 32]
        files = sorted((tmp_path / "pictures" / word).iterdir())
        assert set(predict(tmp_path / "run", list(map(str, files))).names) == {word}
    assert "nothing is drawn" in refused(main("predict", "run", "--no-resize", files[0]))
    assert json.loads(page_of(main, tmp_path))["resized"]
