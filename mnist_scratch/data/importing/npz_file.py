"""Images in an .npz file, as Keras has MNIST, or under other usual names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.importing.part import Part, as_pictures, check_lengths, labels_of
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.text import shown

# Images and labels of the training part, then of the test part; in small letters.
_NAMES = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("images", "labels"),
    ("images", "target"),  # scikit-learn's load_digits has images and data
    ("data", "target"),
)


def read_npz(path: Path) -> tuple[Part, Part | None]:
    """Read the training and the test part, if there is one, of an .npz file. Nothing is unpickled.

    Raises
    ------
    MnistScratchError
        If it cannot be read, or has no images with labels.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            is_npz = any(name.endswith(".npy") for name in file.zip.namelist())
            found = {name.lower(): name for name in file.files}
            wanted = max(_NAMES, key=lambda names: len(found.keys() & names[:2]))
            arrays = {name: file[found[name]] for name in wanted if name in found}
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds on a damaged file
        if "allow_pickle" in str(error):
            raise MnistScratchError(
                f"{path}: an array of Python objects, a pickle, which is never read; save images "
                "as numbers and labels as numbers or text"
            ) from error
        raise MnistScratchError(f"{path} is damaged: {error}; save or copy it again") from error
    if not is_npz:
        raise MnistScratchError(f"{path} is a ZIP archive; unpack it, and name what was in it")
    images, labels, *test = wanted
    if images not in arrays:
        names = shown(", ".join(found.values()))
        raise MnistScratchError(
            f"{path}: no x_train and y_train, nor images and labels; it has {names}; save it as "
            "np.savez(FILE, images=images, labels=labels)"
        )
    training = _part(path, arrays, images, labels)
    return training, _part(path, arrays, *test) if test and test[0] in arrays else None


def _part(path: Path, arrays: dict[str, npt.NDArray[Any]], images: str, labels: str) -> Part:
    if labels not in arrays:
        raise MnistScratchError(f"{path}: {images} without {labels}; save the labels too")
    name, of_labels = f"{path}, {images}", f"{path}, {labels}"
    numbered = labels_of(arrays[labels], f"{of_labels}, image {{}}".format, of_labels)
    pixels = as_pictures(arrays[images], name)
    return check_lengths(Part(pixels, numbered, f"{name}, image {{}}".format), name)
