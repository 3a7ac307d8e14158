"""`mnist-scratch draw`: the page without a browser. tests/browser has it with one."""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import CommandLine

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.nn.network import Network
from mnist_scratch.report.pages.draw import write_page
from mnist_scratch.runs.folder import RunFolder

MODEL = re.compile(r'<script type="application/json" id="model">(.*?)</script>', re.DOTALL)


def untrained(
    path: Path, widths: tuple[int, ...], activation: str = "relu", dataset: str = "synthetic"
) -> RunFolder:
    run = RunFolder.create(path, with_values(Config(), {("data", "dataset"): dataset}, ""))
    run.save_model(
        Network.of_widths(widths, activation, np.random.default_rng(1)), class_names(dataset)
    )
    return run


def test_the_page_of_the_default_network_is_one_file_below_a_megabyte_and_a_half(
    main: CommandLine, tmp_path: Path
) -> None:
    run = untrained(tmp_path / "run", (784, 256, 128, 10))
    answer = main("draw", "run", "--output", "new/page.html")
    assert (answer.returncode, answer.stdout) == (0, f"{Path('new', 'page.html')}\n")
    page = tmp_path / "new" / "page.html"
    assert page.stat().st_size < 1_500_000
    text = page.read_text(encoding="utf-8")
    assert "{{" not in text
    (model,) = MODEL.findall(text)
    assert not re.search(
        r"(https?:|//\w|url\(|@import|\bsrc=|<link|\bfetch\()", text.replace(model, "")
    )
    values = json.loads(model)
    parameters = np.frombuffer(base64.b64decode(values["parameters"]), "<f4")
    assert np.array_equal(parameters, run.model().parameters)
    assert [layer["name"] for layer in values["layers"]] == ["dense", "relu"] * 2 + ["dense"]
    assert "784-256-128-10" in text
    assert "synthetic" in text


def test_the_page_is_not_written_over_a_file_of_another_kind(
    main: CommandLine, tmp_path: Path
) -> None:
    untrained(tmp_path / "run", (784, 10))
    before = (tmp_path / "run" / "model.npz").read_bytes()
    answer = main("draw", "run", "--output", "run/model.npz")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "model.npz: the page is HTML; let the name end in .html or .htm" in answer.stderr
    assert (tmp_path / "run" / "model.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("dataset", "heading", "caption"),
    [
        ("mnist", "Draw a digit", "Probability of each digit"),
        ("fashion-mnist", "Draw a picture", "Probability of each class"),
    ],
)
def test_the_page_calls_the_classes_by_their_names(
    tmp_path: Path, dataset: str, heading: str, caption: str
) -> None:
    write_page(untrained(tmp_path / "run", (784, 10), dataset=dataset), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    (model,) = MODEL.findall(text)
    assert json.loads(model)["names"] == list(class_names(dataset))
    assert f"<h1>{heading}</h1>" in text
    assert f"<caption>{caption}</caption>" in text


@pytest.mark.parametrize("name", ["</script><script>alert(1)<", "{{model}} & <b>", "--> <!-- '\""])
def test_a_run_s_name_stays_text(name: str, tmp_path: Path) -> None:
    path = tmp_path / name.replace("/", "∕")  # noqa: RUF001  # no file's name has the other
    write_page(untrained(path, (784, 10)), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert html.escape(path.name) in text
    assert path.name not in text
    assert text.count("<script") == text.count("</script>") == 2


def test_a_page_that_cannot_be_written_is_an_error(main: CommandLine, tmp_path: Path) -> None:
    untrained(tmp_path / "run", (784, 10))
    (tmp_path / "file").touch()
    answer = main("draw", "run", "--output", "file/page.html")
    assert answer.returncode == 2
    assert "cannot write" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
