"""pictures.txt: whether the images beside it are whole pictures, resized, or prepared as MNIST's.

`predict` and the drawing page make an image of a new picture in the same way.
"""

from __future__ import annotations

from pathlib import Path

from mnist_scratch.data.sources.files import unreadable
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import write_text_whole

PICTURES_FILE = "pictures.txt"
RESIZED = "resized"
PREPARED = "prepared"


def are_resized(folder: Path) -> bool:
    """Say whether the images of the data set in a folder are whole pictures that were resized.

    They are not where it has no pictures.txt, as MNIST has none.

    Raises
    ------
    MnistScratchError
        If the file cannot be read, or says something else.
    """
    path = folder / PICTURES_FILE
    try:
        word = path.read_bytes().strip().decode(errors="replace")
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unreadable(path, error) from error
    if word not in (RESIZED, PREPARED):
        raise MnistScratchError(f"{path}: must be the word {RESIZED} or {PREPARED}")
    return word == RESIZED


def write_resized(folder: Path, resized: bool) -> None:
    """Write pictures.txt for `are_resized`.

    Raises
    ------
    MnistScratchError
        If the file cannot be written.
    """
    write_text_whole(folder / PICTURES_FILE, f"{RESIZED if resized else PREPARED}\n")
