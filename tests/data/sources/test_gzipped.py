from __future__ import annotations

import gzip
import hashlib
import re
import tracemalloc
from pathlib import Path

import pytest

from mnist_scratch.data.sources.files import SourceFile, read_verified
from mnist_scratch.data.sources.gzipped import unpacked
from mnist_scratch.errors import MnistScratchError

CONTENT = b"the content of a file" * 50
SIZE = len(CONTENT)
PACKED = gzip.compress(CONTENT, mtime=0)
# Bit 3 of the flags announces a name, which ends with a zero byte (RFC 1952, section 2.3.1).
NAMED = PACKED[:3] + b"\x08" + PACKED[4:10] + b"n" * 100_000 + b"\0" + PACKED[10:]


@pytest.mark.parametrize("packed", [PACKED, NAMED], ids=["plain", "with a long name"])
def test_one_whole_member_of_the_expected_size_is_unpacked(packed: bytes) -> None:
    assert unpacked(packed, SIZE) == CONTENT


def test_nothing_at_all_is_unpacked_to_nothing() -> None:
    assert unpacked(gzip.compress(b""), 0) == b""


@pytest.mark.parametrize(
    ("packed", "size", "message"),
    [
        (b"", SIZE, "ends inside its content, after 0 of 1,050"),
        (b"<!DOCTYPE html>", SIZE, "not gzip, or damaged"),
        (PACKED[:20], SIZE, "ends inside its content"),
        (PACKED[:-1], SIZE, "ends inside its content, after 1,050 of 1,050 bytes"),
        (PACKED[:-8] + b"\0" + PACKED[-7:], SIZE, "damaged: .*incorrect data check"),
        (PACKED[:-4] + b"\0" + PACKED[-3:], SIZE, "damaged: .*incorrect length check"),
        (NAMED[:50_000], SIZE, "ends inside its content, after 0"),
        (PACKED, SIZE + 1, "holds 1,050 bytes, where 1,051 are expected"),
        (PACKED, SIZE - 1, "holds more than the 1,049 bytes"),
        (PACKED, 0, "holds more than the 0 bytes"),
        (PACKED + b"more", SIZE, f"at byte {len(PACKED)}, 4 bytes follow"),
        (PACKED + PACKED, SIZE, f"at byte {len(PACKED)}, {len(PACKED)} bytes follow"),
        (gzip.compress(b"", mtime=0) + PACKED, SIZE, "holds 0 bytes, where 1,050 are expected"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, packed: bytes, size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unpacked(packed, size)
    # The same as a file that is on record so.
    path = tmp_path / "name.gz"
    path.write_bytes(packed)
    file = SourceFile("name", size, "", len(packed), hashlib.sha256(packed).hexdigest())
    expected = f"^{re.escape(str(path))} is damaged or another file: .*{message}(?s:.*)Delete it"
    with pytest.raises(MnistScratchError, match=expected):
        read_verified(file, path)


@pytest.mark.parametrize("size", [0, 1000])
def test_what_grows_a_thousandfold_grows_to_the_expected_size_alone(size: int) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="holds more than"):
            unpacked(bomb, size)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
