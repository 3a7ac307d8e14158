"""What a file is, known by its first bytes, for messages about one that should be another."""

from __future__ import annotations

KNOWN_BY = 512  # bytes

ZIP = "a ZIP archive"
GZIP = "a gzip file"
IDX = "an IDX file"
HTML = "an HTML page"
TEXT = "a text file"
_TAR = "a tar archive"

_PACKED = (
    (b"\x1f\x8b", GZIP),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ", "an xz file"),
    (b"BZh", "a bzip2 file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
)
_PICTURES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
)
_OTHERS = (
    (b"\0\0\x08\x01", IDX),  # labels
    (b"\0\0\x08\x03", IDX),  # images
    (b"\x93NUMPY", "a NumPy array (.npy)"),
    (b"PAR1", "a Parquet file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MATLAB", "a MATLAB file"),
    (b"%PDF", "a PDF file"),
    (b"SQLite", "a database"),
    (b"version https://git-lfs", "a Git LFS pointer in place of the file"),
    (b"<?xml", "an XML file"),
    *((b"\x80" + bytes([protocol]), "a Python pickle") for protocol in range(2, 6)),
)

UTF_16 = {b"\xff\xfe", b"\xfe\xff"}  # how a text in this encoding begins
PACKED = {kind for _, kind in _PACKED} | {_TAR}
PICTURES = {kind for _, kind in _PICTURES}


def file_kind(content: bytes) -> str:
    """Return what a file is, such as "a ZIP archive", given its first bytes."""
    if not content:
        return "an empty file"
    for beginning, kind in (*_PACKED, *_PICTURES, *_OTHERS):
        if content.startswith(beginning):
            return kind
    if content[257:262] == b"ustar":
        return _TAR
    encoding = "utf-16" if content[:2] in UTF_16 else "utf-8"
    try:
        text = content[:KNOWN_BY].decode(encoding, "strict" if len(content) < 4 else "ignore")
    except UnicodeDecodeError:
        text = ""
    is_text = len(text.encode(encoding)) > 0.9 * len(content[:KNOWN_BY])
    text = text.removeprefix("\ufeff")  # Windows' editors begin with a mark
    start = text.lstrip().lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<!--")):
        return HTML
    printed = sum(letter.isprintable() or letter in "\t\r\n" for letter in text)
    if is_text and printed == len(text):
        return TEXT
    return "a file of an unknown kind"
