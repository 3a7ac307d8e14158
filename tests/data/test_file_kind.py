from __future__ import annotations

import gzip
import io
import pickle
import zipfile

import numpy as np
import pytest
from PIL import Image

from mnist_scratch.data.file_kind import file_kind


def written(form: str) -> bytes:
    buffer = io.BytesIO()
    if form == "ZIP":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("name", "content")
    elif form == "NPY":
        np.save(buffer, np.zeros(3))
    else:
        Image.new("L", (3, 3)).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file"),
        (gzip.compress(b"x", mtime=0), "a gzip file"),
        (written("ZIP"), "a ZIP archive"),
        (written("NPY"), "a NumPy array (.npy)"),
        *((written(form), f"a {form} picture") for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF")),
        (pickle.dumps([1]), "a Python pickle"),
        (b"\n<!doctype HTML><title>404", "an HTML page"),
        (b"\xef\xbb\xbf<html>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer in place of the file"),
        (b"label,pixel0\r\n5,0\r\n", "a text file"),
        ("い".encode() * 300, "a text file"),
        ("label,pixel0\r\n5,0\r\n".encode("utf-16"), "a text file"),
        (("label,い\r\n" * 100).encode("utf-16"), "a text file"),
        (b"\x00\x00\x08\x03", "an IDX file"),
        (b"\x00\x00\x08\x00", "a file of an unknown kind"),
        (b"\xff\xfe\xfd", "a file of an unknown kind"),
    ],
)
def test_a_file_is_known_by_how_it_begins(content: bytes, kind: str) -> None:
    assert file_kind(content) == kind
