"""Predictions for arrays, data sets and pictures.

MNIST's test images, enlarged, moved and saved as pictures, are recognised as they were.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.rows_of_digits import picture_of
from numpy.typing import NDArray
from PIL import Image

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.dataset import Dataset, Examples, Subset
from mnist_scratch.data.loader import standardise
from mnist_scratch.data.pictures.own import read_digits, read_picture
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.data.synthetic.digits import draw_digits
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.predict import predict, predict_found
from mnist_scratch.nn.layers import Dense
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.runs.model import save_model


def moved(
    image: NDArray[np.uint8], resampling: Image.Resampling, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Enlarge to 280 x 280, move as far off centre as the ink allows, invert."""
    enlarged = np.asarray(Image.fromarray(image).resize((280, 280), resampling))
    rows, columns = (np.flatnonzero((enlarged > 5).any(axis=axis)) for axis in (1, 0))
    shift = [rng.integers(-lit[0], 280 - lit[-1]) for lit in (rows, columns)]
    return 255 - np.roll(enlarged, shift, (0, 1))


def lost_by_being_pictures(
    network: Network, test: Examples, resampling: Image.Resampling, folder: Path
) -> float:
    """Return by how much the accuracy falls. A picture that is refused counts as wrong."""
    rng = np.random.default_rng(8)
    read = []
    for number, image in enumerate(test.images):
        path = folder / f"{number}.png"
        Image.fromarray(moved(image, resampling, rng)).save(path, compress_level=1)
        try:
            read.append(predict(network, path).classes[0])
        except MnistScratchError:
            read.append(-1)
        path.unlink()
    original = predict(network, test).classes
    accuracies = [float((digits == test.labels).mean()) for digits in (original, np.array(read))]
    print(  # pytest -s shows the figures
        f"{resampling.name}: {accuracies[0]:.2%} of the images, {accuracies[1]:.2%} as pictures"
    )
    return accuracies[0] - accuracies[1]


def some_network() -> Network:
    return Network.of_widths((784, 12, 10), "relu", 3)


def by_hand(network: Network, image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The probabilities of one image, standardisation and softmax written out in float64."""
    pixels = ((image / 255.0 - 0.1307) / 0.3081).reshape(1, 784).astype(np.float32)
    exponentials = np.exp(network.forward(pixels)[0].astype(np.float64))
    return np.asarray(exponentials / exponentials.sum())


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run on clothes."""
    values = {("data", "dataset"): "fashion-mnist"}
    run = RunFolder.create(tmp_path / "run", with_values(Config(), values, ""))
    run.save_model(some_network(), class_names("fashion-mnist"))
    return run


def test_images_are_predicted_as_each_is_by_hand(digits: Dataset) -> None:
    network = some_network()
    found = predict(network, digits.images)
    expected = np.array([by_hand(network, image) for image in digits.images])
    np.testing.assert_allclose(found.probabilities, expected, rtol=1e-4)
    np.testing.assert_array_equal(found.classes, expected.argmax(axis=1))
    assert found.names == tuple(map(str, expected.argmax(axis=1)))
    assert found.classes.dtype == np.int64
    assert found.probabilities.dtype == np.float64


def test_every_form_of_the_same_images_gives_the_same_numbers(
    digits: Dataset, tmp_path: Path
) -> None:
    network, images = some_network(), digits.images
    expected = predict(network, images).probabilities
    numbers = np.arange(100)
    forms = (images.reshape(100, 784), digits, Subset(digits, numbers), list(images), [images])
    for form in forms:
        np.testing.assert_array_equal(predict(network, form).probabilities, expected)
    for one in (images[7], images[7].reshape(784), images[7:8], [images[7]]):
        found = predict(network, one)
        assert found.probabilities.shape == (1, 10)
        np.testing.assert_allclose(found.probabilities[0], expected[7], rtol=1e-5)
    pictures: list[str | Path] = [tmp_path / "4.png", str(tmp_path / "5.png")]
    for path in pictures:
        digit = draw_digits(np.array([int(Path(path).stem)]), np.random.default_rng(2))[0]
        Image.fromarray(255 - digit.repeat(10, axis=0).repeat(10, axis=1)).save(path)
    both = predict(network, pictures)
    prepared = np.array([read_picture(path) for path in pictures])
    np.testing.assert_array_equal(both.probabilities, predict_found(network, prepared))
    with_an_image = predict(network, [images[7], *pictures]).probabilities
    np.testing.assert_allclose(with_an_image[0], expected[7], rtol=1e-5)
    np.testing.assert_allclose(with_an_image[1:], both.probabilities, rtol=1e-5)
    alone = predict(network, pictures[0])
    np.testing.assert_allclose(alone.probabilities, both.probabilities[:1], rtol=1e-5)


def test_a_digit_in_a_picture_is_the_mean_over_it_and_four_slants(digits: Dataset) -> None:
    network, image = some_network(), digits.images[7]

    def slanted(image: NDArray[np.uint8], by: float) -> NDArray[np.uint8]:
        return np.array([np.roll(row, -round(by * (k - 14))) for k, row in enumerate(image)])

    copies = [image]
    for by in (0.2, -0.2):
        copies += [slanted(image, by), slanted(image.T, by).T]
    expected = predict(network, np.array(copies)).probabilities.mean(axis=0)
    np.testing.assert_allclose(predict_found(network, image[None])[0], expected, rtol=1e-5)


def test_a_run_s_folder_or_its_model_gives_the_names_of_its_classes(
    run: RunFolder, digits: Dataset
) -> None:
    clothes = class_names("fashion-mnist")
    classes = predict(some_network(), digits).classes
    for given in (run.path, str(run.path), run, run.model_path):
        found = predict(given, digits)
        np.testing.assert_array_equal(found.classes, classes)
        assert found.names == tuple(clothes[number] for number in classes)


def test_a_model_in_no_run_and_a_network_of_other_classes_call_them_by_their_numbers(
    digits: Dataset, tmp_path: Path
) -> None:
    save_model(tmp_path / "model.npz", some_network())
    assert set(predict(tmp_path / "model.npz", digits).names) <= set("0123456789")
    many = Network.of_widths((784, 12), "relu", 0)
    many.parameters[-1] = 1e3  # the bias of class 11
    found = predict(many, digits.images[:2])
    assert found.names == ("11", "11")
    assert found.probabilities.shape == (2, 12)


def row_of(digits: str, tmp_path: Path) -> Path:
    """A picture of synthetic digits, 160 x 160 each; a line for each row."""
    rng = np.random.default_rng(2)
    rows = [
        np.hstack([draw_digits(np.array([int(digit)]), rng)[0] for digit in row])
        for row in digits.split()
    ]
    width = max(row.shape[1] for row in rows)
    ink = np.vstack([np.pad(row, ((6, 6), (0, width - row.shape[1]))) for row in rows])
    path = tmp_path / f"{digits.replace(' ', '_')}.png"
    Image.fromarray(255 - ink.repeat(4, axis=0).repeat(4, axis=1)).save(path)
    return path


def test_a_picture_of_a_number_gives_each_digit_its_class_and_its_box(tmp_path: Path) -> None:
    network, path = some_network(), row_of("140 27", tmp_path)
    found, digits = predict(network, path), read_digits(path)
    np.testing.assert_array_equal(found.probabilities, predict_found(network, digits.images))
    first, second = "".join(found.names[:3]), "".join(found.names[3:])
    assert found.numbers == (f"{first}\n{second}",)
    assert digits.rows.tolist() == [0, 0, 0, 1, 1]
    assert found.pictures.tolist() == [0] * 5
    ink = 255 - np.asarray(Image.open(path))
    for (left, top, right, bottom), column, row in zip(
        found.boxes.tolist(), [0, 1, 2, 0, 1], [0, 0, 0, 1, 1], strict=True
    ):
        cell = np.zeros_like(ink)
        place = np.s_[row * 160 : row * 160 + 160, column * 112 : column * 112 + 112]
        cell[place] = ink[place]
        rows, columns = np.nonzero(cell > 26)
        expected = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert (left, top, right, bottom) == expected
    assert found.warnings == ()
    assert found.pictures.dtype == found.boxes.dtype == np.int64


def test_images_and_pictures_in_a_list_are_told_apart_by_their_numbers(
    digits: Dataset, tmp_path: Path
) -> None:
    network = some_network()
    found = predict(network, [digits.images[:2], row_of("14", tmp_path), digits.images[5]])
    assert found.pictures.tolist() == [0, 1, 2, 2, 3]
    assert found.numbers == (*found.names[:2], "".join(found.names[2:4]), found.names[4])
    assert found.boxes[[0, 1, 4]].tolist() == [[0, 0, 28, 28]] * 3
    whole = predict(network, digits)
    assert whole.numbers == whole.names
    assert whole.pictures.tolist() == list(range(100))
    assert whole.boxes.shape == (100, 4)


def test_names_of_several_letters_are_kept_apart(run: RunFolder, tmp_path: Path) -> None:
    found = predict(run, row_of("14", tmp_path))
    assert found.numbers == (" ".join(found.names),)


def test_predictions_are_short_to_read(digits: Dataset, tmp_path: Path) -> None:
    network = some_network()
    several = predict(network, digits.images[:7])
    shown = [
        f"{name}: {p:.1%}"
        for name, p in zip(several.names, several.probabilities.max(axis=1), strict=True)
    ]
    assert repr(several) == f"Predictions(7 images, {', '.join(shown[:5])}, ...)"
    assert repr(predict(network, digits.images[0])) == f"Predictions({shown[0]})"
    number = predict(network, row_of("14", tmp_path))
    assert repr(number).startswith(f"Predictions({number.numbers[0]}, {number.names[0]}: ")
    doubtful = dataclasses.replace(number, warnings=("a.png: digit 1 of 2 may be two",))
    assert repr(doubtful).endswith("%, a.png: digit 1 of 2 may be two)")


IMAGES = np.zeros((2, 28, 28), np.uint8)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            standardise(IMAGES),
            r"uint8 \(N, 28, 28\).*, not float32 \(2, 784\);.* give them as they were loaded",
        ),
        (IMAGES.astype(np.int64), r"not int64 \(2, 28, 28\).*np.array\(images, np.uint8\)"),
        (IMAGES / 255, r"not float64 \(2, 28, 28\).*\(images \* 255\)"),
        (IMAGES[:, :20], r"not uint8 \(2, 20, 28\)"),
        (IMAGES[..., None], r"not uint8 \(2, 28, 28, 1\)"),
        (np.ma.array(IMAGES), "images: a masked array"),
        ([IMAGES[0], IMAGES[0] / 255], r"not float64 \(28, 28\)"),
        (IMAGES[:0], "there is no image in it"),
        ([], r"images = \[\]: must be an array of images.*a list of at least one of these"),
        ({"images": IMAGES}, "images = {'images.*: must be an array of images"),
        (IMAGES.tolist(), "images = 0: must be an array of images"),
        (None, "images = None: must be an array of images"),
        (b"seven.png", "images = b'seven.png': must be an array of images"),
        (some_network(), "images = .*Network.*: must be an array of images"),
        ("absent.png", "absent.png: no such file"),
    ],
)
def test_what_are_no_images_is_named_with_the_remedy(images: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError, MnistScratchError), match=f"(?s){message}"):
        predict(some_network(), images)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (IMAGES, "network_or_run = array.*: must be a Network, the folder of a run or a model"),
        (None, "network_or_run = None: must be a Network"),
        ("absent", "cannot read absent: No such file or directory; name the .npz file"),
        (Network.of_widths((9, 10), "relu", 0), "a network of 9-10 takes no images of 28 x 28"),
    ],
)
def test_what_is_no_network_is_named(given: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError, MnistScratchError), match=f"(?s)^{message}"):
        predict(given, IMAGES)


@pytest.mark.parametrize("number", [np.nan, np.finfo(np.float32).max])
def test_a_network_that_has_diverged_predicts_nothing(number: float) -> None:
    network = some_network()
    network.parameters[:] = number
    with pytest.raises(MnistScratchError, match=r"logits are NaN or infinite.*has diverged"):
        predict(network, IMAGES + np.uint8(200))


@pytest.fixture(scope="module")
def network(mnist_run: Path) -> Network:
    """Return that of the default recipe, trained on MNIST."""
    return RunFolder(mnist_run).model()


@pytest.mark.mnist
def test_most_test_images_come_back_as_they_were_after_being_enlarged_moved_and_inverted(
    mnist_dir: Path, tmp_path: Path
) -> None:
    # Shifted or scaled by a pixel, all but one of these differ by a quarter of their ink, so
    # 25 show more than the accuracy of 500 would; the slow test below measures that of all.
    rng = np.random.default_rng(8)
    differences = []
    for image in load_dataset("mnist", str(mnist_dir)).test.images[::400]:
        picture = moved(image, Image.Resampling.NEAREST, rng)
        Image.fromarray(picture).save(tmp_path / "image.png", compress_level=1)
        seen = read_picture(tmp_path / "image.png")
        differences.append(np.abs(seen.astype(int) - image).sum() / image.sum())
    assert np.mean(np.less(differences, 0.01)) > 0.75


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.parametrize(
    "resampling",
    [Image.Resampling.NEAREST, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS],
    ids=lambda resampling: resampling.name,
)
def test_all_enlarged_test_images_lose_less_than_half_a_point(
    network: Network, mnist_dir: Path, tmp_path: Path, resampling: Image.Resampling
) -> None:
    test = load_dataset("mnist", str(mnist_dir)).test
    assert lost_by_being_pictures(network, test, resampling, tmp_path) < 0.005


def rows_read(
    network: Network, data: Examples, length: int, rows: int, marks: str, folder: Path
) -> tuple[float, float]:
    """Return the shares of digits and of rows that are read right.

    A row of which another number of digits is read, or that is refused, counts as all wrong.
    """
    rng = np.random.default_rng(length)
    right, refused = np.zeros((rows, length)), 0
    for place in range(rows):
        chosen = rng.integers(0, len(data), length)
        picture_of([data.images[chosen]], rng, marks).save(folder / "row.png", compress_level=1)
        try:
            found = predict(network, folder / "row.png")
        except MnistScratchError:
            refused += 1
            continue
        if len(found.classes) == length and "\n" not in found.numbers[0]:
            right[place] = found.classes == data.labels[chosen]
    shares = float(right.mean()), float(right.all(axis=1).mean())
    print(  # pytest -s shows the figures
        f"{length} digits{f' and {marks}' if marks else ''}: {shares[0]:.1%} of the digits, "
        f"{shares[1]:.1%} of the rows right, {refused} of {rows} refused"
    )
    return shares


@pytest.mark.mnist
def test_rows_of_four_test_images_are_read_with_dots_and_dashes_between_them(
    network: Network, mnist_dir: Path, tmp_path: Path
) -> None:
    test = load_dataset("mnist", str(mnist_dir)).test
    digits, rows = rows_read(network, test, 4, 12, ".-", tmp_path)
    assert digits > 0.9
    assert rows > 0.8


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.parametrize("marks", ["", ".-"], ids=["plain", "with marks"])
@pytest.mark.parametrize("length", range(2, 9))
def test_ninety_percent_of_digits_in_rows_are_read_and_eighty_of_rows_of_four(
    network: Network, mnist_dir: Path, tmp_path: Path, length: int, marks: str
) -> None:
    test = load_dataset("mnist", str(mnist_dir)).test
    digits, rows = rows_read(network, test, length, 200, marks, tmp_path)
    assert digits > 0.95
    assert rows > 0.85


@pytest.mark.mnist
def test_a_test_image_saved_as_it_is_comes_back_byte_for_byte(
    mnist_dir: Path, tmp_path: Path
) -> None:
    for image in load_dataset("mnist", str(mnist_dir)).test.images[::200]:
        for picture in (image, 255 - image):
            Image.fromarray(picture).save(tmp_path / "image.png")
            seen = read_picture(tmp_path / "image.png")
            assert np.array_equal(seen, image)


def test_a_picture_has_the_ink_that_the_run_s_pictures_were_said_to_have(tmp_path: Path) -> None:
    network = Network([Dense(784, 2)], 0)
    network.dense_layers[0].weights[...] = [-1, 1]
    network.dense_layers[0].biases[1] = -2 * 784 * 1.2  # class 1 is what is brighter than 128
    pixels = np.full((28, 28), 200, np.uint8)
    pixels[8:20, 8:20] = 60
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    for ink, bright in (("auto", 0), ("dark", 0), ("light", 1)):
        save_model(tmp_path / "model.npz", network, ("a", "b"), resized=ink)
        answer = predict(tmp_path / "model.npz", tmp_path / "picture.png")
        assert answer.classes.tolist() == [bright], ink
