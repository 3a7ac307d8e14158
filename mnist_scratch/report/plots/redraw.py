"""The process that draws the picture of a run while another trains it (see `live`).

`python -m mnist_scratch.report.plots.redraw RUN` draws once for all the bytes that wait on its
standard input, and ends when that does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.report.plots.loss_curve import draw_loss_curve
from mnist_scratch.runs.folder import RunFolder

_MANY = 65_536


def main(path: Path) -> str | None:
    """Draw until nobody asks any more; return why it could not, if it could not."""
    if hasattr(os, "nice"):
        os.nice(10)  # the training comes first
    try:
        while os.read(sys.stdin.fileno(), _MANY):  # all that were asked for meanwhile are one
            run = RunFolder(path)
            draw_loss_curve(run, run.loss_curve_path)
    except MnistScratchError as error:
        return " ".join(str(error).split())
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
