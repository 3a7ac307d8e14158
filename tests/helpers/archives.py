"""Making .npz files field by field, as no library would: for tests of what must be refused."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Part(NamedTuple):
    """A member of an archive; what is None is as it should be."""

    name: bytes
    content: bytes
    flags: int = 0
    method: int = 0
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    offset: int | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    extra: bytes = b""
    directory_extra: bytes = b""
    remark: bytes = b""


def npy(header: str, numbers: bytes = b"", version: bytes = b"\1\0") -> bytes:
    """Return an .npy file with any header."""
    text = header.encode("latin-1") + b"\n"
    length = struct.pack("<H" if version == b"\1\0" else "<I", len(text))
    return b"\x93NUMPY" + version + length + text + numbers


def npy_of(array: Any) -> bytes:
    """Return an .npy file as NumPy writes it."""
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def packed(
    parts: Sequence[Part],
    *,
    before: bytes = b"",
    between: bytes = b"",
    before_directory: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
) -> bytes:
    """Return an archive of the parts."""
    content, directory = bytearray(before), bytearray()
    for number, part in enumerate(parts):
        if number:
            content += between
        crc = zlib.crc32(part.content) if part.crc is None else part.crc
        size = len(part.content) if part.size is None else part.size
        packed_size = size if part.packed_size is None else part.packed_size
        offset = len(content) if part.offset is None else part.offset
        local_size = size if part.local_size is None else part.local_size
        local_name = part.name if part.local_name is None else part.local_name
        common = (part.flags, part.method, 0, 33, crc)
        content += struct.pack(
            "<4s5H3L2H",
            *(b"PK\3\4", 45, *common, local_size, local_size, len(local_name), len(part.extra)),
        )
        content += local_name + part.extra + part.content
        lengths = len(part.name), len(part.directory_extra), len(part.remark)
        directory += struct.pack(
            "<4s6H3L5H2L",
            *(b"PK\1\2", 45, 45, *common, packed_size, size, *lengths, 0, 0, 0, offset),
        )
        directory += part.name + part.directory_extra + part.remark
    content += before_directory
    entries = len(parts) if count is None else count
    sizes = len(directory), len(content), len(comment)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, *sizes)
    return bytes(content + directory + end + comment)


def parts_of(archive: bytes) -> list[Part]:
    """Return the members that an archive without a comment lists, whatever else is wrong with it.

    Raises
    ------
    struct.error
        If it is too wrong for that.
    """
    count, _, place = struct.unpack_from("<H2L", archive, len(archive) - 12)
    parts = []
    for _ in range(min(count, 100)):
        size, name_size, *others, start = struct.unpack_from("<L3H8xL", archive, place + 24)
        name = archive[place + 46 : place + 46 + name_size]
        place += 46 + name_size + sum(others)
        start += 30 + sum(struct.unpack_from("<2H", archive, start + 26))
        parts.append(Part(name, archive[start : start + size]))
    return parts
