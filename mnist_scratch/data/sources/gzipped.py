"""Content compressed with gzip (RFC 1952): decompressed to the size expected and no further.

A kilobyte of gzip can become a megabyte: nothing that its header or its trailer says is trusted.
"""

from __future__ import annotations

import zlib


def unpacked(content: bytes, size: int) -> bytes:
    """Return the content of a gzip file of one member.

    Parameters
    ----------
    content
        The bytes of the file.
    size
        How many bytes it must hold.

    Raises
    ------
    ValueError
        If it is not one whole member with its CRC-32 right, holds more or fewer bytes, or is
        followed by others.
    """
    decompressor = zlib.decompressobj(wbits=31)
    try:
        plain = decompressor.decompress(content, size + 1)  # 0 would mean without limit
    except zlib.error as error:
        raise ValueError(f"it is not gzip, or damaged: {error}") from error
    if len(plain) > size:
        raise ValueError(f"it holds more than the {size:,} bytes that are expected")
    if not decompressor.eof:
        raise ValueError(f"it ends inside its content, after {len(plain):,} of {size:,} bytes")
    if len(plain) < size:
        raise ValueError(f"it holds {len(plain):,} bytes, where {size:,} are expected")
    if decompressor.unused_data:
        rest = len(decompressor.unused_data)
        raise ValueError(f"after its end, at byte {len(content) - rest}, {rest:,} bytes follow")
    return plain
