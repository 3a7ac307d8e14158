"""The page of `mnist-scratch draw` in Chromium, on real MNIST: ./scripts/test --browser."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.pictures.components import are_several, connected_components
from mnist_scratch.data.pictures.prepare import prepare
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.inference.predict import predict
from mnist_scratch.nn.layers import ACTIVATIONS
from mnist_scratch.nn.network import Network
from mnist_scratch.report.pages import draw as draw_page
from mnist_scratch.report.pages.draw import write_page
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.runs.run import run_training

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.mnist]

FIELD = 280  # pixels of the canvas: MNIST's images ten times as large
PHONE = {"width": 360, "height": 780}

# Draws an image, given as 784 opacities, into the canvas as the browser enlarges pictures, with
# its smoothing, moved off centre; then reads the canvas as the page does after every stroke.
DRAW_IMAGE = """
([grey, across, down]) => {
  const small = new OffscreenCanvas(28, 28);
  const pixels = new ImageData(28, 28);
  grey.forEach((value, place) => { pixels.data[4 * place + 3] = value; });
  small.getContext("2d").putImageData(pixels, 0, 0);
  ink.clearRect(0, 0, field.width, field.height);
  ink.drawImage(small, across, down, field.width, field.height);
  const { opacity, image, probabilities, best } = recognise();
  let bytes = "";
  for (const value of opacity) bytes += String.fromCharCode(value);
  return { opacity: btoa(bytes), image: Array.from(image), probabilities, best };
}
"""

# Waits for the first reading. Playwright's own waiting evaluates text, which the page forbids.
READ = """
() => new Promise((done) => {
  const look = () => (reading === null ? requestAnimationFrame(look) : done());
  look();
})
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from helpers.chromium import chromium  # Playwright is not of the ordinary suite

    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, mnist_dir: Path) -> RunFolder:
    """The default recipe on real MNIST."""
    path = tmp_path_factory.mktemp("runs") / "default"
    values = {("data", "dataset"): "mnist", ("data", "data_dir"): str(mnist_dir)}
    run_training(with_values(Config(), values, ""), path)
    return RunFolder(path)


@pytest.fixture(scope="module")
def file(run: RunFolder) -> Path:
    write_page(run, run.path / "draw.html")
    return run.path / "draw.html"


def opened(browser: Browser, file: Path, **options: Any) -> Page:
    """Open the page from disk; whatever it asks of a network or complains of is an error."""
    page = browser.new_page(**options)
    problems: list[str] = []
    page.on("request", lambda request: problems.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(file.as_uri())
    page.evaluate(READ)
    assert problems == [file.as_uri()]
    return page


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    page = opened(browser, file, viewport={"width": 1000, "height": 760})
    yield page
    page.close()


def draw(page: Page, *points: tuple[float, float]) -> None:
    """Draw one stroke with the mouse, through points from 0 to 1 across the field."""
    box = page.locator("#field").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for x, y in places[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()


def settled(page: Page) -> dict[str, Any]:
    """Wait until everything is drawn and said; return what the page reads."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
    reading: dict[str, Any] = page.evaluate(
        "() => ({ ...reading, opacity: null, image: reading.image && Array.from(reading.image) })"
    )
    return reading


SEVEN = ((0.25, 0.2), (0.75, 0.2), (0.4, 0.85))
ONE = ((0.5, 0.15), (0.5, 0.85))


def test_five_hundred_test_images_drawn_into_the_canvas_are_classified_as_in_python(
    browser: Browser, file: Path, run: RunFolder, mnist_dir: Path
) -> None:
    images = load_dataset("mnist", str(mnist_dir)).test.images[::20]
    assert len(images) == 500
    page = opened(browser, file)
    page.evaluate("size => { field.width = field.height = size; }", FIELD)
    rng = np.random.default_rng(6)
    shifts = rng.integers(-20, 21, (500, 2)).tolist()
    answers = [
        page.evaluate(DRAW_IMAGE, [image.ravel().tolist(), *shift])
        for image, shift in zip(images, shifts, strict=True)
    ]
    page.close()
    network = run.model()
    opacity = np.stack(
        [np.frombuffer(base64.b64decode(answer["opacity"]), np.uint8) for answer in answers]
    )
    brightness = opacity.reshape(-1, FIELD, FIELD).astype(np.float32) / np.float32(255)
    seen = np.array([answer["image"] for answer in answers], np.uint8).reshape(-1, 28, 28)
    assert np.array_equal(seen, prepare(brightness)), "the same bytes"
    answered = np.array([answer["probabilities"] for answer in answers])
    difference = np.abs(answered - predict(network, seen).probabilities).max()
    best = np.array([answer["best"] for answer in answers])
    agree = int((best == predict(network, images).classes).sum())
    print(  # pytest -s shows the figures
        f"probabilities differ by {difference:.1e} at most; {agree} of 500 as the originals are"
    )
    assert difference < 1e-3
    assert agree >= 0.97 * 500


@pytest.mark.parametrize(
    "activation", [name for name, kind in ACTIVATIONS.items() if kind in draw_page._LAYERS]
)
def test_every_activation_of_the_page_gives_python_s_probabilities(
    browser: Browser, tmp_path: Path, mnist_dir: Path, activation: str
) -> None:
    images = load_dataset("mnist", str(mnist_dir)).test.images[:50]
    other = RunFolder.create(tmp_path / activation, Config())
    network = Network.of_widths((784, 40, 20, 10), activation, np.random.default_rng(2))
    network.parameters += np.random.default_rng(3).normal(0, 0.1, network.parameters.shape)
    other.save_model(network)
    write_page(other, tmp_path / "draw.html")
    page = opened(browser, tmp_path / "draw.html")
    answered = page.evaluate(
        "images => images.map(image => predict(model, image))", images.reshape(50, 784).tolist()
    )
    page.close()
    assert np.abs(np.array(answered) - predict(other, images).probabilities).max() < 1e-5


def test_the_script_refuses_a_layer_that_it_does_not_know(page: Page) -> None:
    message = page.evaluate(
        """() => {
          try { return predict({ ...model, layers: [{ name: "twice" }] }, new Array(784).fill(0)); }
          catch (error) { return error.message; }
        }"""
    )
    assert message == "no such layer: twice"


def test_a_digit_is_classified_while_it_is_drawn_and_announced_when_the_pen_is_lifted(
    page: Page, run: RunFolder
) -> None:
    assert page.locator("#said").text_content() == ""
    page.mouse.move(0, 0)
    draw(page, *SEVEN)
    reading = settled(page)
    assert reading["best"] == 7
    assert page.locator("#digit").text_content() == "7"
    assert str(page.locator("#said").text_content()).startswith("7, ")
    percents = page.locator("#probabilities td:last-child").all_text_contents()
    image = np.array(reading["image"], np.uint8).reshape(1, 28, 28)
    expected = predict(run, image).probabilities[0]
    assert percents == [f"{100 * value:.1f}%" for value in expected]
    assert page.locator("#probabilities tr.best th").text_content() == "7"


def test_two_digits_bring_a_hint_that_goes_when_one_is_left(page: Page) -> None:
    draw(page, (0.2, 0.2), (0.2, 0.8))
    settled(page)
    assert page.locator("#hint").text_content() == ""
    draw(page, (0.8, 0.2), (0.8, 0.8))
    settled(page)
    assert str(page.locator("#hint").text_content()).startswith("More than one digit?")
    assert " percent. More than one digit?" in str(page.locator("#said").text_content())
    page.keyboard.press("Control+z")
    settled(page)
    assert page.locator("#hint").text_content() == ""
    assert str(page.locator("#said").text_content()).endswith(" percent")


def test_the_page_tells_several_digits_from_one_as_python_does(page: Page, mnist_dir: Path) -> None:
    images = load_dataset("mnist", str(mnist_dir)).test.images[:200]
    pairs = np.concatenate([images[:100], images[100:]], axis=2)  # (100, 28, 56)
    singles = np.pad(images, ((0, 0), (0, 0), (14, 14)))  # (200, 28, 56)
    drawings = np.concatenate([pairs, singles])
    answered = page.evaluate(
        "drawings => drawings.map(drawing => areSeveral(drawing, 28, 56))",
        drawings.reshape(-1, 28 * 56).tolist(),
    )
    expected = [
        are_several(connected_components(drawing.astype(np.float32), drawing > 25.5))
        for drawing in drawings
    ]
    assert answered == expected
    assert sum(expected[:100]) > 90
    assert sum(expected[100:]) < 10


def test_classes_that_are_no_digits_are_called_by_their_names(
    browser: Browser, run: RunFolder, tmp_path: Path
) -> None:
    values = {("data", "dataset"): "fashion-mnist"}
    clothes = RunFolder.create(tmp_path / "clothes", with_values(Config(), values, ""))
    clothes.save_model(run.model())
    write_page(clothes, tmp_path / "draw.html")
    page = opened(browser, tmp_path / "draw.html", viewport=PHONE)
    draw(page, *SEVEN)
    settled(page)
    assert page.locator("#digit").text_content() == "Sneaker"
    assert str(page.locator("#said").text_content()).startswith("Sneaker, ")
    names = page.locator("#probabilities th").all_text_contents()
    assert names == list(class_names("fashion-mnist"))
    assert page.get_by_role("table", name="Probability of each class", exact=True).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.close()


def test_undo_and_clear_go_back_by_button_and_by_key(page: Page) -> None:
    assert page.locator("#undo").is_disabled()
    draw(page, *ONE)
    one = settled(page)["image"]
    draw(page, (0.2, 0.5), (0.8, 0.5))
    both = settled(page)["image"]
    assert both != one
    page.keyboard.press("Control+z")
    assert settled(page)["image"] == one
    page.locator("#clear").click()
    assert settled(page)["image"] is None
    assert page.locator("#said").text_content() == "Nothing drawn"
    page.locator("#undo").click()
    assert settled(page)["image"] == one
    page.keyboard.press("Delete")
    assert settled(page)["image"] is None


def test_a_digit_can_be_drawn_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "field"
    page.keyboard.press("Space")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    reading = settled(page)
    assert reading["best"] == 1
    image = np.array(reading["image"]).reshape(28, 28)
    assert (image.sum(axis=0) > 0).sum() <= 5, "the mark of the pen is no ink"
    assert str(page.locator("#said").text_content()).startswith("1, ")


def test_a_finger_draws_and_does_not_scroll(browser: Browser, file: Path) -> None:
    page = opened(browser, file, viewport=PHONE, has_touch=True, device_scale_factor=3)
    box = page.locator("#field").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    for number in range(21):
        point = {
            "x": box["x"] + box["width"] / 2,
            "y": box["y"] + box["height"] * (4 + number) / 28,
        }
        kind = "touchStart" if number == 0 else "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert settled(page)["best"] == 1
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("field.width") == 2 * page.evaluate("field.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.close()


def test_everything_has_a_name_for_screen_readers(page: Page) -> None:
    named: list[tuple[Any, str]] = [
        ("application", "Drawing field"),
        ("img", "The drawing as the network sees it"),
        ("button", "Undo"),
        ("button", "Clear"),
        ("table", "Probability of each digit"),
        ("region", "Drawing"),
    ]
    for role, name in named:
        assert page.get_by_role(role, name=name, exact=True).count() == 1, name
    assert page.locator("[role=status]").count() == 1
    assert page.get_by_role("rowheader").count() == 10


def contrast(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the contrast ratio of two colours (3,), 0 to 255, as WCAG 2.2 defines it."""
    linear = [
        np.where(c <= 10, c / 255 / 12.92, ((c / 255 + 0.055) / 1.055) ** 2.4) for c in (one, other)
    ]
    light, dark = sorted((float(c @ [0.2126, 0.7152, 0.0722]) for c in linear), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_and_words_stand_out_in_light_and_in_dark(
    browser: Browser, file: Path, tmp_path: Path, scheme: Any
) -> None:
    page = opened(browser, file, color_scheme=scheme)
    draw(page, *SEVEN)
    assert settled(page)["best"] == 7
    page.locator("#field").screenshot(path=tmp_path / "field.png")
    pixels = np.asarray(Image.open(tmp_path / "field.png").convert("RGB")).astype(np.float64)
    height, width = pixels.shape[:2]
    ink, paper = pixels[int(0.2 * height), width // 2], pixels[int(0.9 * height), width // 10]
    assert contrast(ink, paper) > 10
    assert (paper.mean() > 128) == (scheme == "light")
    for selector in ("h1", "header p", "caption", "td:last-child", "button:enabled"):
        colours = page.locator(selector).first.evaluate(
            "element => [getComputedStyle(element).color,"
            " getComputedStyle(element.closest('button') ?? document.body).backgroundColor]"
        )
        one, other = (np.array([float(n) for n in c[4:-1].split(",")]) for c in colours)
        assert contrast(one, other) >= 4.5, selector
    page.close()


def test_a_stroke_takes_less_than_a_frame_to_read(page: Page) -> None:
    draw(page, *SEVEN)
    settled(page)
    start = time.perf_counter()
    page.evaluate("() => { for (let n = 0; n < 20; n++) recognise(); }")
    assert (time.perf_counter() - start) / 20 < 0.25  # a tenth of that on an idle machine
