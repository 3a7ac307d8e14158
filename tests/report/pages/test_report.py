from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import OPTIMIZERS, SGD
from mnist_scratch.report.pages import report
from mnist_scratch.report.pages.report import write_report
from mnist_scratch.report.plots.style import Theme, drawn
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.training.evaluation import evaluate
from mnist_scratch.training.history import History, Row

# In the order of the page.
PICTURES = ["learning", "confusion", "mistakes", "calibration", "weights", "norms", "step"]


def some_run(path: Path) -> RunFolder:
    run = RunFolder.create(path, with_values(Config(), {("data", "dataset"): "synthetic"}, ""))
    run.save_model(Network.of_widths((784, 6, 10), "relu", np.random.default_rng(0)))
    rows = [Row(1, 1, 0.1, 2.0, 2.1, 0.5, 0.5), Row(2, 2, 0.1, 1.0, 1.1, 0.75, 1.25)]
    run.write_history(History(rows))
    return run


def some_images(name: str) -> Dataset:
    rng = np.random.default_rng(5)
    return Dataset(
        name,
        rng.integers(0, 256, (30, 28, 28), np.uint8),
        np.repeat(np.arange(10, dtype=np.uint8), 3),
        classes=class_names(name),
    )


@pytest.fixture(scope="module")
def figures() -> list[tuple[Figure, list[Text]]]:
    """The figures of `reported`, on light ground and on dark in turn, and the texts in them."""
    return []


@pytest.fixture(scope="module")
def reported(
    tmp_path_factory: pytest.TempPathFactory, figures: list[tuple[Figure, list[Text]]]
) -> RunFolder:
    """A run with a name that is no HTML, and its report on synthetic digits in small pictures."""

    def drawn_small(make: Callable[[], Figure], theme: Theme) -> bytes:
        def small() -> Figure:
            figure = make()
            texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
            figures.append((figure, texts))
            figure.set_dpi(50)
            return figure

        return drawn(small, theme)

    run = some_run(tmp_path_factory.mktemp("report") / "<b> & co")
    run.write_norms([np.full((2, 2), 3.0), np.full((2, 2), 4.5)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "drawn", drawn_small)
        write_report(run, run.model(), some_images("synthetic"))
    return run


@pytest.fixture(scope="module")
def text(reported: RunFolder) -> str:
    return reported.report_path.read_text(encoding="utf-8")


class Page(HTMLParser):
    """The tags of a page, those that are open, and the texts of its cells and headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attributes}))
        if tag not in {"meta", "img", "source"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


def pixels(address: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    kind, _, content = address.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"))


def test_the_page_needs_nothing_but_itself(text: str) -> None:
    page = Page(text)
    assert page.open == []
    assert {"script", "link", "iframe", "a"}.isdisjoint(tag for tag, _ in page.tags)
    assert "url(" not in text
    assert "http" not in re.sub(r"base64,[^\"]*", "", text).replace("http-equiv", "")


def test_each_picture_is_in_the_page_on_light_and_on_dark_ground(text: str) -> None:
    tags = Page(text).tags
    light = [attributes["src"] for tag, attributes in tags if tag == "img"]
    dark = [attributes for tag, attributes in tags if tag == "source"]
    assert [pixels(address)[0, 0].min() > 250 for address in light] == [True] * len(PICTURES)
    assert all(a["media"] == "screen and (prefers-color-scheme: dark)" for a in dark)
    assert [pixels(a["srcset"])[0, 0].max() < 64 for a in dark] == [True] * len(PICTURES)


def test_the_light_pictures_are_files_too(reported: RunFolder, text: str) -> None:
    files = sorted(reported.pictures_path.iterdir())
    assert [file.name for file in files] == [f"{name}.png" for name in sorted(PICTURES)]
    for file in files:
        assert f'src="data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"' in text


def test_every_picture_is_described_in_words(text: str, reported: RunFolder) -> None:
    measured = evaluate(reported.model(), some_images("synthetic"))
    texts = [attributes["alt"] for tag, attributes in Page(text).tags if tag == "img"]
    said = dict(zip(PICTURES, texts, strict=True))
    assert all(said.values())
    assert said["learning"] == "Loss and validation accuracy over 2 epochs; the best epoch is 2."
    confusion = r"Confusion .*: true \d predicted \d, [1-3] times, true .*"
    assert re.fullmatch(confusion, said["confusion"])
    mistakes = r"The 25 test images .*: (true \d predicted \d(, |\.)){25}"
    assert re.fullmatch(mistakes, said["mistakes"])
    assert f"{measured.calibration.expected_error:.2%}" in said["calibration"]
    assert said["weights"] == "The weights of 6 units of the first layer as images."
    assert said["norms"].endswith("of the weights at the end, layer 1: 4.5; layer 2: 4.5.")
    step = (
        r"Test image (\d+), true \d, predicted \d, .* the loss is \S+ before a step and \S+ after"
    )
    shown = re.match(step, said["step"])
    assert shown
    worst = re.search(r">image (\d+)<", text)
    assert worst
    assert shown[1] == worst[1]
    assert "The velocities start at 0: no checkpoint of the run can be read." in text


def test_the_page_says_what_the_evaluation_says(text: str, reported: RunFolder) -> None:
    page = Page(text)
    measured = evaluate(reported.model(), some_images("synthetic"))
    assert page.texts["strong"] == [f"{measured.accuracy:.2%}"]
    assert "accuracy on 30 test images of synthetic (digits drawn by the program), 95% " in text
    cells = page.texts["td"]
    for cell in (
        *(f"{measured.loss:.4f}", f"{measured.calibration.expected_error:.2%}"),
        *("784-6-10", "4,780", "75.00%, epoch 2", "1.2 s", "one-cycle"),
    ):
        assert cell in cells
    assert "<h1>Run &lt;b&gt; &amp; co</h1>" in text
    assert page.texts["h2"][:2] == ["Learning curve", "Confusion matrix"]
    assert page.texts["h2"][-1] == "The run"


def test_without_norms_the_report_has_no_section_about_them_and_classes_have_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "drawn", lambda *_: b"PNG")
    run = some_run(tmp_path / "run")
    write_report(run, run.model(), some_images("fashion-mnist"))
    page = Page(run.report_path.read_text(encoding="utf-8"))
    assert page.texts["h2"][-3:] == [
        "Weights of the first layer",
        "Back from the loss to the weights",
        "The run",
    ]
    assert not (run.pictures_path / "norms.png").exists()
    assert {"T-shirt/top", "Ankle boot"} <= set(page.texts["th"])


def test_an_optimizer_whose_step_is_not_explained_is_named_instead_of_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Halving(SGD):
        """A made-up optimizer."""

    monkeypatch.setattr(report, "drawn", lambda *_: b"PNG")
    monkeypatch.setitem(OPTIMIZERS, "sgd", Halving)
    run = some_run(tmp_path / "run")
    write_report(run, run.model(), some_images("synthetic"))
    page = Page(run.report_path.read_text(encoding="utf-8"))
    assert any("does not know how Halving moves a weight" in text for text in page.texts["p"])
    assert not (run.pictures_path / "step.png").exists()


def test_settings_that_are_the_defaults_are_in_the_fold_alone(text: str) -> None:
    _, _, after = text.partition("<caption>Settings that differ from the defaults</caption>")
    differing, _, fold = after.partition("<details><summary>All settings</summary>")
    assert re.findall(r'row">(.*?)</th><td>(.*?)</td>', differing) == [
        ("data: dataset", "synthetic")
    ]
    for cell in ("data: dataset", "optimizer: learning rate", "training: check finite"):
        assert fold.count(f">{cell}<") == 1


def test_every_picture_has_a_title_with_letters_that_can_be_read_on_a_telephone(
    reported: RunFolder, figures: list[tuple[Figure, list[Text]]]
) -> None:
    for name, (figure, texts) in zip(PICTURES, figures[::2], strict=True):
        assert any(text.get_text().startswith(("<b> & co: ", "Test image ")) for text in texts), (
            name
        )
        width = figure.get_size_inches()[0]
        on_a_telephone = [345 * float(text.get_fontsize()) / 72 / width for text in texts]
        assert min(on_a_telephone) >= 7.9, f"{name}: pixels of the smallest letters"
