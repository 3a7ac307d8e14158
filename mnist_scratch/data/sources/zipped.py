"""Files in an archive (ZIP) that is verified as a whole: read from it, never written out."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_scratch.data.sources.files import SourceFile, wrong_file
from mnist_scratch.data.sources.gzipped import unpacked
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.reading import opened_ordinary


@contextmanager
def opened_verified(archive: SourceFile, path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive of which every byte is known to be right.

    Parameters
    ----------
    archive
        What it must be.
    path
        Where it lies.

    Raises
    ------
    MnistScratchError
        If it cannot be read, or its size or SHA-256 is another.
    """
    try:
        found_size = path.stat().st_size
        if found_size != archive.packed_size and path.is_file():
            size = f"{archive.packed_size:,}"
            raise wrong_file(path, f"{found_size:,} bytes, where the published file has {size}")
        with opened_ordinary(path, archive.packed_size) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != archive.packed_sha256:
                raise wrong_file(
                    path, f"SHA-256 {found}\nwhere the published file has {archive.packed_sha256}"
                )
            with zipfile.ZipFile(file) as opened:
                yield opened
    except OSError as error:
        raise MnistScratchError(
            f"cannot read {path}: {error.strerror}; check that it is a file you may read"
        ) from error


def read_member(opened: zipfile.ZipFile, file: SourceFile) -> bytes:
    """Return the plain content of a file that a verified archive holds, in whatever folder of it.

    Parameters
    ----------
    opened
        The archive.
    file
        Which file; in the archive it is compressed once more.
    """
    member = next(name for name in opened.namelist() if Path(name).name == file.packed_name)
    return unpacked(opened.read(member), file.size)
