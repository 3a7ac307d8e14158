from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from mnist_scratch.data.sources import files
from mnist_scratch.data.sources.files import data_folder, decompressed, locate, read_verified
from mnist_scratch.data.sources.registry import DATASETS, FILE_NAMES, SourceFile
from mnist_scratch.errors import MnistScratchError

CONTENT = b"the content of a file" * 50
SIZE = len(CONTENT)
COMPRESSED = gzip.compress(CONTENT, mtime=0)
FILE = SourceFile(
    "name",
    len(CONTENT),
    hashlib.sha256(CONTENT).hexdigest(),
    len(COMPRESSED),
    hashlib.sha256(COMPRESSED).hexdigest(),
)


def test_a_folder_that_was_named_comes_before_the_environment_and_that_is_of_mnist_alone(
    no_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_SCRATCH_DATA", "/from/environment")
    assert data_folder("mnist", "named") == Path("named")
    assert data_folder("mnist") == Path("/from/environment")
    assert data_folder("kmnist") == no_data / "kmnist"


def place(folder: Path, count: int = 4) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(FILE_NAMES[:count]):
        (folder / (name if number % 2 else f"{name}.gz")).touch()


@pytest.mark.parametrize("dataset", ["mnist", "synthetic"])
def test_data_are_where_all_of_them_are_here_in_the_checkout_or_in_the_cache(
    no_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: str
) -> None:
    cache, here = no_data / dataset, Path("data", dataset)
    checkout = tmp_path / "checkout" / "data" / dataset
    monkeypatch.setattr(files, "_CHECKOUT", tmp_path / "checkout")
    place(here, 3)
    place(checkout, 4)
    assert data_folder(dataset) == cache, "there is no pyproject.toml: it is no checkout"
    (tmp_path / "checkout" / "pyproject.toml").touch()
    assert data_folder(dataset) == checkout
    place(here)
    assert data_folder(dataset) == here
    shutil.rmtree(here)
    (checkout / FILE_NAMES[1]).unlink()
    assert data_folder(dataset) == checkout, "where they are to be put"
    place(cache)
    assert data_folder(dataset) == cache


def test_an_archive_stands_for_its_files(no_data: Path) -> None:
    Path("data/emnist-digits").mkdir(parents=True)
    assert data_folder("emnist-digits") == no_data / "emnist-digits"
    Path("data/emnist-digits/gzip.zip").touch()
    assert data_folder("emnist-digits") == Path("data/emnist-digits")


def test_what_is_no_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        MnistScratchError, match=r"file is a file; name the folder .*; 'mnist-scratch data import"
    ):
        data_folder("mnist", str(tmp_path / "file"))
    monkeypatch.setenv("MNIST_SCRATCH_DATA", "~no-user-of-this-name/data")
    with pytest.raises(MnistScratchError, match="the data folder ~no-user-of-this-name/data"):
        data_folder("mnist")


def test_plain_and_compressed_files_read_the_same(tmp_path: Path) -> None:
    assert locate(FILE, tmp_path) is None
    (tmp_path / "name.gz").write_bytes(COMPRESSED)
    assert locate(FILE, tmp_path) == tmp_path / "name.gz"
    assert read_verified(FILE, tmp_path / "name.gz") == CONTENT
    (tmp_path / "name").write_bytes(CONTENT)
    assert locate(FILE, tmp_path) == tmp_path / "name"
    assert read_verified(FILE, tmp_path / "name") == CONTENT


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("name", CONTENT[:-1], r"1,049 bytes, where the published file has 1,050"),
        ("name", CONTENT + b"x", r"1,051 bytes"),
        ("name", b"T" + CONTENT[1:], "SHA-256"),
        ("name.gz", COMPRESSED[:-1], "bytes, where"),
        ("name.gz", COMPRESSED[:-1] + b"x", "SHA-256"),
    ],
)
def test_a_file_with_other_bytes_is_never_read(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MnistScratchError, match=message) as error:
        read_verified(FILE, tmp_path / name)
    assert str(tmp_path / name) in str(error.value)
    assert "Delete it" in str(error.value)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match=r"cannot read .*nowhere"):
        read_verified(FILE, tmp_path / "nowhere")


@pytest.mark.mnist
@pytest.mark.parametrize("file", DATASETS["mnist"].files, ids=lambda file: file.name)
def test_the_hashes_on_record_are_those_of_mnist(mnist_dir: Path, file: SourceFile) -> None:
    path = locate(file, mnist_dir)
    assert path is not None
    content = read_verified(file, path)
    # What lies there may be either form; hold the plain content against the other record, too.
    assert len(content) == file.size
    assert hashlib.sha256(content).hexdigest() == file.sha256


# Bit 3 of the flags announces a name, which ends with a zero byte (RFC 1952, section 2.3.1).
NAMED = COMPRESSED[:3] + b"\x08" + COMPRESSED[4:10] + b"n" * 100_000 + b"\0" + COMPRESSED[10:]


def test_one_whole_gzip_member_of_the_expected_size_is_decompressed() -> None:
    assert decompressed(COMPRESSED, SIZE) == CONTENT
    assert decompressed(NAMED, SIZE) == CONTENT
    assert bytes(decompressed(gzip.compress(b""), 0)) == b""


@pytest.mark.parametrize(
    ("compressed", "size", "message"),
    [
        (b"", SIZE, "not hold exactly the 1,050 bytes"),
        (b"<!DOCTYPE html>", SIZE, "not gzip, or damaged"),
        (COMPRESSED[:-1], SIZE, "not hold exactly"),
        (COMPRESSED[:-8] + b"\0" + COMPRESSED[-7:], SIZE, "damaged: .*incorrect data check"),
        (COMPRESSED[:-4] + b"\0" + COMPRESSED[-3:], SIZE, "damaged: .*incorrect length check"),
        (NAMED[:50_000], SIZE, "not hold exactly"),
        (COMPRESSED, SIZE + 1, "not hold exactly"),
        (COMPRESSED, SIZE - 1, "not hold exactly"),
        (COMPRESSED, 0, "not hold exactly"),
        (COMPRESSED + b"more", SIZE, "not hold exactly"),
        (gzip.compress(b"", mtime=0) + COMPRESSED, SIZE, "not hold exactly"),
    ],
)
def test_any_other_gzip_is_refused_even_if_it_is_on_record(
    tmp_path: Path, compressed: bytes, size: int, message: str
) -> None:
    path = tmp_path / "name.gz"
    path.write_bytes(compressed)
    file = SourceFile("name", size, "", len(compressed), hashlib.sha256(compressed).hexdigest())
    expected = f"^{re.escape(str(path))} is damaged or another file: .*{message}(?s:.*)Delete it"
    with pytest.raises(MnistScratchError, match=expected):
        read_verified(file, path)


@pytest.mark.parametrize("size", [0, 1000])
def test_what_grows_a_thousandfold_grows_to_the_expected_size_alone(size: int) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="not hold exactly"):
            decompressed(bomb, size)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_what_is_decompressed_takes_its_own_memory_and_little_more() -> None:
    content = np.random.default_rng(0).bytes(2_000_000)
    compressed = gzip.compress(content, 1)
    tracemalloc.start()
    try:
        assert decompressed(compressed, len(content)) == content
        assert tracemalloc.get_traced_memory()[1] < 2_500_000
    finally:
        tracemalloc.stop()


def test_a_size_that_no_gzip_could_grow_to_takes_no_memory() -> None:
    with pytest.raises(ValueError, match="not hold exactly the 1,000,000,000,000,000,000 bytes"):
        decompressed(COMPRESSED, 10**18)
