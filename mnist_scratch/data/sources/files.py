"""The files of a data set: where they lie, what they must hash to, and reading them verified.

A file is used only if its SHA-256 is the one on record: a truncated or exchanged file would not
stop a training run, only make it learn badly.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path

from mnist_scratch.data.sources.registry import DATASETS, SourceFile
from mnist_scratch.errors import MnistScratchError

# The repository, if the program runs from one. A link to the package counts as the package.
_CHECKOUT = Path(__file__).parents[3]

_PIECE = 1 << 16  # bytes of a compressed file that are decompressed at a time
_MOST_EXPANDED = 1032  # bytes that a byte of gzip can become (zlib.net/zlib_tech.html)


def data_folder(dataset: str, data_dir: str = "") -> Path:
    """Return the folder in which the files of a data set lie, or would lie.

    That is the folder that the user named; otherwise the first that has all of its files: `data/`
    and its name in the working directory, the same in the checkout that the program runs from, and
    its name in the user's cache folder. Where none has, it is the checkout's, or without one the
    cache's.

    Parameters
    ----------
    dataset
        Its name in the registry.
    data_dir
        A folder that the user named; empty for `$MNIST_SCRATCH_DATA` (MNIST only), if set.

    Raises
    ------
    MnistScratchError
        If the user named something that is no folder.
    """
    named = data_dir or (os.environ.get("MNIST_SCRATCH_DATA", "") if dataset == "mnist" else "")
    name = DATASETS[dataset].folder or dataset
    if named:
        return _named_folder(named)
    from platformdirs import user_cache_dir  # 6% of the import of NumPy

    kept = [Path(user_cache_dir("mnist_scratch", appauthor=False)) / name]
    if (_CHECKOUT / "pyproject.toml").exists():
        kept.insert(0, _CHECKOUT / "data" / name)
    places = [Path("data") / name, *kept]
    return next((folder for folder in places if _has_files(dataset, folder)), kept[0])


def _named_folder(name: str) -> Path:
    try:
        folder = Path(name).expanduser()
    except RuntimeError as error:  # ~unknown
        raise MnistScratchError(f"the data folder {name}: {error}; name another") from error
    if folder.exists() and not folder.is_dir():
        raise MnistScratchError(
            f"the data folder {folder} is a file; name the folder with data_dir (--data-dir) or "
            f"MNIST_SCRATCH_DATA; 'mnist-scratch data import {folder} --output DIR' makes one of a "
            "CSV or an .npz file"
        )
    return folder


def _has_files(dataset: str, folder: Path) -> bool:
    """Say whether files of all the names are there, right or wrong."""
    source = DATASETS[dataset]
    if source.archive and (folder / source.archive.name).exists():
        return True
    names = ((file.name, file.compressed_name) for file in source.files)
    return all(any((folder / form).exists() for form in forms) for forms in names)


def locate(file: SourceFile, folder: Path) -> Path | None:
    """Return where the file lies in the folder, plain before compressed, or None.

    A form does not count where nothing is on record to verify it by.
    """
    plain, compressed = folder / file.name, folder / file.compressed_name
    if file.sha256 and plain.exists():
        return plain
    is_known = file.sha256 or file.compressed_sha256
    return compressed if is_known and compressed.exists() else None


def missing(files: Sequence[SourceFile], folder: Path) -> list[SourceFile]:
    """Return those of the files that are not in a folder."""
    return [file for file in files if locate(file, folder) is None]


def verify(path: Path, size: int, sha256: str) -> None:
    """Raise an error unless a file has this size and this SHA-256."""
    try:
        if (found_size := path.stat().st_size) != size:
            raise _wrong_file(path, f"{found_size:,} bytes, where the published file has {size:,}")
        with path.open("rb") as file:
            found = sha256_of(file)
    except OSError as error:
        raise unreadable(path, error) from error
    _check_hash(path, found, sha256)


def read_verified(file: SourceFile, path: Path) -> bytes | memoryview:
    """Return the plain content of a file whose SHA-256 is the one on record.

    Parameters
    ----------
    file
        What it must be.
    path
        Where it lies; `.gz` at the end means compressed.

    Raises
    ------
    MnistScratchError
        If it cannot be read, or its size or SHA-256 is another.
    """
    compressed = path.suffix == ".gz"
    if not compressed:
        verify(path, file.size, file.sha256)
    elif file.compressed_sha256:
        verify(path, file.compressed_size, file.compressed_sha256)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if not compressed:
        return content
    try:
        plain = decompressed(content, file.size)
    except ValueError as error:
        raise _wrong_file(path, str(error)) from error
    if not file.compressed_sha256:
        _check_hash(path, sha256_of(plain), file.sha256)
    return plain


def read_archive(
    archive: SourceFile, files: Sequence[SourceFile], path: Path
) -> Iterator[memoryview]:
    """Yield the plain content of files in a ZIP file whose SHA-256 is the one on record.

    Parameters
    ----------
    archive
        What the ZIP file must be. It holds the files compressed once more, in its folder `gzip/`.
    files
        Which of its files.
    path
        Where it lies.

    Raises
    ------
    MnistScratchError
        If it cannot be read, or its size or SHA-256 is another.
    """
    verify(path, archive.size, archive.sha256)
    import zipfile  # one data set needs it

    with zipfile.ZipFile(path) as opened:
        for file in files:
            yield decompressed(opened.read(f"gzip/{file.compressed_name}"), file.size)


def sha256_of(content: bytes | memoryview | BufferedReader) -> str:
    """Return the SHA-256 of some bytes or of an open file, in hexadecimal digits."""
    import hashlib  # OpenSSL: 4% of the import of NumPy

    if isinstance(content, bytes | memoryview):
        return hashlib.sha256(content).hexdigest()
    return hashlib.file_digest(content, "sha256").hexdigest()


def decompressed(content: bytes, size: int) -> memoryview:
    """Return what a gzip file of one member holds, decompressed no further than to a size.

    A kilobyte of gzip can become a megabyte: nothing that its header or trailer says is trusted.
    Piece by piece, into memory of that size: MNIST takes 47 MB so and 94 MB at once.

    Raises
    ------
    ValueError
        If it is damaged, holds more or fewer bytes than the size, or is followed by others.
    """
    decompressor = zlib.decompressobj(wbits=31)
    wrong = ValueError(f"it does not hold exactly the {size:,} bytes that are expected")
    if size > _MOST_EXPANDED * len(content):
        raise wrong
    plain, filled = bytearray(size), 0
    for start in range(0, len(content), _PIECE):
        try:
            # One byte more than there should be shows that there are more; 0 would be no limit.
            piece = decompressor.decompress(content[start : start + _PIECE], size - filled + 1)
        except zlib.error as error:
            raise ValueError(f"it is not gzip, or damaged: {error}") from error
        plain[filled : filled + len(piece)] = piece
        filled += len(piece)
        if filled > size:
            break
    if filled != size or not decompressor.eof or decompressor.unused_data:
        raise wrong
    return memoryview(plain).toreadonly()


def unreadable(path: Path, error: OSError) -> MnistScratchError:
    """Return the error that says why a file cannot be read."""
    return MnistScratchError(
        f"cannot read {path}: {error.strerror or error}; check that it is a file you may read"
    )


def _check_hash(path: Path, found: str, sha256: str) -> None:
    if found != sha256:
        raise _wrong_file(path, f"SHA-256 {found}\nwhere the published file has {sha256}")


def _wrong_file(path: Path, difference: str) -> MnistScratchError:
    return MnistScratchError(
        f"{path} is damaged or another file: {difference}.\n"
        "Delete it and run again, which fetches or draws what is missing; "
        "or name another folder with data_dir (--data-dir)."
    )
