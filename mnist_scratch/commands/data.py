"""mnist-scratch data: show, import, download and verify data sets."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from mnist_scratch.commands.common import (
    add_command,
    add_data_dir,
    add_dataset,
    add_json,
)
from mnist_scratch.commands.output import result
from mnist_scratch.config.schema import DataConfig
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.data.importing.part import TEST_SHARE
from mnist_scratch.data.pictures.background import Ink
from mnist_scratch.data.sources.files import data_folder
from mnist_scratch.data.sources.load import FileState, check_files, fetch_missing, load_dataset
from mnist_scratch.data.sources.registry import DATASETS, PUBLISHED
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import folder_written_whole
from mnist_scratch.system.text import NARROW, columns, labelled, printable
from mnist_scratch.training.trainer import make_augmentation

if TYPE_CHECKING:
    from mnist_scratch.data.importing.convert import Converted

_SHOWN = 5  # pictures and folders that were left out


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the commands about data sets."""
    actions = command.add_subparsers(title="commands", metavar="COMMAND", required=True)
    status = add_command(
        actions,
        "status",
        "list the files of all data sets: where they are, and whether they are intact",
    )
    add_data_dir(status)
    add_json(status)
    download = add_command(
        actions, "download", "download the missing files of a data set, verify all"
    )
    add_dataset(download, PUBLISHED)
    add_data_dir(download)
    add_json(download)
    verify = add_command(
        actions,
        "verify",
        "verify a data set; exit status 2 if a file is missing or damaged",
    )
    add_dataset(verify, (*PUBLISHED, "synthetic"))
    add_data_dir(verify)
    add_json(verify)
    show = add_command(actions, "show", "draw images of a data set on one sheet")
    add_dataset(show)
    add_data_dir(show)
    show.add_argument(
        "--distort",
        action="store_true",
        help="draw one image of each class, as it is and under several distortions",
    )
    show.add_argument(
        "--config",
        metavar="NAME|FILE.toml",
        help="recipe whose [augmentation] to draw (default: simard)",
    )
    show.add_argument(
        "--output",
        type=Path,
        default=Path("images.png"),
        metavar="FILE.png",
        help="PNG to write (default: %(default)s)",
    )
    make = add_command(
        actions, "import", "make a data set of pictures in folders, a CSV, an .npz or IDX files"
    )
    make.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="folder of pictures by class (a/ b/, or train/a/ test/a/), CSV with a label column, "
        ".npz (x_train, y_train, x_test, y_test; or images, labels), or folder of IDX files",
    )
    make.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="new folder to write: four IDX files, classes.txt, and images.png to look at",
    )
    make.add_argument(
        "--test", type=Path, metavar="SOURCE", help="the test part, if it is a source of its own"
    )
    make.add_argument(
        "--test-share",
        type=float,
        metavar="SHARE",
        help="how much of each class to hold out where there is no test part (default: "
        f"{TEST_SHARE:g})",
    )
    make.add_argument(
        "--seed",
        type=int,
        metavar="N",
        default=0,
        help="chooses what is held out (default: %(default)s)",
    )
    make.add_argument(
        "--prepare",
        action="store_true",
        help="prepare each picture as `predict` does: its digit cropped, fitted into 20 x 20 and "
        "centred; otherwise it is resized to 28 x 28 as it is",
    )
    make.add_argument(
        "--ink",
        choices=get_args(Ink),
        help="with --prepare, whether digits are darker or lighter than their paper (default: "
        "auto, by the border of each picture)",
    )
    add_json(make)
    for action, function in (
        (status, _status),
        (make, _import),
        (download, _download),
        (verify, _verify),
        (show, _show),
    ):
        action.set_defaults(action=function)


def run(options: argparse.Namespace) -> None:
    """Run one of the commands about data sets."""
    options.action(options)


def _status(options: argparse.Namespace) -> None:
    states: list[FileState] = []
    for dataset, source in DATASETS.items():
        if source.files:
            data_dir = options.data_dir if dataset == "mnist" else ""
            states += check_files(dataset, data_folder(dataset, data_dir))
    _print_states(states, options)


def _download(options: argparse.Namespace) -> None:
    folder = data_folder(options.dataset, options.data_dir)
    fetch_missing(options.dataset, folder, lambda text: print(text, file=sys.stderr))
    _verify(options)


def _show(options: argparse.Namespace) -> None:
    if options.config is not None and not options.distort:
        raise MnistScratchError("--config has an effect only with --distort; add --distort")
    config = read_config(find_config(options.config or "simard"))

    # Matplotlib
    from mnist_scratch.report.plots.contact_sheet import write_contact_sheet
    from mnist_scratch.report.plots.style import check_picture

    check_picture(options.output)
    augmentation = make_augmentation(config) if options.distort else None
    if options.distort and augmentation is None:
        raise MnistScratchError(
            f"--config {options.config}: its [augmentation] distorts nothing; name another recipe, "
            "such as simard"
        )
    images = load_dataset(options.dataset, options.data_dir).training
    write_contact_sheet(images, augmentation, options.output)
    result(options.output)


def _import(options: argparse.Namespace) -> None:
    # Pillow and Matplotlib
    from mnist_scratch.data.importing.convert import convert, write
    from mnist_scratch.report.plots.contact_sheet import write_contact_sheet

    if options.ink is not None and not options.prepare:
        raise MnistScratchError("--ink has an effect only with --prepare; add --prepare")
    with folder_written_whole(options.output) as folder:
        made = convert(
            options.source,
            options.test,
            options.test_share,
            options.seed,
            (options.ink or "auto") if options.prepare else None,
            lambda text: print(text, file=sys.stderr),
        )
        write(made, folder)
        write_contact_sheet(made.training, None, folder / "images.png")
    _print_made(made, options)


def _print_made(made: Converted, options: argparse.Namespace) -> None:
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
            "notes": made.notes,
            "left_out": made.left_out,
        }
        result(json.dumps(summary))
        return
    resized = not options.prepare and sizes != ["28 x 28"]
    how = "resized" if resized else "as they were"
    if options.prepare:
        how = "prepared as own pictures are"
    train = f"mnist-scratch train --dataset files --data-dir {options.output}"
    if sum(training) <= 2 * DataConfig().validation_examples:
        # Of scikit-learn's 1,438 digits the default recipe learns 50 to 94% in its few steps, with
        # three seeds; Adam 95 to 96%.
        train += f" --config adam --validation-examples {max(1, sum(training) // 10)}"
    lines = [
        ("data set", f"{options.output}, from {made.kind}"),
        ("classes", f"{len(classes)}: {', '.join(classes)}"),
        ("training", _counted(training)),
        ("test", _counted(test)),
        ("size", f"{' to '.join(dict.fromkeys((sizes[0], sizes[-1])))}, {how}"),
        *(("note", note) for note in made.notes),
        *(("left out", reason) for reason in made.left_out[:_SHOWN]),
        ("look at", str(options.output / "images.png")),
    ]
    if made.held_out:
        how = f"held out by --test-share {made.held_out:g} --seed {options.seed}"
        lines[3] = ("test", f"{_counted(test)}, {how}")
    if len(made.left_out) > _SHOWN:
        lines.insert(-1, ("left out", f"{len(made.left_out):,} in all"))
    if resized:
        lines.append(("predict", "with --resize, which resizes pictures as these were"))
    made_of = "\n".join(labelled(label, printable(text)) for label, text in lines)
    result(f"{made_of}\n\n{printable(train)}")  # a line to be copied, however long


def _counted(counts: list[int]) -> str:
    """Return how many images there are, and of each class."""
    each = " to ".join(dict.fromkeys((f"{min(counts):,}", f"{max(counts):,}")))
    return f"{sum(counts):,} images, {each} of each class"


def _verify(options: argparse.Namespace) -> None:
    dataset = options.dataset
    states = check_files(dataset, data_folder(dataset, options.data_dir))
    _print_states(states, options)
    wrong = sum(state.state != "verified" for state in states)
    if wrong:
        if dataset == "synthetic":
            remedy = "'mnist-scratch train --dataset synthetic' draws them"
        else:
            named = "" if dataset == "mnist" else f" --dataset {dataset}"
            remedy = f"'mnist-scratch data download{named}' downloads what is missing"
        raise MnistScratchError(
            f"{wrong} of {len(states)} files of {dataset} are missing or damaged; "
            f"delete the damaged ones, then {remedy}"
        )


def _print_states(states: Sequence[FileState], options: argparse.Namespace) -> None:
    if options.json:
        result(json.dumps([state._asdict() | {"path": str(state.path)} for state in states]))
        return
    between = "\n  " if columns() < NARROW else " "  # a path gets a line, as far as it fits
    result(
        "\n".join(f"{state.dataset:<15} {state.state:<9}{between}{state.path}" for state in states)
    )
    for state in states:
        if state.problem:
            print(state.problem, file=sys.stderr)
