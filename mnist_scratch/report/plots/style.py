"""What all pictures share: colours, on light and on dark ground, and how they become files."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

from matplotlib import rc, rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from PIL import Image

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import check_name, written_whole
from mnist_scratch.system.text import cut

# The palette of Okabe and Ito (2008), told apart with every common kind of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#808080"  # seen on white and on black

Theme = Literal["light", "dark"]

# Ground and ink, as in pages/style.css.
_THEMES: dict[Theme, tuple[str, str]] = {
    "light": ("#ffffff", "#1b1f24"),
    "dark": ("#22272e", "#e6e9ed"),
}


def blues() -> tuple[str, str]:
    """Return two blues for lines and bars, first the one that stands out from the ground."""
    strong, pale = COLOURS[0], COLOURS[5]
    is_dark = sum(to_rgb(rcParams["axes.facecolor"])) < 1.5
    return (pale, strong) if is_dark else (strong, pale)


def from_ground_to(*colours: str) -> Colormap:
    """Return a colour map from the ground to one colour, or from one through it to another."""
    ground = rcParams["axes.facecolor"]
    places = [colours[0], ground, colours[1]] if len(colours) == 2 else [ground, colours[0]]
    return LinearSegmentedColormap.from_list("ground", places)


def light_grid(axes: Axes, axis: Literal["both", "y"] = "both") -> None:
    """Draw a pale grid behind everything, and no frame on top and at the right."""
    axes.grid(visible=True, axis=axis, alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def plain(name: str) -> str:
    """Return a name for Matplotlib to show as it is: no formula, and not hidden for its "_"."""
    escaped = name.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped


def class_labels(names: Sequence[str], most: int = 16) -> list[str]:
    """Return the names of classes as pictures show them, each of so many letters at most."""
    return [plain(cut(name, most)) for name in names]


def check_picture(output: Path) -> None:
    """Make sure that `save` can write a picture there, before long work is done for it.

    Raises
    ------
    MnistScratchError
        If it cannot, or the name does not end in .png.
    """
    check_name(output, "pictures are PNG", ".png")
    if output.is_dir():
        raise MnistScratchError(f"{output} is a folder; name the picture in it")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=output.parent):
            pass
    except OSError as error:
        raise MnistScratchError(
            f"cannot write {output}: {error.strerror or error}; name another place"
        ) from error


def save(figure: Figure, output: Path) -> None:
    """Write a figure as PNG, whole or not at all.

    Raises
    ------
    MnistScratchError
        If it cannot be written, or its name does not end in .png.
    """
    check_picture(output)
    with written_whole(output) as file, warnings.catch_warnings():
        _allow_missing_glyphs()
        # A tenth larger than at Pillow's level 6, and packed in 0.03 s, not 0.04.
        figure.savefig(file, format="png", pil_kwargs={"compress_level": 3})


def drawn(make: Callable[[], Figure], theme: Theme) -> bytes:
    """Return the figure that `make` makes in the colours of a theme, as the bytes of a PNG file."""
    ground, ink = _THEMES[theme]
    with rc_context(), warnings.catch_warnings():
        rc("text", color=ink)
        rc("axes", labelcolor=ink, edgecolor=ink, facecolor=ground)
        rc("xtick", color=ink)
        rc("ytick", color=ink)
        rc("figure", facecolor=ground)
        _allow_missing_glyphs()
        figure, pixels = make(), io.BytesIO()
        figure.savefig(pixels, format="raw")
    size = (int(figure.bbox.width), int(figure.bbox.height))
    picture = Image.frombytes("RGBA", size, pixels.getvalue()).convert("RGB")
    # 256 colours are enough for a picture of a few, and make it a third of the size.
    output = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(output, "PNG", optimize=True)
    return output.getvalue()


def _allow_missing_glyphs() -> None:
    # A character that the font lacks is drawn as a box.
    warnings.filterwarnings("ignore", message="Glyph .* missing from")
