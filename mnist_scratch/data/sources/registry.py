"""All data sets, in one table: their classes, their files and where those are published.

This is the only list of data sets: the choices of `--dataset` and their help, what `mnist-scratch
data` can fetch and verify, and the names of the classes follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class SourceFile(NamedTuple):
    """What a file of a data set must be, plain and compressed with gzip.

    Attributes
    ----------
    name
        Of the plain file; the compressed one has `.gz` appended.
    size, sha256
        Bytes and SHA-256 of the plain file. The hash is "" where none was published.
    compressed_size, compressed_sha256
        The same of the compressed file; 0 and "" where it is not published.
    """

    name: str
    size: int
    sha256: str
    compressed_size: int = 0
    compressed_sha256: str = ""

    @property
    def compressed_name(self) -> str:
        """Name of the compressed file."""
        return f"{self.name}.gz"

    @property
    def published(self) -> tuple[str, int, str]:
        """Name, size and SHA-256 of the form in which the file is published."""
        if self.compressed_sha256:
            return self.compressed_name, self.compressed_size, self.compressed_sha256
        return self.name, self.size, self.sha256


class DataSource(NamedTuple):
    """An entry of the table.

    Attributes
    ----------
    title
        What the data set is called in messages.
    description
        What it is, in a few words, for `--help`.
    classes
        Names of its classes, in the order of their labels; of a person's own files, classes.txt has
        others.
    files
        Training images and labels, test images and labels; none where they are a person's own.
    mirrors
        HTTPS addresses to which a file's name is appended, in the order in which to ask them; none
        where the data set is not published.
    archive
        The ZIP file that is published instead of the four, if they are: it holds them compressed,
        in its folder `gzip/`.
    folder
        Whose folder its files are in, if it is another data set's: the archive has both.
    resized
        As `Dataset.resized`: its images fill the field, as whole pictures that were resized.
    to_mnist_layout
        Turns the array of a file into images (N, 28, 28), rows first, or labels (N,), both uint8.
    """

    title: str
    description: str
    classes: tuple[str, ...]
    files: Sequence[SourceFile] = ()
    mirrors: Sequence[str] = ()
    archive: SourceFile | None = None
    folder: str = ""
    resized: str = ""
    to_mnist_layout: Callable[[Any], Any] = lambda array: array


DIGITS = tuple("0123456789")

# The names of MNIST's files, and of all that have its form.
FILE_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_SIZES = (47_040_016, 60_008, 7_840_016, 10_008)


def _mnist_shaped(*recorded: tuple[int, str, str]) -> tuple[SourceFile, ...]:
    """Return files of MNIST's names and plain sizes: compressed size and hash, plain hash."""
    return tuple(
        SourceFile(name, size, plain, compressed_size, compressed)
        for name, size, (compressed_size, compressed, plain) in zip(
            FILE_NAMES, _SIZES, recorded, strict=True
        )
    )


def _qmnist_layout(array: Any) -> Any:
    """Of labels int32 (N, 8), the class in the first column; the others say where a digit is from.

    See "The QMNIST extended labels", github.com/facebookresearch/qmnist.
    """
    return array[:, 0].astype("uint8") if array.ndim == 2 else array


def _emnist_layout(array: Any) -> Any:
    """Of images (N, columns, rows), their transposes."""
    return array.transpose(0, 2, 1).copy() if array.ndim == 3 else array


def _emnist_letters_layout(array: Any) -> Any:
    """Of labels 1 to 26, those from 0; of images as in the other parts of EMNIST."""
    return array - 1 if array.ndim == 1 else _emnist_layout(array)


_EMNIST_MIRRORS = ("https://biometrics.nist.gov/cs_links/EMNIST/",)
_EMNIST_ARCHIVE = SourceFile(
    "gzip.zip",
    561_753_746,
    "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
)


def _in_emnist_s_archive(part: str, training: int, test: int) -> tuple[SourceFile, ...]:
    """Return the files of a part of EMNIST, given its numbers of images.

    There is no hash of theirs on record: they are read from the archive alone.
    """
    return tuple(
        SourceFile(f"emnist-{part}-{of}", size, "")
        for count, kind in ((training, "train"), (test, "test"))
        for of, size in (
            (f"{kind}-images-idx3-ubyte", 16 + 784 * count),
            (f"{kind}-labels-idx1-ubyte", 8 + count),
        )
    )


# The same file names stand for other files in each: a data set is known by its name and hashes.
DATASETS = {
    "mnist": DataSource(
        title="MNIST",
        description="70,000 handwritten digits",
        classes=DIGITS,
        files=_mnist_shaped(
            (
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            (
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            (
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            (
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
        # The original host is left out: it answers 403, 404, 503, or a web page with status 200
        # (pytorch/vision#1938, #3549, #8568, #9411).
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
    ),
    # Sizes and SHA-256 of Fashion-MNIST, KMNIST, QMNIST and EMNIST's archive are those on record in
    # TensorFlow Datasets (url_checksums/*.txt); torchvision's datasets/mnist.py has the MD5 of the
    # same files.
    "fashion-mnist": DataSource(
        title="Fashion-MNIST",
        description="clothes",
        # github.com/zalandoresearch/fashion-mnist, README, "Labels".
        classes=(
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
        resized="auto",
        files=_mnist_shaped(
            (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", ""),
            (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", ""),
            (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", ""),
            (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", ""),
        ),
        # Its own host speaks HTTP alone. These are its repository, and the copy that Keras fetches.
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
    ),
    "kmnist": DataSource(
        title="KMNIST",
        description="Japanese letters",
        # The ten rows of hiragana of kmnist_classmap.csv, codh.rois.ac.jp/kmnist, in Hepburn's
        # romanisation, which every font has.
        classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        resized="auto",
        files=_mnist_shaped(
            (18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4", ""),
            (29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17", ""),
            (3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5", ""),
            (5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c", ""),
        ),
        mirrors=("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    ),
    "qmnist": DataSource(
        title="QMNIST",
        description="a reconstruction of MNIST with all 60,000 test images",
        classes=DIGITS,
        files=(
            SourceFile(
                "qmnist-train-images-idx3-ubyte",
                47_040_016,
                "",
                9_704_059,
                "9e26a7bf1683614e065d7b76460ccd52807165b3f22561fb782bd9f38c52b51d",
            ),
            SourceFile(
                "qmnist-train-labels-idx2-int",
                1_920_012,
                "",
                463_024,
                "2c05dc77f6b916b38e455e97ab129a42a444f3dbef09b278a366f82904e0dd9f",
            ),
            SourceFile(
                "qmnist-test-images-idx3-ubyte",
                47_040_016,
                "",
                9_742_279,
                "43fc22bf7498b8fc98de98369d72f752d0deabc280a43a7bcc364ab19e57b375",
            ),
            SourceFile(
                "qmnist-test-labels-idx2-int",
                1_920_012,
                "",
                526_800,
                "9fbcbe594c3766fdf4f0b15c5165dc0d1e57ac604e01422608bb72c906030d06",
            ),
        ),
        mirrors=("https://raw.githubusercontent.com/facebookresearch/qmnist/master/",),
        to_mnist_layout=_qmnist_layout,
    ),
    "emnist-digits": DataSource(
        title="EMNIST digits",
        description="280,000 digits",
        classes=DIGITS,
        # NIST published no hash of these. They are those that a program on GitHub compares with
        # after unpacking the archive, and decide about files that were unpacked already; what is
        # read from the archive is right if the archive is.
        files=(
            SourceFile(
                "emnist-digits-train-images-idx3-ubyte",
                188_160_016,
                "0fd17ca7bc21f8a10f68356f3c60e9c36ef287895394791ecd051c7a15ea4acd",
            ),
            SourceFile(
                "emnist-digits-train-labels-idx1-ubyte",
                240_008,
                "86013a4b932e35477a90ecff239cf492643795cf3c68dd6b7fae3264fb24316b",
            ),
            SourceFile(
                "emnist-digits-test-images-idx3-ubyte",
                31_360_016,
                "3075fed46264a655192bd2ac1dafba8ce0c5184802d74acd0a123e25daa15c50",
            ),
            SourceFile(
                "emnist-digits-test-labels-idx1-ubyte",
                40_008,
                "a456cc5cfc928851403b513f94937b9d7570f424ea6d56dce3b28f6c0723608a",
            ),
        ),
        mirrors=_EMNIST_MIRRORS,
        archive=_EMNIST_ARCHIVE,
        to_mnist_layout=_emnist_layout,
    ),
    "emnist-letters": DataSource(
        title="EMNIST letters",
        description="145,600 letters, upper and lower case as one",
        classes=tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        files=_in_emnist_s_archive("letters", 124_800, 20_800),
        mirrors=_EMNIST_MIRRORS,
        archive=_EMNIST_ARCHIVE,
        folder="emnist-digits",
        to_mnist_layout=_emnist_letters_layout,
    ),
    "emnist-balanced": DataSource(
        title="EMNIST balanced",
        description="131,600 digits and letters",
        # Those small letters that look like their capital are one class with it (Cohen et al. 2017,
        # arXiv 1702.05373, section II).
        classes=tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"),
        files=_in_emnist_s_archive("balanced", 112_800, 18_800),
        mirrors=_EMNIST_MIRRORS,
        archive=_EMNIST_ARCHIVE,
        folder="emnist-digits",
        to_mnist_layout=_emnist_layout,
    ),
    "synthetic": DataSource(
        title="synthetic digits",
        description="digits drawn by the program",
        classes=DIGITS,
        # What these must be is written beside them when they are drawn, in synthetic.json.
        files=tuple(SourceFile(name, 0, "") for name in FILE_NAMES),
    ),
    "files": DataSource(
        title="your own files",
        description="four IDX files of your own in --data-dir",
        classes=DIGITS,
    ),
}
PUBLISHED = tuple(name for name, source in DATASETS.items() if source.mirrors)


def class_names(dataset: str) -> tuple[str, ...]:
    """Return the names of a data set's classes; the digits, where it is not in the table."""
    return DATASETS[dataset].classes if dataset in DATASETS else DIGITS
