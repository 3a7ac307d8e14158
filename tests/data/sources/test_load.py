from __future__ import annotations

import gzip
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.faulty_server import FaultyServer
from helpers.published import FILES

from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.load import check_files, load_dataset
from mnist_scratch.data.sources.registry import (
    DATASETS,
    FILE_NAMES,
    PUBLISHED,
    SourceFile,
    class_names,
)
from mnist_scratch.data.synthetic import digits as synthetic
from mnist_scratch.data.synthetic.digits import make_synthetic
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import written_whole


@pytest.fixture
def few_digits(monkeypatch: pytest.MonkeyPatch, no_data: Path) -> list[int]:
    """Draw 40 + 20 synthetic digits instead of 70,000, in an empty folder without a network."""
    drawn: list[int] = []

    def make_few(*_: int, seed: int, progress: object) -> object:
        drawn.append(seed)
        return make_synthetic(40, 20, seed=seed)

    monkeypatch.setattr(synthetic, "make_synthetic", make_few)
    nowhere = ["https://127.0.0.1:9/"]
    for name in PUBLISHED:
        monkeypatch.setitem(DATASETS, name, DATASETS[name]._replace(mirrors=nowhere))
    return drawn


def test_synthetic_digits_are_drawn_once_and_kept(few_digits: list[int]) -> None:
    first = load_dataset("synthetic", "kept")
    assert (len(first.training), len(first.test)) == (40, 20)
    again = load_dataset("synthetic", "kept")
    assert len(few_digits) == 1
    np.testing.assert_array_equal(first.training.images, again.training.images)
    np.testing.assert_array_equal(first.test.labels, again.test.labels)
    assert again.training.name == again.test.name == "synthetic"
    assert set(again.training.sha256) == set(FILE_NAMES)


def test_synthetic_digits_of_another_version_are_drawn_anew(
    few_digits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_dataset("synthetic", "kept")
    monkeypatch.setattr(synthetic, "VERSION", -1)
    load_dataset("synthetic", "kept")
    assert len(few_digits) == 2


def test_an_interrupted_drawing_is_begun_again(
    few_digits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:

    def interrupted(path: Path) -> object:
        if path.name == FILE_NAMES[2]:
            raise KeyboardInterrupt
        return written_whole(path)

    monkeypatch.setattr(synthetic, "written_whole", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_dataset("synthetic", "kept")
    monkeypatch.setattr(synthetic, "written_whole", written_whole)
    leftover = Path("kept", f".{FILE_NAMES[2]}.123.part")
    leftover.touch()
    assert len(load_dataset("synthetic", "kept").test) == 20
    assert len(few_digits) == 2
    assert not leftover.exists()


def test_a_damaged_synthetic_file_is_an_error(few_digits: list[int]) -> None:
    load_dataset("synthetic", "kept")
    path = Path("kept") / FILE_NAMES[1]
    path.write_bytes(path.read_bytes()[:-1] + b"\x0b")
    with pytest.raises(MnistScratchError, match=f"{FILE_NAMES[1]} is damaged"):
        load_dataset("synthetic", "kept")
    path.unlink()
    load_dataset("synthetic", "kept")
    assert len(few_digits) == 2


def test_files_of_another_data_set_are_not_overwritten(few_digits: list[int]) -> None:
    Path("mine").mkdir()
    content = format_idx(np.zeros(3, np.uint8))
    Path("mine", FILE_NAMES[1]).write_bytes(content)
    with pytest.raises(MnistScratchError, match=r"no synthetic\.json: .* move t.* out of the way"):
        load_dataset("synthetic", "mine")
    assert Path("mine", FILE_NAMES[1]).read_bytes() == content


def test_auto_says_in_three_lines_that_it_falls_back(few_digits: list[int], no_data: Path) -> None:
    reports: list[str] = []
    training, _ = load_dataset(report=reports.append)
    assert training.name == "synthetic"
    said = next(report for report in reports if "MNIST is not in" in report)
    assert len(said.splitlines()) == 3
    assert "synthetic" in said
    assert (no_data / "synthetic" / "synthetic.json").exists()


def test_mnist_never_falls_back(few_digits: list[int]) -> None:
    with pytest.raises(MnistScratchError, match="could not fetch train-images"):
        load_dataset("mnist")
    assert few_digits == []


def test_a_failed_download_leaves_no_empty_folder(few_digits: list[int], tmp_path: Path) -> None:
    new, mine = tmp_path / "new", tmp_path / "mine"
    mine.mkdir()
    for folder in (new, mine):
        with pytest.raises(MnistScratchError, match="could not fetch"):
            load_dataset("kmnist", folder)
    assert not new.exists()
    assert mine.exists()


@pytest.mark.parametrize("dataset", ["auto", "mnist"])
def test_a_damaged_mnist_is_an_error_and_no_reason_to_fall_back(
    few_digits: list[int], dataset: str, tmp_path: Path
) -> None:
    for file in DATASETS["mnist"].files:
        (tmp_path / f"{file.name}.gz").write_bytes(b"truncated")
    with pytest.raises(MnistScratchError, match="is damaged or another file"):
        load_dataset(dataset, str(tmp_path))
    assert few_digits == []


@pytest.mark.mnist
@pytest.mark.parametrize("dataset", ["auto", "mnist"])
def test_mnist_is_loaded_whole(mnist_dir: Path, dataset: str) -> None:
    training, test = load_dataset(dataset, str(mnist_dir))
    assert training.images.shape == (60_000, 28, 28)
    assert test.images.shape == (10_000, 28, 28)
    # The first labels, as every description of MNIST shows them.
    assert training.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    pixels = training.images / np.float32(255)
    assert float(pixels.mean(dtype=np.float64)) == pytest.approx(0.1307, abs=5e-5)
    assert float(pixels.std(dtype=np.float64)) == pytest.approx(0.3081, abs=5e-5)


def test_the_state_of_every_file_is_found(few_digits: list[int]) -> None:
    folder = Path("kept")
    assert {file.state for file in check_files("synthetic", folder)} == {"missing"}
    load_dataset("synthetic", "kept")
    assert {file.state for file in check_files("synthetic", folder)} == {"verified"}
    Path("kept", FILE_NAMES[2]).write_bytes(b"")
    Path("kept", FILE_NAMES[3]).unlink()
    states = [file.state for file in check_files("synthetic", folder)]
    assert states == ["verified", "verified", "damaged", "missing"]
    mnist = check_files("mnist", folder)
    assert [file.state for file in mnist] == ["damaged", "damaged", "damaged", "missing"]
    assert mnist[3].path == folder / f"{FILE_NAMES[3]}.gz"
    Path("kept/synthetic.json").unlink()
    unknown = check_files("synthetic", folder)
    assert [file.state for file in unknown] == ["damaged", "damaged", "damaged", "missing"]
    assert "no synthetic.json" in unknown[0].problem


@pytest.mark.parametrize(
    "record", ["", "[]", "{}", '{"version": 1, "seed": 0, "files": {}}', '"\udcff"']
)
def test_a_damaged_record_of_the_digits_means_they_are_drawn_anew(
    few_digits: list[int], record: str
) -> None:
    load_dataset("synthetic", "kept")
    whole = Path("kept/synthetic.json").read_text()
    Path("kept/synthetic.json").write_text(record, errors="surrogateescape")
    load_dataset("synthetic", "kept")
    assert len(few_digits) == 2
    assert Path("kept/synthetic.json").read_text() == whole


def placed(folder: Path, name: str, content: bytes) -> SourceFile:
    """Put a compressed file into a folder; return what is on record of it: no plain hash."""
    compressed = gzip.compress(content, mtime=0)
    (folder / f"{name}.gz").write_bytes(compressed)
    sha256 = hashlib.sha256(compressed).hexdigest()
    return SourceFile(name, len(content), "", len(compressed), sha256)


@pytest.fixture
def little_fashion(few_digits: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four small files of Fashion-MNIST's form, on record by their compressed hashes."""
    folder = tmp_path / "data" / "fashion-mnist"
    folder.mkdir(parents=True)
    images, labels = np.full((3, 28, 28), 9, np.uint8), np.arange(3, dtype=np.uint8)
    files = [
        placed(folder, name, format_idx(array))
        for name, array in zip(FILE_NAMES, (images, labels, images[:2], labels[:2]), strict=True)
    ]
    source = DATASETS["fashion-mnist"]._replace(files=files)
    monkeypatch.setitem(DATASETS, "fashion-mnist", source)
    return folder


def test_another_published_data_set_is_found_in_its_own_folder(little_fashion: Path) -> None:
    training, test = load_dataset("fashion-mnist")
    assert (training.name, len(training), len(test)) == ("fashion-mnist", 3, 2)
    assert class_names(training.name)[9] == "Ankle boot"
    plain = format_idx(np.arange(3, dtype=np.uint8))
    assert training.sha256[FILE_NAMES[1]] == hashlib.sha256(plain).hexdigest()


def test_a_data_set_under_the_names_of_another_is_refused(little_fashion: Path) -> None:
    with pytest.raises(MnistScratchError, match=r"damaged or another file"):
        load_dataset("mnist", str(little_fashion))
    with pytest.raises(MnistScratchError, match=r"damaged or another file"):
        load_dataset("kmnist", str(little_fashion))


def test_a_plain_file_that_nothing_is_on_record_of_does_not_count(little_fashion: Path) -> None:
    (little_fashion / FILE_NAMES[1]).write_bytes(format_idx(np.ones(3, np.uint8)))
    assert load_dataset("fashion-mnist").training.labels.tolist() == [0, 1, 2]
    (little_fashion / f"{FILE_NAMES[1]}.gz").unlink()
    with pytest.raises(MnistScratchError, match=r"could not fetch train-labels"):
        load_dataset("fashion-mnist")


def test_two_that_start_at_once_draw_once(few_digits: list[int]) -> None:
    reports: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(load_dataset, "synthetic", "kept", reports.append) for _ in range(2)]
        assert [len(future.result().test) for future in both] == [20, 20]
    assert len(few_digits) == 1
    assert sum(report.startswith("drawing synthetic digits into kept") for report in reports) == 1


def test_a_fetch_that_fails_leaves_no_file_behind(few_digits: list[int], tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match="could not fetch"):
        load_dataset("mnist", "new/mnist")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_wrong_file_is_named_and_stays_while_the_others_are_fetched(
    few_digits: list[int], server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = DATASETS["mnist"]._replace(files=FILES, mirrors=[server.mirror("good")])
    monkeypatch.setitem(DATASETS, "mnist", source)
    wrong = Path("kept", f"{FILE_NAMES[0]}.gz")
    wrong.parent.mkdir()
    wrong.write_bytes(b"my own")
    with pytest.raises(MnistScratchError, match=rf"{wrong} is damaged or another file"):
        load_dataset("mnist", "kept", lambda _: None)
    assert wrong.read_bytes() == b"my own"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mnst",), r"dataset = 'mnst': must be one of auto, mnist, .*files, did you mean 'mnist'"),
        (("MNIST",), "dataset = 'MNIST': must be one of"),
        ((None,), "dataset = None: must be one of"),
        ((["mnist"],), r"dataset = \['mnist'\]: must be one of"),
        (("mnist", None), "data_dir = None: must be a path"),
        (("mnist", 7), "data_dir = 7: must be a path"),
    ],
)
def test_arguments_that_name_no_data_set_or_folder_are_errors(
    arguments: tuple[Any, ...], message: str
) -> None:
    with pytest.raises((MnistScratchError, TypeError), match=message):
        load_dataset(*arguments)


def test_what_reports_is_a_function_of_a_text(few_digits: list[int]) -> None:
    for report in (5, lambda: None):
        with pytest.raises(TypeError, match=r"report = .*: must be a function that takes a text"):
            load_dataset("synthetic", "kept", report)  # type: ignore[arg-type]
    assert not few_digits


def test_images_of_0_and_1_are_reported_with_the_remedy(tmp_path: Path) -> None:
    images, labels = np.ones((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8)
    for name, array in zip(FILE_NAMES, 2 * (images, labels), strict=True):
        (tmp_path / name).write_bytes(format_idx(array))
    said: list[str] = []
    load_dataset("files", tmp_path, said.append)
    assert len(said) == 1
    assert "are of 0 and 1 alone" in said[0]
    assert "multiply them by 255" in said[0]


def test_to_invert_is_true_or_false(few_digits: list[int]) -> None:
    with pytest.raises(TypeError, match="invert = 1: must be True or False"):
        load_dataset("synthetic", "kept", invert=1)  # type: ignore[arg-type]
    assert not few_digits


def test_a_folder_may_be_a_path(few_digits: list[int], tmp_path: Path) -> None:
    load_dataset("synthetic", tmp_path / "kept")
    load_dataset("synthetic", str(tmp_path / "kept"))
    assert len(few_digits) == 1
    assert (tmp_path / "kept" / FILE_NAMES[0]).exists()


@pytest.mark.mnist
def test_mnist_is_not_reported_to_be_dark_on_light_unless_it_is_inverted(mnist_dir: Path) -> None:
    said: list[str] = []
    load_dataset("mnist", mnist_dir, said.append)
    assert said == []
    load_dataset("mnist", mnist_dir, said.append, invert=True)
    assert "mean pixel 222 of 255" in said[0]
