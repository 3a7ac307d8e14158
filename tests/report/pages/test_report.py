from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.sources.load import DataSplits
from mnist_scratch.report.pages.report import write_report
from mnist_scratch.runs import run
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.runs.run import run_training
from mnist_scratch.training.evaluation import evaluate

SETTINGS = {
    ("data", "dataset"): "synthetic",
    ("data", "validation_examples"): 20,
    ("network", "hidden"): [6],
    ("training", "epochs"): 2,
    ("training", "batch_size"): 20,
}


@pytest.fixture
def finished(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    synthetic = Dataset("synthetic", digits.images, digits.labels)
    monkeypatch.setattr(run, "load_dataset", lambda *_: DataSplits(synthetic, synthetic))
    config = with_values(Config(), SETTINGS, "test")
    return run_training(config, tmp_path / "<b> & co").directory


class Page(HTMLParser):
    """The tags of a page, those that are open, and the texts of its cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attributes}))
        if tag not in {"meta", "img", "source"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells.append(data)


def pixels(address: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    kind, _, content = address.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"))


def test_the_page_needs_nothing_but_itself(finished: RunFolder, digits: Dataset) -> None:
    write_report(finished, Dataset("synthetic", digits.images, digits.labels))
    text = finished.report_path.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert {"script", "link", "iframe", "a"}.isdisjoint(tag for tag, _ in page.tags)
    assert "url(" not in text
    assert "http" not in re.sub(r"base64,[^\"]*", "", text).replace("http-equiv", "")
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == 6
    assert all(len(attributes["alt"]) > 20 for attributes in images)
    for attributes in images:
        assert pixels(attributes["src"]).mean() > 128, "light ground"
    dark = [attributes for tag, attributes in page.tags if tag == "source"]
    assert all(a["media"] == "screen and (prefers-color-scheme: dark)" for a in dark)
    assert [pixels(a["srcset"])[0, 0].max() < 64 for a in dark] == [True] * 6


def test_the_pictures_are_in_a_folder_too(finished: RunFolder, digits: Dataset) -> None:
    write_report(finished, digits)
    names = sorted(path.stem for path in finished.pictures_path.iterdir())
    assert names == ["calibration", "confusion", "learning", "mistakes", "norms", "weights"]
    for path in finished.pictures_path.iterdir():
        with Image.open(path) as picture:
            assert picture.format == "PNG"


def test_the_page_says_what_the_evaluation_says(finished: RunFolder, digits: Dataset) -> None:
    test = Dataset("fashion-mnist", digits.images, digits.labels)
    write_report(finished, test)
    text = finished.report_path.read_text(encoding="utf-8")
    cells = Page(text).cells
    measured = evaluate(finished.model(), test)
    assert f"<strong>{measured.accuracy:.2%}</strong> of 100 test images of fashion-mnist" in text
    assert f"{measured.calibration.expected_error:.2%}" in cells
    for name in ("T-shirt/top", "Ankle boot"):
        assert name in cells, "classes have their names"
    assert "784-6-10" in cells
    assert "<h1>Run &lt;b&gt; &amp; co</h1>" in text


def test_a_run_without_norms_has_a_report_without_them(
    finished: RunFolder, digits: Dataset
) -> None:
    finished.norms_path.unlink()
    write_report(finished, digits)
    assert "What moved" not in finished.report_path.read_text(encoding="utf-8")
    assert "What it takes for what" in finished.report_path.read_text(encoding="utf-8")
