"""From a source to a data set: classes numbered, a test part held out, files written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_scratch.data.checks import MOST_CLASSES, as_class_names
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.importing.images import Images, grey_levels, make_images
from mnist_scratch.data.importing.part import TEST_SHARE, Label, Part
from mnist_scratch.data.importing.source import Source, read_source
from mnist_scratch.data.pictures.background import Ink
from mnist_scratch.data.pictures.resize import lie_as_in_mnist
from mnist_scratch.data.sources.classes import write_classes
from mnist_scratch.data.sources.pictures import write_resized
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import written_whole
from mnist_scratch.system.text import cut, printable

_PARTS = ("training", "test")
_SHOWN = 5  # classes in a message
_LONGEST_SHOWN = 80  # letters of them


class Converted(NamedTuple):
    """A data set that was made of a source.

    Attributes
    ----------
    training, test
        Its parts.
    classes
        Names, in the order of the labels.
    kind
        What the source is, for a person.
    sizes
        Heights and widths that the pictures had, the smallest first.
    held_out
        The share of each class that was held out for the test part; 0 where the source had one.
    notes
        What was done to the images.
    left_out
        For each picture or folder that could not be used, why.
    """

    training: Dataset
    test: Dataset
    classes: tuple[str, ...]
    kind: str
    sizes: list[tuple[int, int]]
    held_out: float
    notes: list[str]
    left_out: list[str]


def convert(
    source: Path,
    test: Path | None,
    test_share: float | None,
    seed: int,
    ink: Ink,
    prepare: bool,
    report: Callable[[str], object],
) -> Converted:
    """Make images of 28 x 28, light on dark, with labels from 0, of a source.

    Parameters
    ----------
    source
        A folder of pictures by class or of IDX files, a CSV or an .npz file.
    test
        Another one, with the test part; or None for that of the source, or one held out.
    test_share
        Of the images of each class, how many to hold out where there is no test part; None:
        `TEST_SHARE`.
    seed
        Chooses them.
    ink
        Whether what is drawn is darker or lighter than the paper; "auto" decides for each picture.
    prepare
        Whether to find the digit in each picture, and prepare it as MNIST was; otherwise it is
        resized as it is.
    report
        Called with what a person should know.

    Raises
    ------
    MnistScratchError
        If there is nothing to make a data set of.
    """
    if test_share is not None and not 0 < test_share < 1:
        raise MnistScratchError(f"--test-share {test_share:g}: must lie between 0 and 1")
    if seed < 0:
        raise MnistScratchError(f"--seed {seed}: must be 0 or more")
    read = read_source(source, report)
    other = _test_part(test, read, source, report) if test else read.test
    if test_share is not None and other is not None:
        raise MnistScratchError(
            f"--test-share {test_share:g}: there is a test part in {test or source}; leave it out"
        )
    parts, notes = _in_bytes([read.training, *([other] if other else [])], as_one=test is None)
    made = [make_images(part, ink, prepare) for part in parts]
    left_out = _left_out(parts, made, source)
    classes, of_all, note = _number([part.labels for part in parts], read.classes, source)
    notes += note
    pairs = [(part.images, labels[part.used]) for part, labels in zip(made, of_all, strict=True)]
    for part, what in zip(made, ("",) if len(made) == 1 else _PARTS, strict=True):
        notes += _about_images(part, f"{what} images".strip())
    share = 0.0
    if len(pairs) == 1:
        share = TEST_SHARE if test_share is None else test_share
        images, labels = pairs[0]
        chosen = _hold_out(labels, share, np.random.default_rng(seed))
        pairs = [(images[which], labels[which]) for which in (~chosen, chosen)]
    notes += _without_images(pairs[0][1], pairs[1][1], classes, test or source, left_out)
    resized = "" if prepare or lie_as_in_mnist(pairs[0][0]) else ink
    try:
        training, held_out = (
            Dataset(source.name, *pair, classes=classes, resized=resized) for pair in pairs
        )
    except ValueError as error:
        raise MnistScratchError(str(error)) from error
    sizes = sorted(set().union(*(part.sizes for part in made)), key=math.prod)
    return Converted(training, held_out, classes, read.kind, sizes, share, notes, left_out)


def _test_part(test: Path, read: Source, source: Path, report: Callable[[str], object]) -> Part:
    """Return the test part of a source that is named for it: its own, or all of it."""
    if test.resolve() == source.resolve():
        raise MnistScratchError(
            f"--test {test} is the source: the network would be tested on what it has learned; "
            "leave --test out, and some of each class is held out"
        )
    named = read_source(test, report)
    if named.test:
        report(f"{test}: its test part is taken, its training part left out")
    if read.test:
        report(f"{source}: its own test part is left out, since --test names another")
    return named.test or named.training


def _in_bytes(parts: list[Part], as_one: bool) -> tuple[list[Part], list[str]]:
    """Return parts in grey levels 0 to 255, with one factor if they are of one source; notes."""
    if as_one:
        scaled, done = grey_levels(parts)
        return scaled, [done] if done else []
    each = [grey_levels([part]) for part in parts]
    notes = [f"{what} images: {done}" for (_, done), what in zip(each, _PARTS, strict=True) if done]
    return [part for ((part,), _) in each], notes


def _left_out(parts: Sequence[Part], made: Sequence[Images], source: Path) -> list[str]:
    """Return what was left out and why, or raise an error if it is most of the pictures."""
    unusable = [reason for part in made for reason in part.left_out]
    count = sum(len(part.images) for part in parts)
    if 2 * len(unusable) > count:
        raise MnistScratchError(
            f"{source}: {len(unusable):,} of {count:,} pictures cannot be used; {unusable[0]}"
        )
    return [reason for part in parts for reason in part.left_out] + unusable


def _about_images(made: Images, what: str) -> list[str]:
    """Return what a person should know of the images of a part."""
    images, notes = made.images, []
    if not len(images):
        return []
    if (images == images[:1]).all():
        notes.append(f"the {what} are all alike: there is nothing to tell classes by")
    elif (images == images[:, :1, :1]).all():
        notes.append(f"each of the {what} is a single grey, without anything drawn")
    if made.turned == len(images):
        notes.append(f"the {what} were dark on light: turned, 255 minus every pixel")
    elif made.turned:
        notes.append(
            f"{made.turned:,} of {len(images):,} {what} were dark on light and the others not: "
            "turned, 255 minus every pixel; --ink light or --ink dark decides for all"
        )
    return notes


def write(converted: Converted, folder: Path) -> None:
    """Write four IDX files, classes.txt and pictures.txt into a folder."""
    training, test = converted.training, converted.test
    arrays = (training.images, training.labels, test.images, test.labels)
    for name, array in zip(FILE_NAMES, arrays, strict=True):
        with written_whole(folder / name) as file:
            file.write(format_idx(array))
    write_classes(folder, converted.classes)
    write_resized(folder, training.resized)


def _number(
    parts: Sequence[Sequence[Label]], names: Sequence[str], source: Path
) -> tuple[tuple[str, ...], list[npt.NDArray[np.uint8]], list[str]]:
    """Return the names of the classes, the labels of each part as numbers from 0, and notes.

    Where there are no names, the classes are the labels: in the order of the numbers, then of the
    alphabet.
    """
    found = sorted({str(label) for labels in parts for label in labels}, key=_by_number)
    notes = []
    if names:
        count = len(names)
        first = int(found[0] != "0" and found[-1] == str(count))
        known = [str(label) for label in range(first, count + first)]
        for label in found:
            if label not in known:
                raise MnistScratchError(
                    f"{source}: the label {label}, where classes.txt names {count} classes, "
                    f"0 to {count - 1} or 1 to {count}; correct one of them"
                )
        found = known
        if first:
            notes.append(f"labels 1 to {count} are the lines of classes.txt in turn")
    elif not 2 <= len(found) <= MOST_CLASSES:
        classes = "a single class" if len(found) == 1 else f"{len(found):,} classes"
        some = printable(cut(", ".join(found[:_SHOWN]), _LONGEST_SHOWN))
        if len(found) > _SHOWN:
            some += " and so on"
        raise MnistScratchError(
            f"{source}: {classes} ({some}), where 2 to {MOST_CLASSES} are "
            "needed; labels are the names of folders, a column called label or else the first one, "
            "y_train or labels in an .npz file"
        )
    numbers = {name: number for number, name in enumerate(found)}
    arrays = [np.array([numbers[str(label)] for label in labels], np.uint8) for labels in parts]
    try:
        return as_class_names(names or found), arrays, notes
    except ValueError as error:
        raise MnistScratchError(f"{source}: {error}") from error


def _by_number(name: str) -> tuple[bool, int, str]:
    """Sort 9 before 10, and numbers before words."""
    is_number = name.removeprefix("-").isdecimal()
    return not is_number, int(name) if is_number else 0, name


def _hold_out(
    labels: npt.NDArray[np.uint8], share: float, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Choose a share of each class's images, at least one and not all; of a single one none."""
    chosen = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        of_class = rng.permutation(np.flatnonzero(labels == label))
        count = min(max(round(share * len(of_class)), 1), len(of_class) - 1)
        chosen[of_class[:count]] = True
    return chosen


def _without_images(
    training: npt.NDArray[np.uint8],
    test: npt.NDArray[np.uint8],
    classes: Sequence[str],
    source: Path,
    left_out: Sequence[str],
) -> list[str]:
    """Raise an error if a class has nothing to learn from; return which have no test image."""
    for label in np.flatnonzero(np.bincount(training, minlength=len(classes)) == 0):
        why = f"; left out: {left_out[0]}" if left_out else ""
        raise MnistScratchError(
            f"{source}: its class {classes[int(label)]} has no training image; add some, or take "
            f"it out of the test part or of classes.txt{why}"
        )
    if not len(test):
        raise MnistScratchError(
            f"{source}: no image is left to test with; give every class two images or more, or "
            "name a test part with --test"
        )
    absent = np.flatnonzero(np.bincount(test, minlength=len(classes)) == 0)
    names = ", ".join(classes[int(label)] for label in absent)
    return [f"without a test image: {names}"] if names else []
