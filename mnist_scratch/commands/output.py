"""What commands print: results on standard output, progress on standard error."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from mnist_scratch.errors import MnistScratchError


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
