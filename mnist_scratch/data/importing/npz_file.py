"""Images in an .npz file, as Keras has MNIST, or under the names images and labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mnist_scratch.data.importing.part import Part, as_pictures, check_lengths, labels_of
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.text import shown

# Images and labels of the training part, then of the test part; in small letters.
_NAMES = (
    (("x_train", "y_train"), ("x_test", "y_test")),
    (("train_images", "train_labels"), ("test_images", "test_labels")),
    (("images", "labels"), None),
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
            members = file.zip.namelist()
            at_hand = {name.lower(): name for name in file.files}
            for training, test in _NAMES:
                if training[0] in at_hand:
                    return (
                        _read(path, file, at_hand, *training),
                        _read(path, file, at_hand, *test) if test and test[0] in at_hand else None,
                    )
    except MnistScratchError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise many on a damaged file
        if "allow_pickle" in str(error):
            raise MnistScratchError(
                f"{path}: an array of Python objects, a pickle, which is never read; save images "
                "as numbers and labels as numbers or text"
            ) from error
        raise MnistScratchError(f"{path} is damaged: {error}; save or copy it again") from error
    if not any(name.endswith(".npy") for name in members):
        raise MnistScratchError(f"{path} is a ZIP archive; unpack it, and name what was in it")
    found = shown(", ".join(at_hand.values()))
    raise MnistScratchError(
        f"{path}: no x_train and y_train, nor images and labels; it has {found}; save it as "
        "np.savez(FILE, images=images, labels=labels)"
    )


def _read(path: Path, file: Any, at_hand: dict[str, str], images: str, labels: str) -> Part:
    if labels not in at_hand:
        raise MnistScratchError(f"{path}: {at_hand[images]} without {labels}; save the labels too")
    name = f"{path}, {at_hand[images]}"
    pixels = as_pictures(file[at_hand[images]], name)

    def where(number: int) -> str:
        return f"{name}, image {number}"

    numbered = labels_of(
        file[at_hand[labels]],
        lambda number: f"{path}, {at_hand[labels]}, image {number}",
        f"{path}, {at_hand[labels]}",
    )
    return check_lengths(Part(pixels, numbered, where), name)
