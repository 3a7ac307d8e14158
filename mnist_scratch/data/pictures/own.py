"""A person's own picture of digits: from a photograph or a drawing to MNIST's form."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from mnist_scratch.data.pictures.background import Ink, grain, subtract_background
from mnist_scratch.data.pictures.components import Component, numbered_components, without_dust
from mnist_scratch.data.pictures.lines import remove_lines
from mnist_scratch.data.pictures.prepare import FAINTEST_INK, FIELD, prepare, to_full_ink
from mnist_scratch.data.pictures.several import find_digits, have_places, may_be_slash, may_be_two
from mnist_scratch.data.pictures.strokes import is_written, sharpen, thicken
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import as_path
from mnist_scratch.system.text import shown

if TYPE_CHECKING:
    from mnist_scratch.data.pictures.read import Picture

# Enlarging and JPEG leave a fringe around a line, fainter than a tenth of it, which must not count
# when cropping: of MNIST's test images enlarged by Lanczos's filter, a network recognises 98.3%
# with this and 92.7% where every faint pixel counts. A picture of 28 x 28 was not enlarged.
_FRINGE = 0.1
_NOISE = 4.0  # standard deviations: of a million pixels of paper, 30 exceed it
_LEAST_CONTRAST = 8.0  # grey levels
_LEAST_OVER_NOISE = 6.0  # standard deviations
_LEAST_SIZE = 0.01  # of the picture's longer side
_SMALL = 16  # pixels: MNIST's digits have 20
_SOFT = 0.035  # of a digit's longer side: edges of ink are wider in a blurred picture
_FAINT = 3.0  # times the least contrast
_GRAIN = 0.5  # grey levels: a camera's picture has more, one drawn or enlarged by a program less
_GRAINY = 180  # of 255: a pencil's ink is uneven where it is stronger
_MOST_DIGITS = 100  # more are noise, or a page that is to be cut
_SOLID = 0.55  # of its box is ink: of MNIST's digits but 1s, a two-hundredth have more
_FULL = 250.0  # grey levels: full ink; MNIST's strongest pixels are 254 and 255, and stay so


@dataclass(frozen=True, eq=False)
class PictureDigits:
    """The D digits in a picture, from left to right and row after row from the top.

    Attributes
    ----------
    images
        uint8 (D, 28, 28): each as a network sees it, 0 background to 255 ink.
    boxes
        int64 (D, 4): where each is, as left, top, right and bottom in pixels of the upright
        picture; the last two are excluded.
    rows
        int64 (D,): the row each is in, from 0.
    warnings
        What may be wrong: digits that seem to touch, marks that were left out.
    hint
        What in the picture may make an answer unsure, and what would help; empty if nothing does.
    """

    images: NDArray[np.uint8]
    boxes: NDArray[np.int64]
    rows: NDArray[np.int64]
    warnings: tuple[str, ...]
    hint: str = ""


def read_picture(path: str | os.PathLike[str], ink: Ink = "auto") -> NDArray[np.uint8]:
    """Read a picture of one digit from a file: the image of it that a network sees.

    Parameters
    ----------
    path
        A PNG, JPEG or other picture file, or "-" for standard input.
    ink : {"auto", "dark", "light"}
        Whether the digit is darker or lighter than its paper; "auto" decides by the border.

    Returns
    -------
    array of uint8, shape (28, 28)
        0 background to 255 ink, fitted and centred as MNIST's images are.

    Raises
    ------
    MnistScratchError
        If the picture cannot be read, or is not of one digit.
    TypeError, ValueError
        If the path is no path, or there is no such ink.
    """
    digits = read_digits(path, ink)
    return _the_one(os.fspath(path), digits)


def read_digits(path: str | os.PathLike[str], ink: Ink = "auto") -> PictureDigits:
    """Read a picture of one digit or several from a file, such as a house number or a date.

    Digits must not touch each other. Dots and dashes between them are left out.

    Parameters
    ----------
    path
        A PNG, JPEG or other picture file, or "-" for standard input.
    ink : {"auto", "dark", "light"}
        Whether the digits are darker or lighter than their paper; "auto" decides by the border.

    Raises
    ------
    MnistScratchError
        If the picture cannot be read, or what is drawn is no row of digits.
    TypeError, ValueError
        If the path is no path, or there is no such ink.
    """
    as_path(path, "path")
    name = os.fspath(path)  # as it was given: ./- is a file, - standard input
    if ink not in get_args(Ink):
        raise ValueError(f"ink = {shown(ink)}: must be one of {', '.join(get_args(Ink))}")
    from mnist_scratch.data.pictures.read import open_picture  # Pillow

    return prepare_digits(name, open_picture(name), ink)


def prepare_picture(name: str, picture: NDArray[np.uint8], ink: Ink) -> NDArray[np.uint8]:
    """Find the one digit in a picture, and prepare it as MNIST was prepared.

    Parameters
    ----------
    name
        What to call it in messages.
    picture : array of uint8, shape (H, W, 4)
        Red, green, blue and opacity.
    ink
        Whether the ink is darker or lighter than the paper; "auto" decides by the border.

    Returns
    -------
    array of uint8, shape (28, 28)

    Raises
    ------
    MnistScratchError
        If nothing is drawn, or several digits are.
    """
    from mnist_scratch.data.pictures.read import Picture  # Pillow

    height, width = picture.shape[:2]
    return _the_one(name, prepare_digits(name, Picture(picture, width, height), ink))


def _the_one(name: str, digits: PictureDigits) -> NDArray[np.uint8]:
    check_one(name, len(digits.images))
    image: NDArray[np.uint8] = digits.images[0]
    return image


def check_one(name: str, digits: int) -> None:
    """Refuse a picture of more than one digit."""
    if digits > 1:
        raise MnistScratchError(
            f"{name}: more than one digit, or marks beside it; cut out one digit, "
            "with some paper around it"
        )


def prepare_digits(name: str, picture: Picture, ink: Ink) -> PictureDigits:
    """Find the digits in a picture, and prepare each as MNIST was prepared.

    Parameters
    ----------
    name
        What to call it in messages.
    picture
        From `open_picture`.
    ink
        Whether the ink is darker or lighter than the paper; "auto" decides by the border.

    Raises
    ------
    MnistScratchError
        If nothing is drawn, or it is no row of digits.
    """
    found = _find(name, picture.pixels, ink)
    drawn = found.ink
    components, numbers = numbered_components(drawn, drawn > fringe(drawn))
    if (on_sheet := _read_sheet(name, picture, components[0], ink)) is not None:
        return on_sheet
    digits, marks = find_digits(components)
    if not 0 < len(digits) <= _MOST_DIGITS or not have_places(digits):
        raise MnistScratchError(
            f"{name}: what is drawn is no row of digits; cut out the digits, with some paper "
            "around them"
        )
    digit_of = np.full(len(components) + 1, -1)  # the last for pixels of no component
    for place, digit in enumerate(digits):
        digit_of[digit.members] = place
    owner = digit_of[numbers]  # (H, W)
    inks = [np.where((owner == k) | (numbers < 0), drawn, 0) for k in range(len(digits))]
    is_photograph = found.has_grain and max(drawn.shape) > FIELD
    if is_photograph and any(_is_cut_off(digit.box, drawn.shape) for digit in digits):
        raise MnistScratchError(
            f"{name}: what is drawn goes on beyond the picture, as in a photograph of something "
            "else; if it is a digit, leave some paper around it"
        )
    strongest = _GRAINY if found.has_grain else 255
    if not all(
        is_written(np.minimum(_cut(written, digit.box), strongest))
        for written, digit in zip(inks, digits, strict=True)
    ):
        raise MnistScratchError(
            f"{name}: what is drawn is no digit, but a scribble, a solid shape, a bar or a "
            "photograph; cut out the digit, on plain paper"
        )
    images = [
        prepare_digit(written, digit.box) for written, digit in zip(inks, digits, strict=True)
    ]
    boxes = np.array([(d.box.left, d.box.top, d.box.right, d.box.bottom) for d in digits])
    edges = (picture.width, picture.height) * 2
    warnings = []
    for place, (digit, image) in enumerate(zip(digits, images, strict=True), start=1):
        which = f"digit {place} of {len(digits)} may be"
        if may_be_two(digit, image):
            warnings.append(f"{which} two that touch; if it is, write them apart")
        elif may_be_slash(digit, image):
            warnings.append(f"{which} a slash or a bracket; if it is, leave it out")
    if marks:
        highest = max(marks, key=lambda mark: mark.height)
        across, down = (highest.left + highest.right) // 2, (highest.top + highest.bottom) // 2
        warnings.append(
            f"left out: {len(marks)} mark{'s' if len(marks) > 1 else ''} far lower than the "
            f"digits, the highest at {across * picture.scale}, {down * picture.scale}; "
            "if it is a digit, write it as large as they are"
        )
    return PictureDigits(
        np.stack(images),
        np.minimum(boxes * picture.scale, edges),
        np.array([digit.row for digit in digits]),
        tuple(warnings),
        _hint(found, boxes, picture.scale),
    )


def _read_sheet(name: str, picture: Picture, drawn: Component, ink: Ink) -> PictureDigits | None:
    """Read what is on a narrow sheet, if that is what was found: nearly solid, and no 1."""
    edge = 1 + min(drawn.height, drawn.width) // 50
    if drawn.mass < _SOLID * drawn.height * drawn.width or 2 * drawn.width < drawn.height:
        return None
    top, left = drawn.top + edge, drawn.left + edge
    pixels = picture.pixels[top : drawn.bottom - edge, left : drawn.right - edge]
    height, width = pixels.shape[:2]
    if min(height, width) < FIELD:
        return None
    try:
        found = prepare_digits(
            name, picture._replace(pixels=pixels, width=width, height=height), ink
        )
    except MnistScratchError:
        return None
    if found.boxes.min() == 0 or (found.boxes[:, 2:] == (width, height)).any():
        return None  # paper around a solid shape
    return replace(found, boxes=(found.boxes + np.array([left, top] * 2)) * picture.scale)


class _Found(NamedTuple):
    """The ink in a picture, (H, W), 0 to 1, and what may make it hard to read."""

    ink: NDArray[np.float32]
    contrast: float  # in parts of the least that can be read
    has_grain: bool
    had_lines: bool


def _hint(found: _Found, boxes: NDArray[np.int64], scale: int) -> str:
    """Return the cause of an unsure answer that is most likely, and what would help."""
    smallest = int((boxes[:, 2:] - boxes[:, :2]).max(axis=1).min())
    height, width = found.ink.shape
    if smallest * scale < _SMALL:
        return f"a digit is only {smallest * scale} pixels high; take the picture from nearer"
    if found.contrast < _FAINT:
        return "the ink is faint; take the picture in more light, or write with a darker pen"
    if max(height, width) > FIELD and (boxes.min() == 0 or (boxes[:, 2:] == (width, height)).any()):
        return "a digit touches the picture's edge; leave some paper around it"
    if _edge_width(found.ink) > _SOFT * smallest:
        return "the picture is not sharp; hold the camera still, and let it focus"
    if found.had_lines:
        return "lines across or beside it were taken out; write on plain paper"
    return ""


def _edge_width(ink: NDArray[np.float32]) -> float:
    """Return over how many pixels ink rises from a quarter to three quarters, at its outline."""
    outline = np.abs(np.diff(ink, axis=0)).sum() + np.abs(np.diff(ink, axis=1)).sum()
    return float(((ink > 0.25) & (ink < 0.75)).sum() / (np.pi / 4 * outline))


def find_ink(name: str, picture: NDArray[np.uint8], ink: Ink) -> NDArray[np.float32]:
    """Find what is written in a picture, of one digit or of several.

    Parameters
    ----------
    name
        What to call it in messages.
    picture : array of uint8, shape (H, W, 4)
        Red, green, blue and opacity.
    ink
        Whether the ink is darker or lighter than the paper; "auto" decides by the border.

    Returns
    -------
    array of float32, shape (H, W)
        0 for paper to 1 for full ink. What is fainter than `fringe` surrounds a stroke, and does
        not count when it is cropped.

    Raises
    ------
    MnistScratchError
        If nothing is drawn.
    """
    return _find(name, picture, ink).ink


def _find(name: str, picture: NDArray[np.uint8], ink: Ink) -> _Found:
    strength = subtract_background(picture, ink)  # (H, W), 0 to 255
    is_grainy = grain(picture[:, :, :3]) > _GRAIN
    faint = 0.5 if is_grainy else 0.25  # soft edges of strokes are no grain
    paper = strength[strength <= faint * strength.max()]
    level = np.median(paper)
    noise = 1.4826 * float(np.median(np.abs(paper - level)))
    strength -= level
    floor = max(255 * FAINTEST_INK, _NOISE * noise)
    contrast = _contrast(strength, floor, noise)
    least = max(_LEAST_CONTRAST, _LEAST_OVER_NOISE * noise)
    if contrast < least:
        raise _nothing(name, ink)
    drawn: NDArray[np.float32] = np.clip(
        np.where(strength > floor, strength, 0) / contrast, 0, 1, dtype=np.float32
    )
    had_lines = False
    if max(drawn.shape) > FIELD:
        with_lines, drawn = drawn, remove_lines(drawn, _FRINGE)
        had_lines = not np.array_equal(with_lines, drawn)
        drawn = without_dust(drawn, drawn > _FRINGE)
    components, _ = numbered_components(drawn, drawn > fringe(drawn))
    largest = max((max(each.height, each.width) for each in components), default=0)
    if largest < _LEAST_SIZE * max(strength.shape):
        raise _nothing(name, ink)
    return _Found(drawn, contrast / least, is_grainy, had_lines)


def fringe(drawn: NDArray[np.float32]) -> float:
    """Return the ink, 0 to 1, that a pixel of a digit has more of; see `find_ink`."""
    return _FRINGE if max(drawn.shape) > FIELD else 0.0


def prepare_digit(drawn: NDArray[np.float32], digit: Component) -> NDArray[np.uint8]:
    """Prepare one digit of the ink that `find_ink` found, given its box: uint8 (28, 28)."""
    box = _cut(drawn, digit)
    thick = thicken(sharpen(box) if max(box.shape) > FIELD else box)
    prepared: NDArray[np.uint8] = prepare(thick[None].astype(np.float32) / np.float32(255))[0]
    return to_full_ink(prepared)


def _is_cut_off(box: Component, shape: tuple[int, ...]) -> bool:
    """Tell whether a box lies at two sides of the picture or more."""
    at_sides = box.top == 0, box.left == 0, box.bottom == shape[0], box.right == shape[1]
    return sum(at_sides) > 1


def _cut(drawn: NDArray[np.float32], digit: Component) -> NDArray[np.uint8]:
    box = drawn[digit.top : digit.bottom, digit.left : digit.right]
    return (box * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _contrast(strength: NDArray[np.float32], floor: float, noise: float) -> float:
    """Return the strength of full ink: the strongest pixel, or where there is noise a quantile.

    Half of the ink is stronger, each pixel weighted by the fourth power of its strength: much
    faint grain weighs less than a digit.
    """
    if not noise:
        strongest = float(strength.max())
    else:
        counts, edges = np.histogram(strength[strength > floor], bins=256)
        weights = np.cumsum(counts * edges[1:] ** 4)
        if not weights[-1]:
            return 0.0
        strongest = float(edges[1:][np.searchsorted(weights, 0.5 * weights[-1])])
    return 255.0 if strongest > _FULL else strongest


def _nothing(name: str, ink: Ink) -> MnistScratchError:
    if ink == "auto":
        return MnistScratchError(
            f"{name}: nothing is drawn that stands out from its border; if the digit fills the "
            "picture, say what it is drawn with: --ink dark or --ink light "
            '(in Python: ink="dark" or ink="light")'
        )
    return MnistScratchError(
        f"{name}: nothing is drawn that stands out {ink} from its paper; "
        'leave --ink out (in Python: ink="auto"), or name a picture with a digit'
    )
