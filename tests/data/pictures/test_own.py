"""A person's own pictures: any colours and files, and what is refused."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.load_digits import load_digits
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from mnist_scratch.data.pictures.background import Ink, subtract_background
from mnist_scratch.data.pictures.own import read_digits, read_picture
from mnist_scratch.data.pictures.read import left_out, open_picture, picture_files
from mnist_scratch.data.synthetic.digits import draw_digits
from mnist_scratch.errors import MnistScratchError

WHITE, BLACK = 255, 0


def seven(
    mode: str = "L", paper: object = WHITE, ink: object = BLACK, width: int = 32
) -> Image.Image:
    image = Image.new(mode, (300, 400), paper)  # type: ignore[arg-type]
    points = [(80, 90), (220, 90), (130, 330)]
    ImageDraw.Draw(image).line(points, fill=ink, width=width, joint="curve")  # type: ignore[arg-type]
    return image


def prepared(path: Path, ink: Ink = "auto") -> NDArray[np.uint8]:
    return read_picture(path, ink)


def same(one: NDArray[np.uint8], other: NDArray[np.uint8], within: float = 0.5) -> bool:
    return bool(np.abs(one.astype(int) - other).mean() <= within)


@pytest.fixture
def plain(tmp_path: Path) -> NDArray[np.uint8]:
    """The seven, prepared from a plain grey PNG."""
    seven().save(tmp_path / "plain.png")
    return prepared(tmp_path / "plain.png")


def in_16_bits(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)


def turned_on_its_side(image: Image.Image) -> Image.Image:
    turned = image.rotate(90, expand=True)
    turned.getexif()[0x0112] = 6
    return turned


PICTURES: dict[str, Callable[[], tuple[Image.Image, str]]] = {
    "light on dark": lambda: (seven("L", BLACK, WHITE), "png"),
    "yellow on white": lambda: (seven("RGB", (255, 255, 255), (255, 230, 0)), "png"),
    "red on as bright a green": lambda: (seven("RGB", (0, 128, 0), (255, 0, 0)), "png"),
    "faint": lambda: (seven("L", 200, 180), "png"),
    "dark on transparent": lambda: (seven("RGBA", (0, 0, 0, 0), (0, 0, 0, 255)), "png"),
    "light on transparent": lambda: (seven("RGBA", (0, 0, 0, 0), (255, 255, 255, 255)), "png"),
    "grey with opacity": lambda: (seven("LA", (0, 0), (20, 200)), "png"),
    "palette": lambda: (seven().convert("P"), "png"),
    "one bit": lambda: (seven().convert("1"), "png"),
    "sixteen bits": lambda: (in_16_bits(seven()), "png"),
    "CMYK": lambda: (seven("CMYK", (0, 0, 0, 0), (0, 0, 0, 255)), "jpg"),
    "turned by EXIF": lambda: (turned_on_its_side(seven()), "png"),
    "GIF": lambda: (seven(), "gif"),
    "BMP": lambda: (seven(), "bmp"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_colours_transparency_and_file_formats_make_no_difference(
    name: str, plain: NDArray[np.uint8], tmp_path: Path
) -> None:
    image, suffix = PICTURES[name]()
    path = tmp_path / f"picture.{suffix}"
    image.save(path, exif=image.getexif())
    assert same(prepared(path), plain, within=2 if suffix == "jpg" else 0.5)


def test_paper_with_a_transparent_corner_is_paper_there_too(
    plain: NDArray[np.uint8], tmp_path: Path
) -> None:
    image = seven("RGBA", (255, 255, 255, 255), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 40, 40))
    image.save(tmp_path / "corner.png")
    assert same(prepared(tmp_path / "corner.png"), plain)


def test_the_ink_can_be_named_where_the_border_misleads(
    plain: NDArray[np.uint8], tmp_path: Path
) -> None:
    tight = seven().crop(ImageOps.invert(seven()).getbbox())  # no margin: ink along the top
    tight.save(tmp_path / "tight.png")
    assert same(prepared(tmp_path / "tight.png", "dark"), plain)
    stroke = Image.new("L", (50, 200), WHITE)  # most of the border is ink
    ImageDraw.Draw(stroke).rectangle((0, 0, 39, 199), fill=BLACK)
    stroke.save(tmp_path / "stroke.png")
    with pytest.raises(MnistScratchError, match="--ink dark"):
        prepared(tmp_path / "stroke.png")
    assert (prepared(tmp_path / "stroke.png", "dark") == WHITE).sum() == 4 * 20


def pencil(seed: int, contrast: float) -> Image.Image:
    """A photograph of a pencil's seven: a lamp at one side, grain, noise of the sensor, JPEG."""
    rng = np.random.default_rng(seed)
    ink = np.asarray(seven(width=14).resize((300, 400)), np.float64)
    ink = np.pad(1 - ink / 255, ((150, 250), (400, 100)))
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]]
    lamp = 0.5 + 0.4 * np.exp(-((x / 600) ** 2) - (y / 700) ** 2)
    paper = 255 * lamp * (1 - contrast * np.clip(ink * rng.normal(1, 0.25, ink.shape), 0, 1))
    paper += rng.normal(0, 6, ink.shape)
    photograph = Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))
    return photograph.filter(ImageFilter.GaussianBlur(0.8))


@pytest.mark.parametrize("contrast", [0.25, 0.5])
def test_a_photograph_of_pencil_on_unevenly_lit_paper_is_cut_to_the_ink(
    contrast: float, tmp_path: Path
) -> None:
    seven(width=14).save(tmp_path / "drawn.png")
    pencil(3, contrast).save(tmp_path / "photograph.jpg", quality=70)
    drawn = prepared(tmp_path / "drawn.png").astype(int)
    photographed = prepared(tmp_path / "photograph.jpg").astype(int)
    assert np.corrcoef(drawn.ravel(), photographed.ravel())[0, 1] > 0.95
    assert photographed[photographed > 0].max() > 200, "pencil becomes full ink"


def test_ink_across_the_border_does_not_bend_the_paper() -> None:
    cut = np.asarray(seven().crop((40, 40, 260, 300))) / 255  # its leg leaves the picture
    lamp = np.linspace(130, 250, cut.shape[1]) - np.linspace(0, 40, cut.shape[0])[:, None]
    lit = Image.fromarray((lamp * (0.3 + 0.7 * cut)).astype(np.uint8))
    strength = subtract_background(np.asarray(lit.convert("RGBA")), "auto")
    assert np.abs(strength[cut == 1]).max() < 2
    assert strength[cut == 0].min() > 80


def test_what_enlarging_leaves_around_the_ink_does_not_count(tmp_path: Path) -> None:
    digits = draw_digits(np.arange(10), np.random.default_rng(9))
    differences = []
    for digit in digits:
        enlarged = Image.fromarray(digit).resize((280, 280), Image.Resampling.LANCZOS)
        enlarged.save(tmp_path / "enlarged.png")
        differences.append(np.abs(prepared(tmp_path / "enlarged.png").astype(int) - digit).mean())
    assert np.mean(differences) < 12


def test_dust_changes_nothing_and_a_lifted_pen_is_no_second_digit(
    plain: NDArray[np.uint8], tmp_path: Path
) -> None:
    dusty = seven()
    pen = ImageDraw.Draw(dusty)
    for x, y in ((5, 5), (290, 390), (20, 380)):
        pen.ellipse((x, y, x + 3, y + 3), fill=BLACK)
    dusty.save(tmp_path / "dusty.png")
    assert same(prepared(tmp_path / "dusty.png"), plain, within=0)
    broken = seven()
    ImageDraw.Draw(broken).rectangle((0, 180, 300, 200), fill=WHITE)
    broken.save(tmp_path / "broken.png")
    assert same(prepared(tmp_path / "broken.png"), plain, within=8)


def test_several_digits_are_refused_with_a_hint(tmp_path: Path) -> None:
    two = Image.new("L", (500, 400), WHITE)
    two.paste(seven(), (0, 0))
    two.paste(seven().crop((60, 0, 300, 400)), (230, 20))
    two.save(tmp_path / "two.png")
    with pytest.raises(MnistScratchError, match=r"two\.png: more than one digit.*cut out one"):
        prepared(tmp_path / "two.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_not_waited_for_and_not_called_missing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MnistScratchError, match=r"pipe is a pipe or a device; .*, as -$"):
        open_picture(str(tmp_path / "pipe"))


@pytest.mark.parametrize("ink", ["dark", "light"])
def test_where_nothing_is_drawn_in_the_ink_that_was_said_the_hint_is_not_to_say_it(
    tmp_path: Path, ink: Ink
) -> None:
    Image.new("L", (90, 90), 70).save(tmp_path / "blank.png")
    with pytest.raises(
        MnistScratchError, match=f'{ink} from its paper; leave --ink out .*ink="auto"'
    ):
        prepared(tmp_path / "blank.png", ink)


def test_a_photograph_of_empty_paper_has_nothing_drawn(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(180, 8, (700, 900))
    Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).save(tmp_path / "paper.jpg")
    with pytest.raises(MnistScratchError, match="nothing is drawn"):
        prepared(tmp_path / "paper.jpg")


def test_a_large_picture_is_reduced_before_anything_else(tmp_path: Path) -> None:
    seven().resize((1500, 2000)).save(tmp_path / "large.png")
    picture = open_picture(str(tmp_path / "large.png"))
    assert picture.pixels.shape == (1000, 750, 4)
    assert (picture.width, picture.height, picture.scale) == (1500, 2000, 2)


def png(width: int, height: int) -> bytes:
    """A PNG's header that announces a size, and next to nothing behind it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    content = chunk(b"IDAT", zlib.compress(b"\0"))
    return b"\x89PNG\r\n\x1a\n" + header + content + chunk(b"IEND", b"")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.png": (lambda: b"", "the file is empty"),
    "text.png": (lambda: b"seven", "this is no picture"),
    "no_size.png": (lambda: png(0, 0), "this is no picture"),
    "cut.png": (lambda: encoded(seven(), "PNG")[:900], "damaged or cut short"),
    "cut.jpg": (lambda: encoded(seven(), "JPEG")[:3000], "damaged or cut short"),
    "large.png": (lambda: png(9000, 9000), "9,000 x 9,000 pixels are more than 50 million"),
    "bomb.png": (lambda: png(60_000, 60_000), "more than 50 million pixels"),
    "moving.gif": (
        lambda: encoded(seven(), "GIF", save_all=True, append_images=[seven(ink=90)]),
        "several pictures in one",
    ),
    "script.eps": (lambda: encoded(seven(), "EPS"), "this is no picture"),
    "blank.png": (lambda: encoded(Image.new("L", (90, 90), 70), "PNG"), "nothing is drawn"),
    "pixel.png": (lambda: encoded(Image.new("L", (1, 1)), "PNG"), "nothing is drawn"),
    "line.png": (lambda: encoded(Image.new("L", (1, 9000)), "PNG"), "nothing is drawn"),
    "clear.png": (lambda: encoded(Image.new("RGBA", (90, 90)), "PNG"), "nothing is drawn"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_an_error_that_names_file_and_reason(
    name: str, tmp_path: Path
) -> None:
    content, reason = REFUSED[name]
    (tmp_path / name).write_bytes(content())
    with pytest.raises(MnistScratchError, match=f"{name}: .*{reason}"):
        prepared(tmp_path / name)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.png", r"nowhere\.png: no such file; check the name"),
        (".", r"^\. is a folder; .*in Python, name the pictures in it"),
        ("", r"^\. is a folder"),
        (7, "path = 7: must be a path, as str or Path"),
        (["a.png"], r"path = \['a.png'\]: must be a path"),
        (b"a.png", "path = b'a.png': must be a path"),
    ],
)
def test_what_is_no_picture_file_is_named(path: str, message: str) -> None:
    with pytest.raises((MnistScratchError, TypeError), match=message):
        read_picture(path)


@pytest.mark.parametrize("ink", ["black", "Dark", None, ["dark"], 1])
def test_an_unknown_ink_lists_the_choices(plain: NDArray[np.uint8], ink: Ink) -> None:
    with pytest.raises(ValueError, match=r"ink = .*: must be one of auto, dark, light"):
        read_picture("plain.png", ink)


def test_a_picture_may_be_named_by_a_text(plain: NDArray[np.uint8], tmp_path: Path) -> None:
    assert same(read_picture(str(tmp_path / "plain.png")), plain, within=0)


def test_no_damage_to_a_file_is_more_than_an_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    path = tmp_path / "damaged"
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF"):
        whole = np.frombuffer(encoded(seven().resize((60, 80)), kind), np.uint8)
        for _ in range(40):
            damaged = whole[: rng.integers(1, len(whole) + 1)].copy()
            places = rng.integers(0, min(len(damaged), 300), 4)
            damaged[places] = rng.integers(0, 256, 4)
            path.write_bytes(damaged.tobytes())
            try:
                assert prepared(path).shape == (28, 28)
            except MnistScratchError:
                continue


def test_a_folder_gives_its_pictures_by_name_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "sub.png").mkdir()
    assert [path.name for path in picture_files(tmp_path)] == ["a.JPG", "b.png"]
    with pytest.raises(MnistScratchError, match="no picture among its 0 files"):
        picture_files(tmp_path / "sub.png")
    with pytest.raises(MnistScratchError, match="No such file"):
        picture_files(tmp_path / "missing")


def test_what_a_folder_leaves_out_is_named_with_the_reason(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.HEIC", "notes.txt", ".hidden"):
        (tmp_path / name).touch()
    heic, notes = left_out(tmp_path)
    assert heic == (
        f"{tmp_path / 'b.HEIC'}: left out: convert HEIC to JPEG, or pip install pillow-heif, "
        "which is then used"
    )
    assert notes.startswith(f"{tmp_path / 'notes.txt'}: left out: no picture")
    (tmp_path / "b.HEIC").write_bytes(b"heic")
    with pytest.raises(MnistScratchError, match="no picture that can be read; convert HEIC to"):
        read_picture(tmp_path / "b.HEIC")


def test_of_a_small_or_faint_digit_it_is_said_what_would_help(tmp_path: Path) -> None:
    hints = []
    for image in (seven(), seven().resize((9, 12)), seven("L", 200, 188)):
        image.save(tmp_path / "seven.png")
        hints.append(read_digits(tmp_path / "seven.png").hint)
    assert hints[0] == ""
    assert hints[1] == "a digit is only 9 pixels high; take the picture from nearer"
    assert hints[2].startswith("the ink is faint; take the picture in more light")


def test_a_photograph_of_something_that_goes_on_beyond_it_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    scene = np.asarray(seven(width=36).crop((100, 40, 190, 360)), np.float64)  # two sides cut it
    Image.fromarray(
        np.clip(0.8 * scene + rng.normal(30, 4, scene.shape), 0, 255).astype(np.uint8)
    ).save(tmp_path / "scene.png")
    with pytest.raises(MnistScratchError, match=r"goes on beyond the picture.*leave some paper"):
        prepared(tmp_path / "scene.png")


def test_an_enlarged_image_may_fill_its_picture(tmp_path: Path) -> None:
    for image in load_digits()[0][:4]:  # 0 and 3 leave it at two sides
        grey = Image.fromarray(np.round(255 - image * 255 / 16).astype(np.uint8))
        grey.resize((120, 120), Image.Resampling.BICUBIC).save(tmp_path / "digit.png")
        assert prepared(tmp_path / "digit.png").max() == 255


def on_lines(picture: Image.Image) -> Image.Image:
    for y in range(40, picture.height, 100):
        ImageDraw.Draw(picture).line((0, y, picture.width, y), 120, 2)
    return picture


@pytest.mark.parametrize(
    ("picture", "cause"),
    [
        (seven(), ""),
        (seven().resize((15, 20)), "a digit is only 14 pixels high; take the picture from nearer"),
        (seven(ink=240), "the ink is faint; take"),
        (seven().crop((0, 0, 300, 300)), "a digit touches the picture's edge; leave"),
        (seven().filter(ImageFilter.GaussianBlur(8)), "the picture is not sharp; hold"),
        (on_lines(seven()), "lines across or beside it were taken out; write on plain paper"),
    ],
)
def test_what_in_a_picture_may_make_an_answer_unsure_is_named(
    picture: Image.Image, cause: str, tmp_path: Path
) -> None:
    picture.save(tmp_path / "seven.png")
    hint = read_digits(tmp_path / "seven.png").hint
    assert hint.startswith(cause)
    assert bool(hint) == bool(cause)
