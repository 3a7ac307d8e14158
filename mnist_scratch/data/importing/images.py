"""Images of 28 x 28 grey levels, light on dark, made of pictures of any size and colour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnist_scratch.data.importing.part import Part
from mnist_scratch.data.pictures.background import Ink
from mnist_scratch.data.pictures.own import prepare_picture
from mnist_scratch.data.pictures.prepare import FIELD
from mnist_scratch.data.pictures.read import open_picture
from mnist_scratch.data.pictures.resize import are_dark_on_light, resize
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.bar import progress_bar

_FULL_SCALE = 128  # grey levels: where none is as high, they are counted to another top than 255
_AT_ONCE = 1000  # images


class Images(NamedTuple):
    """What was made of a part.

    Attributes
    ----------
    images
        uint8 (N, 28, 28).
    used
        int64 (N,), their numbers in the part.
    turned
        How many were dark on light.
    sizes
        Heights and widths that the pictures had.
    left_out
        For each picture that could not be used, why.
    """

    images: npt.NDArray[np.uint8]
    used: npt.NDArray[np.int64]
    turned: int
    sizes: set[tuple[int, int]]
    left_out: list[str]


def grey_levels(parts: Sequence[Part]) -> tuple[list[Part], str]:
    """Return the parts of one source as uint8, all with one factor, and what was done, or "".

    Floats up to 1 are multiplied by 255. So is what ends below 128, with another factor: the levels
    of scikit-learn's digits are 0 to 16, and those of a mask 0 and 1.

    Raises
    ------
    MnistScratchError
        If a number is below 0, above 255 or none.
    """
    highest = max(
        _highest(part.images, part) if isinstance(part.images, np.ndarray) else 255.0
        for part in parts
    )
    factor = 255 if highest <= 1 else 255 / highest if highest < _FULL_SCALE else 1
    done = f"grey levels 0 to {max(highest, 1):g} made 0 to 255" if factor != 1 else ""
    return [part._replace(images=_in_bytes(part.images, factor)) for part in parts], done


def _in_bytes(
    images: Sequence[Path] | npt.NDArray[Any], factor: float
) -> Sequence[Path] | npt.NDArray[np.uint8]:
    """Return numbers times a factor as uint8, and paths as they are."""
    if not isinstance(images, np.ndarray) or (images.dtype == np.uint8 and factor == 1):
        return images
    levels = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _AT_ONCE):
        some = np.s_[start : start + _AT_ONCE]
        levels[some] = np.rint(images[some] * np.float64(factor))
    return levels


def _highest(images: npt.NDArray[Any], part: Part) -> float:
    """Return the highest grey level, or raise an error that names one that is none."""
    lowest, highest = images.min(), images.max()
    if 0 <= lowest <= highest <= 255:  # false for what is not a number
        return float(highest)
    for number, image in enumerate(images):
        for place in np.argwhere(~((image >= 0) & (image <= 255))):
            row, column = place[:2]
            raise MnistScratchError(
                f"{part.where(number)}: row {row}, column {column} of the image is "
                f"{image[tuple(place)]:g}; grey levels are 0 to 255, or 0 to 1"
            )
    raise AssertionError("a number outside of the range was not found")


def make_images(part: Part, ink: Ink, prepare: bool) -> Images:
    """Make images of 28 x 28 of the pictures of a part, and leave out what cannot be used.

    Parameters
    ----------
    part
        Its pictures; of numbers, they are uint8.
    ink
        Whether what is drawn is darker or lighter than the paper; "auto" decides for each picture.
    prepare
        Whether to find the digit in each, and prepare it as MNIST was; otherwise pictures are
        resized as they are.
    """
    images = np.empty((len(part.images), FIELD, FIELD), np.uint8)
    used: list[int] = []
    sizes: set[tuple[int, int]] = set()
    left_out: list[str] = []
    with progress_bar(len(images), "images") as bar:
        for number, source in enumerate(part.images):
            bar.update()
            try:
                picture = open_picture(str(source)).pixels if isinstance(source, Path) else source
                if prepare:
                    image = prepare_picture(part.where(number), _with_colours(picture), ink)
                else:
                    image = resize(picture)
            except MnistScratchError as error:
                left_out.append(str(error))
                continue
            sizes.add((picture.shape[0], picture.shape[1]))
            images[len(used)] = image
            used.append(number)
    images = images[: len(used)]
    is_dark = np.zeros(len(used), np.bool_)
    if not prepare and used:
        is_dark = are_dark_on_light(images, ink)
        images[is_dark] = 255 - images[is_dark]
    return Images(images, np.array(used, np.int64), int(is_dark.sum()), sizes, left_out)


def _with_colours(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a picture (H, W), (H, W, 3) or (H, W, 4) as (H, W, 4): colours and opacity."""
    return np.asarray(Image.fromarray(picture).convert("RGBA"))
