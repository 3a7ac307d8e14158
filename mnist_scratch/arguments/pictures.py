"""The arguments of commands about single images."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mnist_scratch.arguments.common import DATA_DIR_HELP, NAMES, WITH_OWN, add, add_json


def add_explain(commands: Any) -> None:
    """Add `explain`."""
    command = add(commands, "explain", "go from logits to loss and gradient step by step")
    # Without this, argparse takes -inf and -1e3 for options.
    command._negative_number_matcher = re.compile(r"-\.?\d|-(inf|nan)", re.IGNORECASE)  # noqa: SLF001  # argparse offers no other way
    numbers = command.add_argument_group("an example in numbers, explained as text")
    numbers.add_argument(
        "--logits",
        type=float,
        nargs="+",
        metavar="Z",
        help="one for each class; -inf masks a class",
    )
    numbers.add_argument("--target", type=int, metavar="K", help="the true class, from 0")
    images = command.add_argument_group("test images, explained as a picture")
    images.add_argument("run", type=Path, nargs="?", metavar="RUN", help="folder of the run")
    chosen = images.add_mutually_exclusive_group()
    chosen.add_argument(
        "--index",
        type=int,
        action="append",
        metavar="I",
        help="the number of a test image, from 0; can be given several times",
    )
    chosen.add_argument(
        "--worst", type=int, metavar="N", help="the N test images with the largest cross-entropy"
    )
    curves = command.add_argument_group("cross-entropy and squared error, as a picture")
    curves.add_argument(
        "--curves",
        action="store_true",
        help="both losses as curves, and a small network trained with each",
    )
    command.add_argument(
        "--dataset",
        choices=WITH_OWN,
        metavar="NAME",
        help=f"{NAMES}; which data set (default: the run's; for --curves, MNIST if it can be had)",
    )
    command.add_argument("--data-dir", default="", metavar="DIR", help=DATA_DIR_HELP)
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="PNG to write (default: explanation.png in the run; for --curves, "
        "cross_entropy_curves.png here)",
    )
    add_json(command)


def add_predict(commands: Any) -> None:
    """Add `predict`."""
    command = add(commands, "predict", "read your own pictures of digits")
    command.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    pictures = command.add_argument(
        "pictures",
        nargs="+",
        default=[],
        metavar="PICTURE",
        help="PNG, JPEG and others, each of one digit on plain paper; - for standard input",
    )
    command.usage = (
        "%(prog)s [-h] [--ink {auto,dark,light}] [--show FILE.png]\n"
        "                             [--json] RUN (PICTURE [PICTURE ...] | --folder DIR)"
    )
    # nargs="*" would be satisfied, with none, by what stands before the first flag.
    pictures.required = False
    command.add_argument(
        "--folder", type=Path, metavar="DIR", help="every picture in a folder, a line for each"
    )
    command.add_argument(
        "--ink",
        choices=("auto", "dark", "light"),
        default="auto",
        help="darker or lighter than the paper (default: auto, by the picture's border)",
    )
    command.add_argument(
        "--show",
        type=Path,
        metavar="FILE.png",
        help="write the 28 x 28 image that the network saw; of several pictures, ten across",
    )
    add_json(command)


def add_draw(commands: Any) -> None:
    """Add `draw`."""
    command = add(commands, "draw", "make a page that reads digits drawn in a browser")
    command.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    command.add_argument(
        "--output",
        type=Path,
        default=Path("draw.html"),
        metavar="FILE.html",
        help="the page, one file that opens without a network (default: %(default)s here)",
    )
