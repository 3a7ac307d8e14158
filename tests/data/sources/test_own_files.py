from __future__ import annotations

import gzip
import hashlib
import struct
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


def test_how_pictures_were_made_is_read_beside_them_and_belongs_to_the_data(folder: Path) -> None:
    without, _ = load_dataset("files", folder)
    for word, resized in (("prepared", ""), ("resized\n", "auto"), ("resized dark", "dark")):
        (folder / "pictures.txt").write_text(word)
        for part in load_dataset("files", folder, invert=True):
            assert part.resized == resized
            assert (part.sha256 != without.sha256) is bool(resized)
    (folder / "pictures.txt").write_text("both")
    with pytest.raises(MnistScratchError, match=r"pictures.txt: pictures are 'both', where prep"):
        load_dataset("files", folder)


def test_plain_images_stay_on_disk(folder: Path) -> None:
    training, _ = load_dataset("files", str(folder))
    with (folder / IMAGES).open("r+b") as file:
        file.seek(16)
        file.write(b"\xab\xcd")
    assert training.images[0, 0, :2].tolist() == [0xAB, 0xCD]


LABELS_GZ = f"{TEST_LABELS}.gz"
COMPRESSED = gzip.compress(format_idx(np.zeros(100, np.uint8)))


def idx(*shape: int) -> bytes:
    return format_idx(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {IMAGES: None, LABELS_GZ: None},
            f"has no {IMAGES}, {TEST_LABELS}, plain or with .gz; all four files must lie",
        ),
        (
            {IMAGES: idx(100, 28, 28)[:20_000]},
            rf"{IMAGES}: the header announces 100 x 28 x 28 values, 78400 bytes, but 19984",
        ),
        (
            {LABELS: idx(100, 28, 28)},
            rf"{IMAGES}, .*{LABELS}: .* uint8 labels \(100,\), not uint8 \(100, 28, 28\)",
        ),
        ({LABELS: b""}, rf"{LABELS}: 0 bytes are too few for an IDX file"),
        ({LABELS: idx(99)}, rf"{IMAGES}, .*{LABELS}: 100 images need .*, not uint8 \(99,\)"),
        (
            {LABELS: format_idx(np.arange(1, 101, dtype=np.uint8))},
            rf"{LABELS}: example 9 has the label 10; labels are 0 to 9, of 10 classes; .*classes.t",
        ),
        (
            {IMAGES: idx(100, 8, 9)},
            f"{IMAGES}: images of 8 x 9, where 28 x 28 is needed; 'mnist-scratch data import .*'",
        ),
        ({IMAGES: idx(0, 28, 28), LABELS: idx(0)}, rf"{IMAGES}, .*: there is no image in it"),
        (
            {LABELS_GZ: gzip.compress(struct.pack(">HBBI", 0, 8, 1, 100) + bytes(10**6))},
            f"{LABELS_GZ} is damaged.*: it does not hold exactly the 108 bytes",
        ),
        ({LABELS_GZ: COMPRESSED[:-12]}, f"{LABELS_GZ} is damaged.*: it does not hold exactly"),
        ({LABELS_GZ: b"no gzip"}, f"{LABELS_GZ}: not an IDX file but a text file; .* data import"),
        ({LABELS_GZ: b"<html>"}, f"{LABELS_GZ}: not an IDX file but an HTML page"),
        ({LABELS_GZ: gzip.compress(b"\x89PNG")}, f"{LABELS_GZ}, decompressed: .* a PNG picture"),
        ({LABELS_GZ: gzip.compress(b"\0\0\x08\x01\0")}, f"{LABELS_GZ}, .* ends at byte 5, inside"),
        ({LABELS_GZ: gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12)}, f"{LABELS_GZ} is damaged"),
    ],
)
def test_files_that_cannot_be_used_are_named_with_the_reason(
    folder: Path, files: dict[str, bytes | None], message: str
) -> None:
    for name, content in files.items():
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)
    with pytest.raises(MnistScratchError, match=message):
        load_dataset("files", str(folder))


DOTTED = tuple(name.replace("-idx", ".idx") for name in FILE_NAMES)
WILD = (
    DOTTED,
    tuple(f"{name}.gz" for name in DOTTED),
    tuple(f"{name} (1).gz" for name in FILE_NAMES),
    tuple(f"{name}/{name}" for name in FILE_NAMES),
    ("train_images.idx", "train_labels.idx", "Test_Images.idx", "Test_Labels.idx"),
    tuple(f"qmnist-{name}".replace("t10k", "test") for name in FILE_NAMES),
)


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("names", WILD, ids=lambda names: names[0])
def test_files_are_found_by_their_names_in_the_wild_and_gzip_is_noticed_whatever_they_say(
    tmp_path: Path, digits: Dataset, names: tuple[str, ...], compressed: bool
) -> None:
    for name, array in zip(names, 2 * (digits.images, digits.labels), strict=True):
        content = format_idx(array)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(gzip.compress(content) if compressed else content)
    (tmp_path / "images.png").touch()
    (tmp_path / ".train-images-idx3-ubyte.7.part").touch()
    training, test = load_dataset("files", tmp_path, pytest.fail)
    for loaded in (training, test):
        np.testing.assert_array_equal(loaded.images, digits.images)
        np.testing.assert_array_equal(loaded.labels, digits.labels)
    assert list(training.sha256) == list(FILE_NAMES)


def test_of_several_files_mnist_s_own_name_is_taken_and_otherwise_none(
    folder: Path, digits: Dataset
) -> None:
    for name in (f"{IMAGES} (1)", f"{IMAGES} (2)"):
        (folder / name).write_bytes(b"another")
    assert len(load_dataset("files", folder).training) == 100
    (folder / IMAGES).unlink()
    with pytest.raises(MnistScratchError, match=rf"{IMAGES} \(1\) or {IMAGES} \(2\) may be"):
        load_dataset("files", folder)


def test_of_qmnist_s_labels_the_class_is_taken(folder: Path, digits: Dataset) -> None:
    extended = np.full((100, 8), 300, np.int32)
    extended[:, 0] = digits.labels
    (folder / LABELS).unlink()
    (folder / "qmnist-train-labels-idx2-int").write_bytes(format_idx(extended))
    training, _ = load_dataset("files", folder)
    np.testing.assert_array_equal(training.labels, digits.labels)


def test_images_of_emnist_are_turned_upright_and_that_is_said(
    folder: Path, digits: Dataset
) -> None:
    (folder / IMAGES).unlink()
    name = "emnist-digits-train-images-idx3-ubyte"
    (folder / name).write_bytes(format_idx(digits.images.transpose(0, 2, 1)))
    said: list[str] = []
    training, _ = load_dataset("files", folder, said.append)
    np.testing.assert_array_equal(training.images, digits.images)
    assert said == [f"{name}: turned upright, since EMNIST's images are published on their sides"]


@pytest.mark.parametrize(("most", "names", "first"), [(26, range(1, 27), 0), (9, range(10), 1)])
def test_labels_from_one_are_their_own_names_where_they_are_more_than_digits(
    tmp_path: Path, most: int, names: range, first: int
) -> None:
    labels = np.arange(1, most + 1, dtype=np.uint8)
    for part in ("train", "test"):
        images = np.zeros((most, 28, 28), np.uint8)
        (tmp_path / f"emnist-letters-{part}-images-idx3-ubyte").write_bytes(format_idx(images))
        (tmp_path / f"emnist-letters-{part}-labels-idx1-ubyte").write_bytes(format_idx(labels))
    said: list[str] = []
    for loaded in load_dataset("files", tmp_path, said.append):
        assert loaded.classes == tuple(map(str, names))
        assert loaded.labels[0] == first
    assert ("labels 1 to 26 are numbered from 0; their names stay" in said) == (most == 26)


def test_a_folder_of_something_else_is_told_what_it_has(tmp_path: Path) -> None:
    for contents, message in (
        ([], "has no IDX files such as train-images-idx3-ubyte: it is empty; 'mnist-scratch data"),
        (["mnist.npz"], "it has mnist.npz, a ZIP archive; 'mnist-scratch data import .* makes"),
        (["a/"], "it has the folder a; mnist.npz, a ZIP archive;"),
        (["b/"], r"it has 2 folders \(a, b\); mnist.npz, a ZIP archive;"),
        (["x.html", "y.html", "z.html"], "; x.html, an HTML page; y.html, an HTML page; 1 files"),
    ):
        for name in contents:
            if name.endswith("/"):
                (tmp_path / name).mkdir()
            else:
                content = b"PK\x03\x04" if name.endswith("npz") else b"<!DOCTYPE html>"
                (tmp_path / name).write_bytes(content)
        with pytest.raises(MnistScratchError, match=message):
            load_dataset("files", tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match=r"cannot read .*nowhere: No such file"):
        load_dataset("files", tmp_path / "nowhere")


def test_a_folder_of_a_file_s_name_cannot_be_read(folder: Path) -> None:
    (folder / LABELS).unlink()
    (folder / LABELS).mkdir()
    with pytest.raises(MnistScratchError, match=f"cannot read .*{LABELS}"):
        load_dataset("files", str(folder))


def test_own_files_need_to_be_told_where_they_are() -> None:
    with pytest.raises(MnistScratchError, match=r"dataset = files: .* folder .* --data-dir"):
        load_dataset("files")


def test_hashing_a_large_file_is_announced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_files, "_LONG_TO_HASH", 5000)
    said: list[str] = []
    load_dataset("files", str(folder), said.append)
    assert [IMAGES in said[0], TEST_IMAGES in said[1]] == [True, True]
    assert len(said) == 2


@pytest.fixture
def on_paper(folder: Path, digits: Dataset) -> Path:
    """The same images dark on light."""
    for name in (IMAGES, TEST_IMAGES):
        (folder / name).write_bytes(format_idx(255 - digits.images))
    return folder


def test_images_that_are_dark_on_light_are_used_as_they_are_and_one_line_names_the_remedy(
    on_paper: Path, digits: Dataset
) -> None:
    said: list[str] = []
    training, _ = load_dataset("files", on_paper, said.append)
    np.testing.assert_array_equal(training.images, 255 - digits.images)
    (line,) = said
    assert "files are dark on light (mean pixel " in line
    assert "--invert" in line
    assert "load_dataset(..., invert=True)" in line
    assert "\n" not in line


@pytest.mark.parametrize("dark", [IMAGES, TEST_IMAGES])
def test_training_and_test_images_are_looked_at_each(
    folder: Path, digits: Dataset, dark: str
) -> None:
    (folder / dark).write_bytes(format_idx(255 - digits.images))
    said: list[str] = []
    load_dataset("files", folder, said.append)
    assert len(said) == 1


def test_inverted_images_are_light_on_dark_and_stay_on_disk(
    on_paper: Path, digits: Dataset
) -> None:
    said: list[str] = []
    training, test = load_dataset("files", on_paper, said.append, invert=True)
    for loaded in (training, test):
        np.testing.assert_array_equal(loaded.images, digits.images)
        np.testing.assert_array_equal(loaded.take(np.array([9]))[0][0], digits.pixels[9])
    assert said == []
    with (on_paper / IMAGES).open("r+b") as file:
        file.seek(16)
        file.write(b"\xab\xcd")
    assert training.take(np.array([0]))[0][0, :2].tolist() == [255 - 0xAB, 255 - 0xCD]


def test_light_images_that_were_inverted_are_reported_too(folder: Path) -> None:
    said: list[str] = []
    load_dataset("files", folder, said.append, invert=True)
    assert "the inverted images of files are dark on light" in said[0]
    assert "train without --invert" in said[0]
    assert len(said) == 1
