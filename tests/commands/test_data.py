"""`mnist-scratch data`: what lies where, fetching, verifying, and a sheet of images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import CommandLine, refused, succeeded
from helpers.load_digits import load_digits
from PIL import Image

from mnist_scratch.data.sources.registry import DATASETS, FILE_NAMES


def test_status_says_where_every_file_would_be(main: CommandLine, tmp_path: Path) -> None:
    lines = succeeded(main("data", "status")).splitlines()
    assert list(dict.fromkeys(line.split()[0] for line in lines)) == [
        name for name, source in DATASETS.items() if source.files
    ]
    cache = tmp_path / "cache" / "mnist_scratch"
    assert lines[0].split() == ["mnist", "missing", str(cache / "mnist" / f"{FILE_NAMES[0]}.gz")]
    assert lines[-4].split() == ["synthetic", "missing", str(cache / "synthetic" / FILE_NAMES[0])]


def test_verify_says_of_every_file_that_it_is_right(main: CommandLine, synthetic_dir: Path) -> None:
    answer = main(
        *("data", "verify", "--dataset", "synthetic", "--data-dir", synthetic_dir, "--json")
    )
    assert [file["state"] for file in json.loads(succeeded(answer))] == ["verified"] * 4


def test_verify_fails_where_files_are_not_those_of_the_data_set(
    main: CommandLine, digit_files: Path
) -> None:
    answer = main("data", "verify", "--data-dir", digit_files)
    assert answer.returncode == 2
    assert answer.stdout.count("damaged") == 4
    assert "4 of 4 files of mnist are missing or damaged; delete the damaged ones" in answer.stderr
    assert answer.stderr.count("is damaged or another file") == 4


def test_download_names_every_mirror_that_failed_and_leaves_nothing(
    main: CommandLine, tmp_path: Path
) -> None:
    message = refused(main("data", "download"))
    assert message.count("refused") == 3, "one for each mirror"
    assert "by hand" in message
    assert list(tmp_path.rglob("mnist/*")) == []


@pytest.mark.mnist
def test_mnist_at_hand_is_found_by_its_variable_and_nothing_is_fetched(
    main: CommandLine, mnist_dir: Path
) -> None:
    at_hand = {"MNIST_SCRATCH_DATA": str(mnist_dir)}
    lines = succeeded(main("data", "download", environment=at_hand)).splitlines()
    assert [line.split()[:2] for line in lines] == [["mnist", "verified"]] * 4


def test_show_draws_images_as_they_are_and_distorted(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    show = ("data", "show", "--dataset", "files", "--data-dir", digit_files)
    for name, distort in (("images.png", []), ("distorted.png", ["--distort"])):
        assert succeeded(main(*show, *distort, "--output", name)) == f"{name}\n"
    sheets = [(tmp_path / name).read_bytes() for name in ("images.png", "distorted.png")]
    assert all(sheet.startswith(b"\x89PNG") for sheet in sheets)
    assert sheets[0] != sheets[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("statsu",), "invalid choice"),
        (("status", "--data-dir", "~nobody-of-this-name"), "the data folder ~nobody"),
        (
            ("show", "--distort", "--config", "minimal"),
            "its [augmentation] distorts nothing",
        ),
        (("show", "--config", "default"), "add --distort"),
        (("show", "--distort", "--config", "nothing"), "nothing"),
        (("show", "--output", "sheet.jpg"), "let the name end in .png"),
        (("import", "nowhere", "--output", "a"), "nowhere: no such file or folder"),
        (("import", "nowhere"), "the following arguments are required: --output"),
        (("import", ".", "--output", "a"), "--output a lies in the source, ., and would be taken"),
        (("import", "nowhere", "--output", "a", "--test-share", "2"), "--test-share 2: must lie"),
    ],
)
def test_what_cannot_be_done_is_one_clear_message(
    main: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(main("data", *arguments))


def test_import_makes_a_data_set_that_train_reads_and_evaluate_and_predict_follow(
    main: CommandLine, tmp_path: Path
) -> None:
    images, labels = load_digits()
    np.savez(tmp_path / "digits.npz", images=images[:400], labels=labels[:400])
    made = succeeded(main("data", "import", "digits.npz", "--output", "digits"))
    assert made.splitlines()[:4] == [
        "data set       digits, from an .npz file",
        "classes        10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        "training       320 images, 31 to 34 of each class",
        "test           80 images, 8 of each class, held out by --test-share 0.2 --seed 0",
    ]
    assert {path.name for path in (tmp_path / "digits").iterdir()} == {
        *FILE_NAMES,
        "classes.txt",
        "pictures.txt",
        "images.png",
    }
    train = made.splitlines()[-1].removeprefix("mnist-scratch ").split()
    assert train[-2:] == ["--validation-examples", "32"]
    assert main(*train, "--hidden", "16", "--batch-size", "10", "--run", "run").returncode == 0
    accuracy = json.loads(succeeded(main("evaluate", "run", "--json")))["accuracy"]
    assert accuracy > 0.5
    Image.fromarray(np.uint8(np.pad(images[3], 4) * 15)).save(tmp_path / "three.png")
    assert main("predict", "run", "three.png").returncode == 0


def test_import_prints_what_it_made_as_json_and_fits_narrow_terminals(
    main: CommandLine, tmp_path: Path
) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(4):
            picture = np.full((40, 20 + number), 240, np.uint8)
            picture[10:30, 8:12] = 20
            Image.fromarray(picture).save(tmp_path / "pets" / name / f"{number}.png")
    (tmp_path / "pets" / "dog" / "0.png").write_bytes(b"\x89PNG")
    summary = json.loads(succeeded(main("data", "import", "pets", "--output", "a", "--json")))
    assert summary["training"] == {"cat": 3, "dog": 2}
    assert summary["test"] == {"cat": 1, "dog": 1}
    assert summary["sizes"][0] == "20 x 40"
    assert summary["notes"] == ["the images were dark on light: turned, 255 minus every pixel"]
    assert "0.png" in summary["left_out"][0]
    narrow = {"COLUMNS": "40"}
    made = main("data", "import", "pets", "--output", "b", environment=narrow)
    lines = succeeded(made).splitlines()
    assert max(map(len, lines[:-1])) <= 40
    prepared = ("--prepare", "--ink", "dark", "--output", "c")
    assert "prepared as MNIST's were" in succeeded(main("data", "import", "pets", *prepared))


def test_import_overwrites_nothing_and_leaves_nothing_half_written(
    main: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("label,a,b,c,d\n0,1,2,3,4\n0,1,2,3,400\n")
    (tmp_path / "there").mkdir()
    before = sorted(tmp_path.iterdir())
    for output, message in (
        ("there", "there exists, and nothing is overwritten; name a new folder"),
        ("new", "a.csv, line 3: row 1, column 1 of the image is 400; grey levels are 0 to 255"),
        ("a.csv/new", "cannot write a.csv/new: Not a directory"),
    ):
        assert message in refused(main("data", "import", "a.csv", "--output", output))
        assert sorted(path for path in tmp_path.iterdir() if path.name != "cache") == before


def test_train_names_import_where_a_folder_has_another_form(
    main: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "mine" / "a").mkdir(parents=True)
    answer = main("train", "--dataset", "files", "--data-dir", "mine", "--run", "run")
    assert "mine has no IDX files such as train-images-idx3-ubyte: it has the folder a; " in (
        message := refused(answer)
    )
    assert "'mnist-scratch data import mine --output DIR' makes them" in message
