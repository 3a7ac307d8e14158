"""Fetching published files from the first mirror that has them, verified before they get a name."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from mnist_scratch.data.sources.https import Answer, FetchError, RangeError, UnreachableError, asked
from mnist_scratch.data.sources.registry import SourceFile
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import check_own, open_own


def download(
    files: Sequence[SourceFile],
    folder: Path,
    mirrors: Sequence[str],
    report: Callable[[str], object],
) -> None:
    """Fetch files in their compressed form into a folder, with a progress bar on a terminal.

    A file grows under a name that nothing reads, and gets its own when its size and SHA-256 are
    right. What an interrupted download left there is continued, from whichever mirror, and fetched
    anew if that comes to nothing. The mirror that gave a file is asked for the next one first; one
    that could not be reached is not asked again. Whoever calls holds the folder's lock.

    Parameters
    ----------
    files
        What to fetch.
    folder
        Where to; it is there.
    mirrors
        HTTPS addresses to which a file's name is appended, tried in this order.
    report
        Is called with what a person should know while it goes on.

    Raises
    ------
    MnistScratchError
        If no mirror gives a file, with what each of them did and how to place the files by hand;
        or if a file cannot be written, which no other mirror would mend.
    """
    unreachable: dict[str, str] = {}
    order = list(mirrors)
    for number, file in enumerate(files):
        failures: dict[str, str] = {}
        for mirror in order:
            if mirror in unreachable:
                continue
            try:
                _fetch(file, f"{mirror}{file.published[0]}", folder)
            except FetchError as error:
                failures[mirror] = str(error)
                if isinstance(error, UnreachableError):
                    unreachable[mirror] = f"{error} (not asked again)"
            else:
                for failed, reason in failures.items():
                    report(f"passed over {failed}\n  for {file.published[0]}: {reason}")
                order.remove(mirror)
                order.insert(0, mirror)
                break
        else:
            did = [(mirror, failures.get(mirror) or unreachable[mirror]) for mirror in mirrors]
            raise MnistScratchError(_failure(file, did, files[number:], folder))


def _fetch(file: SourceFile, address: str, folder: Path) -> None:
    """Fetch one file from one address; all of it where adding the rest does not make it whole."""
    partial = folder / f".{file.published[0]}.{file.published[2][:8]}.part"
    with _writing(partial):
        check_own(partial)
        for other in folder.glob(f".{file.published[0]}.*.part"):
            if other != partial:  # of another file of this name, or of an older version
                other.unlink()
        start = partial.stat().st_size if partial.exists() else 0
    if start > file.published[1]:
        start = 0
    try:
        if start < file.published[1]:
            _append(file, address, partial, start)
        _accept(file, partial)
    except (RangeError, _OtherFileError):
        if not start:
            raise
        _append(file, address, partial, 0)
        _accept(file, partial)
    finally:
        with _writing(partial):
            if partial.exists() and not partial.stat().st_size:
                partial.unlink()  # there is nothing to continue


class _OtherFileError(FetchError):
    """What came is not the file, or not the rest of it."""


def _append(file: SourceFile, address: str, partial: Path, start: int) -> None:
    """Write into the partial file, from a certain byte on, what an address has."""
    with asked(address, start) as answer:
        rest = file.published[1] - answer.start
        if answer.length not in {None, rest}:
            raise FetchError(f"{answer.length:,} bytes, where the file has {rest:,}")
        with (
            _writing(partial),
            os.fdopen(open_own(partial, os.O_APPEND), "ab") as output,
        ):
            if not answer.start:
                output.truncate(0)
            for piece in _shown(answer, file):
                if len(piece) > rest:
                    output.truncate(0)
                    raise _OtherFileError(f"more than the {file.published[1]:,} bytes of the file")
                output.write(piece)
                rest -= len(piece)
            output.flush()
            os.fsync(output.fileno())
    if rest:
        raise FetchError(f"it ended {rest:,} bytes before the end of the file")


def _shown(answer: Answer, file: SourceFile) -> Iterator[bytes]:
    """Pass on the pieces of an answer; show on a terminal how many have come."""
    with tqdm(
        total=file.published[1],
        initial=answer.start,
        desc=file.published[0],
        unit="B",
        unit_scale=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        for piece in answer.pieces:
            yield piece
            bar.update(len(piece))


def _accept(file: SourceFile, partial: Path) -> None:
    """Give a complete file its name if every byte of it is right; else delete it."""
    with _writing(partial):
        with partial.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != file.published[2]:
            partial.unlink()
            raise _OtherFileError(f"another file, of the SHA-256 {found[:16]}...")
        partial.replace(partial.with_name(file.published[0]))


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Let an error of the disk end it all: no other mirror would mend that."""
    try:
        yield
    except OSError as error:
        raise MnistScratchError(
            f"cannot write {path}: {error.strerror or error}; check the space and the permissions "
            "there, or name another folder with --data-dir"
        ) from error


def _failure(
    file: SourceFile,
    did: Sequence[tuple[str, str]],
    missing: Sequence[SourceFile],
    folder: Path,
) -> str:
    form = "compressed or not" if file.sha256 else "compressed"
    width = max(len(other.published[0]) for other in missing)
    lines = [f"could not fetch {file.published[0]}:"]
    for mirror, reason in did:
        lines += [f"  {mirror}", f"    {reason}"]
    lines += [
        "Check the network and run again, which goes on where this ended.",
        f"Or place the files in {folder} by hand, {form}:",
        *(f"  {file.published[0]:<{width}} {file.published[1]:>11,} bytes" for file in missing),
        "Then 'mnist-scratch data verify', with --dataset if they are not MNIST's, says whether",
        "they are the right ones.",
    ]
    return "\n".join(lines)
