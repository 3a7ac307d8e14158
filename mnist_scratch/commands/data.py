"""mnist-scratch data: show, import, download and verify data sets."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mnist_scratch.commands import data_import
from mnist_scratch.commands.common import add_command, add_data_dir, add_dataset, add_json
from mnist_scratch.commands.output import result
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.data.sources.files import data_folder
from mnist_scratch.data.sources.load import FileState, check_files, fetch_missing, load_dataset
from mnist_scratch.data.sources.registry import DATASETS, PUBLISHED
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.text import NARROW, columns
from mnist_scratch.training.trainer import make_augmentation


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
    data_import.add_arguments(make)
    for action, function in (
        (status, _status),
        (make, data_import.run),
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
