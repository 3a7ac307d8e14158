"""The .npz format as `numpy.savez` writes it: every header checked before any array is made.

An .npz file is a ZIP archive (PKWARE's APPNOTE, sections 4.3.7, 4.3.12, 4.3.16) of .npy files
(`numpy.lib.format`). Both formats can say much more than NumPy makes of them: archives within other
files, members that overlap, compression, arrays of objects. Here every byte has one meaning: the
members stand stored one after the other, each an .npy file of version 1.0, then the directory, and
the file ends. So the arrays together are never larger than the file. What `zipfile` and
`numpy.load` would make of anything else does not matter: it is refused.
"""

from __future__ import annotations

import io
import math
import re
import struct
import sys
import zlib
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

# From here on, archives announce sizes in other places (4.5.3); no model is near it.
LARGEST_FILE = 2**31 - 1

# Versions, dates and permissions are left out: nothing depends on them.
_LOCAL = struct.Struct("<4s2x2H4x3L2H")
_CENTRAL = struct.Struct("<4s4x2H4x3L4H6xL")
_END = struct.Struct("<4s4H2LH")
_LONG_SIZES = struct.Struct("<2H2Q")  # `numpy.savez` leaves room for them in every local header
_IN_LONG_SIZES = 0xFFFFFFFF

_MEMBER_NAME = re.compile(rb"[A-Za-z0-9_.]{1,96}\.npy")
_LONGEST_NAME = 100
_NPY = re.compile(
    rb"\{'descr': '(<f4|<f8|<i8|\|u1|<U[1-9][0-9]{0,3})', 'fortran_order': False, "
    rb"'shape': \(((?:[0-9]{1,10},)?|[0-9]{1,10}(?:, [0-9]{1,10}){1,31})\), \} *\n"
)
_NPY_START = b"\x93NUMPY\x01\x00"
_LONGEST_NPY_HEADER = 1024


class Member(NamedTuple):
    """An array in a file, of which the headers were read.

    Attributes
    ----------
    code
        The code of its dtype in the file, without the byte order: "f4", "f8", "i8", "u1", "U7".
    shape
        Its shape.
    start, size
        Where in the file its numbers begin, and their bytes.
    header_crc, crc
        CRC-32 of its .npy header, and the announced one of header and numbers.
    """

    code: str
    shape: tuple[int, ...]
    start: int
    size: int
    header_crc: int
    crc: int


class _Entry(NamedTuple):
    """What the directory says of a member."""

    name: bytes
    start: int
    size: int
    crc: int


def read_headers(file: IO[bytes]) -> dict[str, Member]:
    """Return the arrays of an .npz file by name, without reading their numbers.

    Parameters
    ----------
    file
        The file, open for reading.

    Raises
    ------
    ValueError
        If it is not as `numpy.savez` writes it, naming the array or the offset.
    """
    entries, directory_start = _directory(file)
    members: dict[str, Member] = {}
    offset = 0
    for entry in entries:
        name = entry.name.decode().removesuffix(".npy")
        if name in members:
            raise ValueError(f"the array '{name}' is there twice")
        if entry.start != offset:
            raise ValueError(f"the array '{name}' begins at byte {entry.start}, not at {offset}")
        members[name] = _member(file, name, entry, directory_start)
        offset = members[name].start + members[name].size
        if offset > directory_start:
            raise ValueError(f"the array '{name}' reaches into the directory at its end")
    if offset != directory_start:
        raise ValueError(f"bytes {offset} to {directory_start} belong to no array")
    return members


def read_values(file: IO[bytes], name: str, member: Member) -> npt.NDArray[Any]:
    """Return an array of the file.

    Parameters
    ----------
    file, name, member
        What `read_headers` read, and returned.

    Raises
    ------
    ValueError
        If its bytes do not have the CRC-32 that is announced.
    """
    content = np.empty(member.size, np.uint8)
    file.seek(member.start)
    if file.readinto(content) != member.size:  # type: ignore[attr-defined]  # IO has no readinto
        raise ValueError(f"the file ends inside the array '{name}'")
    if zlib.crc32(content.data, member.header_crc) != member.crc:
        raise ValueError(f"the array '{name}' does not have the CRC-32 that is announced")
    if member.code[0] == "U" and (content.view("<u4") > sys.maxunicode).any():
        raise ValueError(f"the array '{name}' is not Unicode text")
    dtype = np.dtype(f"<{member.code}")
    return content.view(dtype).reshape(member.shape).astype(dtype.newbyteorder("="), copy=False)


def _directory(file: IO[bytes]) -> tuple[list[_Entry], int]:
    """Return what the directory lists, and the offset at which it begins."""
    file_size = file.seek(0, io.SEEK_END)
    if file_size < _END.size:
        raise ValueError(f"{file_size} bytes are too few for an .npz file")
    file.seek(file_size - _END.size)
    mark, disk, first_disk, here, count, size, start, comment = _END.unpack(file.read(_END.size))
    if mark != b"PK\5\6" or comment or start + size + _END.size != file_size:
        raise ValueError("it does not end with the directory of an .npz file")
    if disk or first_disk or here != count or size > count * (_CENTRAL.size + _LONGEST_NAME):
        raise ValueError(f"its directory at byte {start} is not that of an .npz file")
    file.seek(start)
    content = file.read(size)
    entries, position = [], 0
    for _ in range(count):
        place = start + position
        if len(content) < position + _CENTRAL.size:
            raise ValueError(f"its directory ends at byte {start + size}, inside an entry")
        fields = _CENTRAL.unpack_from(content, position)
        mark, flags, method, crc, packed, unpacked, name_size, *empty, offset = fields
        if mark != b"PK\1\2" or flags or any(empty):
            raise ValueError(f"the directory entry at byte {place} is not that of an .npz file")
        position += _CENTRAL.size + name_size
        name = content[position - name_size : position]
        if not _MEMBER_NAME.fullmatch(name):
            raise ValueError(f"the directory entry at byte {place} has no name of an array")
        if method or packed != unpacked:
            raise ValueError(f"the array '{name.decode().removesuffix('.npy')}' is compressed")
        entries.append(_Entry(name, offset, unpacked, crc))
    if position != size:
        raise ValueError(f"its directory goes on after its last entry, at byte {start + position}")
    return entries, start


def _member(file: IO[bytes], name: str, entry: _Entry, room: int) -> Member:
    """Read the two headers before an array: the archive's own and that of .npy."""
    file.seek(entry.start)
    longest = _LOCAL.size + _LONGEST_NAME + _LONG_SIZES.size + _LONGEST_NPY_HEADER
    content = file.read(longest)
    start = _check_local(content, name, entry)
    size_end = start + len(_NPY_START) + 2
    if content[start : size_end - 2] != _NPY_START or len(content) < size_end:
        raise ValueError(f"the array '{name}' is not in version 1.0 of the .npy format")
    end = size_end + int.from_bytes(content[size_end - 2 : size_end], "little")
    found = _NPY.fullmatch(content[size_end:end])
    if found is None or len(content) < end:
        announced = content[size_end:end][:80].decode("ascii", "replace").rstrip()
        raise ValueError(f"the array '{name}' announces {announced!r}, which is not read here")
    code, sizes = (group.decode() for group in found.groups())
    shape = tuple(int(size) for size in sizes.split(",") if size)
    item = np.dtype(code).itemsize
    numbers = math.prod(shape) * item
    # Beside a size of 0 any other would do, and would count in what is made of the array later.
    at_least = math.prod(size or 1 for size in shape) * item
    if numbers != entry.size - (end - start) or at_least > room:
        raise ValueError(
            f"the array '{name}' announces the shape {shape}, {numbers} bytes, "
            f"and has {entry.size - (end - start)}"
        )
    header_crc = zlib.crc32(content[start:end])
    return Member(code[1:], shape, entry.start + end, numbers, header_crc, entry.crc)


def _check_local(content: bytes, name: str, entry: _Entry) -> int:
    """Compare the archive's header before a member with its directory; return where it ends."""
    wrong = ValueError(f"the array '{name}' has another header at byte {entry.start}")
    if len(content) < _LOCAL.size:
        raise wrong
    mark, flags, method, crc, packed, unpacked, name_size, extra_size = _LOCAL.unpack_from(content)
    end: int = _LOCAL.size + name_size + extra_size
    extra = content[_LOCAL.size + name_size : end]
    if extra_size:
        if len(extra) != _LONG_SIZES.size:
            raise wrong
        kind, length, *long_sizes = _LONG_SIZES.unpack(extra)
        if (kind, length) != (1, 16) or long_sizes != [entry.size, entry.size]:
            raise wrong
        if packed == unpacked == _IN_LONG_SIZES:
            packed = unpacked = entry.size
    announced = (content[_LOCAL.size : end - extra_size], crc, packed, unpacked)
    if mark != b"PK\3\4" or flags or method:
        raise wrong
    if announced != (entry.name, entry.crc, entry.size, entry.size):
        raise wrong
    return end
