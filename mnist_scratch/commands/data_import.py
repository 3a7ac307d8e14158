"""mnist-scratch data import: make a data set of one's own pictures, CSV, .npz or IDX files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from mnist_scratch.commands.common import add_json
from mnist_scratch.commands.output import result
from mnist_scratch.config.schema import DataConfig
from mnist_scratch.data.importing.part import TEST_SHARE
from mnist_scratch.data.pictures.background import Ink
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import folder_written_whole
from mnist_scratch.system.text import labelled, printable

if TYPE_CHECKING:
    from mnist_scratch.data.importing.convert import Converted

_SHOWN = 5  # pictures and folders that were left out
_MOST_LISTED = 50  # classes


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the source, the folder to write, and how to make images."""
    command.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="folder of pictures by class (a/ b/, or train/a/ test/a/), CSV with a label column, "
        ".npz (x_train, y_train, x_test, y_test; or images, labels; or data, target), or "
        "folder of IDX files",
    )
    command.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="new folder to write: four IDX files, classes.txt, pictures.txt (how `predict` is to "
        "read pictures), and images.png to look at",
    )
    command.add_argument(
        "--test", type=Path, metavar="SOURCE", help="the test part, if it is a source of its own"
    )
    command.add_argument(
        "--test-share",
        type=float,
        metavar="SHARE",
        help="how much of each class to hold out where there is no test part (default: "
        f"{TEST_SHARE:g})",
    )
    command.add_argument(
        "--seed",
        type=int,
        metavar="N",
        default=0,
        help="chooses what is held out (default: %(default)s)",
    )
    command.add_argument(
        "--prepare",
        action="store_true",
        help="prepare each picture as MNIST's were: its digit cropped, fitted into 20 x 20 and "
        "centred; otherwise it is resized to 28 x 28 as it is. `predict` does the same",
    )
    command.add_argument(
        "--ink",
        choices=get_args(Ink),
        default="auto",
        help="whether what is drawn is darker or lighter than its paper (default: auto, by the "
        "corners of each picture, or with --prepare by its border)",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """Read a source, write a data set, and say what was made."""
    # Pillow and Matplotlib
    from mnist_scratch.data.importing.convert import convert, write
    from mnist_scratch.report.plots.contact_sheet import write_contact_sheet

    if options.source.is_dir() and options.source.resolve() in options.output.resolve().parents:
        raise MnistScratchError(
            f"--output {options.output} lies in the source, {options.source}, and would be taken "
            "for a part of it; name a folder beside it"
        )
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        print(printable(text), file=sys.stderr)

    with folder_written_whole(options.output) as folder:
        made = convert(
            options.source,
            options.test,
            options.test_share,
            options.seed,
            options.ink,
            options.prepare,
            say,
        )
        write(made, folder)
        write_contact_sheet(made.training, None, folder / "images.png")
    _print_made(made, options, said)


def _print_made(made: Converted, options: argparse.Namespace, said: list[str]) -> None:
    classes, sizes = made.classes, [f"{width} x {height}" for height, width in made.sizes]
    training, test = (
        np.bincount(part.labels, minlength=len(classes)).tolist() for part in made[:2]
    )
    if options.json:
        summary = {
            "output": str(options.output),
            "source": made.kind,
            "training": dict(zip(classes, training, strict=True)),
            "test": dict(zip(classes, test, strict=True)),
            "sizes": sizes,
            "held_out": made.held_out,
            "seed": options.seed,
            "prepared": options.prepare,
            "resized": bool(made.training.resized),
            "notes": said + made.notes,
            "left_out": made.left_out,
        }
        result(json.dumps(summary))
        return
    how = "as they were" if sizes == ["28 x 28"] else "resized"
    if options.prepare:
        how = "prepared as MNIST's were, light on dark"
    train = f"mnist-scratch train --dataset files --data-dir {options.output}"
    if sum(training) <= 2 * DataConfig().validation_examples:
        # Of scikit-learn's 1,438 digits the default recipe learns 91 to 92% in its few steps, with
        # three seeds; Adam 93 to 95%.
        train += f" --config adam --validation-examples {max(1, sum(training) // 10)}"
    held_out = ""
    if made.held_out:
        held_out = f", held out by --test-share {made.held_out:g} --seed {options.seed}"
    predict = "finds the digit in a picture and centres it, as in these"
    if made.training.resized:
        predict = "resizes a picture as a whole, as these were"
    lines = [
        ("data set", f"{options.output}, from {made.kind}"),
        ("classes", f"{len(classes)}: {_listed(classes)}"),
        ("training", _counted(training)),
        ("test", _counted(test) + held_out),
        ("size", f"{' to '.join(dict.fromkeys((sizes[0], sizes[-1])))}, {how}"),
        *(("note", note) for note in made.notes),
        *(("left out", reason) for reason in made.left_out[:_SHOWN]),
        *([("left out", f"{len(made.left_out):,} in all")] if len(made.left_out) > _SHOWN else []),
        ("look at", f"{options.output / 'images.png'}, where what is light is drawn dark"),
        ("predict", predict),
    ]
    made_of = "\n".join(labelled(label, printable(text)) for label, text in lines)
    result(f"{made_of}\n\n{printable(train)}")  # a line to be copied, however long


def _listed(classes: Sequence[str]) -> str:
    more = f" and {len(classes) - _MOST_LISTED} more" if len(classes) > _MOST_LISTED else ""
    return ", ".join(classes[:_MOST_LISTED]) + more


def _counted(counts: list[int]) -> str:
    """Return how many images there are, and of each class."""
    each = " to ".join(dict.fromkeys((f"{min(counts):,}", f"{max(counts):,}")))
    return f"{sum(counts):,} images, {each} of each class"
