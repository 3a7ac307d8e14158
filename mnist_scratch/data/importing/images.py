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

_MOST = 255.0
_16_BITS = 65535.0
_HALF_OF_16_BITS = 32767  # a scale that ends below may be of 10, 12 or 14 bits
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
    """Return the parts of one source as uint8, all on one scale, and what was done, or "".

    The scale is 0 to 255. Floats up to 1 are on one from 0, or from -1 if that is the lowest, and
    what is above half of 65535 is of 16 bits. What ends below 128 is stretched: the levels of
    scikit-learn's digits are 0 to 16, and those of a mask 0 and 1.

    Raises
    ------
    MnistScratchError
        If a number is on no such scale, or none.
    """
    of_numbers = [part for part in parts if isinstance(part.images, np.ndarray)]
    arrays = [np.asarray(part.images) for part in of_numbers]
    if not arrays:
        return list(parts), ""
    tops = [float(array.max()) for array in arrays]
    if len({(top > 1, top > _MOST) for top in tops}) > 1:
        names = " and ".join(part.where(0).rpartition(", ")[0] for part in of_numbers)
        raise MnistScratchError(
            f"{names} end at {' and '.join(f'{top:g}' for top in tops)}: they are not on one scale "
            "of grey levels; save both from 0 to 255"
        )
    bottom = float(min(array.min() for array in arrays))
    highest = max(tops)
    if bottom == -1 and highest <= 1:
        top = 1.0
    elif bottom >= 0 and (highest <= _MOST or _HALF_OF_16_BITS < highest <= _16_BITS):
        full_scales = (1.0, highest if highest < _FULL_SCALE else _MOST, _16_BITS)
        bottom, top = 0.0, next(scale for scale in full_scales if highest <= scale)
    else:
        raise _no_level(parts)
    scaled = [part._replace(images=_in_bytes(part.images, bottom, top)) for part in parts]
    done = f"grey levels {bottom:g} to {top:g} made 0 to 255"
    return scaled, "" if (bottom, top) == (0, _MOST) else done


def _in_bytes(
    images: Sequence[Path] | npt.NDArray[Any], bottom: float, top: float
) -> Sequence[Path] | npt.NDArray[np.uint8]:
    """Return numbers from bottom to top as uint8 0 to 255, and paths as they are."""
    if not isinstance(images, np.ndarray) or (images.dtype == np.uint8 and top == _MOST):
        return images
    levels = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _AT_ONCE):
        some = np.s_[start : start + _AT_ONCE]
        levels[some] = np.rint((images[some] - np.float64(bottom)) * (_MOST / (top - bottom)))
    return levels


def _no_level(parts: Sequence[Part]) -> MnistScratchError:
    """Return an error that names the first number that is no grey level from 0 to 255."""
    where, (row, column, *_), level = next(
        (part.where(number), place, image[tuple(place)])
        for part in parts
        if isinstance(part.images, np.ndarray)
        for number, image in enumerate(part.images)
        for place in np.argwhere(~((image >= 0) & (image <= _MOST)))
    )
    return MnistScratchError(
        f"{where}: row {row}, column {column} of the image is {level:g}; grey levels are 0 to 255, "
        "or all of them 0 to 1, -1 to 1 or 0 to 65535; scale them to one of these"
    )


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
        is_dark, _ = are_dark_on_light(images, ink)
        images[is_dark] = 255 - images[is_dark]
    return Images(images, np.array(used, np.int64), int(is_dark.sum()), sizes, left_out)


def _with_colours(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a picture (H, W), (H, W, 3) or (H, W, 4) as (H, W, 4): colours and opacity."""
    return np.asarray(Image.fromarray(picture).convert("RGBA"))
