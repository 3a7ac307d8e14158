"""What commands print: results on standard output, progress on standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn, TextIO

from mnist_scratch.errors import MnistScratchError

if TYPE_CHECKING:
    from tqdm import tqdm


def result(text: object) -> None:
    """Print a result on standard output."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        discard(sys.stdout)  # the reader has seen enough, like `| head`
    except OSError as error:
        discard(sys.stdout)
        raise MnistScratchError(f"cannot write to standard output: {error.strerror}") from error


def discard(stream: TextIO) -> None:
    """Redirect a stream to nowhere, so that Python does not fail to flush it at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def progress_bar(total: int, unit: str, done: int = 0) -> tqdm[NoReturn]:
    """Return a bar on standard error, to be used as a context; invisible if it is no terminal."""
    from tqdm import tqdm  # takes a quarter of the time that NumPy takes to be imported

    return tqdm(
        total=total,
        initial=done,
        unit=f" {unit}",
        unit_scale=total > 1000,
        leave=False,
        dynamic_ncols=True,
        disable=not sys.stderr.isatty(),
    )
