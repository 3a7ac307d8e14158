"""A person's own pictures with what was found in them, and what the network saw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from mnist_scratch.data.pictures.own import PictureDigits
from mnist_scratch.data.pictures.read import Picture
from mnist_scratch.report.plots.style import COLOURS
from mnist_scratch.system.files import written_whole

_WIDTH = 720  # pixels of a picture with boxes
_HEIGHT = 540  # at most, of the picture in it
_ENLARGED = 3  # times, of what the network saw
_GAP = 12
_TEXT = 16  # pixels of height


def picture_with_boxes(
    file: str,
    picture: Picture,
    digits: PictureDigits,
    names: Sequence[str],
    probabilities: npt.NDArray[np.float64],
) -> Image.Image:
    """Draw boxes on a picture, and below it, for each, what the network saw and its answer.

    Parameters
    ----------
    file
        The picture's name, which stands above it.
    picture, digits
        A picture and the D digits in it.
    names, probabilities
        (D,) and (D, C): what each digit is read as, and the probability of every class.
    """
    highest = probabilities.max(axis=1).tolist()
    captions = [f"{name}  {p:.1%}" for name, p in zip(names, highest, strict=True)]
    paper = Image.new("RGBA", (picture.pixels.shape[1], picture.pixels.shape[0]), "white")
    paper.alpha_composite(Image.fromarray(picture.pixels))
    factor = min((_WIDTH - 2 * _GAP) / picture.width, _HEIGHT / picture.height)
    size = [max(1, round(factor * side)) for side in (picture.width, picture.height)]
    paper = paper.convert("RGB").resize(size, Image.Resampling.BICUBIC)

    font = ImageFont.truetype(
        Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), _TEXT
    )
    side = 28 * _ENLARGED
    cell_width = max(side, *(math.ceil(font.getlength(text)) for text in captions)) + _GAP
    cell_height = side + _TEXT + 2 * _GAP
    across = max(1, (_WIDTH - _GAP) // cell_width)
    rows = math.ceil(len(captions) / across)
    top, left = 2 * _GAP + _TEXT, (_WIDTH - paper.width) // 2
    sheet = Image.new("RGB", (_WIDTH, top + paper.height + _GAP + rows * cell_height), "white")
    sheet.paste(paper, (left, top))

    pen = ImageDraw.Draw(sheet)
    pen.text((_GAP, _GAP - 4), file, "black", font)
    for box in digits.boxes.tolist():
        x0, y0, x1, y1 = (factor * edge for edge in box)
        corners = (left + x0 - 3, top + y0 - 3, left + x1 + 2, top + y1 + 2)
        pen.rectangle(corners, outline=COLOURS[1], width=2)
    for place, (image, caption) in enumerate(zip(digits.images, captions, strict=True)):
        row, column = divmod(place, across)
        x, y = _GAP + column * cell_width, top + paper.height + _GAP + row * cell_height
        sheet.paste(Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST), (x, y))
        pen.text((x, y + side + 2), caption, "black", font)
    return sheet


def save_boxes(pictures: Sequence[Image.Image], output: Path) -> None:
    """Write pictures with boxes, below each other.

    Raises
    ------
    MnistScratchError
        If it cannot be written.
    """
    sheet = Image.new("RGB", (_WIDTH, sum(picture.height for picture in pictures)))
    top = 0
    for picture in pictures:
        sheet.paste(picture, (0, top))
        top += picture.height
    with written_whole(output) as file:
        sheet.save(file, format="PNG")
