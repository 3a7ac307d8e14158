"""The page of `mnist-scratch draw` in Chromium, on real MNIST: ./scripts/test --browser."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers.drawn_shapes import Stroke, handwriting, scaled, shapes
from numpy.typing import NDArray
from PIL import Image

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.pictures.components import Component, connected_components, joined
from mnist_scratch.data.pictures.own import find_ink, fringe, prepare_digit
from mnist_scratch.data.pictures.prepare import prepare, to_full_ink
from mnist_scratch.data.pictures.several import find_digits, have_places, may_be_two
from mnist_scratch.data.pictures.strokes import is_written
from mnist_scratch.data.sources.load import load_dataset
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

SCREEN = {"width": 1000, "height": 760}
PHONE = {"width": 390, "height": 844}
ON_ITS_SIDE = {"width": 844, "height": 390}
WIDE = 140  # pixels: MNIST's images five times as large

# Draws images into a canvas as the browser enlarges pictures, with its smoothing, moved off centre;
# then prepares and classifies them. Playwright takes seconds for as many numbers: so texts.
READ_IMAGES = """
([text, shifts, side]) => {
  const grey = atob(text);
  const small = new OffscreenCanvas(28, 28);
  const large = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  return JSON.stringify(shifts.map(([across, down], number) => {
    const pixels = new ImageData(28, 28);
    for (let place = 0; place < 784; place++) {
      pixels.data[4 * place + 3] = grey.charCodeAt(784 * number + place);
    }
    small.getContext("2d").putImageData(pixels, 0, 0);
    large.clearRect(0, 0, side, side);
    large.drawImage(small, across, down, side, side);
    const opacity = opacities(large);
    const image = prepare(opacity, side);
    return { opacity: asText(opacity), image: asText(image), probabilities: predict(model, image) };
  }));
}
"""
READ_DRAWINGS = """
drawings => JSON.stringify(JSON.parse(drawings).map((strokes) => ({
  answer: read(strokes).map(({ best }) => model.names[best]).join(""),
  opacity: asText(redrawn(strokes)),
  image: asText(prepare(redrawn(strokes), SIDE)),
  thin: asText(redrawn(strokes, THIN_LINE)),
  isWritten: isWritten(redrawn(strokes, THIN_LINE), SIDE),
})))
"""
AS_TEXT = "() => { asText = (bytes) => btoa(String.fromCharCode(...bytes)); }"

# Playwright's own waiting evaluates text, which the page forbids.
SETTLED = """
() => new Promise((done) => {
  const look = () =>
    readings === null ? requestAnimationFrame(look) : requestAnimationFrame(() => setTimeout(done));
  requestAnimationFrame(look);
})
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from helpers.chromium import chromium  # Playwright is not of the ordinary suite

    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, mnist_dir: Path) -> RunFolder:
    """Two epochs of the default recipe: two seconds, and 97% right."""
    path = tmp_path_factory.mktemp("runs") / "short"
    data = {("data", "dataset"): "mnist", ("data", "data_dir"): str(mnist_dir)}
    run_training(with_values(Config(), data | {("training", "epochs"): 2}, ""), path)
    return RunFolder(path)


@pytest.fixture(scope="module")
def file(run: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "draw.html"
    write_page(run, file)
    return file


def opened(browser: Browser, file: Path, **options: Any) -> Page:
    """Open the page from disk; whatever it asks of a network or complains of is an error."""
    page = browser.new_page(**{"viewport": SCREEN} | options)
    problems: list[str] = []
    page.on("request", lambda request: problems.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(file.as_uri())
    assert problems == [file.as_uri()]
    page.evaluate(SETTLED)
    page.evaluate(AS_TEXT)
    assert problems == [file.as_uri()]
    return page


@pytest.fixture(scope="module")
def opened_once(browser: Browser, file: Path) -> Iterator[Page]:
    page = opened(browser, file)
    yield page
    page.close()


@pytest.fixture
def page(opened_once: Page) -> Page:
    """The page as it is when it was opened."""
    opened_once.evaluate(
        """() => {
          document.activeElement.blur();
          [strokes, pen, past.length] = [[], [0.5, 0.25], 0];
          byId("hint").textContent = byId("said").textContent = "";
          show();
        }"""
    )
    return opened_once


def draw(page: Page, *strokes: Stroke) -> list[dict[str, Any]]:
    """Draw with the mouse; return what the page reads once everything is drawn and said."""
    box = page.locator("#field").bounding_box()
    assert box is not None
    for stroke in strokes:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for x, y in places[1:]:
            page.mouse.move(x, y, steps=1 if len(stroke) > 3 else 2)
        page.mouse.up()
    return settled(page)


def settled(page: Page) -> list[dict[str, Any]]:
    page.evaluate(SETTLED)
    read: list[dict[str, Any]] = page.evaluate(
        "() => readings.map(each => ({ ...each, image: Array.from(each.image) }))"
    )
    return read


def text_of(page: Page, selector: str) -> str:
    return str(page.locator(selector).text_content())


def as_bytes(text: str, *shape: int) -> NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape)


def extent(profile: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the positions from the first to the last that have ink."""
    first, last = np.flatnonzero(profile > 25)[[0, -1]]
    return np.arange(first, last + 1)


def prepared(opacity: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Prepare a canvas (H, W) as `predict` prepares a picture of it, black on white."""
    picture = np.full((*opacity.shape, 4), 255, np.uint8)
    picture[:, :, :3] -= opacity[:, :, None]
    ink = find_ink("canvas", picture, "auto")
    return prepare_digit(ink, joined(connected_components(ink, ink > fringe(ink))))


def looks_written(opacity: NDArray[np.uint8]) -> bool:
    inked = opacity > 25
    return is_written(opacity[np.ix_(*(np.flatnonzero(inked.any(axis=k)) for k in (1, 0)))])


def nonsense(rng: np.random.Generator) -> list[list[Stroke]]:
    """Bars, filled shapes and scribbles, one stroke each."""
    bars: list[Stroke] = [[(0.1, y), (0.9, y + 0.1)] for y in (0.2, 0.5, 0.8)]
    filled: list[Stroke] = [
        [(0.5 + r * np.cos(r * k), 0.5 + r * np.sin(r * k)) for r in np.linspace(0, 0.4, 300)]
        for k in (100, 120)
    ]
    scribbles = [[tuple(xy) for xy in rng.uniform(0.1, 0.9, (20, 2)).tolist()] for _ in range(10)]
    return [[stroke] for stroke in (*bars, *filled, *scribbles)]


ONE: Stroke = [(0.5, 0.15), (0.5, 0.85)]
SEVEN: Stroke = [(0.25, 0.2), (0.75, 0.2), (0.4, 0.85)]
NUMBER = "1407"


def number(size: float = 0.22) -> list[Stroke]:
    """Return the strokes of `NUMBER`, each digit in a square of `size`."""
    drawn = dict(shapes())
    return [
        stroke
        for place, digit in enumerate(NUMBER)
        for stroke in scaled(drawn[digit], size, 0.02 + 1.1 * place * size, 0.3 + 0.02 * place)
    ]


def test_what_is_drawn_is_prepared_byte_for_byte_as_python_prepares_a_picture_of_it(
    page: Page,
) -> None:
    sizes = np.random.default_rng(4).uniform(0.05, 1, 100)
    digits = handwriting(100, seed=8)
    drawings = [scaled(digit, size, 0, 0) for digit, size in zip(digits, sizes, strict=True)]
    side = page.evaluate("SIDE")
    answers = json.loads(page.evaluate(READ_DRAWINGS, json.dumps(drawings)))
    seen = np.stack([as_bytes(answer["image"], 28, 28) for answer in answers])
    canvases = [as_bytes(answer["opacity"], side, side) for answer in answers]
    assert np.array_equal(seen, np.stack([prepared(canvas) for canvas in canvases]))
    assert len(np.unique(seen, axis=0)) == 100
    thin = [as_bytes(answer["thin"], side, side) for answer in answers]
    written = [answer["isWritten"] for answer in answers]
    assert written == list(map(looks_written, thin))
    assert sum(written) >= 98


def test_bars_filled_shapes_and_scribbles_are_no_digit_as_in_python(page: Page) -> None:
    drawings = nonsense(np.random.default_rng(5))
    side = page.evaluate("SIDE")
    answers = json.loads(page.evaluate(READ_DRAWINGS, json.dumps(drawings)))
    assert not any(answer["isWritten"] or answer["answer"] for answer in answers)
    assert not any(looks_written(as_bytes(answer["thin"], side, side)) for answer in answers)
    assert draw(page, drawings[0][0]) == []
    assert text_of(page, "#said") == "This is no digit: draw it with a few clear lines."
    assert text_of(page, "#answer") == ""


def test_test_images_drawn_into_a_canvas_are_prepared_and_classified_as_in_python(
    page: Page, run: RunFolder, mnist_dir: Path
) -> None:
    images = load_dataset("mnist", str(mnist_dir)).test.images[::50]
    shifts = np.random.default_rng(6).integers(-10, 11, (len(images), 2)).tolist()
    text = base64.b64encode(images.tobytes()).decode("ascii")
    answers = json.loads(page.evaluate(READ_IMAGES, [text, shifts, WIDE]))
    seen = np.stack([as_bytes(answer["image"], 28, 28) for answer in answers])
    canvases = [as_bytes(answer["opacity"], WIDE, WIDE) for answer in answers]
    # Some of MNIST's strokes are thinner than the page's pen, and would be thickened.
    whole = [
        canvas[np.ix_(*map(extent, (canvas.max(axis=1), canvas.max(axis=0))))]
        for canvas in canvases
    ]
    ink = [(canvas.astype(np.float32) / np.float32(255))[None] for canvas in whole]
    assert np.array_equal(seen, np.stack([to_full_ink(prepare(each)[0]) for each in ink]))
    answered = np.array([answer["probabilities"] for answer in answers])
    difference = np.abs(answered - predict(run, seen).probabilities).max()
    agree = int((answered.argmax(axis=1) == predict(run, images).classes).sum())
    print(  # pytest -s shows the figures
        f"probabilities differ by {difference:.1e} at most; "
        f"{agree} of {len(images)} as the originals are"
    )
    assert difference < 1e-3
    assert agree >= 0.97 * len(images)


@pytest.mark.parametrize(
    "activation", [name for name, kind in ACTIVATIONS.items() if kind in draw_page._LAYERS]
)
def test_every_activation_of_the_page_gives_python_s_probabilities(
    page: Page, mnist_dir: Path, activation: str
) -> None:
    images = load_dataset("mnist", str(mnist_dir)).test.images[:20]
    network = Network.of_widths((784, 40, 20, 10), activation, np.random.default_rng(2))
    network.parameters += np.random.default_rng(3).normal(0, 0.1, network.parameters.shape)
    answered = page.evaluate(
        "([text, images]) => JSON.parse(images).map(image => predict(readModel(text), image))",
        [json.dumps(draw_page._model(network)), json.dumps(images.reshape(20, 784).tolist())],
    )
    assert np.abs(np.array(answered) - predict(network, images).probabilities).max() < 1e-5


def test_the_script_refuses_a_layer_that_it_does_not_know(page: Page) -> None:
    message = page.evaluate(
        """() => {
          try { return predict({ ...model, layers: [{ name: "twice" }] }, new Array(784).fill(0)); }
          catch (error) { return error.message; }
        }"""
    )
    assert message == "no such layer: twice"


def test_an_empty_field_says_what_to_do(page: Page) -> None:
    invitation = page.locator("#invitation")
    assert invitation.is_visible()
    assert invitation.text_content() == "Draw a digit here, with mouse, pen or finger"
    draw(page, SEVEN)
    assert not invitation.is_visible()
    page.keyboard.press("Backspace")
    settled(page)
    assert invitation.is_visible()


def test_a_digit_is_classified_while_it_is_drawn_and_announced_when_the_pen_is_lifted(
    page: Page, run: RunFolder
) -> None:
    page.mouse.move(0, 0)
    (reading,) = draw(page, SEVEN)
    assert text_of(page, "#answer") == "7"
    assert text_of(page, "#said").startswith("7, ")
    percents = page.locator("#probabilities td:last-child").all_text_contents()
    image = np.array(reading["image"], np.uint8).reshape(1, 28, 28)
    expected = predict(run, image).probabilities[0]
    assert percents == [f"{100 * value:.1f}%" for value in expected]
    assert text_of(page, "#probabilities tr.best th") == "7"


def test_a_small_drawing_is_read_as_well_as_a_large_one(page: Page) -> None:
    pixels = page.evaluate("field.clientWidth")  # a mouse goes from one to the next
    for size in (1, 0.4, 0.25, 0.2, 0.12):
        drawings = [
            [(np.array(stroke) * size * pixels).round() / pixels for stroke in strokes]
            for _, strokes in shapes()
        ]
        text = json.dumps([[stroke.tolist() for stroke in drawing] for drawing in drawings])
        answers = [answer["answer"] for answer in json.loads(page.evaluate(READ_DRAWINGS, text))]
        wrong = [(digit, a) for (digit, _), a in zip(shapes(), answers, strict=True) if a != digit]
        print(f"at {size} of the field {20 - len(wrong)} of 20 are right")
        assert len(wrong) <= 2, (size, wrong)
    draw(page, *scaled(dict(shapes())["4"], 0.12, 0.8, 0.1))
    assert text_of(page, "#answer") == "4"


def test_a_tap_makes_a_dot_that_is_no_digit(page: Page) -> None:
    assert draw(page, [(0.5, 0.5)]) == []
    opacity = page.evaluate(
        "() => { const middle = field.width / 2;"
        " return [0, 0.4, 0.6].map(part =>"
        " paper.getImageData(middle + part * PEN * field.width, middle, 1, 1).data[3]); }"
    )
    assert opacity == [255, 255, 0]
    assert text_of(page, "#answer") == ""
    assert text_of(page, "#said") == "This is a dot: draw larger."
    assert text_of(page, "#hint") == "This is a dot: draw larger."


def test_several_digits_are_read_from_left_to_right_each_in_its_frame(page: Page) -> None:
    readings = draw(page, *reversed(number()))
    assert text_of(page, "#answer") == NUMBER
    assert [text.split()[0] for text in page.locator("figcaption").all_text_contents()] == list(
        NUMBER
    )
    assert text_of(page, "#said").startswith("1, ")
    assert text_of(page, "#said").count("; ") == 3
    assert not page.locator("#probabilities").is_visible(), "of which digit?"
    for reading in readings:
        box = reading["frame"]
        edge = "([x, y]) => paper.getImageData(x * field.width, y * field.width, 1, 1).data[3]"
        middle = (box["left"] + box["right"]) / 2
        assert page.evaluate(edge, [middle, box["top"]]) > 0, "the frame"
    page.keyboard.press("Control+z")  # the 1, drawn last
    settled(page)
    assert text_of(page, "#answer") == NUMBER[1:]
    page.keyboard.press("Backspace")
    draw(page, SEVEN)
    assert page.locator("#probabilities").is_visible()


def test_small_digits_below_each_other_are_read_row_by_row(page: Page) -> None:
    upper = [[(x, y - 0.2) for x, y in stroke] for stroke in number(0.12)]
    lower = [[(x, y + 0.2) for x, y in stroke] for stroke in number(0.12)]
    draw(page, *lower, *upper)
    assert text_of(page, "#answer") == NUMBER + NUMBER


def test_what_is_left_out_and_what_touches_is_said(page: Page) -> None:
    (reading,) = draw(page, SEVEN, [(0.9, 0.9)])
    assert len(reading["strokes"]) == 1
    assert text_of(page, "#hint") == "What is outside the frames is not read."
    page.keyboard.press("Backspace")
    one, four = dict(shapes())["1"], scaled(dict(shapes())["4"], 0.6, 0.3, 0.15)
    draw(page, *scaled(one, 0.6, 0, 0.15), *four, [(0.2, 0.5), (0.4, 0.5)])
    assert text_of(page, "#hint") == "This may be two that touch: leave a gap."
    assert text_of(page, "#said").endswith("%. This may be two that touch: leave a gap.")
    page.keyboard.press("Backspace")
    assert draw(page, [(0.1, 0.1), (0.7, 0.7)], [(0.28, 0.1), (0.88, 0.7)]) == []
    assert text_of(page, "#said") == "This is no row of digits: draw them apart."


def test_parts_are_put_together_to_digits_as_in_python(page: Page, mnist_dir: Path) -> None:
    rng = np.random.default_rng(9)
    images = load_dataset("mnist", str(mnist_dir)).test.images
    layouts = []
    for _ in range(400):
        count = rng.integers(1, 9)
        high, wide = rng.integers(4, 120, count), rng.integers(4, 80, count)
        top, left = rng.integers(0, 150, count), rng.integers(0, 400, count)
        layouts.append(np.stack([top, top + high, left, left + wide], axis=1).tolist())
    found = page.evaluate(
        """(text) => JSON.parse(text).map(([layout, image]) => {
          const digits = findDigits(layout.map(([top, bottom, left, right]) =>
            ({ top, bottom, left, right, height: bottom - top, width: right - left })));
          return [digits.map(({ members, rowHeight }) => [members, rowHeight]), havePlaces(digits),
            digits.map((digit) => mayBeTwo(digit, image))];
        })""",
        json.dumps(list(zip(layouts, images[:400].reshape(400, 784).tolist(), strict=True))),
    )
    for layout, image, answer in zip(layouts, images, found, strict=False):
        digits, _ = find_digits([Component(1, *edges) for edges in layout])
        assert answer == [
            [[digit.members, digit.row_height] for digit in digits],
            have_places(digits),
            [may_be_two(digit, image) for digit in digits],
        ]
    assert {places for _, places, _ in found} == {True, False}


def with_classes(run: RunFolder, names: tuple[str, ...], folder: Path) -> Path:
    """Write a page whose network has as many classes as names; the first ten are `run`'s."""
    trained = run.model()
    first, second, last = trained.dense_layers
    network = Network.of_widths((784, 256, 128, len(names)), "relu", np.random.default_rng(0))
    for layer, of in zip(network.dense_layers, (first, second), strict=False):
        layer.weights[:], layer.biases[:] = of.weights, of.biases
    network.dense_layers[-1].weights[:, :10] = last.weights
    network.dense_layers[-1].biases[:10] = last.biases
    network.dense_layers[-1].biases[10:] = -20
    other = RunFolder.create(folder / "other", Config())
    other.save_model(network, names)
    write_page(other, folder / "draw.html")
    return folder / "draw.html"


def test_classes_with_names_are_called_by_them_and_are_one_drawing(
    browser: Browser, run: RunFolder, tmp_path: Path
) -> None:
    names = tuple(
        f"{word} boot"
        for word in ("Big", "Long", "Red", "Old", "New", "Wet", "Dry", "Ankle", "Hot", "<b>")
    )
    page = opened(browser, with_classes(run, names, tmp_path), viewport=PHONE)
    draw(page, SEVEN)
    assert text_of(page, "#answer") == "Ankle boot"
    assert text_of(page, "#said").startswith("Ankle boot, ")
    assert page.locator("#probabilities th").all_text_contents() == list(names)
    assert page.get_by_role("table", name="Probability of each class", exact=True).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.keyboard.press("Backspace")
    assert len(draw(page, *number())) == 1
    page.close()


def test_a_network_of_resized_pictures_sees_the_whole_field(
    browser: Browser, run: RunFolder, tmp_path: Path
) -> None:
    other = RunFolder.create(tmp_path / "other", Config())
    other.save_model(run.model(), resized="auto")
    write_page(other, tmp_path / "draw.html")
    page = opened(browser, tmp_path / "draw.html")
    assert "It sees the whole field" in text_of(page, "header")
    small = [(0.1, 0.1), (0.25, 0.1), (0.25, 0.3)]
    (reading,) = draw(page, small, [(0.7, 0.6), (0.7, 0.9)])
    opacity = np.array(page.evaluate("[...wholeField(strokes)]"), np.uint8).reshape(112, 112)
    image = np.uint8(reading["image"]).reshape(28, 28)
    means = opacity.reshape(28, 4, 28, 4).mean(axis=(1, 3))
    np.testing.assert_array_equal(image, np.floor(means + 0.5))
    assert (image[2:9, 2:8].max(), image[16:26, 19:21].max(), image[10:15].max()) == (255, 255, 0)
    picture = tmp_path / "field.png"
    Image.fromarray(255 - opacity).save(picture)
    found = predict(other, picture)
    np.testing.assert_allclose(found.probabilities[0], reading["probabilities"], atol=0.1)
    page.close()


def test_of_many_classes_the_likeliest_ten_are_shown(
    browser: Browser, run: RunFolder, tmp_path: Path
) -> None:
    names = tuple(f"class {number}" for number in range(256))
    page = opened(browser, with_classes(run, names, tmp_path))
    assert page.get_by_role("rowheader").count() == 0
    (reading,) = draw(page, SEVEN)
    order = np.argsort(-np.array(reading["probabilities"]), kind="stable")[:10]
    shown = page.locator("#probabilities th").all_text_contents()
    assert shown == [names[number] for number in order]
    assert shown[0] == "class 7"
    assert text_of(page, "caption") == "Probability of the 10 likeliest of 256 classes"
    page.close()


def test_undo_and_clear_go_back_by_button_and_by_key(page: Page) -> None:
    assert page.locator("#undo").get_attribute("aria-disabled") == "true"
    (one,) = draw(page, ONE)
    (both,) = draw(page, [(0.2, 0.5), (0.8, 0.5)])
    assert both["image"] != one["image"]
    page.keyboard.press("Control+z")
    assert settled(page)[0]["image"] == one["image"]
    page.locator("#clear").click()
    assert settled(page) == []
    assert text_of(page, "#said") == "Nothing drawn"
    page.locator("#undo").click()
    assert settled(page)[0]["image"] == one["image"]
    for key in ("Delete", "Backspace"):
        page.keyboard.press(key)
        assert settled(page) == []
        page.keyboard.press("Control+z")
        assert len(settled(page)) == 1


def test_focus_stays_on_a_button_that_has_nothing_more_to_do(page: Page) -> None:
    draw(page, SEVEN)
    for button in ("clear", "undo", "undo"):
        page.locator(f"#{button}").focus()
        page.keyboard.press("Enter")
        settled(page)
        assert page.evaluate("document.activeElement.id") == button
    assert page.locator("#undo").get_attribute("aria-disabled") == "true"
    page.keyboard.press("Enter")
    assert settled(page) == []
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") == "field"


def test_a_digit_can_be_drawn_with_the_keyboard_alone(page: Page) -> None:
    page.locator("h1").click()  # from here Tab goes on
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "field"
    assert page.evaluate("penIsShown")
    page.keyboard.press("Space")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")  # and back: the pen is lifted where it was
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    (reading,) = settled(page)
    assert len(reading["strokes"]) == 1
    page.keyboard.press("Space")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    (reading,) = settled(page)
    assert reading["best"] == 1
    image = np.array(reading["image"]).reshape(28, 28)
    assert (image.sum(axis=0) > 0).sum() <= 5, "the mark of the pen is no ink"
    assert text_of(page, "#said").startswith("1, ")
    page.keyboard.press("Backspace")
    assert settled(page) == []


def test_a_finger_draws_and_does_not_scroll(browser: Browser, file: Path) -> None:
    page = opened(browser, file, viewport=PHONE, has_touch=True, device_scale_factor=3)
    box = page.locator("#field").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    for step in range(11):
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] * (2 + step) / 14}
        kind = "touchStart" if step == 0 else "touchMove"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert settled(page)[0]["best"] == 1
    assert page.evaluate("scrollY") == 0
    answer, seen = (page.locator(each).bounding_box() for each in ("#answer", "figure"))
    assert answer is not None
    assert seen is not None
    assert seen["x"] - answer["x"] - answer["width"] < 20, "beside the answer, not at the edge"
    assert page.evaluate("field.width") == 2 * page.evaluate("field.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.close()


def test_on_a_phone_on_its_side_the_field_and_the_answer_are_in_sight(
    browser: Browser, file: Path
) -> None:
    page = opened(browser, file, viewport=ON_ITS_SIDE)
    draw(page, SEVEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= ON_ITS_SIDE["width"]
    boxes = {}
    for selector in ("#field", "#clear", "#answer", "figure", "tr:last-child"):
        boxes[selector] = box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= ON_ITS_SIDE["height"], selector
    assert boxes["#field"]["height"] > 0.7 * ON_ITS_SIDE["height"]
    assert boxes["#answer"]["x"] > boxes["#field"]["x"] + boxes["#field"]["width"]
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
@pytest.mark.parametrize("setting", [{}, {"forced_colors": "active"}, {"contrast": "more"}])
def test_ink_words_and_bars_stand_out_in_every_colour_scheme(
    browser: Browser, file: Path, tmp_path: Path, scheme: Any, setting: dict[str, Any]
) -> None:
    page = opened(browser, file, color_scheme=scheme, **setting)
    assert draw(page, SEVEN)[0]["best"] == 7
    page.screenshot(path=tmp_path / "page.png")
    pixels = np.asarray(Image.open(tmp_path / "page.png").convert("RGB")).astype(np.float64)

    def pixel(selector: str, across: float, down: float) -> NDArray[np.float64]:
        box = page.locator(selector).bounding_box()
        assert box is not None
        row, column = box["y"] + down * box["height"], box["x"] + across * box["width"]
        found: NDArray[np.float64] = pixels[int(row), int(column)]
        return found

    ink, field = pixel("#field", 0.5, 0.2), pixel("#field", 0.1, 0.9)
    assert contrast(ink, field) > 10
    assert (field.mean() > 128) == (scheme == "light")
    assert contrast(pixel(".best .bar", 0.5, 0.5), pixel("main", 0.001, 0.001)) >= 3
    for selector in ("h1", "header p", "caption", "td:last-child", "#clear"):
        colours = page.locator(selector).first.evaluate(
            "element => [getComputedStyle(element).color,"
            " getComputedStyle(element.closest('button') ?? document.body).backgroundColor]"
        )
        one, other = (np.array([float(n) for n in c[4:-1].split(",")]) for c in colours)
        assert contrast(one, other) >= (7 if setting else 4.5), selector
    page.close()


def test_a_stroke_takes_less_than_a_frame_to_read(page: Page) -> None:
    draw(page, SEVEN)
    start = time.perf_counter()
    page.evaluate("() => { for (let n = 0; n < 20; n++) read(strokes); }")
    assert (time.perf_counter() - start) / 20 < 0.25  # a tenth of that on an idle machine
