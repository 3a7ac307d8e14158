"""From sources as they are in the wild to images and labels."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from helpers.load_digits import load_digits
from PIL import Image

from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.importing.convert import Converted, convert, write
from mnist_scratch.data.pictures.background import Ink
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.data.synthetic.digits import draw_digits
from mnist_scratch.errors import MnistScratchError


def converted(
    source: Path,
    test: Path | None = None,
    share: float | None = None,
    seed: int = 0,
    ink: Ink = "auto",
    prepare: bool = False,
) -> Converted:
    """Convert, where nothing has to be said."""
    return convert(source, test, share, seed, ink, prepare, pytest.fail)


def copy_of(source: Path) -> Path:
    """Copy a source, to be its test part."""
    copy = source.with_name(f"copy of {source.name}")
    return Path((shutil.copytree if source.is_dir() else shutil.copy)(source, copy))


def save_pictures(folder: Path, images: npt.NDArray[Any], names: Iterable[object]) -> None:
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        path = folder / str(name) / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def save_csv(path: Path, dataset: Dataset, header: str = "") -> None:
    rows = np.column_stack([dataset.labels, dataset.pixels])
    np.savetxt(path, rows, fmt="%d", delimiter=",", header=header, comments="")


def drawn_digits() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """A hundred labels and their synthetic digits, which lie as MNIST's do."""
    labels = (np.arange(100) % 10).astype(np.uint8)
    return labels, draw_digits(labels, np.random.default_rng(0))


HEADER = "label," + ",".join(f"pixel{number}" for number in range(784))


def save(form: str, folder: Path, digits: Dataset) -> tuple[Path, Path | None]:
    """Write digits, as training and test part, in a form; return its source or sources."""
    images, labels = digits.images, digits.labels
    if form == "pictures":
        for part in ("train", "test"):
            save_pictures(folder / "archive" / part, images, labels)
        return folder, None
    if form.startswith("csv"):
        for name in ("train.csv", "test.csv"):
            save_csv(folder / name, digits, HEADER if form == "csv with a header" else "")
        return folder / "train.csv", folder / "test.csv"
    if form.startswith("npz"):
        pixels = images / np.float32(255) if form == "npz of floats" else images
        write_npz = np.savez_compressed if form == "npz, compressed" else np.savez
        parts: dict[str, Any] = {
            "x_train": pixels,
            "y_train": labels,
            "x_test": pixels,
            "y_test": labels,
        }
        write_npz(folder / "mnist.npz", **parts)
        return folder / "mnist.npz", None
    extended = np.zeros((100, 8), np.int32)
    extended[:, 0] = labels
    arrays = (images, extended if form == "QMNIST" else labels)
    names = [name.replace("-idx", ".idx") for name in FILE_NAMES]
    for name, array in zip(names, 2 * arrays, strict=True):
        content = format_idx(array)
        (folder / name).write_bytes(gzip.compress(content) if form == "gzip" else content)
    return folder, None


FORMS = ["pictures", "csv with a header", "csv without", "npz", "npz, compressed", "npz of floats"]


@pytest.mark.parametrize("form", [*FORMS, "idx3-ubyte", "gzip", "QMNIST"])
def test_images_of_28_x_28_come_through_byte_for_byte(
    tmp_path: Path, digits: Dataset, form: str
) -> None:
    source, test = save(form, tmp_path, digits)
    made = converted(source, test)
    order = np.argsort(digits.labels, kind="stable") if form == "pictures" else np.arange(100)
    for part in (made.training, made.test):
        np.testing.assert_array_equal(part.images, digits.images[order])
        np.testing.assert_array_equal(part.labels, digits.labels[order])
    assert made.classes == tuple("0123456789")
    assert (made.sizes, made.held_out, made.left_out) == ([(28, 28)], 0, [])
    assert made.notes == (["grey levels 0 to 1 made 0 to 255"] if form == "npz of floats" else [])


def test_what_was_written_is_a_data_set_of_four_files_and_names(
    tmp_path: Path, digits: Dataset
) -> None:
    save_pictures(tmp_path / "source", digits.images, ["ab"[label % 2] for label in digits.labels])
    made = converted(tmp_path / "source")
    write(made, tmp_path)
    training, test = load_dataset("files", tmp_path, pytest.fail)
    for part, loaded in ((made.training, training), (made.test, test)):
        np.testing.assert_array_equal(loaded.images, part.images)
        np.testing.assert_array_equal(loaded.labels, part.labels)
        assert loaded.classes == ("a", "b")
    again = converted(tmp_path)
    np.testing.assert_array_equal(again.training.labels, made.training.labels)
    assert again.classes == ("a", "b"), "from classes.txt"


def grey(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Enlarge 8 x 8 levels from 0 to 16 to 28 x 28 from 0 to 255, without Pillow: linearly."""
    weights = np.zeros((28, 8))
    places = np.clip((np.arange(28) + 0.5) * 8 / 28 - 0.5, 0, 7)
    for row, place in enumerate(places):
        weights[row] = np.maximum(0, 1 - np.abs(np.arange(8) - place))
    return np.rint(weights @ levels @ weights.T * 255 / 16).astype(np.uint8)


def test_load_digits_is_imported_from_an_npz_file(tmp_path: Path) -> None:
    images, labels = load_digits()
    np.savez(tmp_path / "digits.npz", images=images, labels=labels)
    made = converted(tmp_path / "digits.npz")
    assert (len(made.training), len(made.test), made.held_out) == (1438, 359, 0.2)
    assert made.classes == tuple("0123456789")
    assert made.notes == ["grey levels 0 to 16 made 0 to 255"]
    assert made.sizes == [(8, 8)]
    in_order = np.concatenate([made.training.images, made.test.images])
    linear = [grey(levels).astype(int) for levels in images[:20]]  # near to the cubic enlargement
    for image in in_order[:3]:
        distances = sorted(np.abs(image - each).mean() for each in linear)
        assert distances[0] < 12 < 24 < distances[1], "one of them, and no other"


def test_load_digits_is_imported_from_a_folder_of_colour_pictures_dark_on_light(
    tmp_path: Path,
) -> None:
    images, labels = load_digits()
    chosen = np.arange(0, len(labels), 12)
    paper, ink = np.array([250, 240, 220]), np.array([20, 40, 120])
    pictures = []
    for levels in images[chosen]:
        enlarged = Image.fromarray(np.uint8(levels * 255 / 16)).resize((32, 32))
        share = np.asarray(enlarged)[:, :, None] / 255
        pictures.append(np.uint8(paper * (1 - share) + ink * share))
    save_pictures(tmp_path, np.array(pictures), labels[chosen])
    made = converted(tmp_path)
    assert len(made.training) + len(made.test) == len(chosen)
    assert made.notes == ["the images were dark on light: turned, 255 minus every pixel"]
    assert made.sizes == [(32, 32)]
    assert made.training.images.mean() < 110


def test_the_same_share_of_each_class_is_held_out_as_the_seed_says(
    tmp_path: Path, digits: Dataset
) -> None:
    np.savez(tmp_path / "a.npz", images=digits.images, labels=digits.labels)
    first, again, other = (converted(tmp_path / "a.npz", seed=seed) for seed in (0, 0, 1))
    assert np.bincount(first.test.labels).tolist() == [2] * 10
    assert np.bincount(first.training.labels).tolist() == [8] * 10
    np.testing.assert_array_equal(first.test.images, again.test.images)
    assert (first.test.images != other.test.images).any()
    both = np.concatenate([first.training.images, first.test.images])
    assert len(np.unique(both, axis=0)) == 100, "every image once"
    assert len(converted(tmp_path / "a.npz", share=0.5).test) == 50


def test_of_two_images_one_is_held_out_and_of_a_single_one_none(tmp_path: Path) -> None:
    images = np.full((5, 28, 28), 200, np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=["a", "a", "b", "c", "c"])
    made = converted(tmp_path / "a.npz", share=0.9)
    assert made.training.labels.tolist() == [0, 1, 2]
    assert made.test.labels.tolist() == [0, 2]
    assert made.notes[-1] == "without a test image: b"


@pytest.mark.parametrize(
    ("labels", "classes", "numbers"),
    [
        ([1, 2, 10], ("1", "2", "10"), [0, 1, 2]),
        ([-1, 1, 1], ("-1", "1"), [0, 1, 1]),
        ([3.0, 5.0, 3.0], ("3", "5"), [0, 1, 0]),
        (["cat", "dog", "10"], ("10", "cat", "dog"), [1, 2, 0]),
        ([b"cat", b"dog", b"cat"], ("cat", "dog"), [0, 1, 0]),
        ([[4], [3], [4]], ("3", "4"), [1, 0, 1]),
        ([[0, 1], [1, 0], [0, 1]], ("0", "1"), [1, 0, 1]),
        ([True, False, True], ("0", "1"), [1, 0, 1]),
    ],
)
def test_labels_may_begin_anywhere_or_be_words(
    tmp_path: Path, labels: list[Any], classes: tuple[str, ...], numbers: list[int]
) -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    path = tmp_path / "a.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    made = converted(path)
    assert made.classes == classes
    assert made.training.labels.tolist() == made.test.labels.tolist() == numbers


@pytest.mark.parametrize("shape", [(3, 64), (3, 8, 8), (3, 8, 8, 1), (3, 1, 8, 8), (3, 3, 8, 8)])
def test_images_may_have_their_pixels_in_a_row_and_their_colours_first(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    images = np.zeros((3, 3, 8, 8), np.uint8)
    images[:, :, :, 4:] = 255  # all colours alike
    some = images if shape == images.shape else images[:, 0].reshape(shape)
    np.savez(tmp_path / "a.npz", images=some, labels=[0, 1, 1])
    made = converted(tmp_path / "a.npz")
    assert made.sizes == [(8, 8)]
    assert made.training.images[0, :, 0].max() == 0
    assert made.training.images[0, :, -1].min() == 255


def test_a_picture_that_is_not_square_keeps_its_shape(tmp_path: Path) -> None:
    picture = np.full((56, 14), 40, np.uint8)
    picture[10:46, 5:9] = 200
    save_pictures(tmp_path, np.array([picture] * 4), "aabb")
    image = converted(tmp_path).training.images[0]
    assert (image[:, :10] == 40).all(), "the grey of its border"
    assert image[14, 13] > 150
    assert image[:, 10:18].std() > 0


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_what_is_transparent_is_paper(tmp_path: Path, ink: int, paper: int) -> None:
    picture = np.full((28, 28, 4), ink, np.uint8)
    picture[:, :, 3] = 0
    picture[5:20, 12:16, 3] = 255
    save_pictures(tmp_path, np.array([picture] * 4), "aabb")
    image = converted(tmp_path).training.images[0]
    assert set(image[5:20, 12:16].ravel()) == {255}
    assert image[0, 0] == 0


def test_pictures_can_be_prepared_as_one_s_own_are_and_those_without_a_digit_are_left_out(
    tmp_path: Path, digits: Dataset
) -> None:
    pictures = np.full((6, 60, 60), 255, np.uint8)
    pictures[:5, 10:30, 5:9] = 0
    save_pictures(tmp_path, pictures, "aaabbb")
    made = converted(tmp_path, prepare=True)
    (reason,) = made.left_out
    assert f"{tmp_path / 'b' / '005.png'}: nothing is drawn" in reason
    rows, columns = np.nonzero(made.training.images[0])
    assert [int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1] == [20, 4], "in MNIST's box of 20 x 20"
    assert len(made.training) + len(made.test) == 5


def test_a_folder_for_validation_is_the_test_part_only_where_there_is_none(
    tmp_path: Path, digits: Dataset
) -> None:
    said: list[str] = []
    for part in ("Training", "val"):
        save_pictures(tmp_path / part, digits.images[:20], "ab" * 10)
    assert len(convert(tmp_path, None, None, 0, "auto", False, said.append).test) == 20
    save_pictures(tmp_path / "test", digits.images[:10], "ab" * 5)
    assert len(convert(tmp_path, None, None, 0, "auto", False, said.append).test) == 10
    assert said == [
        f"{tmp_path / 'val'} is taken for the test part",
        f"{tmp_path / 'val'} is left out",
    ]


# Files in a folder, what is imported, and what is said.
IMAGE = np.zeros((2, 28, 28), np.uint8)


def npz(**arrays: Any) -> dict[str, Any]:
    return {"images": IMAGE, "labels": [0, 1]} | arrays


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (npz(images=IMAGE - 1.5), "a.npz, images, image 0: row 0, column 0 of the image is -1.5;"),
        (npz(images=IMAGE.astype(int) + 4095), "column 0 of the image is 4095; grey levels are 0"),
        (npz(images=IMAGE - 0.42), "column 0 of the image is -0.42; grey levels are 0 to 255, or"),
        (npz(images=IMAGE + np.inf), "column 0 of the image is inf; grey levels are 0 to 255"),
        (npz(images=IMAGE + np.nan), "column 0 of the image is nan; grey levels are 0 to 255"),
        (npz(images=IMAGE.astype(int) + 256), "column 0 of the image is 256; grey levels are"),
        (npz(images=IMAGE[:1]), "1 images, but 2 labels; every image needs one"),
        (npz(images=IMAGE[:0], labels=[]), r"images must be numbers .* not uint8 \(0, 28, 28\)"),
        (npz(images=IMAGE.reshape(2, 28, 14, 2)), r"images must be .* not uint8 \(2, 28, 14, 2\)"),
        (npz(images=np.zeros((2, 783))), r"squares \(N, pixels\), not float64 \(2, 783\)"),
        (npz(images=["a", "b"]), "images must be numbers"),
        (npz(labels=[0.5, 1]), r"labels, image 0: the label 0.5 is no class; classes are whole"),
        (npz(labels=[[0, 1], [1, 1]]), r"labels, image 1: the label \[1, 1\] is not one-hot"),
        (npz(labels=[[[0]], [[1]]]), r"labels must be whole numbers or words \(N,\), not int64"),
        (npz(labels=["", "a"]), "labels, image 0: the label is empty"),
        (npz(labels=["a", "b\n\nb"]), r"class 1: 'b\\n\\nb' must have .* all printable"),
        (npz(labels=["a" * 41, "b"]), "must have at most 40 characters"),
        (npz(labels=[3, 3]), r"a single class \(3\), where 2 to 256 are needed"),
        (npz(labels=[0, 1]), "no image is left to test with"),
        (npz(labels=np.array(["a", None])), "array of Python objects, a pickle, which is never"),
        ({"x_train": IMAGE, "Y": [0, 1]}, "x_train without y_train; save the labels too"),
        ({"a": IMAGE}, "no x_train and y_train, nor images and labels; it has 'a'; save it as"),
        (
            {"x_train": IMAGE, "y_train": [0, 0], "x_test": IMAGE, "y_test": [0, 1]},
            "its class 1 has no training image; add some, or take it out",
        ),
    ],
)
def test_an_npz_file_that_cannot_be_used_is_named_with_image_and_value(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(MnistScratchError, match=f"(?s){message}"):
        converted(tmp_path / "a.npz")


SMALL = "label,a,b,c,d\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SMALL + "0,1,2,3\n", "a.csv, line 2: 4 columns, where the first line has 5"),
        (SMALL + "0,1,2,3,4\n\n1,1,x,3,4\n", "a.csv, line 4: pixel 1 is 'x', where a grey level"),
        (SMALL + "0,1,2,3,4\n1,1,,3,4\n", "a.csv, line 3: pixel 1 is empty, where a grey level"),
        (SMALL + "0,1,2,3,4\n1,1,2,256,4\n", "line 3: row 1, column 0 of the image is 256; grey"),
        (SMALL + "0,1,2,3,4\n1,1,-1,3,4\n", "a.csv, line 3: row 0, column 1 of the image is -1"),
        (SMALL + "0,1,2,3,4\n,1,2,3,4\n", "a.csv, line 3: the label is empty; name the class"),
        (SMALL + "0.5,1,2,3,4\n", "a.csv, line 2: the label 0.5 is no class; classes are whole"),
        (SMALL, "a.csv: there is no row with an image in it"),
        ("\n", "a.csv: there is no row with an image in it"),
        ("pixel0,pixel1\n1,2\n", "a.csv, line 1: no column is called label, .*among.*pixel0"),
        ("label,y,a\n1,2,3\n", "a.csv, line 1: more than one column is called label"),
        ("0,1,2,3\n", "a.csv, line 1: 3 columns of pixels make no square image; a row has a label"),
        ("7\n", "a.csv, line 1: a single column, as of a text that is no CSV"),
        ("0,1,2,3,4\n" + "0,9,9,9,9\n" * 9, r"a single class \(0\), where 2 to 256 are needed"),
        (
            "".join(f"{k},1,1,1,1\n" for k in range(300)),
            r"300 classes \(0, 1, 2, 3, 4 and so on\), where 2 to",
        ),
        ("a,1,2,3,4\n" * 60 + "ä,1,2,3,4\n", "a.csv: not UTF-8; save it in that encoding"),
        ('a,1,2,3,"4\n' + "x" * 200_000, "a.csv, line 2: field larger than field limit"),
    ],
)
def test_a_csv_file_that_cannot_be_used_is_named_with_line_and_value(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "a.csv").write_text(content, "latin-1")
    with pytest.raises(MnistScratchError, match=f"(?s){message}"):
        converted(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "content",
    [
        "a,0,0,255,255\nb,0,0,255,255\n",
        "a,0,0,255,255\r\nb,0,0,255,255\r\n",
        "a;0;0;255;255\nb;0;0;255;255\n",
        "a\t0\t0\t1.0\t1\nb\t0\t0\t1\t1\n",
        '"p","q","label","r","s"\n"0","0","a","255","255"\n0,0,"b",255,255\n',
        ",class,p,q,r,s\n0,a,0,0,255,255\n1,b,0,0,255,255\n",
        "p,q,r,s,Target\n0,0,255,255,a\n0,0,255,255,b",
        "a,0,0,65535,65535\nb,0,0,65535,65535\n",
    ],
)
def test_csv_files_differ_in_header_separator_and_place_of_the_label(
    tmp_path: Path, content: str
) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "a.csv").write_bytes(content.encode(encoding))
        made = converted(tmp_path / "a.csv", copy_of(tmp_path / "a.csv"))
        assert made.classes == ("a", "b")
        assert made.training.images[:, 0].max() == 0
        assert made.training.images[:, -1].min() == 255


def test_a_header_of_nothing_but_numbers_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("0,1,2,3,4\n5,0,0,0,0\n6,0,0,0,0\n")
    made = converted(tmp_path / "a.csv", copy_of(tmp_path / "a.csv"))
    assert made.classes == ("5", "6")


@pytest.mark.parametrize(
    ("content", "classes"),
    [
        ("label,0,1,2,3\n5,0,0,0,0\n6,0,0,0,0\n", ("5", "6")),
        ("y,1,2,3,4\n5,0,0,0,0\n6,0,0,0,0\n", ("5", "6")),
        ("y,0,0,9,9\nz,0,0,9,9\n", ("y", "z")),
        ("nan,0,0,9,9\ninf,0,0,9,9\n", ("inf", "nan")),
    ],
)
def test_a_header_is_told_from_a_label_that_is_a_word(
    tmp_path: Path, content: str, classes: tuple[str, ...]
) -> None:
    (tmp_path / "a.csv").write_text(content)
    made = converted(tmp_path / "a.csv", copy_of(tmp_path / "a.csv"))
    assert made.classes == classes
    assert len(made.training) == 2


def test_what_is_no_source_is_told_what_it_is(tmp_path: Path, digits: Dataset) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"a,1\n"))
    (tmp_path / "a.html").write_text("<html>")
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "train.idx").write_bytes(format_idx(digits.labels))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b""))
    Image.new("L", (3, 3)).save(tmp_path / "a.png")
    for name, message in (
        ("nowhere", "nowhere: no such file or folder; check the name"),
        ("a.gz", "a.gz is a gzip file; unpack it, and name what was in it"),
        ("a.html", "a.html is an HTML page; a page about the file was saved in its place: downl"),
        ("a.zip", "a.zip is damaged: .*; save or copy it again"),
        (
            "a.png",
            f"PNG picture; name the folder that has a folder for each .* {tmp_path.parent}",
        ),
        (
            "train.idx",
            f"an IDX file, images or labels alone; name the folder in which .* {tmp_path}",
        ),
        (
            "t10k-labels-idx1-ubyte.gz",
            "gzip file, images or labels alone; name the folder in which",
        ),
        ("", "has 1 picture but no folders of pictures; place the pictures of each class in a fo"),
    ):
        with pytest.raises(MnistScratchError, match=message):
            converted(tmp_path / name)


@pytest.mark.parametrize(("present", "absent"), [(0, 1), (1, 0)])
def test_images_without_labels_beside_them_are_told_what_is_missing(
    tmp_path: Path, digits: Dataset, present: int, absent: int
) -> None:
    array = (digits.images, digits.labels)[present]
    (tmp_path / FILE_NAMES[present]).write_bytes(format_idx(array))
    message = f"has {FILE_NAMES[present]} but no {FILE_NAMES[absent]}, plain or with .gz; place it"
    with pytest.raises(MnistScratchError, match=message):
        converted(tmp_path)


def test_an_archive_of_something_else_is_to_be_unpacked(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a/1.png", "")
    with pytest.raises(MnistScratchError, match=r"a\.zip is a ZIP archive; unpack it"):
        converted(tmp_path / "a.zip")


def test_pictures_that_cannot_be_used_are_left_out_if_they_are_few(
    tmp_path: Path, digits: Dataset
) -> None:
    save_pictures(tmp_path, digits.images[:20], "ab" * 10)
    (tmp_path / "a" / "000.png").write_bytes(b"")
    made = converted(tmp_path)
    assert len(made.training) + len(made.test) == 19
    assert made.left_out[0].startswith(f"{tmp_path / 'a' / '000.png'}: the file is empty")
    for path in (tmp_path / "a").iterdir():
        path.write_bytes(b"")
    with pytest.raises(MnistScratchError, match=r"its class a has no training image.*000\.png"):
        converted(tmp_path, copy_of(tmp_path))
    (tmp_path / "b" / "001.png").write_bytes(b"")
    with pytest.raises(MnistScratchError, match=r"11 of 20 pictures cannot be used; .*the file is"):
        converted(tmp_path)


def test_a_folder_without_pictures_is_left_out_and_named(tmp_path: Path, digits: Dataset) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MnistScratchError, match=r"no folders of pictures.*among its 0 files"):
        converted(tmp_path)
    save_pictures(tmp_path, digits.images[:20], "ab" * 10)
    made = converted(tmp_path)
    assert made.classes == ("a", "b")
    (reason,) = made.left_out
    assert reason.startswith(f"{tmp_path / 'empty'}: no picture among its 0 files")


def test_capital_and_small_letters_are_classes_of_their_own(
    tmp_path: Path, digits: Dataset
) -> None:
    save_pictures(tmp_path, digits.images[:20], "aA" * 10)
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this disk takes a and A for one name")
    made = converted(tmp_path)
    assert made.classes == ("A", "a")
    assert len(made.training) + len(made.test) == 20


def test_a_folder_beside_the_training_part_is_no_class_and_is_named(
    tmp_path: Path, digits: Dataset
) -> None:
    said: list[str] = []
    save_pictures(tmp_path / "train", digits.images[:20], "ab" * 10)
    save_pictures(tmp_path, digits.images[:4], ["docs"] * 4)
    assert convert(tmp_path, None, None, 0, "auto", False, said.append).classes == ("a", "b")
    assert said == [f"{tmp_path / 'docs'} is left out: it lies beside train, not in it"]


def test_a_test_source_counts_its_grey_levels_to_its_own_top(
    tmp_path: Path, digits: Dataset
) -> None:
    save_csv(tmp_path / "a.csv", digits)
    np.savez(tmp_path / "a.npz", images=digits.images / np.float32(255), labels=digits.labels)
    for source, test, what in (("a.csv", "a.npz", "test"), ("a.npz", "a.csv", "training")):
        made = converted(tmp_path / source, tmp_path / test)
        for part in (made.training, made.test):
            np.testing.assert_array_equal(part.images, digits.images)
        assert made.notes == [f"{what} images: grey levels 0 to 1 made 0 to 255"]


@pytest.mark.parametrize(
    ("scaled", "done"),
    [
        (lambda images: images.astype(np.uint16) * 257, "0 to 65535"),
        (lambda images: (images / 127.5 - 1).astype(np.float32), "-1 to 1"),
        (lambda images: images / 255, "0 to 1"),
    ],
)
def test_grey_levels_of_other_scales_become_those_they_were(
    tmp_path: Path, scaled: Callable[[npt.NDArray[Any]], npt.NDArray[Any]], done: str
) -> None:
    labels, images = drawn_digits()
    np.savez(tmp_path / "a.npz", x_train=scaled(images), y_train=labels)
    made = converted(tmp_path / "a.npz")
    both = np.concatenate([made.training.images, made.test.images])
    np.testing.assert_array_equal(np.unique(both, axis=0), np.unique(images, axis=0))
    assert made.notes == [f"grey levels {done} made 0 to 255"]


def test_load_digits_is_imported_under_scikit_learn_s_own_names(tmp_path: Path) -> None:
    images, labels = load_digits()
    rows, frame = images.reshape(-1, 64), np.array(None)
    np.savez(tmp_path / "own.npz", images=images, labels=labels)
    np.savez(tmp_path / "rows.npz", data=rows, target=labels)
    np.savez(tmp_path / "all.npz", data=rows, target=labels, images=images, frame=frame)
    expected = converted(tmp_path / "own.npz").training
    for name in ("rows.npz", "all.npz"):
        made = converted(tmp_path / name).training
        np.testing.assert_array_equal(made.images, expected.images)
        np.testing.assert_array_equal(made.labels, expected.labels)


def test_the_parts_of_one_source_have_one_scale(tmp_path: Path) -> None:
    images = np.zeros((2, 28, 28))
    images[0, 0, 0] = 16
    parts: dict[str, Any] = {
        "x_train": images,
        "y_train": [0, 1],
        "x_test": images / 2,
        "y_test": [0, 1],
    }
    np.savez(tmp_path / "a.npz", **parts)
    made = converted(tmp_path / "a.npz")
    assert (made.training.images.max(), made.test.images.max()) == (255, 128)


@pytest.mark.parametrize(
    ("images", "note"),
    [
        (np.zeros((4, 9, 9)), "the images are all alike: there is nothing to tell classes by"),
        (
            np.arange(0, 240, 60).reshape(4, 1, 1),
            "each of the images is a single grey, without anything drawn",
        ),
    ],
)
def test_images_with_nothing_to_see_are_noted(
    tmp_path: Path, images: npt.NDArray[Any], note: str
) -> None:
    np.savez(tmp_path / "a.npz", images=images, labels=[0, 0, 1, 1])
    assert note in converted(tmp_path / "a.npz").notes


@pytest.mark.parametrize("dark", [0, 3, 50, 97, 100])
def test_of_pictures_dark_on_light_and_light_on_dark_each_is_turned_as_it_needs(
    tmp_path: Path, dark: int
) -> None:
    labels, light_on_dark = drawn_digits()
    light_on_dark[:5] = np.maximum(light_on_dark[:5], 160)  # pale paper, darker than the digit yet
    images = light_on_dark.copy()
    images[:dark] = 255 - images[:dark]
    np.savez(tmp_path / "a.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    made = converted(tmp_path / "a.npz")
    np.testing.assert_array_equal(made.training.images, light_on_dark)
    assert len(made.notes) == (2 if dark else 0)
    if 0 < dark < 100:
        assert made.notes[0].startswith(f"{dark} of 100 training images were dark on light and")
    kept = converted(tmp_path / "a.npz", ink="light")
    np.testing.assert_array_equal(kept.training.images, images)


def test_a_picture_whose_corners_differ_is_turned_as_most_others_are(tmp_path: Path) -> None:
    images = np.full((4, 28, 28), 250, np.uint8)
    images[:, 10:18, 12:14] = 20
    images[3, 10:] = 20  # two corners and most of it
    np.savez(tmp_path / "a.npz", images=images, labels=[0, 0, 1, 1])
    made = converted(tmp_path / "a.npz")
    assert made.notes == ["the images were dark on light: turned, 255 minus every pixel"]


def test_load_digits_of_both_inks_are_all_turned_to_light_on_dark(tmp_path: Path) -> None:
    images, labels = load_digits()  # of which 4% have ink in a corner
    labels, light = labels[::3], (images[::3] * 255 / 16).astype(np.uint8)
    mixed = light.copy()
    mixed[::2] = 255 - mixed[::2]
    for name, each in (("a.npz", light), ("b.npz", mixed)):
        np.savez(tmp_path / name, images=each, labels=labels)
    expected, made = (converted(tmp_path / name) for name in ("a.npz", "b.npz"))
    assert expected.notes == []
    assert made.notes[0].startswith("300 of 599 images were dark on light and the others not: turn")
    np.testing.assert_allclose(
        made.training.images.astype(int), expected.training.images.astype(int), atol=2
    )  # enlarging rounds half a grey level up, twice


def test_only_images_that_lie_as_mnist_s_do_have_new_pictures_prepared_as_mnist_was(
    tmp_path: Path,
) -> None:
    labels, digits = drawn_digits()
    for source, images, resized in (
        ("as MNIST", digits, ""),
        ("enlarged", digits.repeat(2, axis=1).repeat(2, axis=2), ""),
        ("cut out", digits[:, 4:24, 4:24], "auto"),
        ("moved", np.roll(digits, 3, axis=2), "auto"),
    ):
        np.savez(tmp_path / f"{source}.npz", images=images, labels=labels)
        folder = tmp_path / source
        folder.mkdir()
        write(converted(tmp_path / f"{source}.npz"), folder)
        assert load_dataset("files", folder).training.resized == resized, source
        assert converted(tmp_path / f"{source}.npz", prepare=True).training.resized == ""


def test_labels_that_begin_at_1_are_the_names_in_classes_txt_in_turn(
    tmp_path: Path, digits: Dataset
) -> None:
    save("idx3-ubyte", tmp_path, digits)
    for name in ("train", "t10k"):
        (tmp_path / f"{name}-labels.idx1-ubyte").write_bytes(format_idx(digits.labels % 5 + 1))
    (tmp_path / "classes.txt").write_text("a\nb\nc\nd\ne\n")
    made = converted(tmp_path)
    assert made.notes == ["labels 1 to 5 are the lines of classes.txt in turn"]
    said: list[str] = []
    for part in (made.training, load_dataset("files", tmp_path, said.append).training):
        assert part.classes == tuple("abcde")
        np.testing.assert_array_equal(part.labels, digits.labels % 5)
    assert said == ["labels 1 to 5 are numbered from 0; their names stay"]


def test_labels_that_classes_txt_does_not_name_are_refused(tmp_path: Path, digits: Dataset) -> None:
    save("idx3-ubyte", tmp_path, digits)
    (tmp_path / "classes.txt").write_text("a\nb\n")
    with pytest.raises(MnistScratchError, match=r"the label 2, where classes.txt names 2 classes"):
        converted(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": 0.0}, "--test-share 0: must lie between 0 and 1"),
        ({"share": 1.0}, "--test-share 1: must lie between 0 and 1"),
        ({"share": float("nan")}, "--test-share nan: must lie between 0 and 1"),
        ({"seed": -1}, "--seed -1: must be 0 or more"),
        ({"share": 0.3}, "--test-share 0.3: there is a test part in .*train.csv|mnist.npz; leave"),
    ],
)
def test_options_that_cannot_be_used_are_named(
    tmp_path: Path, digits: Dataset, options: dict[str, Any], message: str
) -> None:
    source, _ = save("npz", tmp_path, digits)
    with pytest.raises(MnistScratchError, match=message):
        converted(source, **options)


@pytest.mark.mnist
def test_mnist_as_kaggle_and_keras_have_it_becomes_the_same_files(
    tmp_path: Path, mnist_dir: Path
) -> None:
    training, test = load_dataset("mnist", mnist_dir)
    train, held_out = (
        Dataset("mnist", part.images[:100], part.labels[:100]) for part in (training, test)
    )
    save_csv(tmp_path / "train.csv", train, HEADER)
    save_csv(tmp_path / "test.csv", held_out)
    np.savez(
        tmp_path / "mnist.npz",
        x_train=train.images,
        y_train=train.labels,
        x_test=held_out.images,
        y_test=held_out.labels,
    )
    for source, other in (("train.csv", tmp_path / "test.csv"), ("mnist.npz", None)):
        folder = tmp_path / f"of {source}"
        folder.mkdir()
        write(converted(tmp_path / source, other), folder)
        for name, array in zip(
            FILE_NAMES,
            (train.images, train.labels, held_out.images, held_out.labels),
            strict=True,
        ):
            assert (folder / name).read_bytes() == format_idx(array)


def test_the_source_is_no_test_part_and_the_test_part_of_another_is_taken(
    tmp_path: Path, digits: Dataset
) -> None:
    source, _ = save("npz", tmp_path, digits)
    with pytest.raises(MnistScratchError, match=r"--test .*mnist.npz is the source: .*learned"):
        converted(source, source)
    other = tmp_path / "other.npz"
    x, y = digits.images, digits.labels
    np.savez(other, x_train=x[:50], y_train=y[:50], x_test=x[50:], y_test=y[50:])
    said: list[str] = []
    made = convert(source, other, None, 0, "auto", False, said.append)
    np.testing.assert_array_equal(made.test.images, digits.images[50:])
    assert said == [
        f"{other}: its test part is taken, its training part left out",
        f"{source}: its own test part is left out, since --test names another",
    ]


def test_parts_that_are_not_on_one_scale_are_refused(tmp_path: Path, digits: Dataset) -> None:
    floats: npt.NDArray[Any] = digits.images / np.float32(255)
    labels = digits.labels
    for first, second in ((floats, digits.images), (digits.images, floats)):
        path = tmp_path / f"{first.dtype}.npz"
        np.savez(path, x_train=first, y_train=labels, x_test=second, y_test=labels)
        with pytest.raises(MnistScratchError, match=r"x_train and .*x_test end at .*not on one sc"):
            converted(path)


@pytest.mark.parametrize("absent", [FILE_NAMES[2], FILE_NAMES[3]])
def test_half_a_test_part_is_not_left_out(tmp_path: Path, digits: Dataset, absent: str) -> None:
    save("idx3-ubyte", tmp_path, digits)
    (tmp_path / absent.replace("-idx", ".idx")).unlink()
    with pytest.raises(MnistScratchError, match=f"has t10k-.* but no {absent}, plain or with .gz"):
        converted(tmp_path)


def test_two_files_for_one_part_are_refused_but_one_beside_its_gz(
    tmp_path: Path, digits: Dataset
) -> None:
    save("idx3-ubyte", tmp_path, digits)
    content = gzip.compress(format_idx(digits.images[:5]))
    (tmp_path / "train-images.idx3-ubyte.gz").write_bytes(content)
    assert len(converted(tmp_path).training) == 100
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(MnistScratchError, match=r"are two files for one part"):
        converted(tmp_path)


def test_only_whole_numbers_written_plainly_are_one_class(tmp_path: Path) -> None:
    labels = np.array(["1", "1.0", "01", "1e0", "one", "-2"] * 4)
    np.savez(tmp_path / "a.npz", images=np.eye(24)[:, :, None] * np.ones(24), labels=labels)
    assert converted(tmp_path / "a.npz").classes == ("-2", "01", "1", "1e0", "one")


def test_what_lies_beside_the_pictures_is_named(tmp_path: Path, digits: Dataset) -> None:
    save_pictures(tmp_path, digits.images, digits.labels % 2)
    save_pictures(tmp_path / "0", digits.images[:1], ["inner"])
    (tmp_path / "1" / "notes.txt").write_text("?")
    Image.fromarray(digits.images[0]).save(tmp_path / "lone.png")
    left_out = "\n".join(converted(tmp_path).left_out)
    for words in ("0/inner: left out: a folder within a class", "1/notes.txt: left out: no pic"):
        assert words in left_out.replace("\\", "/")
    assert f"{tmp_path}: left out: 1 pictures beside the folders" in left_out


def test_a_folder_with_a_csv_is_no_folder_of_pictures_and_the_csv_is_named(
    tmp_path: Path, digits: Dataset
) -> None:
    save_csv(tmp_path / "train.csv", digits)
    with pytest.raises(MnistScratchError, match=r"no folders of pictures, but train.csv; name "):
        converted(tmp_path)


def test_what_was_said_of_the_ink_of_resized_pictures_is_kept(tmp_path: Path) -> None:
    images = np.full((20, 40, 40), 200, np.uint8)
    images[::2, 10:30] = 90
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(20) % 2)
    made = converted(tmp_path / "a.npz", ink="light")
    write(made, tmp_path)
    assert load_dataset("files", tmp_path).training.resized == "light"
