"""The colours of a report's pictures, on light and on dark ground, and how they become bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Literal

from matplotlib import rc, rc_context, rcParams
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from PIL import Image

Theme = Literal["light", "dark"]

# Ground and ink are those of the page's style.
_COLOURS: dict[Theme, tuple[str, str]] = {
    "light": ("#ffffff", "#1b1f24"),
    "dark": ("#22272e", "#e6e9ed"),
}


def drawn(make: Callable[[], Figure], theme: Theme) -> bytes:
    """Return a picture as the bytes of a PNG file.

    Parameters
    ----------
    make
        Makes the figure, with Matplotlib's colours of the moment.
    theme
        Which these are.
    """
    ground, ink = _COLOURS[theme]
    output = io.BytesIO()
    with rc_context(), warnings.catch_warnings():
        rc("text", color=ink)
        rc("axes", labelcolor=ink, edgecolor=ink, facecolor=ground)
        rc("xtick", color=ink)
        rc("ytick", color=ink)
        rc("figure", facecolor=ground)
        # A character that the font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        make().savefig(output, format="png")
    # 256 colours are enough for a picture of a few, and make it a third of the size.
    reduced = io.BytesIO()
    with Image.open(output) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            reduced, "PNG", optimize=True
        )
    return reduced.getvalue()


def blues() -> tuple[str, str]:
    """Return two blues for lines and bars, first the one that stands out from the ground."""
    strong, pale = "#0072B2", "#56B4E9"  # of Okabe and Ito
    is_dark = sum(to_rgb(rcParams["axes.facecolor"])) < 1.5
    return (pale, strong) if is_dark else (strong, pale)


def from_ground_to(*colours: str) -> Colormap:
    """Return a colour map from the ground to one colour, or from one by way of it to another."""
    ground = rcParams["axes.facecolor"]
    places = [colours[0], ground, colours[1]] if len(colours) == 2 else [ground, colours[0]]
    return LinearSegmentedColormap.from_list("ground", places)
