"""What a file is, known by its first bytes, for messages about one that should be another."""

from __future__ import annotations

KNOWN_BY = 512  # bytes

_BEGINNINGS = (
    (b"\x1f\x8b", "a gzip file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x93NUMPY", "a NumPy array (.npy)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ", "an xz file"),
    (b"BZh", "a bzip2 file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"PAR1", "a Parquet file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MATLAB", "a MATLAB file"),
    (b"%PDF", "a PDF file"),
    (b"SQLite", "a database"),
    (b"version https://git-lfs", "a Git LFS pointer in place of the file"),
    (b"<?xml", "an XML file"),
    *((b"\x80" + bytes([protocol]), "a Python pickle") for protocol in range(2, 6)),
)


def file_kind(content: bytes) -> str:
    """Return what a file is, such as "a ZIP archive", given its first bytes."""
    if not content:
        return "an empty file"
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content[257:262] == b"ustar":
        return "a tar archive"
    try:
        text = content[:KNOWN_BY].decode("utf-8-sig", "strict" if len(content) < 4 else "ignore")
    except UnicodeDecodeError:
        text = ""
    start = text.lstrip().lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<!--")):
        return "an HTML page"
    printed = sum(letter.isprintable() or letter in "\t\r\n" for letter in text)
    if printed == len(text) and len(text.encode()) > 0.9 * len(content[:KNOWN_BY]):
        return "a text file"
    return "a file of an unknown kind"
