"""The reader of IDX files, compressed or not."""

from __future__ import annotations

import gzip
import hashlib
import random
import struct
import zlib
from contextlib import suppress

import numpy as np
from target import Mutate, Target, file_holding

from mnist_scratch.data.idx import format_idx, parse_idx
from mnist_scratch.data.sources.files import read_verified
from mnist_scratch.data.sources.registry import SourceFile

_LARGEST = 512


def _read_idx(content: bytes) -> None:
    if content[:2] == b"\x1f\x8b":
        expected = int.from_bytes(content[-4:], "little") % 65_536
        file = SourceFile("name", expected, "", len(content), hashlib.sha256(content).hexdigest())
        content = bytes(read_verified(file, file_holding(content, "input.gz")))
        assert len(content) == expected
    array = parse_idx(content, "input")
    assert array.nbytes <= len(content)
    assert format_idx(array) == content


def _idx_seeds() -> list[bytes]:
    shapes = [(3,), (2, 3), (2, 3, 4), (0,), (1, 0, 2), (1, 1, 1, 1, 1, 1, 1, 1)]
    codes = ["u1", "i1", "i2", "i4", "f4", "f8"]
    contents = [format_idx(np.ones(shape, code)) for shape in shapes for code in codes]
    return contents + [gzip.compress(content, mtime=0) for content in contents[:8]]


def _change_idx(content: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    if content[:2] == b"\x1f\x8b":
        if rng.random() < 0.7:
            return mutate(content, _LARGEST)
        with suppress(OSError, EOFError, zlib.error):
            inner = _change_idx(gzip.decompress(content), rng, mutate)
            return gzip.compress(inner, compresslevel=1, mtime=0)
        return mutate(content, _LARGEST)
    changed = bytearray(mutate(content, _LARGEST))
    if rng.random() < 0.05:
        return gzip.compress(bytes(changed), compresslevel=1, mtime=0)
    if rng.random() < 0.5 or len(changed) < 4:
        return bytes(changed)
    changed[:2] = b"\0\0"
    changed[2] = rng.choice([8, 9, 11, 12, 13, 14])
    changed[3] = min(changed[3], rng.randint(1, 9))
    sizes = [rng.choice([0, 1, 2, 3, 2**31, 2**32 - 1]) for _ in range(changed[3])]
    start = 4 + 4 * len(sizes)
    changed[4:start] = struct.pack(f">{len(sizes)}I", *sizes)
    if rng.random() < 0.8:
        item = {8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8}[changed[2]]
        length = min(int(np.prod(np.array(sizes, object))) * item, _LARGEST)
        changed[start:] = changed[start : start + length].ljust(length, b"\7")
    return bytes(changed)


IDX = Target(_read_idx, _idx_seeds, _change_idx, _LARGEST)
