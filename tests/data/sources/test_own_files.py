from __future__ import annotations

import gzip
import hashlib
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources import own_files
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.errors import MnistScratchError

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = FILE_NAMES


@pytest.fixture
def folder(digits: Dataset, tmp_path: Path) -> Path:
    """A hundred training and a hundred test images, one file compressed."""
    for name in (IMAGES, TEST_IMAGES):
        (tmp_path / name).write_bytes(format_idx(digits.images))
    (tmp_path / LABELS).write_bytes(format_idx(digits.labels))
    (tmp_path / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(format_idx(digits.labels)))
    return tmp_path


def test_own_files_are_loaded_with_their_hashes(folder: Path, digits: Dataset) -> None:
    training, test = load_dataset("files", str(folder))
    for loaded in (training, test):
        assert loaded.name == "files"
        assert loaded.images.tobytes() == digits.images.tobytes()
        assert loaded.labels.tolist() == digits.labels.tolist()
    expected = {
        name: hashlib.sha256(format_idx(array)).hexdigest()
        for name, array in zip(FILE_NAMES, 2 * (digits.images, digits.labels), strict=True)
    }
    assert training.sha256 == expected, "of the plain content, compressed or not"


def test_plain_images_stay_on_disk(folder: Path) -> None:
    training, _ = load_dataset("files", str(folder))
    with (folder / IMAGES).open("r+b") as file:
        file.seek(16)
        file.write(b"\xab\xcd")
    assert training.images[0, 0, :2].tolist() == [0xAB, 0xCD]


def remove_two(folder: Path) -> None:
    (folder / IMAGES).unlink()
    (folder / f"{TEST_LABELS}.gz").unlink()


def cut(folder: Path) -> None:
    os.truncate(folder / IMAGES, 20_000)


def exchange(folder: Path) -> None:
    (folder / LABELS).write_bytes((folder / IMAGES).read_bytes())


def empty(folder: Path) -> None:
    (folder / LABELS).write_bytes(b"")


def shorten_labels(folder: Path) -> None:
    (folder / LABELS).write_bytes(format_idx(np.zeros(99, np.uint8)))


def large_labels(folder: Path) -> None:
    (folder / LABELS).write_bytes(format_idx(np.arange(100, dtype=np.uint8)))


def small_images(folder: Path) -> None:
    (folder / IMAGES).write_bytes(format_idx(np.zeros((100, 8, 8), np.uint8)))


def no_images(folder: Path) -> None:
    (folder / IMAGES).write_bytes(format_idx(np.zeros((0, 28, 28), np.uint8)))
    (folder / LABELS).write_bytes(format_idx(np.zeros(0, np.uint8)))


def bomb(folder: Path) -> None:
    content = struct.pack(">HBBI", 0, 8, 1, 100) + bytes(10**6)
    (folder / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(content))


def half_compressed(folder: Path) -> None:
    path = folder / f"{TEST_LABELS}.gz"
    path.write_bytes(path.read_bytes()[:-12])


def no_gzip(folder: Path) -> None:
    (folder / f"{TEST_LABELS}.gz").write_bytes(b"no gzip")


def short_header(folder: Path) -> None:
    (folder / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(b"\x00\x00\x08\x01\x00"))


def huge_header(folder: Path) -> None:
    (folder / f"{TEST_LABELS}.gz").write_bytes(gzip.compress(b"\x00\x00\x08\x03" + b"\xff" * 12))


def a_folder(folder: Path) -> None:
    (folder / LABELS).unlink()
    (folder / LABELS).mkdir()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove_two, f"has no {IMAGES}, {TEST_LABELS}, plain or with .gz; --dataset files needs"),
        (cut, rf"{IMAGES}: the header announces 100 x 28 x 28 values, 78400 bytes, but 19984"),
        (exchange, rf"{IMAGES}, .*{LABELS}: .* need uint8 labels \(100,\), not .* \(100, 28, 28\)"),
        (empty, rf"{LABELS}: 0 bytes are too few for an IDX file"),
        (shorten_labels, rf"{IMAGES}, .*{LABELS}: 100 images need .* \(100,\), not uint8 \(99,\)"),
        (large_labels, rf"{LABELS}: example 10 has the label 10; labels are 0 to 9"),
        (small_images, rf"{IMAGES}, .*: images must be uint8 \(N, 28, 28\), .* \(100, 8, 8\)"),
        (no_images, rf"{IMAGES}, .*: there is no image in it"),
        (bomb, rf"{TEST_LABELS}.gz is damaged.*: it does not hold exactly the 108 bytes"),
        (half_compressed, rf"{TEST_LABELS}.gz is damaged.*: it does not hold exactly"),
        (no_gzip, rf"{TEST_LABELS}.gz is damaged.*: .*incorrect header"),
        (short_header, rf"{TEST_LABELS}.gz is damaged.*: .*4 bytes"),
        (huge_header, rf"{TEST_LABELS}.gz is damaged"),
        (a_folder, rf"cannot read .*{LABELS}"),
    ],
)
def test_files_that_cannot_be_used_are_named_with_the_reason(
    folder: Path, damage: Callable[[Path], None], message: str
) -> None:
    damage(folder)
    with pytest.raises(MnistScratchError, match=message):
        load_dataset("files", str(folder))


def test_own_files_need_to_be_told_where_they_are() -> None:
    with pytest.raises(MnistScratchError, match=r"--dataset files: .* folder .* --data-dir"):
        load_dataset("files")


def test_hashing_a_large_file_is_announced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_files, "_LONG_TO_HASH", 5000)
    said: list[str] = []
    load_dataset("files", str(folder), said.append)
    assert [IMAGES in said[0], TEST_IMAGES in said[1]] == [True, True]
    assert len(said) == 2
