"""The data sets that are published: where they come from, and what is on record of their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.sources.files import (
    EMNIST_DIGITS,
    FASHION_MNIST,
    KMNIST,
    MNIST,
    MNIST_FILES,
    QMNIST,
    SourceFile,
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

# 60,000 images each, and 60,000 x 8 labels of 4 bytes. SHA-256 and sizes as TensorFlow Datasets
# has them on record (url_checksums/qmnist.txt).
_QMNIST_FILES = (
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
)

# The archive's SHA-256 and size are those of TensorFlow Datasets (url_checksums/emnist.txt). NIST
# published none of the files in it: these SHA-256 of their plain content come from one program on
# GitHub that unpacks that archive and compares. They decide about files that were unpacked already;
# what is read from the archive is right if the archive is.
_EMNIST_ARCHIVE = SourceFile(
    "gzip",
    0,
    "",
    561_753_746,
    "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
    ".zip",
)
_EMNIST_DIGITS_FILES = tuple(
    SourceFile(f"emnist-digits-{name}", size, sha256, size)
    for name, size, sha256 in (
        (
            "train-images-idx3-ubyte",
            188_160_016,
            "0fd17ca7bc21f8a10f68356f3c60e9c36ef287895394791ecd051c7a15ea4acd",
        ),
        (
            "train-labels-idx1-ubyte",
            240_008,
            "86013a4b932e35477a90ecff239cf492643795cf3c68dd6b7fae3264fb24316b",
        ),
        (
            "test-images-idx3-ubyte",
            31_360_016,
            "3075fed46264a655192bd2ac1dafba8ce0c5184802d74acd0a123e25daa15c50",
        ),
        (
            "test-labels-idx1-ubyte",
            40_008,
            "a456cc5cfc928851403b513f94937b9d7570f424ea6d56dce3b28f6c0723608a",
        ),
    )
)


class Source(NamedTuple):
    """A published data set.

    Attributes
    ----------
    title
        What it is called.
    files
        Its four files: training images and labels, test images and labels.
    mirrors
        HTTPS addresses to which a file's name is appended, in the order in which to ask them.
    archive
        The one file that is published instead of the four, which are in it; None where they are
        published themselves.
    """

    title: str
    files: Sequence[SourceFile]
    mirrors: Sequence[str]
    archive: SourceFile | None = None


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
    QMNIST: Source(
        "QMNIST",
        _QMNIST_FILES,
        ("https://raw.githubusercontent.com/facebookresearch/qmnist/master/",),
    ),
    EMNIST_DIGITS: Source(
        "EMNIST digits",
        _EMNIST_DIGITS_FILES,
        ("https://biometrics.nist.gov/cs_links/EMNIST/",),
        _EMNIST_ARCHIVE,
    ),
}


def as_mnist_has_it(dataset: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the array of a file in the form that MNIST's files have.

    Parameters
    ----------
    dataset
        The data set, a key of `SOURCES`.
    array
        Of one of its files. EMNIST's images are (N, columns, rows). QMNIST's labels are int32
        (N, 8): the class, then where in NIST's collection the digit comes from
        (github.com/facebookresearch/qmnist, "The QMNIST extended labels").

    Returns
    -------
    NDArray of uint8
        Images (N, 28, 28), rows first, or labels (N,).
    """
    if dataset == EMNIST_DIGITS and array.ndim == 3:
        return np.ascontiguousarray(array.transpose(0, 2, 1))
    if dataset == QMNIST and array.ndim == 2:
        return array[:, 0].astype(np.uint8)
    return array
