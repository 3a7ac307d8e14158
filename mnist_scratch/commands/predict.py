"""mnist-scratch predict: read a person's own pictures of digits and numbers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_scratch.commands.common import add_json, add_run
from mnist_scratch.commands.output import result
from mnist_scratch.data.pictures.own import PictureDigits, check_one, prepare_digits
from mnist_scratch.data.pictures.read import (
    STANDARD_INPUT,
    left_out,
    open_picture,
    picture_files,
)
from mnist_scratch.data.pictures.resize import resize_whole
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.inference.predict import number_text, predict, predict_found
from mnist_scratch.report.text.bars import describe, summarise
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.bar import progress_bar
from mnist_scratch.system.files import check_name
from mnist_scratch.system.text import printable

_MOST_SHOWN = 100  # pictures: higher images do not open in many programs
_SURE = 0.9  # below, the reader is told what in the picture may be the cause


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the run, the pictures, and how to read them."""
    add_run(command)
    pictures = command.add_argument(
        "pictures",
        nargs="+",
        default=[],
        metavar="PICTURE",
        help="PNG, JPEG or other pictures of a digit or a number; -: standard input",
    )
    command.usage = (
        "%(prog)s [-h] [--ink {auto,dark,light}] [--one]\n"
        "                             [--resize | --no-resize] [--show FILE.png] [--json]\n"
        "                             RUN (PICTURE [PICTURE ...] | --folder DIR)"
    )
    command.epilog = (
        "With --json every digit has its class, name, probability, box (left, top, right, bottom "
        "in pixels) and row, from 0."
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
        help="whether the digits are darker or lighter than the paper (default: as `data import "
        "--ink` was told of what the run has learned from, otherwise auto: found from the border)",
    )
    command.add_argument(
        "--one", action="store_true", help="refuse a picture of more than one digit"
    )
    command.add_argument(
        "--resize",
        action=argparse.BooleanOptionalAction,
        help="resize each picture to 28 x 28 as it is, or find its digits and centre each "
        "(default: as the pictures were that the run has learned from)",
    )
    command.add_argument(
        "--show",
        type=Path,
        metavar="FILE.png",
        help="draw what was found in each picture, and what the network saw of it; of at most "
        f"{_MOST_SHOWN} pictures",
    )
    add_json(command)


def run(options: argparse.Namespace) -> None:
    """Read pictures, and print what the network predicts."""
    run = RunFolder(options.run)
    network, names, resized = run.saved_model()
    if options.resize is not None:
        resized = (resized or "auto") if options.resize else ""
    files = _files(options)
    if options.show:
        _check_show(options.show, files)
        from mnist_scratch.report.plots import own_pictures  # Matplotlib
    shown, drawn, answers, problems, warnings = [], [], [], [], []
    show = describe if options.folder is None else summarise
    with progress_bar(len(files), "pictures") as bar:
        for file in files:
            try:
                picture = open_picture(file)
                if resized:
                    ink = resized if options.ink is None else options.ink
                    digits = resize_whole(picture, ink)
                else:
                    digits = prepare_digits(file, picture, options.ink or "auto")
                if options.one:
                    check_one(file, len(digits.images))
            except MnistScratchError as error:
                problems.append(printable(str(error)))
                answers.append(_unanswered(file) | {"error": str(error)})
            else:
                if resized:
                    probabilities = predict(network, digits.images).probabilities
                else:
                    probabilities = predict_found(network, digits.images)
                read = [names[number] for number in probabilities.argmax(axis=1).tolist()]
                number = number_text(read, digits.rows, names)
                answers.append(_answer(file, number, read, digits, probabilities))
                shown.append(show(file, number, probabilities, names))
                warnings += [
                    f"{printable(file)}: {text}" for text in _warnings(digits, probabilities)
                ]
                if options.show:
                    drawn.append(
                        own_pictures.picture_with_boxes(
                            printable(file), picture, digits, read, probabilities
                        )
                    )
            bar.update()
    if options.json:
        result(json.dumps(answers))
    elif shown:
        result(("\n\n" if options.folder is None else "\n").join(shown))
    if drawn:
        own_pictures.save_boxes(drawn, options.show)
    if warnings:
        print("\n".join(warnings), file=sys.stderr)
    _refuse(problems, len(files), [] if options.folder is None else left_out(options.folder))


def _warnings(digits: PictureDigits, probabilities: npt.NDArray[np.float64]) -> tuple[str, ...]:
    """Return what may be wrong with a picture; if the answer is unsure, a cause in the picture."""
    if digits.hint and probabilities.max(axis=1).min() < _SURE:
        return (*digits.warnings, f"unsure, perhaps because {digits.hint}")
    return digits.warnings


def _refuse(problems: list[str], count: int, others: list[str]) -> None:
    """Name the pictures that could not be read, and the other files of a folder, if any."""
    if len(problems) == count == 1 and not others:
        raise MnistScratchError(problems[0])
    if problems or others:
        print("\n".join(problems + [printable(each) for each in others]), file=sys.stderr)
    if problems:
        raise MnistScratchError(f"{len(problems)} of {count} pictures could not be read")
    if others:
        raise MnistScratchError(
            f"all pictures were read, but {len(others)} "
            f"file{'s were' if len(others) > 1 else ' was'} left out"
        )


def _unanswered(file: str) -> dict[str, Any]:
    """Return the answer for a picture whose fields are all unknown."""
    fields = ("number", "digits", "digit", "name", "probabilities")
    return {"file": file} | dict.fromkeys(fields) | {"warnings": []}


def _answer(
    file: str,
    number: str,
    read: list[str],
    digits: PictureDigits,
    probabilities: npt.NDArray[np.float64],
) -> dict[str, Any]:
    """Return the answer for a picture; digit, name and probabilities where there is one digit."""
    classes, highest = probabilities.argmax(axis=1).tolist(), probabilities.max(axis=1).tolist()
    answer = _unanswered(file) | {
        "number": number,
        "digits": [
            dict(zip(("class", "name", "probability", "box", "row"), each, strict=True))
            for each in zip(
                classes, read, highest, digits.boxes.tolist(), digits.rows.tolist(), strict=True
            )
        ],
        "warnings": _warnings(digits, probabilities),
    }
    if len(classes) == 1:
        answer |= {
            "digit": classes[0],
            "name": read[0],
            "probabilities": probabilities[0].tolist(),
        }
    return answer


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
    if len(files) > _MOST_SHOWN:
        raise MnistScratchError(
            f"--show draws at most {_MOST_SHOWN} pictures, not {len(files)}; name fewer"
        )
    if show.exists() and any(Path(file).exists() and show.samefile(file) for file in files):
        raise MnistScratchError(f"--show {show} would overwrite that picture; name another file")
