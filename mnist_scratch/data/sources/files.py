"""The files of a data set: what they must hash to, where they lie, and reading them verified.

A file is used only when its SHA-256 is the one on record. A truncated or exchanged file that is
read anyway does not stop a training run; it only makes it learn badly, and costs somebody days.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mnist_scratch.data.sources.gzipped import unpacked
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.reading import read_whole

MNIST = "mnist"
FASHION_MNIST = "fashion-mnist"
KMNIST = "kmnist"
QMNIST = "qmnist"
EMNIST_DIGITS = "emnist-digits"
SYNTHETIC = "synthetic"
AUTO = "auto"


class SourceFile(NamedTuple):
    """One file of a data set, plain or compressed with gzip; or an archive that holds them all.

    Attributes
    ----------
    name
        Name of the plain file; the compressed one has `packing` appended.
    size, sha256
        Bytes and SHA-256 of the plain file; "" where nobody published that, and it is the
        compressed file that is looked for.
    packed_size, packed_sha256
        The same of the compressed file as it is published; 0 and "" where there is none. The hash
        alone is "" where it is that of the plain content which decides, and the size is then the
        most that is read.
    packing
        What is appended to the name: ".gz", or ".zip" for an archive.
    """

    name: str
    size: int
    sha256: str
    packed_size: int = 0
    packed_sha256: str = ""
    packing: str = ".gz"

    @property
    def packed_name(self) -> str:
        """Name of the compressed file."""
        return f"{self.name}{self.packing}"


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


def data_folder(dataset: str, data_dir: str = "") -> Path:
    """Return the folder in which the files of a data set lie, or would lie.

    Parameters
    ----------
    dataset
        "synthetic", or the name of one that is published.
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
    plain, packed = folder / file.name, folder / file.packed_name
    if plain.exists() and (file.sha256 or not file.packed_size):
        return plain
    return packed if file.packed_size and packed.exists() else None


def missing(files: Sequence[SourceFile], folder: Path) -> list[SourceFile]:
    """Return those of the files that are not in a folder."""
    return [file for file in files if locate(file, folder) is None]


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
        if sha256 and found_size != size and path.is_file():
            raise wrong_file(path, f"{found_size:,} bytes, where the published file has {size:,}")
        content = read_whole(path, size)
    except OSError as error:
        raise MnistScratchError(
            f"cannot read {path}: {error.strerror}; check that it is a file you may read"
        ) from error
    if sha256:
        _check_hash(path, content, sha256)
    if not packed:
        return content
    try:
        plain = unpacked(content, file.size)
    except ValueError as error:
        raise wrong_file(path, str(error)) from error
    if not sha256:
        _check_hash(path, plain, file.sha256)
    return plain


def _check_hash(path: Path, content: bytes, sha256: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise wrong_file(path, f"SHA-256 {found}\nwhere the published file has {sha256}")


def wrong_file(path: Path, difference: str) -> MnistScratchError:
    """Return the error that says in what a file is not the one that it has to be."""
    return MnistScratchError(
        f"{path} is damaged or another file: {difference}.\n"
        "Delete it and run again, which fetches or draws what is missing; "
        "or name another folder with --data-dir."
    )
