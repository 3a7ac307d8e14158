from __future__ import annotations

import gzip
import hashlib
import re
import tracemalloc
from pathlib import Path

import pytest

from mnist_scratch.data.sources.files import decompressed, read_verified
from mnist_scratch.data.sources.registry import SourceFile
from mnist_scratch.errors import MnistScratchError

CONTENT = b"the content of a file" * 50
SIZE = len(CONTENT)
COMPRESSED = gzip.compress(CONTENT, mtime=0)
# Bit 3 of the flags announces a name, which ends with a zero byte (RFC 1952, section 2.3.1).
NAMED = COMPRESSED[:3] + b"\x08" + COMPRESSED[4:10] + b"n" * 100_000 + b"\0" + COMPRESSED[10:]


@pytest.mark.parametrize("compressed", [COMPRESSED, NAMED], ids=["plain", "with a long name"])
def test_one_whole_member_of_the_expected_size_is_decompressed(compressed: bytes) -> None:
    assert decompressed(compressed, SIZE) == CONTENT


def test_nothing_at_all_is_decompressed_to_nothing() -> None:
    assert decompressed(gzip.compress(b""), 0) == b""


@pytest.mark.parametrize(
    ("compressed", "size", "message"),
    [
        (b"", SIZE, "ends inside its content, after 0 of 1,050"),
        (b"<!DOCTYPE html>", SIZE, "not gzip, or damaged"),
        (COMPRESSED[:20], SIZE, "ends inside its content"),
        (COMPRESSED[:-1], SIZE, "ends inside its content, after 1,050 of 1,050 bytes"),
        (COMPRESSED[:-8] + b"\0" + COMPRESSED[-7:], SIZE, "damaged: .*incorrect data check"),
        (COMPRESSED[:-4] + b"\0" + COMPRESSED[-3:], SIZE, "damaged: .*incorrect length check"),
        (NAMED[:50_000], SIZE, "ends inside its content, after 0"),
        (COMPRESSED, SIZE + 1, "holds 1,050 bytes, where 1,051 are expected"),
        (COMPRESSED, SIZE - 1, "holds more than the 1,049 bytes"),
        (COMPRESSED, 0, "holds more than the 0 bytes"),
        (COMPRESSED + b"more", SIZE, "4 bytes follow"),
        (COMPRESSED + COMPRESSED, SIZE, f"{len(COMPRESSED)} bytes follow"),
        (gzip.compress(b"", mtime=0) + COMPRESSED, SIZE, "holds 0 bytes, where 1,050 are expected"),
    ],
)
def test_anything_else_is_refused(
    tmp_path: Path, compressed: bytes, size: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        decompressed(compressed, size)
    # The same as a file that is on record so.
    path = tmp_path / "name.gz"
    path.write_bytes(compressed)
    file = SourceFile("name", size, "", len(compressed), hashlib.sha256(compressed).hexdigest())
    expected = f"^{re.escape(str(path))} is damaged or another file: .*{message}(?s:.*)Delete it"
    with pytest.raises(MnistScratchError, match=expected):
        read_verified(file, path)


@pytest.mark.parametrize("size", [0, 1000])
def test_what_grows_a_thousandfold_grows_to_the_expected_size_alone(size: int) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="holds more than"):
            decompressed(bomb, size)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
