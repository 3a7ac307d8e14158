"""Reading a picture from any file, without trusting it.

Pillow decodes it, which Matplotlib reads with too; but `matplotlib.image.imread` does not give the
size before decoding, and a small file can announce gigabytes.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_scratch.errors import MnistScratchError

STANDARD_INPUT = "-"

_MOST_PIXELS = 50_000_000
_MOST_BYTES = 200_000_000
_LONGEST_SIDE = 1000  # larger pictures are reduced: a digit of 20 pixels needs no more
_REMEDY = "save it as an ordinary PNG or JPEG"
_HEIC_REMEDY = "convert HEIC to JPEG, or pip install pillow-heif, which is then used"

# These need other programs or libraries; EPS would even run one, Ghostscript, on the file.
_NEED_MORE = {"BUFR", "EPS", "GRIB", "HDF5", "WMF"}


class Picture(NamedTuple):
    """A picture to look for digits in.

    Attributes
    ----------
    pixels
        uint8 (H, W, 4): red, green, blue and opacity.
    width, height
        Of the file, upright: up to `scale` pixels of it are one here.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int

    @property
    def scale(self) -> int:
        """How many pixels of the file, in each direction, one of `pixels` is."""
        return _reduced_by(self.width, self.height)


def picture_files(folder: Path) -> list[Path]:
    """Return the files of a folder whose names end as pictures' do, sorted.

    Raises
    ------
    MnistScratchError
        If the folder cannot be read, or has none.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise MnistScratchError(
            f"{folder}: {error.strerror or error}; name a folder of pictures"
        ) from error
    suffixes = _suffixes()
    pictures = [path for path in files if path.suffix.lower() in suffixes]
    if not pictures:
        heic = f"; {_HEIC_REMEDY}" if any(_is_heic(path) for path in files) else ""
        raise MnistScratchError(
            f"{folder}: no picture among its {len(files)} files; "
            f"pictures are known by their names: .png, .jpg and so on{heic}"
        )
    return pictures


def left_out(folder: Path) -> list[str]:
    """Say which files of a folder `picture_files` leaves out and why; hidden files aside."""
    suffixes = _suffixes()
    return [
        f"{path}: left out: "
        + (_HEIC_REMEDY if _is_heic(path) else "no picture, as its name says; move it elsewhere")
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix.lower() not in suffixes and not path.name.startswith(".")
    ]


def _is_heic(path: Path) -> bool:
    return path.suffix.lower() in {".heic", ".heif"}


def open_picture(name: str) -> Picture:
    """Read a picture, upright, in colour, its longer side at most 1000 pixels.

    Parameters
    ----------
    name
        Its file, or "-" for standard input.

    Raises
    ------
    MnistScratchError
        If it cannot be read, is no picture, is damaged, is larger than 50 million pixels, or is
        several pictures in one.
    """
    with _opened(name) as image:
        width, height = image.size
        if width * height > _MOST_PIXELS:
            raise MnistScratchError(
                f"{name}: {width:,} x {height:,} pixels are more than "
                f"{_MOST_PIXELS // 1_000_000} million; make it smaller"
            )
        # A telephone's photograph (MPO) may carry a preview; the first picture is the photograph.
        if getattr(image, "is_animated", False) and image.format != "MPO":
            raise MnistScratchError(
                f"{name}: several pictures in one, an animation or pages; save one of them"
            )
        upright = ImageOps.exif_transpose(image)
        colours = _in_eight_bits(upright, name).convert("RGBA")
        scale = _reduced_by(*colours.size)
        pixels = np.asarray(colours.reduce(scale) if scale > 1 else colours)
        return Picture(pixels, *colours.size)


def _reduced_by(width: int, height: int) -> int:
    return -(-max(width, height) // _LONGEST_SIDE)


@contextmanager
def _opened(name: str) -> Iterator[Image.Image]:
    """Open a picture, and turn any error into a message."""
    try:
        source = io.BytesIO(_standard_input()) if name == STANDARD_INPUT else _checked(Path(name))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's on odd files: they are read or refused here
            with Image.open(source, formats=_kinds()) as image:
                yield image
    except MnistScratchError:
        raise
    except UnidentifiedImageError as error:
        empty = name != STANDARD_INPUT and Path(name).stat().st_size == 0
        what = "the file is empty" if empty else "this is no picture that can be read"
        remedy = _HEIC_REMEDY if _is_heic(Path(name)) else _REMEDY
        raise MnistScratchError(f"{name}: {what}; {remedy}") from error
    except Image.DecompressionBombError as error:
        raise MnistScratchError(
            f"{name}: more than {_MOST_PIXELS // 1_000_000} million pixels; make it smaller"
        ) from error
    except PermissionError as error:
        raise MnistScratchError(f"{name}: {error.strerror}; check the permissions") from error
    except Exception as error:
        # Forty decoders raise any exception on a damaged file.
        raise MnistScratchError(
            f"{name}: the picture is damaged or cut short ({error}); {_REMEDY}"
        ) from error


def _checked(path: Path) -> Path:
    if path.is_dir():
        raise MnistScratchError(
            f"{path} is a folder; --folder {path} takes the pictures in it; "
            "in Python, name the pictures in it"
        )
    if path.exists() and not path.is_file():
        raise MnistScratchError(
            f"{path} is a pipe or a device; give its picture on standard input, as -"
        )
    if not path.is_file():
        raise MnistScratchError(f"{path}: no such file; check the name")
    return path


def _standard_input() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise MnistScratchError("-: there is no picture on standard input; add '< picture.png'")
    content = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if not content:
        raise MnistScratchError("-: standard input is empty; add '< picture.png'")
    if len(content) > _MOST_BYTES:
        raise MnistScratchError(f"-: more than {_MOST_BYTES // 1_000_000} MB; make it smaller")
    return content


def _suffixes() -> set[str]:
    kinds = _kinds()
    return {end for end, kind in Image.registered_extensions().items() if kind in kinds}


def _kinds() -> list[str]:
    Image.init()
    if find_spec("pillow_heif"):  # not needed, but used where it is
        import_module("pillow_heif").register_heif_opener()
    return [kind for kind in Image.ID if kind not in _NEED_MORE]


def _in_eight_bits(image: Image.Image, name: str) -> Image.Image:
    """Scale grey levels of 16 bits to 8: Pillow's own conversion clips them at 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    grey = np.asarray(image).astype(np.float64)
    if not np.isfinite(grey).all() or grey.min() < 0:
        raise MnistScratchError(f"{name}: grey levels below 0 or no numbers; {_REMEDY}")
    return Image.fromarray(np.round(grey * (255 / max(grey.max(), 1e-9))).astype(np.uint8))
