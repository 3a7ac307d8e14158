"""`mnist-scratch predict`, as a user has it, and on the whole of MNIST's test set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import NO_NETWORK, CommandLine
from numpy.typing import NDArray
from PIL import Image

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import DIGITS, class_names
from mnist_scratch.data.synthetic.digits import draw_digits
from mnist_scratch.inference.predict import Prediction, predict, probabilities_of
from mnist_scratch.nn.network import Network
from mnist_scratch.report.text.bars import describe, summarise
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.runs.run import run_training
from mnist_scratch.system.text import printable


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, synthetic_dir: Path) -> Path:
    """A run that reads digits somewhat."""
    path = tmp_path_factory.mktemp("runs") / "run"
    values = {
        ("data", "dataset"): "synthetic",
        ("data", "data_dir"): str(synthetic_dir),
        ("network", "hidden"): (32,),
        ("training", "epochs"): 1,
    }
    run_training(with_values(Config(), values, ""), path)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Ten digits, 0 to 9, as dark on light PNGs of 280 x 280."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for digit, image in enumerate(draw_digits(np.arange(10), np.random.default_rng(2))):
        enlarged = 255 - image.repeat(10, axis=0).repeat(10, axis=1)
        Image.fromarray(enlarged).save(folder / f"{digit}.png")
    return folder


def test_a_picture_is_answered_with_its_digit_and_ten_bars(
    command_line: CommandLine, run: Path, pictures: Path, tmp_path: Path
) -> None:
    answer = command_line("predict", run, pictures / "1.png", environment={"NO_COLOR": "1"})
    assert (answer.returncode, answer.stderr) == (0, "")
    first, *bars = answer.stdout.splitlines()
    assert first == f"{pictures / '1.png'}: 1"
    assert [bar.split()[0] for bar in bars] == list("0123456789")
    assert all(len(bar) <= 80 for bar in bars)
    assert "\x1b" not in answer.stdout
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    answer = command_line("predict", run, pictures / "1.png", environment=ascii_only)
    assert "  1  ####" in answer.stdout


def test_json_is_a_list_with_file_digit_and_probabilities(
    command_line: CommandLine, run: Path, pictures: Path
) -> None:
    answer = command_line("predict", run, "--json", pictures / "3.png", pictures / "1.png")
    values = json.loads(answer.stdout)
    assert [Path(value["file"]).name for value in values] == ["3.png", "1.png"]
    for value in values:
        assert value["digit"] == int(np.argmax(value["probabilities"]))
        assert value["name"] == str(value["digit"])
        assert len(value["probabilities"]) == 10
        assert sum(value["probabilities"]) == pytest.approx(1)


def test_a_picture_on_standard_input_is_answered_as_its_file_is(
    command_line: CommandLine, run: Path, pictures: Path
) -> None:
    named = json.loads(command_line("predict", run, "--json", pictures / "4.png").stdout)
    piped = subprocess.run(
        [sys.executable, "-m", "mnist_scratch", "predict", str(run), "-", "--json"],
        input=(pictures / "4.png").read_bytes(),
        capture_output=True,
        env=os.environ | NO_NETWORK,
        check=True,
    )
    assert json.loads(piped.stdout) == [named[0] | {"file": "-"}]


def test_a_folder_is_answered_by_a_line_for_each_picture(
    command_line: CommandLine, run: Path, pictures: Path
) -> None:
    answer = command_line("predict", run, "--folder", pictures)
    lines = answer.stdout.splitlines()
    assert len(lines) == 10
    assert all(len(line) <= 80 and "%" in line for line in lines)
    assert answer.stderr == "", "bars belong on a terminal"


def test_show_writes_the_28_x_28_image_that_the_network_saw(
    command_line: CommandLine, run: Path, pictures: Path, tmp_path: Path
) -> None:
    command_line("predict", run, pictures / "5.png", "--show", "seen.png")
    seen = np.asarray(Image.open(tmp_path / "seen.png"))
    drawn = draw_digits(np.arange(10), np.random.default_rng(2))[5]
    assert seen.shape == (28, 28)
    assert np.abs(seen.astype(int) - drawn).mean() < 1
    command_line("predict", run, "--folder", pictures, "--show", "sheet.png")
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (28, 280)
    assert np.array_equal(sheet[:, 140:168], seen)


def test_show_does_not_write_over_a_picture_that_it_reads(
    command_line: CommandLine, run: Path, pictures: Path
) -> None:
    before = (pictures / "5.png").read_bytes()
    for chosen in ((pictures / "5.png",), ("--folder", pictures)):
        answer = command_line("predict", run, *chosen, "--show", Path("pictures", "5.png"))
        assert (answer.returncode, answer.stdout) == (2, "")
        assert "5.png would write over that picture" in answer.stderr
    assert (pictures / "5.png").read_bytes() == before


def test_pictures_that_cannot_be_read_do_not_keep_the_others_from_it(
    command_line: CommandLine, run: Path, pictures: Path
) -> None:
    (pictures / "2.png").write_text("no picture")
    answer = command_line("predict", run, "--folder", pictures, "--json")
    assert answer.returncode == 2
    values = json.loads(answer.stdout)
    assert [value["digit"] is None for value in values] == [n == 2 for n in range(10)]
    assert all(value.keys() >= {"file", "digit", "name", "probabilities"} for value in values)
    assert "2.png: this is no picture" in values[2]["error"]
    assert "2.png: this is no picture" in answer.stderr
    assert answer.stderr.endswith("mnist-scratch: 1 of 10 pictures could not be read\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name pictures, or - for one on standard input, or a folder"),
        (("a.png", "--folder", "."), "not both"),
        (("missing.png",), "missing.png: no such file"),
        (("a.png", "--show", "seen.jpg"), "seen.jpg: pictures are PNG; let the name end in .png"),
        ((".",), ". is a folder; --folder . takes the pictures in it"),
        (("-",), "standard input is empty"),
        (("-", "-"), "name it once"),
        (("--folder", "nowhere"), "--folder nowhere: No such file"),
    ],
)
def test_what_cannot_be_answered_is_one_message(
    command_line: CommandLine, run: Path, arguments: tuple[str, ...], message: str
) -> None:
    answer = command_line("predict", run, *arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert message in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_a_model_of_another_input_is_refused(
    command_line: CommandLine, pictures: Path, tmp_path: Path
) -> None:
    other = RunFolder.create(tmp_path / "other", Config())
    other.save_model(Network.of_widths((9, 10), "relu", np.random.default_rng(0)))
    answer = command_line("predict", "other", pictures / "1.png")
    assert answer.returncode == 2
    assert "does not take 784 pixels" in answer.stderr


def test_bars_are_as_long_as_probabilities_and_names_cannot_steer_the_terminal() -> None:
    probabilities = np.array([0.5, 0.25, 0.125, 0.125 - 1 / 480, 1 / 480, 0, 0, 0, 0, 0])
    prediction = Prediction("a\x1b[2J\n.png", np.zeros((28, 28), np.uint8), probabilities)
    first, *bars = describe(prediction, DIGITS, "utf-8").splitlines()
    assert first == r"a\x1b[2J\n.png: 0"
    lengths = ["█" * 30, "█" * 15, "█" * 7 + "▌", "█" * 7 + "▍", "▏", ""]
    assert [bar[5:65].strip() for bar in bars[:6]] == lengths
    assert "###" in describe(prediction, DIGITS, "latin-1")
    assert printable("größe 3.png") == "größe 3.png"
    long = prediction._replace(file="long/" * 30 + "name.png")
    assert len(summarise(long, DIGITS)) <= 80
    assert "name.png" in summarise(long, DIGITS)


def test_classes_that_are_no_digits_are_called_by_their_names() -> None:
    names = class_names("fashion-mnist")
    probabilities = np.array([0.125, 0, 0, 0, 0, 0.25, 0, 0.5, 0, 0.125])
    prediction = Prediction("shoe.png", np.zeros((28, 28), np.uint8), probabilities)
    assert prediction.as_json(names)["digit"] == 7
    assert prediction.as_json(names)["name"] == "Sneaker"
    first, *bars = describe(prediction, names, "utf-8").splitlines()
    assert first == "shoe.png: Sneaker"
    assert [bar[2:13].rstrip() for bar in bars] == list(names)
    lengths = {"Sneaker": "█" * 25, "Sandal": "█" * 12 + "▌", "Ankle boot": "█" * 6 + "▎"}
    for name, bar in zip(names, bars, strict=True):
        assert bar[15:65].rstrip() == lengths.get(name, "█" * 6 + "▎" if "shirt" in name else "")
        assert len(bar) <= 80
    line = summarise(prediction._replace(file="long/" * 30 + "name.png"), names)
    assert len(line) <= 80
    assert line.startswith("...")
    assert line.split("name.png")[1].split() == ["Sneaker", "50.00%", "Sandal", "25.00%"]


def test_a_run_on_clothes_answers_with_clothes(
    command_line: CommandLine, pictures: Path, tmp_path: Path
) -> None:
    values = {("data", "dataset"): "fashion-mnist"}
    clothes = RunFolder.create(tmp_path / "clothes", with_values(Config(), values, ""))
    clothes.save_model(Network.of_widths((784, 10), "relu", np.random.default_rng(3)))
    answer = command_line("predict", "clothes", pictures / "1.png", "--json")
    (value,) = json.loads(answer.stdout)
    assert value["name"] == class_names("fashion-mnist")[value["digit"]]
    answer = command_line("predict", "clothes", pictures / "1.png")
    assert answer.stdout.startswith(f"{pictures / '1.png'}: {value['name']}\n")
    answer = command_line("predict", "clothes", "--folder", pictures)
    assert f"  {value['name']}  " in answer.stdout.splitlines()[1]


def moved(
    image: NDArray[np.uint8], resampling: Image.Resampling, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Enlarge to 280 x 280, move as far off centre as the ink allows, invert."""
    enlarged = np.asarray(Image.fromarray(image).resize((280, 280), resampling))
    rows, columns = (np.flatnonzero((enlarged > 5).any(axis=axis)) for axis in (1, 0))
    shift = [rng.integers(-lit[0], 280 - lit[-1]) for lit in (rows, columns)]
    return 255 - np.roll(enlarged, shift, (0, 1))


def lost_by_being_pictures(
    network: Network, test: Dataset, resampling: Image.Resampling, folder: Path
) -> float:
    """Return by how much the accuracy falls. A picture that is refused is an error."""
    rng = np.random.default_rng(8)
    read = []
    for number, image in enumerate(test.images):
        path = folder / f"{number}.png"
        Image.fromarray(moved(image, resampling, rng)).save(path, compress_level=1)
        read.append(predict(network, str(path), "auto").digit)
        path.unlink()
    original = probabilities_of(network, test.images).argmax(axis=1)
    accuracies = [float((digits == test.labels).mean()) for digits in (original, np.array(read))]
    print(  # noqa: T201  # pytest -s shows the figures
        f"{resampling.name}: {accuracies[0]:.2%} of the images, {accuracies[1]:.2%} as pictures"
    )
    return accuracies[0] - accuracies[1]


@pytest.fixture(scope="module")
def trained_on_mnist(tmp_path_factory: pytest.TempPathFactory, mnist_dir: Path) -> Network:
    path = tmp_path_factory.mktemp("runs") / "mnist"
    values = {("data", "dataset"): "mnist", ("data", "data_dir"): str(mnist_dir)}
    run_training(with_values(Config(), values, ""), path)
    return RunFolder(path).model()


@pytest.mark.mnist
def test_five_hundred_enlarged_test_images_lose_less_than_half_a_point(
    trained_on_mnist: Network, mnist_dir: Path, tmp_path: Path
) -> None:
    test = load_dataset("mnist", str(mnist_dir)).test
    few = Dataset("few", test.images[::20], test.labels[::20])
    nearest = Image.Resampling.NEAREST
    assert lost_by_being_pictures(trained_on_mnist, few, nearest, tmp_path) < 0.005


@pytest.mark.mnist
@pytest.mark.slow
@pytest.mark.parametrize(
    "resampling",
    [Image.Resampling.NEAREST, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS],
    ids=lambda resampling: resampling.name,
)
def test_all_enlarged_test_images_lose_less_than_half_a_point(
    trained_on_mnist: Network, mnist_dir: Path, tmp_path: Path, resampling: Image.Resampling
) -> None:
    test = load_dataset("mnist", str(mnist_dir)).test
    assert lost_by_being_pictures(trained_on_mnist, test, resampling, tmp_path) < 0.005


@pytest.mark.mnist
def test_a_test_image_saved_as_it_is_comes_back_byte_for_byte(
    trained_on_mnist: Network, mnist_dir: Path, tmp_path: Path
) -> None:
    for image in load_dataset("mnist", str(mnist_dir)).test.images[:200]:
        for picture in (image, 255 - image):
            Image.fromarray(picture).save(tmp_path / "image.png")
            seen = predict(trained_on_mnist, str(tmp_path / "image.png"), "auto").image
            assert np.array_equal(seen, image)
