"""Data sets whose files are not as MNIST's are: made-up ones of their form."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.faulty_server import FaultyServer
from numpy.typing import NDArray

from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.load import DataSplits, check_files, load_dataset
from mnist_scratch.data.sources.registry import DATASETS, PUBLISHED, SourceFile
from mnist_scratch.errors import MnistScratchError

NOWHERE = ("https://127.0.0.1:9/",)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(autouse=True)
def empty_folder(no_data: Path) -> None:
    """Work in an empty folder."""


def test_every_published_file_has_a_hash_and_a_mirror_of_its_own() -> None:
    sources = [DATASETS[name] for name in PUBLISHED]
    assert all(url.startswith("https://") for source in sources for url in source.mirrors)
    files = [file for source in sources for file in source.files if not source.folder]
    archives = {source.archive for source in sources if source.archive}
    hashes = [file.published[2] for file in (*files, *archives)]
    assert len(set(hashes)) == len(hashes) == 4 * 5 + 1
    in_archive = [source for source in sources if source.folder]
    assert all(source.archive in archives for source in in_archive)
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in hashes)


def test_the_sizes_on_record_are_those_of_the_images_and_labels_that_are_published() -> None:
    images = dict.fromkeys(("mnist", "fashion-mnist", "kmnist"), (60000, 10000))
    images |= {"qmnist": (60_000, 60_000), "emnist-digits": (240_000, 40_000)}
    images |= {"emnist-letters": (124_800, 20_800), "emnist-balanced": (112_800, 18_800)}
    assert tuple(images) == PUBLISHED
    for name, (training, test) in images.items():
        sizes = [file.size for file in DATASETS[name].files]
        # The header has 4 bytes and 4 for each dimension; QMNIST's labels are rows of 8 x 4 bytes.
        labels = [12 + 32 * n if name == "qmnist" else 8 + n for n in (training, test)]
        assert sizes == [16 + 784 * training, labels[0], 16 + 784 * test, labels[1]]


@pytest.fixture
def little_qmnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write 4 + 3 digits in QMNIST's form; the columns beside the class are anything."""
    folder = tmp_path / "data" / "qmnist"
    folder.mkdir(parents=True)
    images = np.arange(4 * 784, dtype=np.uint8).reshape(4, 28, 28)
    labels = np.array([[7, 4, 2102, 0], [0, 1, 300, -1], [9, 0, 5, 6], [3, 2, 1, 0]], np.int32)
    labels = np.hstack([labels, 1000 + labels]).astype(np.int32)
    records = []
    arrays: list[NDArray[Any]] = [images, labels, images[:3], labels[1:]]
    for file, array in zip(DATASETS["qmnist"].files, arrays, strict=True):
        content = format_idx(array)
        compressed = gzip.compress(content, mtime=0)
        (folder / file.compressed_name).write_bytes(compressed)
        records.append(SourceFile(file.name, len(content), "", len(compressed), sha256(compressed)))
    source = DATASETS["qmnist"]._replace(files=records, mirrors=NOWHERE)
    monkeypatch.setitem(DATASETS, "qmnist", source)
    return folder


def test_qmnist_s_classes_are_the_first_column_of_its_labels(little_qmnist: Path) -> None:
    training, test = load_dataset("qmnist")
    assert training.name == "qmnist"
    assert training.labels.tolist() == [7, 0, 9, 3]
    assert test.labels.tolist() == [0, 9, 3]
    assert training.images[1, 0].tolist() == [value % 256 for value in range(784, 784 + 28)]
    assert {state.state for state in check_files("qmnist", little_qmnist)} == {"verified"}


def test_a_damaged_file_of_qmnist_is_an_error(little_qmnist: Path) -> None:
    path = little_qmnist / "qmnist-train-labels-idx2-int.gz"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(MnistScratchError, match=r"idx2-int\.gz is damaged or another file"):
        load_dataset("qmnist")


class Emnist:
    """Some digits as EMNIST has them: columns first, the four files in an archive.

    Image k is upright a bar across row k + 2, from its left edge to column 9.
    """

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, part: str = "digits", first: int = 0
    ) -> None:
        dataset = f"emnist-{part}"
        upright = np.zeros((5, 28, 28), np.uint8)
        for image in range(5):
            upright[image, image + 2, :10] = 255
        self.upright: NDArray[np.uint8] = upright
        stored = upright.transpose(0, 2, 1)
        self.labels = np.arange(5, dtype=np.uint8)
        labels = self.labels + np.uint8(first)
        self.plain = {
            file.name: format_idx(array)
            for file, array in zip(
                DATASETS[dataset].files,
                (stored, labels, stored[3:], labels[3:]),
                strict=True,
            )
        }
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("gzip/", "")
            archive.writestr("gzip/emnist-byclass-train-images-idx3-ubyte.gz", b"another")
            for name, content in self.plain.items():
                archive.writestr(f"gzip/{name}.gz", gzip.compress(content))
        self.archive = file.getvalue()
        known = part == "digits"
        files = [SourceFile(n, len(c), sha256(c) * known) for n, c in self.plain.items()]
        zipped = SourceFile("gzip.zip", len(self.archive), sha256(self.archive))
        source = DATASETS[dataset]._replace(files=files, mirrors=NOWHERE, archive=zipped)
        monkeypatch.setitem(DATASETS, dataset, source)
        self.folder = folder
        self.folder.mkdir(parents=True)

    def place(self, form: str) -> None:
        if form == "zip":
            (self.folder / "gzip.zip").write_bytes(self.archive)
            return
        for name, content in self.plain.items():
            if form == "gz":
                # In any compression: the content is what is on record.
                (self.folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))
            else:
                (self.folder / name).write_bytes(content)

    def check(self, data: DataSplits) -> None:
        """Check that the images stand upright and that their hashes are those of the content."""
        np.testing.assert_array_equal(data.training.images, self.upright)
        np.testing.assert_array_equal(data.test.images, self.upright[3:])
        np.testing.assert_array_equal(data.training.labels, self.labels)
        np.testing.assert_array_equal(data.test.labels, self.labels[3:])
        assert data.training.images.flags.c_contiguous
        assert data.training.sha256 == {n: sha256(c) for n, c in self.plain.items()}

    def states(self) -> list[tuple[str, str]]:
        return [(s.path.name, s.state) for s in check_files("emnist-digits", self.folder)]


@pytest.fixture
def emnist(no_data: Path, monkeypatch: pytest.MonkeyPatch) -> Emnist:
    return Emnist(no_data / "emnist-digits", monkeypatch)


@pytest.mark.parametrize("form", ["zip", "gz", "plain"])
def test_emnist_s_images_stand_upright_however_they_lie_on_disk(emnist: Emnist, form: str) -> None:
    emnist.place(form)
    before = sorted(path.name for path in emnist.folder.iterdir())
    emnist.check(load_dataset("emnist-digits"))
    assert sorted(path.name for path in emnist.folder.iterdir()) == before, "nothing is unpacked"
    names = ["gzip.zip"] if form == "zip" else before
    assert sorted(emnist.states()) == [(name, "verified") for name in names]


def test_files_that_were_unpacked_are_read_before_the_archive(emnist: Emnist) -> None:
    emnist.place("gz")
    (emnist.folder / "gzip.zip").write_bytes(b"another")
    emnist.check(load_dataset("emnist-digits"))
    for name in list(emnist.plain)[:2]:
        (emnist.folder / f"{name}.gz").unlink()
    assert emnist.states() == [("gzip.zip", "damaged")]
    emnist.place("zip")
    emnist.check(load_dataset("emnist-digits"))


@pytest.mark.parametrize("change", ["a byte", "the length"])
def test_an_archive_with_other_bytes_is_never_read(emnist: Emnist, change: str) -> None:
    emnist.place("zip")
    path = emnist.folder / "gzip.zip"
    at = emnist.archive.index(b"byclass")  # of no file that is read
    inserted = b"B" if change == "a byte" else b"By"
    path.write_bytes(emnist.archive[:at] + inserted + emnist.archive[at + 1 :])
    with pytest.raises(MnistScratchError, match=r"gzip\.zip is damaged or another file") as error:
        load_dataset("emnist-digits")
    assert ("SHA-256" if change == "a byte" else "bytes, where") in str(error.value)
    assert emnist.states() == [("gzip.zip", "damaged")]


@pytest.mark.parametrize("form", ["gz", "plain"])
def test_unpacked_files_with_another_content_are_refused(emnist: Emnist, form: str) -> None:
    name = next(iter(emnist.plain))
    emnist.plain[name] = format_idx(emnist.upright)  # turned already
    emnist.place(form)
    with pytest.raises(MnistScratchError, match=r"is damaged or another file: SHA-256"):
        load_dataset("emnist-digits")
    assert [state for _, state in emnist.states()] == ["damaged"] + ["verified"] * 3


def test_what_is_missing_of_emnist_is_the_archive_unless_some_of_it_was_unpacked(
    emnist: Emnist,
) -> None:
    assert emnist.states() == [("gzip.zip", "missing")]
    emnist.place("plain")
    name = next(iter(emnist.plain))
    (emnist.folder / name).unlink()
    others = [(other, "verified") for other in emnist.plain if other != name]
    assert emnist.states() == [(name, "missing"), *others]


def test_emnist_is_fetched_as_its_archive_and_nothing_else(
    emnist: Emnist, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.contents = {"gzip.zip": emnist.archive}
    source = DATASETS["emnist-digits"]._replace(mirrors=(server.mirror("good"),))
    monkeypatch.setitem(DATASETS, "emnist-digits", source)
    said: list[str] = []
    emnist.check(load_dataset("emnist-digits", report=said.append))
    assert server.requests == [("good", "gzip.zip")]
    assert said == [f"fetching gzip.zip ({len(emnist.archive):,} bytes) into {emnist.folder}"]
    assert {path.name for path in emnist.folder.iterdir()} - {".lock"} == {"gzip.zip"}
    load_dataset("emnist-digits", report=said.append)
    assert len(server.requests) == len(said) == 1


def test_emnist_that_cannot_be_fetched_says_what_to_place_by_hand(emnist: Emnist) -> None:
    with pytest.raises(MnistScratchError, match=r"could not fetch gzip\.zip") as error:
        load_dataset("emnist-digits", report=lambda _: None)
    assert f"gzip.zip {len(emnist.archive):>11,} bytes" in str(error.value)


@pytest.mark.parametrize(
    ("part", "first", "names"),
    [
        ("letters", 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("balanced", 0, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"),
    ],
)
def test_emnist_s_letters_come_from_the_archive_of_its_digits(
    no_data: Path, monkeypatch: pytest.MonkeyPatch, part: str, first: int, names: str
) -> None:
    emnist = Emnist(no_data / "emnist-digits", monkeypatch, part, first)
    emnist.place("gz")  # nothing is on record to verify these by
    dataset = f"emnist-{part}"
    with pytest.raises(MnistScratchError, match=r"could not fetch gzip\.zip"):
        load_dataset(dataset, report=lambda _: None)
    emnist.place("zip")
    emnist.check(data := load_dataset(dataset))
    assert "".join(data.training.classes) == "".join(data.test.classes) == names
    states = check_files(dataset, emnist.folder)
    assert [(each.path.name, each.state) for each in states] == [("gzip.zip", "verified")]
