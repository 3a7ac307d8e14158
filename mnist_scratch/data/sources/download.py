"""Fetching published files from the first mirror that has them, verified before they get a name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException, responses
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from mnist_scratch.data.sources.registry import SourceFile
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.bar import progress_bar
from mnist_scratch.system.files import written_whole

_TIMEOUT = 10.0  # seconds to connect, and between two packets
_PIECE = 1 << 16  # bytes


class _MirrorError(Exception):
    """Why a mirror did not give a file."""


def download(
    files: Sequence[SourceFile],
    folder: Path,
    mirrors: Sequence[str],
    report: Callable[[str], object],
) -> None:
    """Fetch files as they are published into a folder, with a progress bar on a terminal.

    A file is written under a name that nothing reads, and gets its own when its size and SHA-256
    are right. The mirror that gave a file is asked first for the next one. Proxies are those of the
    environment; `SSL_CERT_FILE` names certificate authorities to trust beside the system's.

    Parameters
    ----------
    files
        What to fetch.
    folder
        Where to; the caller holds its lock.
    mirrors
        HTTPS addresses to which a file's name is appended, tried in this order.
    report
        Called with what a person should know.

    Raises
    ------
    MnistScratchError
        If no mirror gives a file, with what each of them did and how to place the files by hand;
        or if a file cannot be written.
    """
    for number, file in enumerate(files):
        failures: dict[str, str] = {}
        for mirror in mirrors:
            try:
                _fetch(file, mirror, folder)
            except _MirrorError as error:
                failures[mirror] = str(error)
            else:
                break
        else:
            raise MnistScratchError(_failure(failures, files[number:], folder))
        for failed, reason in failures.items():
            report(f"{failed} did not give {file.published[0]}: {reason}")
        mirrors = [mirror, *(other for other in mirrors if other != mirror)]


def _fetch(file: SourceFile, mirror: str, folder: Path) -> None:
    name, size, sha256 = file.published
    for leftover in folder.glob(f".{name}.*.part"):  # of a process that was killed
        leftover.unlink(missing_ok=True)
    found = hashlib.sha256()
    with (
        written_whole(folder / name) as output,
        progress_bar(size, "bytes", title=name) as bar,
    ):
        for piece in _pieces(f"{mirror}{name}", size):
            output.write(piece)
            found.update(piece)
            bar.update(len(piece))
        if found.hexdigest() != sha256:
            raise _MirrorError(f"another file, of the SHA-256 {found.hexdigest()[:16]}...")


def _pieces(url: str, size: int) -> Iterator[bytes]:
    """Yield what an address answers, which must have a size; never read more than a byte beyond."""
    request = Request(url, headers={"User-Agent": "mnist_scratch"})  # noqa: S310  # HTTPS mirrors
    rest = size
    try:
        with urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310
            if response.headers.get_content_type() == "text/html":
                raise _MirrorError("a web page instead of the file")
            if response.length not in {None, size}:
                raise _MirrorError(f"{response.length:,} bytes, where the file has {size:,}")
            while piece := response.read(min(_PIECE, rest + 1)):
                rest -= len(piece)
                if rest < 0:
                    raise _MirrorError(f"more than the {size:,} bytes of the file")
                yield piece
    except (OSError, HTTPException, ValueError) as error:
        raise _MirrorError(_reason(error)) from error
    if rest:
        raise _MirrorError(f"it ended {rest:,} bytes before the end of the file")


def _reason(error: object) -> str:
    """Say what went wrong, in our own words where the server's could hold anything."""
    if isinstance(error, HTTPError):
        return f"HTTP status {error.code} {responses.get(error.code, '')}".rstrip()
    if isinstance(error, URLError):
        return _reason(error.reason)
    if isinstance(error, TimeoutError):
        return f"no answer within {_TIMEOUT:g} seconds"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"a broken answer ({type(error).__name__})"


def _failure(failures: dict[str, str], missing: Sequence[SourceFile], folder: Path) -> str:
    width = max(len(file.published[0]) for file in missing)
    lines = [f"could not fetch {missing[0].published[0]}:"]
    for mirror, reason in failures.items():
        lines += [f"  {mirror}", f"    {reason}"]
    lines += [
        "Check the network, and the proxy that https_proxy names if it is set, and run again.",
        f"Or place the files in {folder} by hand:",
        *(
            f"  {name:<{width}} {size:>11,} bytes"
            for name, size, _ in (file.published for file in missing)
        ),
        "Then 'mnist-scratch data verify', with --dataset if they are not MNIST's, says whether",
        "they are the right ones.",
    ]
    return "\n".join(lines)
