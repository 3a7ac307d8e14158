"""`mnist-scratch data`: what lies where, fetching, verifying, and a sheet of images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import CommandLine, refused, succeeded

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
            ("show", "--distort", "--config", "default"),
            "its [augmentation] distorts nothing",
        ),
        (("show", "--config", "default"), "add --distort"),
        (("show", "--distort", "--config", "nothing"), "nothing"),
        (("show", "--output", "sheet.jpg"), "let the name end in .png"),
    ],
)
def test_what_cannot_be_done_is_one_clear_message(
    main: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(main("data", *arguments))
