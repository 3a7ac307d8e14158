"""Fetching a published file from the first mirror that has it, verified before it gets its name."""

from __future__ import annotations

import hashlib
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path

from tqdm import tqdm

from mnist_scratch.data.sources import SourceFile
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.files import written_whole

_TIMEOUT = 10.0  # seconds, to connect and between two pieces
_PIECE = 1 << 16  # bytes


class _MirrorError(Exception):
    """Why one mirror did not give the file."""


def download(files: Sequence[SourceFile], folder: Path, mirrors: Sequence[str]) -> None:
    """Fetch files in their compressed form into a folder, with a progress bar on a terminal.

    Each file is written under a temporary name, compared with its size and SHA-256, and only then
    renamed.

    Parameters
    ----------
    files
        What to fetch.
    folder
        Where to; made if it is missing.
    mirrors
        Addresses to which a file's name is appended, tried in this order.

    Raises
    ------
    MnistScratchError
        If no mirror gives a file, with what each of them did and how to place the files by hand.
    """
    for file in files:
        failures = []
        for mirror in mirrors:
            try:
                _fetch(file, f"{mirror}{file.name}.gz", folder / f"{file.name}.gz")
                break
            except _MirrorError as error:
                failures.append(f"  {mirror}: {error}")
        else:
            raise MnistScratchError(
                f"could not fetch {file.name}.gz:\n" + "\n".join(failures) + "\n"
                f"Check the network, or place the files in {folder} by hand: "
                "'mnist-scratch data status' lists them."
            )


def _fetch(file: SourceFile, url: str, target: Path) -> None:
    digest = hashlib.sha256()
    size = 0
    with (
        written_whole(target) as output,
        tqdm(
            total=file.packed_size,
            desc=f"fetching {target.name}",
            unit="B",
            unit_scale=True,
            disable=not sys.stderr.isatty(),
        ) as bar,
    ):
        for piece in _pieces(url):
            size += len(piece)
            if size > file.packed_size:
                raise _MirrorError(f"more than the {file.packed_size:,} bytes of the file")
            digest.update(piece)
            output.write(piece)
            bar.update(len(piece))
        if size < file.packed_size:
            raise _MirrorError(f"{size:,} bytes, where the file has {file.packed_size:,}")
        if digest.hexdigest() != file.packed_sha256:
            raise _MirrorError(f"a file with another SHA-256, {digest.hexdigest()}")


def _pieces(url: str) -> Iterator[bytes]:
    """Yield the content of an address piece by piece; every failure is a `_MirrorError`."""
    request = urllib.request.Request(url, headers={"User-Agent": "mnist_scratch"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            while piece := response.read(_PIECE):
                yield piece
    except urllib.error.HTTPError as error:
        raise _MirrorError(f"HTTP status {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise _MirrorError(f"{error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise _MirrorError(str(error) or type(error).__name__) from error
