"""Resizing a picture to 28 x 28 as it is, for data whose pictures were made so.

MNIST's digits were cropped, fitted and centred, which prepare.py does; `data import` resizes other
pictures as a whole, and a network that has learned from those must see a new one so too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_scratch.data.dataset import DARK_ON_LIGHT
from mnist_scratch.data.pictures.own import PictureDigits
from mnist_scratch.data.pictures.prepare import BOX, CENTRE, FIELD

if TYPE_CHECKING:
    from mnist_scratch.data.pictures.read import Picture

_CORNER = 3  # pixels
# Grey levels between the paper of the corners and the mean of an image. Of Fashion-MNIST's first
# 20,000 training images 1.6% are unsure and none is taken for dark on light.
_SURE = 2.0
_ALIKE = 0.1  # of the images whose corners agree: so few are others than the rest
_FAINT = 25  # grey levels: what is fainter does not count for the size of a digit
# Pixels from where MNIST's digits were moved to; all of them lie so, and of Fashion-MNIST none.
_OFF_CENTRE = 0.7
_AS_MNIST = 0.9  # of the images


def resize_whole(picture: Picture, ink: str) -> PictureDigits:
    """Return a picture, resized as it is, as the one digit in it.

    Parameters
    ----------
    picture
        From `open_picture`.
    ink
        Whether what is drawn is darker or lighter than the paper; "auto": see `are_dark_on_light`.
    """
    images = resize(picture.pixels)[np.newaxis]
    dark, sure = are_dark_on_light(images, ink)
    images = np.where(dark[:, None, None], 255 - images, images)
    box = np.array([[0, 0, picture.width, picture.height]])
    hint = "its corners do not say whether it is dark on light; --ink dark or --ink light does"
    return PictureDigits(images, box, np.zeros(1, np.int64), (), "" if sure.all() else hint)


def resize(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fit a picture into 28 x 28 grey levels, with the grey of its border where it is not square.

    Parameters
    ----------
    picture
        uint8 (H, W), (H, W, 3) or (H, W, 4). One of 28 x 28 stays as it is, byte for byte.
    """
    from PIL import Image

    grey = _grey(picture)
    if grey.shape == (FIELD, FIELD):
        return grey
    factor = FIELD / max(grey.shape)
    height, width = (max(1, round(length * factor)) for length in grey.shape)
    small = Image.fromarray(grey).resize((width, height), Image.Resampling.BICUBIC)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    image = np.full((FIELD, FIELD), np.uint8(np.median(border)))
    top, left = (FIELD - height) // 2, (FIELD - width) // 2
    image[top : top + height, left : left + width] = np.asarray(small)
    return image


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture (H, W), (H, W, 3) or (H, W, 4) as grey levels (H, W).

    What is transparent lies on white, or on black if what is drawn is light.
    """
    from PIL import Image

    if picture.ndim == 2:
        return picture
    grey = np.asarray(Image.fromarray(picture).convert("L"))
    if picture.shape[2] == 3 or picture[:, :, 3].min() == 255:
        return grey
    opacity = picture[:, :, 3] / 255
    drawn = float((grey * opacity).sum()) / max(float(opacity.sum()), 1.0)
    paper = 0 if drawn > DARK_ON_LIGHT else 255
    composed: NDArray[np.uint8] = np.rint(grey * opacity + paper * (1 - opacity)).astype(np.uint8)
    return composed


def are_dark_on_light(
    images: NDArray[np.uint8], ink: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say of each of N images (N, 28, 28) whether it is dark on light, and whether that is sure.

    With the ink "auto" the paper is what is in the corners: the mean of an image is darker or
    lighter by what is drawn on it. Where corners differ, an image is as the others are, if nearly
    all of those are alike; else its ink is what there is less of.
    """
    if ink != "auto":
        return np.full(len(images), ink == "dark"), np.ones(len(images), np.bool_)
    sides = (slice(0, _CORNER), slice(-_CORNER, None))
    corners = np.stack(
        [images[:, rows, columns].mean(axis=(1, 2)) for rows in sides for columns in sides]
    )  # (4, N)
    means = images.mean(axis=(1, 2))
    dark = corners.min(axis=0) > means + _SURE
    sure = dark | (corners.max(axis=0) < means - _SURE)
    share = dark[sure].mean() if sure.any() else 0.5
    if min(share, 1 - share) < _ALIKE:
        return np.where(sure, dark, share > _ALIKE), sure
    half = images.min(axis=(1, 2)) / 2 + images.max(axis=(1, 2)) / 2
    return np.where(sure, dark, np.asarray(means > half)), sure


def lie_as_in_mnist(images: NDArray[np.uint8]) -> bool:
    """Say whether images (N, 28, 28), light on dark, are fitted and centred as MNIST's are."""
    inked = np.where(images > _FAINT, images, 0)
    as_in_mnist = np.ones(len(images), np.bool_)
    for axis in (1, 2):
        mass = inked.sum(axis=axis, dtype=np.int64)  # (N, 28)
        is_inked = mass > 0
        length = FIELD - is_inked[:, ::-1].argmax(axis=1) - is_inked.argmax(axis=1)
        middle = (mass @ np.arange(FIELD)) / np.maximum(mass.sum(axis=1), 1)
        as_in_mnist &= (length <= BOX) & (np.abs(middle - CENTRE) <= _OFF_CENTRE)
    return bool(as_in_mnist.mean() > _AS_MNIST)
