"""Pictures of digits as people take them, made of MNIST's images.

`KINDS` names each kind, with the group of the table that it counts in. A picture's size, its
colours, the distance of its lines and the place of its digit are drawn anew for each. A pen's lines
follow the middle of MNIST's strokes, so that they can be of any width.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from matplotlib import cbook
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Digit = NDArray[np.uint8]  # (28, 28)
Ink = NDArray[np.float32]  # (H, W), 0 to 1
Page = NDArray[np.float32]  # (H, W, 3), 0 to 255
Random = np.random.Generator
Colour = tuple[float, ...]

_SKELETON = 6  # times MNIST's size, at which strokes are thinned to their middle
_BLOT = 1.15  # times the depth of a stroke's middle: deeper is more than a stroke
BALL_PENS = ((20, 20, 30), (30, 40, 120), (120, 30, 30), (50, 50, 50))
LINE_COLOURS = ((140, 180, 230), (170, 200, 235), (190, 190, 190), (225, 150, 160), (150, 200, 190))
PENCIL = (90, 90, 95)


def png(page: NDArray[np.floating] | Image.Image) -> bytes:
    return encoded(page, "PNG", compress_level=1)


def encoded(page: NDArray[np.floating] | Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image = page if isinstance(page, Image.Image) else as_image(page)
    image.save(file, kind, **options)
    return file.getvalue()


def as_image(page: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(page + 0.5, 0, 255).astype(np.uint8))


# The digit.


def brush(digit: Digit, height: int) -> Ink:
    """The digit, its longer side enlarged to `height`, in strokes as thick as they are."""
    cut = _cut(digit)
    factor = height / max(cut.shape)
    size = (max(1, round(cut.shape[1] * factor)), max(1, round(cut.shape[0] * factor)))
    margin = 3
    padded = np.pad(cut, margin).astype(np.float32)
    large = Image.fromarray(padded).resize(
        tuple(side + round(2 * margin * factor) for side in size), Image.Resampling.BICUBIC
    )
    edge = max(factor * 0.4, 1.0)
    drawn: Ink = np.clip((np.asarray(large, np.float32) / 255 - 0.45) * edge + 0.5, 0, 1)
    return drawn


def pen(digit: Digit, height: int, width: float) -> Ink:
    """The digit, its longer side `height`, in lines of one width.

    Where MNIST's ink is far thicker than a stroke, as in a loop that ran full, a blot is drawn.
    """
    cut = _cut(digit)
    size = (cut.shape[1] * _SKELETON, cut.shape[0] * _SKELETON)
    large = Image.fromarray(np.pad(cut, 2)).resize(
        (size[0] + 4 * _SKELETON, size[1] + 4 * _SKELETON), Image.Resampling.BICUBIC
    )
    mask = np.asarray(large) > 115
    middle = _thinned(mask)
    rows, columns = np.nonzero(middle)
    depth = _depth(mask)[middle]
    blot = np.maximum(depth - _BLOT * np.median(depth), 0)
    y, x = _smoothed(middle, rows), _smoothed(middle, columns)
    y, x = (each - (each - blot).min() for each in (y, x))
    size = (x + blot).max(), (y + blot).max()
    margin = width + 4
    over = max(1, int(np.ceil(4 / width)))  # drawn larger, for edges that fade
    factor = (height - width) / max(*size, 1) * over
    y, x = (each * factor + margin * over for each in (y, x))
    shape = [int(each * factor / over + 2 * margin) + 1 for each in size]
    canvas = Image.new("L", (shape[0] * over, shape[1] * over))
    draw = ImageDraw.Draw(canvas)
    number = np.full(middle.shape, -1)
    number[rows, columns] = np.arange(len(rows))
    radius = width * over / 2
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        other = number[rows + down, columns + across]
        for one in np.flatnonzero(other >= 0).tolist():
            to = other[one]
            draw.line((x[one], y[one], x[to], y[to]), fill=255, width=max(1, round(2 * radius)))
    for px, py, r in zip(x, y, radius + blot * factor, strict=True):
        draw.ellipse((px - r, py - r, px + r, py + r), fill=255)
    drawn: Ink = np.asarray(canvas.reduce(over), np.float32) / np.float32(255)
    return drawn


def _cut(digit: Digit) -> Digit:
    rows, columns = np.nonzero(digit)
    return digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _thinned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Zhang and Suen's thinning (1984)."""
    mask = mask.copy()
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            p = _neighbours(mask)
            count = p.sum(axis=0)
            turns = (~p & np.roll(p, -1, axis=0)).sum(axis=0)
            up, right, down, left = p[0], p[2], p[4], p[6]
            if first:
                open_ = ~(up & right & down) & ~(right & down & left)
            else:
                open_ = ~(up & right & left) & ~(up & down & left)
            off = mask & (count >= 2) & (count <= 6) & (turns == 1) & open_
            changed |= bool(off.any())
            mask &= ~off
    return mask


def _depth(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How far each pixel is from the outside: how many layers come off before it does."""
    depth = np.zeros(mask.shape, np.int64)
    while mask.any():
        depth += mask
        mask = mask & _neighbours(mask)[:: 1 + depth.max() % 2].all(axis=0)
    return depth


def _neighbours(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The eight neighbours of every pixel, clockwise from above: (8, H, W)."""
    padded = np.pad(mask, 1)
    height, width = mask.shape
    steps = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))
    return np.stack([padded[y : y + height, x : x + width] for y, x in steps])


def _smoothed(mask: NDArray[np.bool_], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Coordinates of a line's pixels, averaged over those within four pixels."""
    values = np.zeros(mask.shape)
    values[mask] = places
    sums = [np.zeros(mask.shape), np.zeros(mask.shape)]
    for down in range(-4, 5):
        for across in range(-4, 5):
            sums[0] += np.roll(values, (down, across), axis=(0, 1))
            sums[1] += np.roll(mask, (down, across), axis=(0, 1))
    smoothed: NDArray[np.float64] = (sums[0] / np.maximum(sums[1], 1))[mask]
    return smoothed


# The paper.


def some_height(rng: Random, least: int = 50, most: int = 400) -> int:
    return int(np.exp(rng.uniform(np.log(least), np.log(most))))


def some_ink(digit: Digit, rng: Random, height: int | None = None) -> Ink:
    """As a felt pen writes, or thinner."""
    height = height or some_height(rng)
    if rng.random() < 0.6:
        return brush(digit, height)
    return pen(digit, height, height / rng.uniform(10, 30))


def sheet(shape: tuple[int, int], rng: Random, level: float | None = None) -> Page:
    level = rng.uniform(215, 255) if level is None else level
    page = np.full((*shape, 3), level, np.float32)
    page += rng.normal(0, rng.uniform(0, 2.0), (*shape, 1))
    return np.clip(page, 0, 255)


def size_of_page(ink: Ink, rng: Random, least: float = 1.3, most: float = 2.4) -> tuple[int, int]:
    longest = max(ink.shape)
    return (int(longest * rng.uniform(least, most)), int(longest * rng.uniform(least, most)))


def write(
    page: Page, ink: Ink, rng: Random, colour: Colour | None = None, margin: float = 0.03
) -> tuple[int, int]:
    """Put the ink somewhere on the page, and say where."""
    if colour is None:
        colour = BALL_PENS[rng.integers(len(BALL_PENS))]
    spare = [page.shape[axis] - ink.shape[axis] for axis in (0, 1)]
    top, left = (
        int(rng.uniform(min(margin, 0.5) * s, (1 - min(margin, 0.5)) * s)) if s > 0 else 0
        for s in spare
    )
    part = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    drawn = ink[: part.shape[0], : part.shape[1], None]
    part[:] = part * (1 - drawn) + np.array(colour, np.float32) * drawn
    return top, left


def plain_page(digit: Digit, rng: Random, ink: Ink | None = None) -> Page:
    ink = brush(digit, some_height(rng)) if ink is None else ink
    page = sheet(size_of_page(ink, rng), rng)
    write(page, ink, rng)
    return page


def blurred(page: Page, radius: float) -> Page:
    return np.asarray(as_image(page).filter(ImageFilter.GaussianBlur(radius)), np.float32)


# Plain pictures.


def soft_shadow(digit: Digit, rng: Random) -> bytes:
    page = plain_page(digit, rng)
    y, x = np.mgrid[: page.shape[0], : page.shape[1]] / max(page.shape)
    across = x * np.cos(angle := rng.uniform(0, 7)) + y * np.sin(angle)
    light = 1 - rng.uniform(0.2, 0.5) / (1 + np.exp(-(across - 0.4) * rng.uniform(4, 8)))
    return png(page * light[:, :, None].astype(np.float32))


def coloured(digit: Digit, rng: Random) -> bytes:
    ink = brush(digit, some_height(rng))
    paper = rng.uniform(170, 255, 3)
    page = sheet(size_of_page(ink, rng), rng, 255) * (paper / 255).astype(np.float32)
    colour = rng.uniform(0, 255, 3)
    while np.abs(colour - paper).max() < 80:
        colour = rng.uniform(0, 255, 3)
    write(page, ink, rng, tuple(colour.tolist()))
    return png(page)


def light_on_dark(digit: Digit, rng: Random) -> bytes:
    return png(255 - plain_page(digit, rng))


def transparent(digit: Digit, rng: Random) -> bytes:
    ink = brush(digit, some_height(rng))
    page = np.zeros((*size_of_page(ink, rng), 3), np.float32)
    write(page, ink, rng, (255, 255, 255))
    colour = BALL_PENS[rng.integers(len(BALL_PENS))] if rng.random() < 0.5 else (255, 255, 255)
    image = Image.new("RGB", page.shape[1::-1], colour)
    image.putalpha(as_image(page).convert("L"))
    return png(image)


def sixteen_bits(digit: Digit, rng: Random) -> bytes:
    grey = plain_page(digit, rng).mean(axis=2)
    return encoded(Image.fromarray((grey * 257).astype(np.uint16)), "PNG")


def jpeg(digit: Digit, rng: Random) -> bytes:
    return encoded(plain_page(digit, rng), "JPEG", quality=int(rng.uniform(40, 90)))


def turned_by_exif(digit: Digit, rng: Random) -> bytes:
    turned = as_image(plain_page(digit, rng)).rotate(90, expand=True)
    exif = turned.getexif()
    exif[0x0112] = 6
    return encoded(turned, "JPEG", exif=exif)


def small_in_a_large_picture(digit: Digit, rng: Random) -> bytes:
    ink = brush(digit, int(rng.uniform(40, 120)))
    page = sheet(size_of_page(ink, rng, 6, 12), rng)
    write(page, ink, rng, margin=0.1)
    return png(page)


def enlarged_mnist(digit: Digit, rng: Random) -> bytes:
    side = int(rng.uniform(28, 600))
    way = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.NEAREST)
    image = Image.fromarray(digit).resize((side, side), way[rng.integers(3)])
    return png(image if rng.random() < 0.5 else Image.eval(image, lambda value: 255 - value))


# Thin lines.


def thin(share: int) -> Callable[[Digit, Random], bytes]:
    def drawn(digit: Digit, rng: Random) -> bytes:
        height = some_height(rng, 60, 1600)
        ink = pen(digit, height, max(height / share, 0.3))
        page = sheet(size_of_page(ink, rng, 1.2, 2.0), rng)
        write(page, ink, rng)
        return png(page)

    return drawn


# Light.


def hard_shadow(across_the_digit: bool) -> Callable[[Digit, Random], bytes]:
    def drawn(digit: Digit, rng: Random) -> bytes:
        ink = some_ink(digit, rng)
        page = sheet(size_of_page(ink, rng, 1.5, 2.5), rng)
        top, left = write(page, ink, rng, margin=0.1)
        y, x = np.mgrid[: page.shape[0], : page.shape[1]]
        y, x = y - top - ink.shape[0] / 2, x - left - ink.shape[1] / 2  # from the digit's middle
        angle = rng.uniform(0, 2 * np.pi)
        away = rng.uniform(-0.3, 0.3) if across_the_digit else rng.uniform(0.6, 0.75)
        side = x * np.cos(angle) + y * np.sin(angle) - away * max(ink.shape)
        soft = rng.uniform(0.5, 2)
        light = 1 - rng.uniform(0.35, 0.6) * np.clip(side / soft + 0.5, 0, 1)
        return png(page * light[:, :, None].astype(np.float32))

    return drawn


# A sheet on a table.


def on_a_table(sides: int, level: tuple[float, float]) -> Callable[[Digit, Random], bytes]:
    def drawn(digit: Digit, rng: Random) -> bytes:
        ink = some_ink(digit, rng, some_height(rng, 50, 300))
        paper = rng.uniform(150, 200) if level[0] > 200 else rng.uniform(215, 255)
        page = sheet(size_of_page(ink, rng), rng, paper)
        write(page, ink, rng, margin=0.1)
        wide = [int(rng.uniform(0.08, 0.5) * max(page.shape)) for _ in range(4)]
        chosen = {4: (0, 1, 2, 3), 2: ((0, 1), (1, 2), (2, 3), (3, 0))[rng.integers(4)]}.get(
            sides, (int(rng.integers(4)),)
        )
        top, right, bottom, left = (wide[side] if side in chosen else 0 for side in range(4))
        shape = (page.shape[0] + top + bottom, page.shape[1] + left + right)
        tint = np.float32(rng.uniform(0.75, 1, 3)) if level[0] > 20 else np.float32(1)
        table = np.full((*shape, 3), rng.uniform(*level), np.float32) * tint
        if rng.random() < 0.5:  # wood
            table += rng.normal(0, 4, (shape[0], 1, 1)) + rng.normal(0, 3, (*shape, 1))
        table[top : top + page.shape[0], left : left + page.shape[1]] = page
        return png(blurred(table, rng.uniform(0, 0.8)))

    return drawn


def scan_with_black_corners(digit: Digit, rng: Random) -> bytes:
    page = as_image(plain_page(digit, rng, some_ink(digit, rng)))
    angle = rng.uniform(3, 9) * rng.choice([-1, 1])
    level = int(rng.uniform(0, 40))
    return png(page.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=(level,) * 3))


# Frames and marks.


def frame(digit: Digit, rng: Random) -> bytes:
    page = plain_page(digit, rng, some_ink(digit, rng))
    width = int(rng.integers(1, 6))
    level = rng.choice([0, rng.uniform(60, 190)])
    framed = np.full_like(page, level)
    framed[width:-width, width:-width] = page[width:-width, width:-width]
    return png(framed)


def _rectangle(page: Page, box: tuple[float, ...], width: int, colour: tuple[int, ...]) -> None:
    image = as_image(page)
    ImageDraw.Draw(image).rectangle([round(each) for each in box], None, colour, width)
    page[:] = np.asarray(image)


def printed_box(digit: Digit, rng: Random) -> bytes:
    ink = some_ink(digit, rng)
    page = sheet(size_of_page(ink, rng, 1.7, 2.6), rng)
    top, left = write(page, ink, rng, margin=0.3)
    apart = max(ink.shape) * rng.uniform(0.06, 0.3, 4)
    box = (
        max(3, left - apart[0]),
        max(3, top - apart[1]),
        min(page.shape[1] - 4, left + ink.shape[1] + apart[2]),
        min(page.shape[0] - 4, top + ink.shape[0] + apart[3]),
    )
    level = int(rng.choice([0, rng.uniform(0, 170)]))
    width = int(rng.integers(1, max(2, max(ink.shape) // 30) + 1))
    _rectangle(page, box, width, (level,) * 3)
    return png(page)


def boxes_of_a_form(digit: Digit, rng: Random) -> bytes:
    ink = some_ink(digit, rng, some_height(rng, 50, 250))
    side = int(max(ink.shape) * rng.uniform(1.1, 1.5))
    count = int(rng.integers(2, 6))
    margin = int(side * rng.uniform(0.1, 0.5))
    page = sheet((side + 2 * margin, side * count + 2 * margin), rng)
    level = int(rng.choice([0, rng.uniform(0, 170)]))
    width = int(rng.integers(1, max(2, side // 40) + 1))
    for place in range(count):
        left = margin + place * side
        _rectangle(page, (left, margin, left + side, margin + side), width, (level,) * 3)
    left = margin + int(rng.integers(count)) * side
    write(page[margin : margin + side, left : left + side], ink, rng, margin=0.2)
    return png(page)


def label_beside(digit: Digit, rng: Random) -> bytes:
    ink = some_ink(digit, rng, some_height(rng, 80, 400))
    page = sheet(size_of_page(ink, rng, 1.8, 2.6), rng)
    top, _ = write(page, ink, rng, margin=0.5)
    image = as_image(page)
    text = ("No.", "Nr:", "age", "Q1", "x =", "digit")[rng.integers(6)]
    ImageDraw.Draw(image).text(
        (page.shape[1] * 0.03, top * rng.uniform(0.1, 1)),
        text,
        fill=(40, 40, 40),
        font_size=max(ink.shape) * rng.uniform(0.12, 0.22),
    )
    return png(image)


def tick_beside(digit: Digit, rng: Random) -> bytes:
    ink = some_ink(digit, rng)
    height = max(ink.shape)
    page = sheet((int(height * 1.6), int(ink.shape[1] + height * 1.3)), rng)
    write(page[:, : ink.shape[1] + int(0.2 * height)], ink, rng, margin=0.3)
    image = as_image(page)
    size = ink.shape[0] * rng.uniform(0.12, 0.3)
    x = page.shape[1] - size * 1.3
    y = page.shape[0] * rng.uniform(0.3, 0.8)
    points = [(x, y), (x + 0.3 * size, y + 0.4 * size), (x + size, y - 0.6 * size)]
    ImageDraw.Draw(image).line(
        points, (40, 40, 120), max(1, round(height * rng.uniform(0.02, 0.06))), joint="curve"
    )
    return png(image)


# Lines on the paper.


def _line_colour(rng: Random, dark: bool) -> tuple[int, ...]:
    return PENCIL if dark else LINE_COLOURS[rng.integers(len(LINE_COLOURS))]


def _lines(page: Page, rng: Random, dark: bool, apart: tuple[float, float] | None) -> None:
    """Draw lines across the page, at one distance: (down, across), 0 for none."""
    over = 3
    height, width = page.shape[:2]
    canvas = Image.new("L", (width * over, height * over))
    draw = ImageDraw.Draw(canvas)
    tilt = np.tan(np.radians(rng.uniform(-2, 2))) if rng.random() < 0.5 else 0.0
    thick = max(1, round(over * max(1.0, max(page.shape) * rng.uniform(0.002, 0.006))))
    for along, distance in enumerate(apart or ()):
        if not distance:
            continue
        length = canvas.size[along]
        slip = tilt * length * (1 if along == 0 else -1)
        place = rng.uniform(0, distance) * over - abs(slip)
        while place < canvas.size[1 - along] + abs(slip):
            ends = [(0, place), (length, place + slip)]
            draw.line([end if along == 0 else end[::-1] for end in ends], 255, thick)
            place += distance * over
    _blend(page, canvas.reduce(over), _line_colour(rng, dark))


def _blend(page: Page, canvas: Image.Image, colour: Colour) -> None:
    drawn = np.asarray(canvas, np.float32)[:, :, None] / 255
    page[:] = page * (1 - drawn) + np.array(colour, np.float32) * drawn


def ruled(dark: bool) -> Callable[[Digit, Random], bytes]:
    def drawn(digit: Digit, rng: Random) -> bytes:
        ink = some_ink(digit, rng)
        page = sheet(size_of_page(ink, rng, 1.5, 2.5), rng)
        _lines(page, rng, dark, (max(ink.shape) * rng.uniform(0.15, 0.7), 0))
        write(page, ink, rng)
        return png(page)

    return drawn


def squared(dark: bool) -> Callable[[Digit, Random], bytes]:
    def drawn(digit: Digit, rng: Random) -> bytes:
        ink = some_ink(digit, rng, some_height(rng, 80, 400))
        page = sheet(size_of_page(ink, rng, 1.5, 2.5), rng)
        apart = max(ink.shape) * rng.uniform(0.14, 0.5)
        _lines(page, rng, dark, (apart, apart))
        write(page, ink, rng)
        return png(page)

    return drawn


def margin_line(digit: Digit, rng: Random) -> bytes:
    ink = some_ink(digit, rng)
    page = sheet(size_of_page(ink, rng, 1.4, 2.4), rng)
    canvas = Image.new("L", page.shape[1::-1])
    thick = max(1, round(max(page.shape) * rng.uniform(0.002, 0.01)))
    if upright := rng.random() < 0.7:
        x = page.shape[1] * rng.uniform(0.05, 0.12)
        ends = [(x, 0), (x + page.shape[1] * rng.uniform(-0.02, 0.02), page.shape[0])]
    else:
        y = page.shape[0] * rng.uniform(0.86, 0.95)
        ends = [(0, y), (page.shape[1], y + page.shape[0] * rng.uniform(-0.02, 0.02))]
    ImageDraw.Draw(canvas).line(ends, 255, thick)
    _blend(page, canvas, _line_colour(rng, bool(rng.random() < 0.5)))
    room = page[:, int(page.shape[1] * 0.17) :] if upright else page[: int(page.shape[0] * 0.84)]
    write(room if min(np.subtract(room.shape[:2], ink.shape)) > 0 else page, ink, rng)
    return png(page)


def line_through_the_digit(digit: Digit, rng: Random) -> bytes:
    ink = some_ink(digit, rng)
    page = sheet(size_of_page(ink, rng, 1.4, 2.4), rng)
    top, _ = write(page.copy(), ink, rng, margin=0.5)
    canvas = Image.new("L", page.shape[1::-1])
    y = top + ink.shape[0] * rng.uniform(0.3, 0.9)
    thick = max(1, round(max(page.shape) * rng.uniform(0.002, 0.006)))
    ends = [(0, y), (page.shape[1], y + page.shape[0] * rng.uniform(-0.02, 0.02))]
    ImageDraw.Draw(canvas).line(ends, 255, thick)
    _blend(page, canvas, _line_colour(rng, bool(rng.random() < 0.5)))
    write(page, ink, rng, margin=0.5)
    return png(page)


def dotted(digit: Digit, rng: Random) -> bytes:
    ink = some_ink(digit, rng, some_height(rng, 80, 400))
    page = sheet(size_of_page(ink, rng, 1.4, 2.4), rng)
    apart = max(ink.shape) * rng.uniform(0.15, 0.4)
    radius = max(1.0, apart * rng.uniform(0.03, 0.07))
    canvas = Image.new("L", page.shape[1::-1])
    draw = ImageDraw.Draw(canvas)
    y0, x0 = rng.uniform(0, apart, 2)
    for y in np.arange(y0, page.shape[0], apart):
        for x in np.arange(x0, page.shape[1], apart):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    _blend(page, canvas, _line_colour(rng, bool(rng.random() < 0.3)))
    write(page, ink, rng)
    return png(page)


# Weak pictures.


def faint_pencil(digit: Digit, rng: Random) -> bytes:
    ink = some_ink(digit, rng)
    page = sheet(size_of_page(ink, rng), rng, rng.uniform(215, 245))
    grain = np.clip(rng.normal(1, 0.2, ink.shape), 0, 1.3).astype(np.float32)
    write(page, np.clip(ink * grain, 0, 1), rng, (page.mean() * rng.uniform(0.72, 0.88),) * 3)
    return png(page + rng.normal(0, 1.5, (*page.shape[:2], 1)))


def yellow_marker(digit: Digit, rng: Random) -> bytes:
    ink = brush(digit, some_height(rng))
    page = sheet(size_of_page(ink, rng), rng)
    write(page, ink, rng, (250, rng.uniform(220, 245), rng.uniform(60, 150)))
    return png(page)


def noisy(digit: Digit, rng: Random) -> bytes:
    page = plain_page(digit, rng, some_ink(digit, rng))
    return png(page + rng.normal(0, rng.uniform(5, 25), page.shape))


def out_of_focus(digit: Digit, rng: Random) -> bytes:
    ink = some_ink(digit, rng)
    page = sheet(size_of_page(ink, rng), rng)
    write(page, ink, rng)
    return png(blurred(page, max(ink.shape) / 50))


def turned(digit: Digit, rng: Random) -> bytes:
    ink = np.pad(some_ink(digit, rng), 4)
    image = Image.fromarray((ink * 255).astype(np.uint8))
    angle = rng.uniform(-15, 15)
    rotated = image.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    ink = np.asarray(rotated, np.float32) / np.float32(255)
    page = sheet(size_of_page(ink, rng), rng)
    write(page, ink, rng)
    return png(page)


# No digit.


def blank(_: Digit, rng: Random) -> bytes:
    shape = tuple(rng.integers(60, 500, 2).tolist())
    page = sheet(shape, rng) + rng.normal(0, rng.uniform(0, 8), (*shape, 1))
    light = np.linspace(rng.uniform(0.6, 1), 1, shape[1])[:, None]
    return png(page * light.astype(np.float32))


def noise(_: Digit, rng: Random) -> bytes:
    shape = rng.integers(28, 400, 2)
    values = rng.uniform(0, 255, (*shape, 3 if rng.random() < 0.5 else 1))
    page = np.broadcast_to(values, (*shape, 3)).astype(np.float32)
    return png(blurred(page, float(rng.choice([0, 1, 3]))))


def photograph(_: Digit, rng: Random) -> bytes:
    """A part of the portrait that Matplotlib has among its samples."""
    with Image.open(cbook._get_data_path("sample_data/grace_hopper.jpg")) as image:
        width, height = (int(side * rng.uniform(0.2, 0.9)) for side in image.size)
        left = int(rng.integers(image.width - width))
        top = int(rng.integers(image.height - height))
        return png(image.crop((left, top, left + width, top + height)).convert("RGB"))


def scribble(_: Digit, rng: Random) -> bytes:
    image = Image.new("RGB", (300, 300), (240, 240, 240))
    points = [tuple(point) for point in rng.uniform(10, 290, (int(rng.integers(15, 40)), 2))]
    ImageDraw.Draw(image).line(points, (30, 30, 60), int(rng.integers(2, 9)), joint="curve")
    return png(image)


PLAIN, THIN_30, THIN_60, THIN_90 = "plain", "thin 1/30", "thin 1/60", "thin 1/90"
SHADOW, SHEET, LIGHTER, SCAN = "hard shadow", "sheet, darker", "sheet, lighter", "turned scan"
MARKS, LINES, WEAK, TURNED, NOTHING = "frame, box, mark", "lines", "weak", "turned", "no digit"

# Of each group: right at least, sure and wrong at most, in percent.
WANTED = {
    PLAIN: (97, 0.5),
    THIN_30: (93, 1),
    THIN_60: (90, 1),
    THIN_90: (88, 1),
    SHADOW: (90, 1),
    SHEET: (95, 1),
    LIGHTER: (95, 1),
    SCAN: (90, 1),
    MARKS: (93, 1),
    LINES: (85, 1),
    WEAK: (92, 1),
    TURNED: (85, 2),
    NOTHING: (0, 1),
}

KINDS: dict[str, tuple[str, Callable[[Digit, Random], bytes]]] = {
    "plain": (PLAIN, lambda digit, rng: png(plain_page(digit, rng))),
    "soft shadow": (PLAIN, soft_shadow),
    "colours": (PLAIN, coloured),
    "light on dark": (PLAIN, light_on_dark),
    "transparent": (PLAIN, transparent),
    "16 bits": (PLAIN, sixteen_bits),
    "JPEG": (PLAIN, jpeg),
    "turned by EXIF": (PLAIN, turned_by_exif),
    "small in a large picture": (PLAIN, small_in_a_large_picture),
    "enlarged MNIST": (PLAIN, enlarged_mnist),
    "1/30 of the height": (THIN_30, thin(30)),
    "1/60 of the height": (THIN_60, thin(60)),
    "1/90 of the height": (THIN_90, thin(90)),
    "shadow edge across": (SHADOW, hard_shadow(True)),
    "shadow edge beside": (SHADOW, hard_shadow(False)),
    "dark table, four sides": (SHEET, on_a_table(4, (40, 110))),
    "dark table, two sides": (SHEET, on_a_table(2, (40, 110))),
    "dark table, one side": (SHEET, on_a_table(1, (40, 110))),
    "black table, four sides": (SHEET, on_a_table(4, (0, 15))),
    "black table, two sides": (SHEET, on_a_table(2, (0, 15))),
    "black table, one side": (SHEET, on_a_table(1, (0, 15))),
    "lighter table": (LIGHTER, on_a_table(4, (225, 255))),
    "scan with black corners": (SCAN, scan_with_black_corners),
    "frame": (MARKS, frame),
    "printed box": (MARKS, printed_box),
    "boxes of a form": (MARKS, boxes_of_a_form),
    "label beside": (MARKS, label_beside),
    "tick beside": (MARKS, tick_beside),
    "margin line": (LINES, margin_line),
    "ruled": (LINES, ruled(False)),
    "ruled, dark as pencil": (LINES, ruled(True)),
    "squared": (LINES, squared(False)),
    "squared, dark as pencil": (LINES, squared(True)),
    "dotted": (LINES, dotted),
    "line through the digit": (LINES, line_through_the_digit),
    "faint pencil": (WEAK, faint_pencil),
    "yellow marker": (WEAK, yellow_marker),
    "noise in the picture": (WEAK, noisy),
    "out of focus": (WEAK, out_of_focus),
    "turned up to 15 degrees": (TURNED, turned),
    "blank": (NOTHING, blank),
    "noise": (NOTHING, noise),
    "photograph": (NOTHING, photograph),
    "scribble": (NOTHING, scribble),
}
