"""Files that `save_arrays` did not write, through the reader of models: each is refused by name."""

from __future__ import annotations

import io
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.arrays import save_arrays
from mnist_scratch.runs.model import load_model

WEIGHTS = "dense_1.weights"
ARRAYS: dict[str, Any] = {
    "format": np.array(1),
    "layers": np.array(["dense"]),
    WEIGHTS: np.ones((2, 1), np.float32),
    "dense_1.biases": np.zeros(1, np.float32),
}


def npy_of(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def npy(dtype: str, shape: str, numbers: bytes = bytes(8), order: str = "False") -> bytes:
    """Return an .npy file with any header."""
    text = f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + numbers


def model(changed: dict[str, bytes] | None = None, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return the bytes of a model, with other files as members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, member in (
            {key: npy_of(array) for key, array in ARRAYS.items()} | (changed or {})
        ).items():
            archive.writestr(f"{name}.npy", member)
    return content.getvalue()


def weights(dtype: str, shape: str, **options: Any) -> bytes:
    return model({WEIGHTS: npy(dtype, shape, **options)})


def announcing(place: int, value: int) -> bytes:
    """Return a model whose directory says something else of the first array."""
    content = bytearray(model())
    start = content.index(b"PK\1\2") + place
    content[start : start + 4] = struct.pack("<L", value)
    return bytes(content)


def twice() -> bytes:
    content = io.BytesIO(model())
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(content, "a") as archive,
    ):
        archive.writestr("format.npy", npy_of(1))
    return content.getvalue()


DAMAGED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "not a zip file"),
    "text": (lambda: b"no archive at all", "not a zip file"),
    "compressed": (
        lambda: model(method=zipfile.ZIP_DEFLATED),
        "'format' is compressed or encrypted",
    ),
    "encrypted": (lambda: announcing(8, 1), "'format' is compressed or encrypted"),
    "twice": (twice, "an array is there twice"),
    "a size beyond the file": (lambda: announcing(24, 2**31), "larger than the file"),
    "wrong CRC": (lambda: announcing(16, 7), "Bad CRC-32"),
    "unknown": (lambda: model({"more": npy_of(1)}), "unknown array 'more'"),
    "a name as escapes": (lambda: model({"\x1b[2J": npy_of(1)}), r"unknown array '\\x1b\[2J'"),
    "no array": (lambda: model({WEIGHTS: b""}), "reading magic string"),
    "version 2": (lambda: model({WEIGHTS: b"\x93NUMPY\2\0"}), "version 1.0 of the .npy format"),
    "header without end": (lambda: model({WEIGHTS: npy_of(1.0)[:40]}), "reading array header"),
    "nested header": (lambda: weights("(" * 9000, "()"), "Header info length"),
    "call in the header": (lambda: weights("__import__('os').abort()", "()"), "malformed node"),
    "objects": (lambda: model({WEIGHTS: npy_of(np.array([[print]]))}), r"is \|O \(1, 1\)"),
    "structured": (lambda: weights("[('a', '<f4')]", "(2, 1)"), r"is \|V4 \(2, 1\)"),
    "big-endian": (lambda: weights("'>f4'", "(2, 1)"), r"is >f4 \(2, 1\)"),
    "half precision": (lambda: weights("'<f2'", "(4, 1)"), r"is <f2 \(4, 1\)"),
    "a dimension missing": (lambda: weights("'<f4'", "(2,)"), r"is <f4 \(2,\)"),
    "Fortran order": (lambda: weights("'<f4'", "(2, 1)", order="True"), "its 8 bytes are not"),
    "too short": (lambda: weights("'<f4'", "(2, 1)", numbers=bytes(7)), "its 7 bytes are not"),
    "too long": (lambda: weights("'<f4'", "(2, 1)", numbers=bytes(9)), "its 9 bytes are not"),
    "huge": (lambda: weights("'<f4'", "(9999999999, 9999999999)"), "its 8 bytes are not"),
    "negative": (lambda: weights("'<f4'", "(-2, -1)"), "its 8 bytes are not"),
    "huge beside 0": (lambda: weights("'<f4'", "(2147483647, 0)", numbers=b""), "0 bytes are not"),
    "no inputs": (lambda: weights("'<f4'", "(0, 1)", numbers=b""), "integer, at least 1"),
    "no text": (
        lambda: model({"layers": npy("'<U1'", "(1,)", numbers=b"\xff" * 4)}),
        "'layers' is not Unicode text",
    ),
    "text of no width": (lambda: model({"layers": npy("'<U0'", "(9,)", numbers=b"")}), ""),
    "text of enormous width": (
        lambda: model({"layers": npy("'<U536870911'", "(9,)")}),
        "its 8 bytes are not",
    ),
    "a layer's name as escapes": (
        lambda: model({"layers": npy_of(np.array(["\x1b[2J" + "x" * 99]))}),
        r"unknown layer '\\x1b\[2Jx+ \.\.\.",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_damaged_is_refused_by_name_and_nothing_large_is_allocated(
    tmp_path: Path, case: str
) -> None:
    make, message = DAMAGED[case]
    path = tmp_path / "model.npz"
    path.write_bytes(make())
    named = f"^{re.escape(str(path))} is not a model, or damaged: "
    tracemalloc.start()
    try:
        with pytest.raises(MnistScratchError, match=f"{named}.*{message}") as error:
            load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert str(error.value).isprintable()
    assert len(str(error.value)) < len(str(path)) + 300


def test_members_that_share_their_bytes_cannot_make_more_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.npy", npy_of(np.zeros(100_000)))
        for number in range(9):
            archive.infolist().append(archive.infolist()[0])
            archive.filelist[-1] = zipfile.ZipInfo(f"{number}.npy")
            for field in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(archive.filelist[-1], field, getattr(archive.filelist[0], field))
    path.write_bytes(content.getvalue())
    with pytest.raises(MnistScratchError, match="its arrays are larger than the file"):
        load_model(path)


def test_an_array_in_fortran_order_is_written_in_the_order_that_is_read(tmp_path: Path) -> None:
    weights = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2))
    arrays = ARRAYS | {WEIGHTS: weights, "dense_1.biases": np.zeros(2, np.float32)}
    save_arrays(tmp_path / "model.npz", arrays)
    np.testing.assert_array_equal(
        load_model(tmp_path / "model.npz").dense_layers[0].weights, weights
    )
