"""Progress bars on standard error: as wide as the terminal, and gone when they are over."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

from mnist_scratch.system.text import NARROW, columns

if TYPE_CHECKING:
    from tqdm import tqdm

_ROOM_FOR_RATE = 72  # columns


def progress_bar(total: int, unit: str, done: int = 0, title: str = "") -> tqdm[NoReturn]:
    """Return a bar to be used as a context, "3 of 12 pictures"; invisible if there is no terminal.

    Parameters
    ----------
    total, done
        How many there are, and how many of them were done before.
    unit
        What they are, in the plural.
    title
        What stands before the bar.
    """
    counted = "{n_fmt} of {total_fmt} " + unit if columns(sys.stderr) >= NARROW else "{n_fmt}"
    return _bar(
        total,
        f"{{desc}}|{{bar}}| {counted}, {{remaining}} left",
        initial=done,
        desc=f"{title} " if title else "",
        disable=not sys.stderr.isatty(),
    )


def training_bar(total: int, done: int, title: str) -> tqdm[NoReturn]:
    """Return a bar of a training with its speed in images and a postfix, as far as they fit."""
    width = columns(sys.stderr)
    rate = "{rate_noinv_fmt}, " if width >= _ROOM_FOR_RATE else ""
    postfix = "{postfix}" if width >= NARROW else ""
    return _bar(
        total,
        f"{{desc}} |{{bar}}| {rate}{{remaining}} left{postfix}",
        initial=done,
        desc=title,
        unit=" images",
        mininterval=0.1 if sys.stderr.isatty() else 1.0,  # seconds; a notebook keeps every bar
    )


def _bar(total: int, form: str, **options: Any) -> tqdm[NoReturn]:
    from tqdm import tqdm  # takes a quarter of the time that NumPy takes to be imported

    # The cursor waits at the left. At the right, the ^C that a terminal prints would break the
    # line, and half a bar would stay.
    form += "\r" if sys.stderr.isatty() else ""
    bar: tqdm[NoReturn] = tqdm(
        total=total,
        bar_format=form,
        unit_scale=total > 1000,
        leave=False,
        dynamic_ncols=True,
        **options,
    )
    return bar
