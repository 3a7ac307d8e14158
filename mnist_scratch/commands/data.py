"""mnist-scratch data: see, fetch, verify and show the data sets."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mnist_scratch.commands.output import result
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.errors import MnistScratchError

if TYPE_CHECKING:
    from mnist_scratch.data.sources.checking import FileState


def status(options: argparse.Namespace) -> None:
    """Say where each file of each data set is, and if it is right."""
    from mnist_scratch.data.sources.checking import check_files
    from mnist_scratch.data.sources.files import MNIST, SYNTHETIC, data_folder
    from mnist_scratch.data.sources.registry import SOURCES

    states = check_files(MNIST, data_folder(MNIST, options.data_dir))
    for dataset in (SYNTHETIC, *SOURCES):
        if dataset != MNIST:
            states += check_files(dataset, data_folder(dataset))
    _print_states(states, options)


def verify(options: argparse.Namespace) -> None:
    """Check every file of a data set."""
    _verify(options.dataset, options)


def download(options: argparse.Namespace) -> None:
    """Fetch a data set's missing files, then verify all."""
    from mnist_scratch.data.sources.files import data_folder
    from mnist_scratch.data.sources.load import fetch_missing

    folder = data_folder(options.dataset, options.data_dir)
    fetch_missing(options.dataset, folder, lambda text: print(text, file=sys.stderr))
    _verify(options.dataset, options)


def show(options: argparse.Namespace) -> None:
    """Draw images of a data set on one sheet."""
    if options.config is not None and not options.distort:
        raise MnistScratchError("--config says how much to distort; give --distort too")
    config = read_config(find_config(options.config or "simard"))

    from mnist_scratch.data.sources.load import load_dataset
    from mnist_scratch.report.plots.contact_sheet import write_contact_sheet
    from mnist_scratch.report.plots.style import check_picture
    from mnist_scratch.training.augmentation import make_augmentation

    check_picture(options.output)
    augmentation = make_augmentation(config) if options.distort else None
    if options.distort and augmentation is None:
        raise MnistScratchError(
            f"--config {options.config}: this recipe distorts nothing; its [augmentation] would "
            "say how much"
        )
    images = load_dataset(options.dataset, options.data_dir).training
    write_contact_sheet(images, augmentation, options.output)
    result(options.output)


def _verify(dataset: str, options: argparse.Namespace) -> None:
    from mnist_scratch.data.sources.checking import check_files
    from mnist_scratch.data.sources.files import data_folder

    states = check_files(dataset, data_folder(dataset, options.data_dir))
    _print_states(states, options)
    wrong = sum(state.state != "verified" for state in states)
    if wrong:
        if dataset == "synthetic":
            remedy = "'mnist-scratch train --dataset synthetic' draws them"
        else:
            named = "" if dataset == "mnist" else f" --dataset {dataset}"
            remedy = f"'mnist-scratch data download{named}' fetches what is missing"
        raise MnistScratchError(
            f"{wrong} of {len(states)} files of {dataset} are not right; "
            f"delete what is damaged, then {remedy}"
        )


def _print_states(states: Sequence[FileState], options: argparse.Namespace) -> None:
    if options.json:
        result(json.dumps([state._asdict() | {"path": str(state.path)} for state in states]))
        return
    result("\n".join(f"{state.dataset:<13} {state.state:<9} {state.path}" for state in states))
    for state in states:
        if state.problem:
            print(state.problem, file=sys.stderr)
