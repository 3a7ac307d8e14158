"""pictures.txt: whether the images beside it are whole pictures, resized, or prepared as MNIST's.

`predict` and the drawing page make an image of a new picture in the same way. The file says
"prepared", "resized" or, if what is drawn was said to be dark or light, "resized dark".
"""

from __future__ import annotations

from pathlib import Path

from mnist_scratch.data.checks import RESIZED_INKS
from mnist_scratch.data.sources.files import unreadable
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import write_text_whole
from mnist_scratch.system.text import shown

PICTURES_FILE = "pictures.txt"
RESIZED = "resized"
PREPARED = "prepared"


def as_word(resized: str) -> str:
    """Return how pictures were resized, as `Dataset.resized` has it, in words for a file."""
    if not resized:
        return PREPARED
    return RESIZED if resized == "auto" else f"{RESIZED} {resized}"


_KNOWN = {as_word(resized): resized for resized in RESIZED_INKS}


def from_word(word: str) -> str:
    """Return what `as_word` put into words; a ValueError, if that is something else."""
    if word not in _KNOWN:
        raise ValueError(f"pictures are {shown(word)}, where {', '.join(_KNOWN)} are known")
    return _KNOWN[word]


def read_resized(folder: Path) -> str:
    """Return how the images of the data set in a folder were resized, for `Dataset.resized`.

    They were not where it has no pictures.txt, as MNIST has none.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or says something else.
    """
    path = folder / PICTURES_FILE
    try:
        return from_word(path.read_bytes().strip().decode(errors="replace"))
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise MnistScratchError(f"{path}: {error}") from error


def write_resized(folder: Path, resized: str) -> None:
    """Write pictures.txt for `read_resized`.

    Raises
    ------
    MnistScratchError
        If the file cannot be written.
    """
    write_text_whole(folder / PICTURES_FILE, f"{as_word(resized)}\n")
