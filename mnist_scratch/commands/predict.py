"""mnist-scratch predict: classify a person's own pictures of digits."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mnist_scratch.commands.common import add_json, add_run
from mnist_scratch.commands.output import result
from mnist_scratch.data.pictures.own import read_picture
from mnist_scratch.data.pictures.read import STANDARD_INPUT, picture_files
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.predict import predict
from mnist_scratch.report.text.bars import describe, save_images, summarise
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.bar import progress_bar
from mnist_scratch.system.files import check_name
from mnist_scratch.system.text import printable


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the run, the pictures, and how to read them."""
    add_run(command)
    pictures = command.add_argument(
        "pictures",
        nargs="+",
        default=[],
        metavar="PICTURE",
        help="PNG, JPEG or other pictures of one digit each, on plain paper; -: standard input",
    )
    command.usage = (
        "%(prog)s [-h] [--ink {auto,dark,light}] [--show FILE.png]\n"
        "                             [--json] RUN (PICTURE [PICTURE ...] | --folder DIR)"
    )
    # nargs="*" would be satisfied, with none, by what stands before the first flag.
    pictures.required = False
    command.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="classify all pictures in a folder",
    )
    command.add_argument(
        "--ink",
        choices=("auto", "dark", "light"),
        default="auto",
        help="whether the digit is darker or lighter than the paper (default: auto, found from the "
        "border of the picture)",
    )
    command.add_argument(
        "--show",
        type=Path,
        metavar="FILE.png",
        help="write the 28 x 28 images that the network saw, ten in a row",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """Classify pictures, and print what the network predicts."""
    run = RunFolder(options.run)
    network, names = run.model(), run.classes()
    files = _files(options)
    if options.show:
        _check_show(options.show, files)
    shown, seen, answers, problems = [], [], [], []
    show = describe if options.folder is None else summarise
    with progress_bar(len(files), "pictures") as bar:
        for file in files:
            try:
                image = read_picture(file, options.ink)
            except MnistScratchError as error:
                problems.append(printable(str(error)))
                unanswered = dict.fromkeys(("digit", "name", "probabilities"))
                answers.append({"file": file} | unanswered | {"error": str(error)})
            else:
                found = predict(network, image)
                ((digit,), (probabilities,)) = found.classes.tolist(), found.probabilities
                answers.append(
                    {
                        "file": file,
                        "digit": digit,
                        "name": names[digit],
                        "probabilities": probabilities.tolist(),
                    }
                )
                shown.append(show(file, probabilities, names))
                seen.append(image)
            bar.update()
    if options.json:
        result(json.dumps(answers))
    elif shown:
        result(("\n\n" if options.folder is None else "\n").join(shown))
    if options.show and seen:
        save_images(seen, options.show)
    if len(files) == len(problems) == 1:
        raise MnistScratchError(problems[0])
    if problems:
        print("\n".join(problems), file=sys.stderr)
        raise MnistScratchError(f"{len(problems)} of {len(files)} pictures could not be read")


def _files(options: argparse.Namespace) -> list[str]:
    named: list[str] = options.pictures
    if bool(named) == (options.folder is not None):
        raise MnistScratchError(
            "name pictures, - for one on standard input, or a folder with --folder DIR"
            f"{', not both' if named else ''}"
        )
    if named.count(STANDARD_INPUT) > 1:
        raise MnistScratchError("-, standard input, is one picture: name it once")
    return named or [str(path) for path in picture_files(options.folder)]


def _check_show(show: Path, files: Sequence[str]) -> None:
    check_name(show, "pictures are PNG", ".png")
    if show.exists() and any(Path(file).exists() and show.samefile(file) for file in files):
        raise MnistScratchError(f"--show {show} would overwrite that picture; name another file")
