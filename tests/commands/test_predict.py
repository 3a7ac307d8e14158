"""`mnist-scratch predict`: pictures in, digits out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import CommandLine, refused, succeeded
from PIL import Image, ImageDraw

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.pictures.own import read_digits
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.data.synthetic.digits import draw_digits
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import RunFolder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Ten digits, 0 to 9, as dark on light PNGs of 280 x 280."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for digit, image in enumerate(draw_digits(np.arange(10), np.random.default_rng(2))):
        enlarged = 255 - image.repeat(10, axis=0).repeat(10, axis=1)
        Image.fromarray(enlarged).save(folder / f"{digit}.png")
    return folder


@pytest.fixture
def number(tmp_path: Path) -> Path:
    """A row of four digits, alone in a folder."""
    (tmp_path / "numbers").mkdir()
    row = np.hstack([*draw_digits(np.array([1, 4, 0, 7]), np.random.default_rng(2))])
    enlarged = 255 - np.pad(row.repeat(5, axis=0).repeat(5, axis=1), 30)
    Image.fromarray(enlarged).save(tmp_path / "numbers" / "1407.png")
    return tmp_path / "numbers" / "1407.png"


def test_a_picture_is_answered_with_its_digit_and_ten_bars(
    main: CommandLine, trained_run: Path, pictures: Path
) -> None:
    picture = pictures / "1.png"
    first, *bars = succeeded(main("predict", trained_run, picture)).splitlines()
    assert first == f"{picture}: 1"
    assert [bar.split()[0] for bar in bars] == list("0123456789")
    assert all(len(bar) <= 80 for bar in bars)


def test_bars_are_drawn_in_ascii_where_the_output_has_no_blocks(
    main: CommandLine, trained_run: Path, pictures: Path
) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    answer = main("predict", trained_run, pictures / "1.png", environment=ascii_only)
    assert "  1  ####" in succeeded(answer)


def test_json_is_a_list_with_file_digit_and_probabilities(
    main: CommandLine, trained_run: Path, pictures: Path
) -> None:
    answer = main("predict", trained_run, "--json", pictures / "3.png", pictures / "1.png")
    values = json.loads(answer.stdout)
    assert [Path(value["file"]).name for value in values] == ["3.png", "1.png"]
    for value in values:
        assert value["digit"] == int(np.argmax(value["probabilities"]))
        assert value["name"] == str(value["digit"])
        assert len(value["probabilities"]) == 10
        assert sum(value["probabilities"]) == pytest.approx(1)


def test_a_picture_on_standard_input_is_answered_as_its_file_is(
    main: CommandLine, command_line: CommandLine, trained_run: Path, pictures: Path
) -> None:
    (named,) = json.loads(succeeded(main("predict", trained_run, "--json", pictures / "4.png")))
    content = (pictures / "4.png").read_bytes()
    piped = command_line("predict", trained_run, "-", "--json", stdin=content)
    assert json.loads(succeeded(piped)) == [named | {"file": "-"}]


def test_a_folder_is_answered_by_a_line_for_each_picture(
    main: CommandLine, trained_run: Path, pictures: Path
) -> None:
    lines = succeeded(main("predict", trained_run, "--folder", pictures)).splitlines()
    assert len(lines) == 10
    assert all(len(line) <= 80 and "%" in line for line in lines)


def test_a_number_is_answered_with_its_digits_and_one_digit_as_ever(
    main: CommandLine, trained_run: Path, number: Path, pictures: Path
) -> None:
    answer = main("predict", trained_run, number, pictures / "1.png", "--json")
    several, one = json.loads(succeeded(answer))
    assert several["number"] == "".join(digit["name"] for digit in several["digits"])
    assert [set(digit) for digit in several["digits"]] == [
        {"class", "name", "probability", "box", "row"}
    ] * 4
    assert [digit["row"] for digit in several["digits"]] == [0] * 4
    lefts = [digit["box"][0] for digit in several["digits"]]
    assert lefts == sorted(lefts)
    assert several["digit"] is several["name"] is several["probabilities"] is None
    assert one["number"] == one["name"] == str(one["digit"])
    (digit,) = one["digits"]
    assert (digit["class"], digit["probability"]) == (one["digit"], max(one["probabilities"]))
    first, *bars = succeeded(main("predict", trained_run, number)).splitlines()
    assert first == f"{number}: {several['number']}"
    assert [bar.split()[0] for bar in bars] == list(several["number"])
    line = succeeded(main("predict", trained_run, "--folder", number.parent))
    assert f"  {several['number']}  lowest " in line


def test_one_refuses_more_than_one_digit(
    main: CommandLine, trained_run: Path, number: Path, pictures: Path
) -> None:
    line = refused(main("predict", trained_run, number, "--one"))
    assert "1407.png: more than one digit, or marks beside it; cut out one digit" in line
    assert main("predict", trained_run, pictures / "1.png", "--one").returncode == 0


def test_what_may_be_wrong_is_said_beside_the_answer(
    main: CommandLine, trained_run: Path, number: Path
) -> None:
    touching = Image.open(number)
    ImageDraw.Draw(touching).rectangle((200, 110, 400, 120), fill=0)
    touching.save(number.with_name("touching.png"))
    answer = main("predict", trained_run, number.with_name("touching.png"), "--json")
    (value,) = json.loads(answer.stdout)
    assert [warning.split(";")[0] for warning in value["warnings"]] == [
        "digit 2 of 3 may be two that touch"
    ]
    assert f"touching.png: {value['warnings'][0]}\n" in answer.stderr


def test_show_draws_boxes_and_what_the_network_saw_in_each(
    main: CommandLine, trained_run: Path, number: Path, tmp_path: Path
) -> None:
    digits = read_digits(number)
    main("predict", trained_run, number, "--show", "seen.png")
    sheet = np.asarray(Image.open(tmp_path / "seen.png"))
    orange = (sheet == (0xD5, 0x5E, 0x00)).all(axis=2)
    below = sheet.shape[0] - 140
    scale = 696 / (4 * 140 + 60)
    for place, (left, top, right, bottom) in enumerate(digits.boxes):
        middle = 12 + round(scale * (left + right) / 2), 40 + round(scale * (top + bottom) / 2)
        assert np.count_nonzero(orange[:below, middle[0]]) == 4, "two edges, two pixels each"
        cell = sheet[:, 12 + 96 * place : 12 + 96 * place + 84]
        seen = digits.images[place].repeat(3, axis=0).repeat(3, axis=1)[:, :, None]
        assert any(
            np.array_equal(cell[y : y + 84], seen.repeat(3, axis=2))
            for y in range(below, below + 40)
        )
    single = main("predict", trained_run, number, number, "--show", "twice.png")
    assert single.returncode == 0
    assert np.array_equal(np.asarray(Image.open(tmp_path / "twice.png")), np.vstack([sheet] * 2))


def test_show_of_a_folder_draws_its_pictures_with_boxes_and_names(
    main: CommandLine, trained_run: Path, number: Path, tmp_path: Path
) -> None:
    main("predict", trained_run, number, "--show", "one.png")
    main("predict", trained_run, "--folder", number.parent, "--show", "sheet.png")
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert np.array_equal(sheet, np.asarray(Image.open(tmp_path / "one.png")))
    assert (sheet[8:28] < 100).any(), "its name"
    for copy in range(100):
        shutil.copy(number, number.with_name(f"{copy}.png"))
    answer = main("predict", trained_run, "--folder", number.parent, "--show", "sheet.png")
    assert "--show draws at most 100 pictures, not 101; name fewer" in refused(answer)


def test_show_does_not_write_over_a_picture_that_it_reads(
    main: CommandLine, trained_run: Path, pictures: Path
) -> None:
    before = (pictures / "5.png").read_bytes()
    for chosen in ((pictures / "5.png",), ("--folder", pictures)):
        answer = main("predict", trained_run, *chosen, "--show", Path("pictures", "5.png"))
        assert (answer.returncode, answer.stdout) == (2, "")
        assert "5.png would overwrite that picture" in answer.stderr
    assert (pictures / "5.png").read_bytes() == before


def test_pictures_that_cannot_be_read_do_not_keep_the_others_from_it(
    main: CommandLine, trained_run: Path, pictures: Path
) -> None:
    (pictures / "2.png").write_text("no picture")
    answer = main("predict", trained_run, "--folder", pictures, "--json")
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
        ((), "name pictures, - for one on standard input, or a folder"),
        (("a.png", "--folder", "."), "not both"),
        (("missing.png",), "missing.png: no such file"),
        (("a.png", "--show", "seen.jpg"), "seen.jpg: pictures are PNG; let the name end in .png"),
        ((".",), ". is a folder; --folder . takes the pictures in it"),
        (("-",), "standard input is empty"),
        (("-", "-"), "name it once"),
        (("--folder", "nowhere"), "nowhere: No such file"),
    ],
)
def test_what_cannot_be_answered_is_one_message(
    main: CommandLine, trained_run: Path, arguments: tuple[str, ...], message: str
) -> None:
    (line,) = refused(main("predict", trained_run, *arguments)).splitlines()
    assert message in line


def test_a_model_of_another_input_is_refused(
    main: CommandLine, pictures: Path, tmp_path: Path
) -> None:
    other = RunFolder.create(tmp_path / "other", Config())
    other.save_model(Network.of_widths((9, 10), "relu", np.random.default_rng(0)))
    answer = main("predict", "other", pictures / "1.png")
    assert answer.returncode == 2
    assert "it must take 784 pixels" in answer.stderr


def test_a_run_on_clothes_answers_with_clothes(
    main: CommandLine, pictures: Path, tmp_path: Path
) -> None:
    values = {("data", "dataset"): "fashion-mnist"}
    clothes = RunFolder.create(tmp_path / "clothes", with_values(Config(), values, ""))
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(3))
    clothes.save_model(network, class_names("fashion-mnist"))
    answer = main("predict", "clothes", pictures / "1.png", "--json")
    (value,) = json.loads(answer.stdout)
    assert value["name"] == class_names("fashion-mnist")[value["digit"]]
    answer = main("predict", "clothes", pictures / "1.png")
    assert answer.stdout.startswith(f"{pictures / '1.png'}: {value['name']}\n")
    answer = main("predict", "clothes", "--folder", pictures)
    assert f"  {value['name']}  " in answer.stdout.splitlines()[1]


def test_files_that_a_folder_leaves_out_are_named_and_the_exit_status_tells(
    main: CommandLine, trained_run: Path, pictures: Path
) -> None:
    (pictures / "telephone.heic").write_bytes(b"")
    answer = main("predict", trained_run, "--folder", pictures)
    assert answer.returncode == 2
    assert len(answer.stdout.splitlines()) == len(list(pictures.glob("*.png")))
    assert "telephone.heic: left out: convert HEIC to JPEG" in answer.stderr
    assert "all pictures were read, but 1 file was left out" in answer.stderr


def test_what_in_a_picture_may_make_an_answer_unsure_is_said_in_a_line(
    main: CommandLine, trained_run: Path, tmp_path: Path
) -> None:
    grey = np.full((60, 60), 200, np.uint8)
    grey[10:50, 28:33] = grey[28:33, 10:50] = 185  # a cross
    Image.fromarray(grey).save(tmp_path / "faint.png")
    answer = main("predict", trained_run, "faint.png")
    assert "faint.png: unsure, perhaps because the ink is faint; take" in answer.stderr
    (value,) = json.loads(main("predict", trained_run, "faint.png", "--json").stdout)
    assert value["warnings"][0].startswith("unsure, perhaps because the ink is faint")
