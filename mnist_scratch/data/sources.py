"""Which data sets there are, where they come from, and what their files must hash to.

A file is used only when its SHA-256 is the one on record. A truncated or exchanged file that is
read anyway does not stop a training run; it only makes it learn badly, and costs somebody days.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.data.gzipped import unpacked
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.reading import read_whole

MNIST = "mnist"
FASHION_MNIST = "fashion-mnist"
KMNIST = "kmnist"
SYNTHETIC = "synthetic"
AUTO = "auto"


class SourceFile(NamedTuple):
    """One file of a data set, plain or compressed with gzip.

    Attributes
    ----------
    name
        Name of the plain file; the compressed one has `.gz` appended.
    size, sha256
        Bytes and SHA-256 of the plain file; "" where nobody published that, and it is the
        compressed file that is looked for.
    packed_size, packed_sha256
        The same of the compressed file as it is published; 0 and "" where there is none.
    """

    name: str
    size: int
    sha256: str
    packed_size: int = 0
    packed_sha256: str = ""


# In the order of every data set here: training images and labels, test images and labels.
FILE_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

MNIST_FILES = (
    SourceFile(
        FILE_NAMES[0],
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    SourceFile(
        FILE_NAMES[1],
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    SourceFile(
        FILE_NAMES[2],
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    SourceFile(
        FILE_NAMES[3],
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)


def _as_large_as_mnist(*packed: tuple[int, str]) -> tuple[SourceFile, ...]:
    """Return four files of MNIST's names and plain sizes, given what is on record of them."""
    return tuple(
        SourceFile(file.name, file.size, "", size, sha256)
        for file, (size, sha256) in zip(MNIST_FILES, packed, strict=True)
    )


# Their SHA-256 and sizes as TensorFlow Datasets has them on record (url_checksums/kmnist.txt and
# fashion_mnist.txt), where torchvision's datasets/mnist.py has the MD5 of the same files.
_FASHION_MNIST_FILES = _as_large_as_mnist(
    (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
)
_KMNIST_FILES = _as_large_as_mnist(
    (18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
    (29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
    (3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
    (5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
)


class Source(NamedTuple):
    """A published data set.

    Attributes
    ----------
    title
        What it is called.
    files
        Its four files, in the order of `FILE_NAMES`.
    mirrors
        HTTPS addresses to which a file's name is appended, in the order in which to ask them.
    """

    title: str
    files: Sequence[SourceFile]
    mirrors: Sequence[str]


# The same file names stand for other files in each: a data set is known by its name and hashes.
SOURCES = {
    MNIST: Source(
        "MNIST",
        MNIST_FILES,
        # The original host is left out: it answers 403, 404, 503, or a web page with status 200
        # (pytorch/vision#1938, #3549, #8568, #9411).
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
    ),
    FASHION_MNIST: Source(
        "Fashion-MNIST",
        _FASHION_MNIST_FILES,
        # Its own host speaks HTTP alone. These are its repository, and the copy that Keras fetches.
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
    ),
    KMNIST: Source("KMNIST", _KMNIST_FILES, ("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",)),
}


def data_folder(dataset: str, data_dir: str = "") -> Path:
    """Return the folder in which the files of a data set lie, or would lie.

    Parameters
    ----------
    dataset
        "synthetic" or a key of `SOURCES`.
    data_dir
        A folder that the user named; empty for `$MNIST_SCRATCH_DATA` (MNIST only) and otherwise
        `data/` and the data set's name, from the working directory.

    Raises
    ------
    MnistScratchError
        If the user named something that is no folder.
    """
    named = data_dir or (os.environ.get("MNIST_SCRATCH_DATA", "") if dataset == MNIST else "")
    if not named:
        return Path("data") / dataset
    try:
        folder = Path(named).expanduser()
    except RuntimeError as error:  # ~nobody
        raise MnistScratchError(f"the data folder {named}: {error}; name another") from error
    if folder.exists() and not folder.is_dir():
        raise MnistScratchError(
            f"the data folder {folder} is a file; name the folder with --data-dir or "
            "MNIST_SCRATCH_DATA"
        )
    return folder


def locate(file: SourceFile, folder: Path) -> Path | None:
    """Return where the file lies in the folder, plain before compressed, or None.

    A plain file does not count where only the compressed one could be verified.
    """
    plain, packed = folder / file.name, folder / f"{file.name}.gz"
    if plain.exists() and (file.sha256 or not file.packed_size):
        return plain
    return packed if file.packed_size and packed.exists() else None


def read_verified(file: SourceFile, path: Path) -> bytes:
    """Return the plain content of a file of which every byte is known to be right.

    Parameters
    ----------
    file
        What it must be.
    path
        Where it lies; `.gz` at the end means compressed.

    Raises
    ------
    MnistScratchError
        If it cannot be read, or its size or SHA-256 is another.
    """
    packed = path.suffix == ".gz"
    size = file.packed_size if packed else file.size
    sha256 = file.packed_sha256 if packed else file.sha256
    try:
        found_size = path.stat().st_size
        if found_size != size and path.is_file():
            raise _wrong(path, f"{found_size:,} bytes, where the published file has {size:,}")
        content = read_whole(path, size)
    except OSError as error:
        raise MnistScratchError(
            f"cannot read {path}: {error.strerror}; check that it is a file you may read"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise _wrong(path, f"SHA-256 {found}\nwhere the published file has {sha256}")
    if not packed:
        return content
    try:
        return unpacked(content, file.size)
    except ValueError as error:
        raise _wrong(path, str(error)) from error


def _wrong(path: Path, difference: str) -> MnistScratchError:
    return MnistScratchError(
        f"{path} is damaged or another file: {difference}.\n"
        "Delete it and run again, which fetches or draws what is missing; "
        "or name another folder with --data-dir."
    )
