"""Archives that NumPy did not write, through the reader of models: each is refused by name."""

from __future__ import annotations

import re
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.archives import Part, npy, npy_of, packed

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


def parts_with(changed: str, **changes: Any) -> list[Part]:
    """Return the members of a good model, one of them changed."""
    return [
        Part(f"{key}.npy".encode(), npy_of(array))._replace(**(changes if key == changed else {}))
        for key, array in ARRAYS.items()
    ]


def header(descr: str, shape: str, order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def weights(text: str, numbers: bytes = bytes(8), version: bytes = b"\1\0") -> list[Part]:
    return parts_with(WEIGHTS, content=npy(text, numbers, version))


def test_the_same_archive_made_by_hand_is_a_model(tmp_path: Path) -> None:
    (tmp_path / "model.npz").write_bytes(packed(parts_with("")))
    assert load_model(tmp_path / "model.npz").parameters.tolist() == [1, 1, 0]


def patched(place: int, value: bytes) -> bytes:
    """Return a good model with other bytes at a place, counted from its end if it is negative."""
    content = bytearray(packed(parts_with("")))
    place %= len(content)
    content[place : place + len(value)] = value
    return bytes(content)


def hidden_bytes() -> bytes:
    """Return a model with bytes between a header, of which only the beginning is read, and numbers.

    Its CRC-32 is that of what a careless reader would take.
    """
    text = header("'<f4'", "(2, 1)")
    whole = npy(text + " " * 2000, bytes(8))
    end = (
        30 + 100 + 20 + 1024 - 30 - len(f"{WEIGHTS}.npy")
    )  # of the bytes that are read for headers
    content = whole[: end - 1] + b"\n" + whole[end:]
    return packed(parts_with(WEIGHTS, content=content, crc=zlib.crc32(content[:end] + bytes(8))))


LONG_SIZES = struct.pack("<2H2Q", 1, 16, 2**40, 2**40)
GOOD = parts_with("")
EXTRA = Part(b"../../escape.npy", npy_of(1))
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "0 bytes are too few"),
    "text": (lambda: b"no archive at all, but long enough", "does not end with the directory"),
    "data before": (lambda: packed(GOOD, before=b"#!/bin/sh\n"), "'format' begins at byte 10, not"),
    "data between": (lambda: packed(GOOD, between=b"x"), "'layers' begins at byte .*, not at"),
    "data at the end": (lambda: packed(GOOD, before_directory=b"x"), "belong to no array"),
    "data behind": (lambda: packed(GOOD) + b"x", "does not end with the directory"),
    "comment": (lambda: packed(GOOD, comment=bytes(65_535)), "does not end with the directory"),
    "comment that is not there": (
        lambda: patched(-2, b"\1"),
        "does not end with the directory",
    ),
    "other disk": (
        lambda: patched(packed(GOOD).index(b"PK\1\2") + 34, b"\1"),
        "directory entry at byte .* is not that of an .npz file",
    ),
    "hidden bytes": (hidden_bytes, "is not read here"),
    "zip64": (
        lambda: packed(GOOD, before_directory=struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)),
        "belong to no array",
    ),
    "fewer entries": (lambda: packed(GOOD, count=3), "goes on after its last entry"),
    "more entries": (lambda: packed(GOOD, count=5), "inside an entry"),
    "many entries": (lambda: packed(GOOD, count=65_535), "ends at byte .*, inside an entry"),
    "a huge directory": (
        lambda: packed(parts_with(WEIGHTS, directory_extra=bytes(60_000))),
        "directory at byte .* is not that of an .npz file",
    ),
    "thousands of members": (
        lambda: packed([Part(f"a{n}.npy".encode(), npy_of(n)) for n in range(3000)]),
        "the array 'format' is missing",
    ),
    "name upwards": (lambda: packed([*GOOD, EXTRA]), "has no name of an array"),
    "name absolute": (lambda: packed(parts_with(WEIGHTS, name=b"/etc/x.npy")), "has no name"),
    "name with escapes": (
        lambda: packed(parts_with(WEIGHTS, name=b"\x1b[2J.npy")),
        "has no name of",
    ),
    "name without .npy": (lambda: packed(parts_with(WEIGHTS, name=b"weights")), "has no name"),
    "two names": (lambda: packed(parts_with(WEIGHTS, local_name=b"x.npy")), "has another header"),
    "twice": (lambda: packed([*GOOD, GOOD[2]]), f"'{WEIGHTS}' is there twice"),
    "overlapping": (lambda: packed(parts_with(WEIGHTS, offset=0)), f"'{WEIGHTS}' begins at byte 0"),
    "encrypted": (lambda: packed(parts_with(WEIGHTS, flags=1)), "not that of an .npz file"),
    "compressed": (lambda: packed(parts_with(WEIGHTS, method=8)), f"'{WEIGHTS}' is compressed"),
    "two sizes": (lambda: packed(parts_with(WEIGHTS, packed_size=9)), "is compressed"),
    "local size lies": (
        lambda: packed(parts_with(WEIGHTS, local_size=9)),
        "another header at byte",
    ),
    "long size lies": (
        lambda: packed(parts_with(WEIGHTS, local_size=2**32 - 1, extra=LONG_SIZES)),
        "another header at byte",
    ),
    "unknown extra": (lambda: packed(parts_with(WEIGHTS, extra=b"more")), "another header at byte"),
    "remark": (lambda: packed(parts_with(WEIGHTS, remark=b"hello")), "not that of an .npz file"),
    "size beyond the end": (
        lambda: packed(parts_with(WEIGHTS, size=2**32 - 1)),
        f"'{WEIGHTS}' announces the shape .*8 bytes, and has 429496",
    ),
    "size into the directory": (
        lambda: packed(parts_with("dense_1.biases", content=npy_of(np.zeros(9, "f4"))[:-32])),
        "announces the shape",
    ),
    "wrong CRC": (lambda: packed(parts_with(WEIGHTS, crc=7)), f"'{WEIGHTS}' .* the CRC-32"),
    "no array": (lambda: packed(parts_with(WEIGHTS, content=b"")), "version 1.0 of the .npy"),
    "version 2": (
        lambda: packed(weights(header("'<f4'", "(2, 1)"), version=b"\2\0")),
        "version 1.0 of the .npy",
    ),
    "header of 64 kB": (
        lambda: packed(weights("(" * 65_000)),
        f"'{WEIGHTS}' announces '.*, which is not read",
    ),
    "header beyond what is read": (
        lambda: packed(weights(header("'<f4'", "(2, 1)") + " " * 2000)),
        "is not read here",
    ),
    "nested header": (lambda: packed(weights("(" * 900)), "which is not read here"),
    "signs without end": (lambda: packed(weights("-" * 900 + "1")), "which is not read here"),
    "call in the header": (lambda: packed(weights("__import__('os').abort()")), "is not read here"),
    "objects": (lambda: packed(weights(header("'|O'", "(2, 1)"))), r"'\|O'.* is not read here"),
    "structured": (lambda: packed(weights(header("[('a', '<f4')]", "(2, 1)"))), "is not read here"),
    "big-endian": (lambda: packed(weights(header("'>f4'", "(2, 1)"))), "is not read here"),
    "Fortran order": (lambda: packed(weights(header("'<f4'", "(2, 1)", "True"))), "is not read"),
    "half precision": (lambda: packed(weights(header("'<f2'", "(2, 2)"))), "is not read here"),
    "double precision": (
        lambda: packed(weights(header("'<f8'", "(1, 1)"))),
        rf"'{WEIGHTS}' is float64 \(1, 1\)",
    ),
    "text of enormous width": (
        lambda: packed(parts_with("layers", content=npy(header("'<U536870912'", "(0,)")))),
        "is not read here",
    ),
    "negative size": (lambda: packed(weights(header("'<f4'", "(-2, -1)"))), "is not read here"),
    "a size beyond 64 bits": (
        lambda: packed(weights(header("'<f4'", "(9999999999, 9999999999, 9999999999)"))),
        r"3999999998\d+ bytes, and has 8",
    ),
    "product of zero": (
        lambda: packed(weights(header("'<f4'", "(0, 9999999999)"), b"")),
        "announces the shape",
    ),
    "a size beside zero": (
        lambda: packed(weights(header("'<f4'", "(2147483647, 0)"), b"")),
        r"announces the shape \(2147483647, 0\), 0 bytes, and has 0",
    ),
    "no inputs": (
        lambda: packed(weights(header("'<f4'", "(0, 1)"), b"")),
        "both widths must be at least 1",
    ),
    "no outputs": (
        lambda: packed(weights(header("'<f4'", "(2, 0)"), b"")),
        r"weights \(2, 0\), biases \(1,\)",
    ),
    "truncated numbers": (
        lambda: packed(weights(header("'<f4'", "(2, 1)"), bytes(7))),
        r"announces the shape \(2, 1\), 8 bytes, and has 7",
    ),
    "a million layers": (
        lambda: packed(parts_with("layers", content=npy_of(np.full(10**6, "d")))),
        "'layers' has 4,000,000 bytes, more than 1,048,576",
    ),
    "no text": (
        lambda: packed(parts_with("layers", content=npy(header("'<U1'", "(1,)"), b"\xff" * 4))),
        "'layers' is not Unicode text",
    ),
    "a layer's name as escapes": (
        lambda: packed(parts_with("layers", content=npy_of(np.array(["\x1b[2J" + "x" * 99])))),
        r"unknown layer '\\x1b\[2Jx{36}'",
    ),
    "not finite": (
        lambda: packed(parts_with(WEIGHTS, content=npy_of(np.full((2, 1), np.inf, np.float32)))),
        "a parameter of dense_1 is not finite",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_numpy_did_not_write_is_refused_by_name(tmp_path: Path, case: str) -> None:
    make, message = HOSTILE[case]
    path = tmp_path / "model.npz"
    path.write_bytes(make())
    named = f"^{re.escape(str(path))} is not a model, or damaged: "
    expected = rf"{named}.*{message}.*; write it again with: .*$"
    with pytest.raises(MnistScratchError, match=expected) as error:
        load_model(path)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < len(str(path)) + 400


@pytest.mark.parametrize("value", [np.zeros(3, bool), np.array(["x"], object), np.zeros(2, ">f4")])
def test_what_the_reader_does_not_know_is_refused_whole(tmp_path: Path, value: Any) -> None:
    np.savez(tmp_path / "model.npz", **(ARRAYS | {WEIGHTS: value}))
    with pytest.raises(MnistScratchError, match=f"'{WEIGHTS}' announces"):
        load_model(tmp_path / "model.npz")


def test_an_array_in_fortran_order_is_written_in_the_order_that_is_read(tmp_path: Path) -> None:
    weights = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2))
    arrays = ARRAYS | {WEIGHTS: weights, "dense_1.biases": np.zeros(2, np.float32)}
    save_arrays(tmp_path / "model.npz", arrays)
    np.testing.assert_array_equal(
        load_model(tmp_path / "model.npz").dense_layers[0].weights, weights
    )


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    huge = np.broadcast_to(np.float32(0), (2**14, 2**15))  # of 2 GiB, in 4 bytes
    with pytest.raises(MnistScratchError, match=r"2,147,483,648 bytes.*choose smaller layers"):
        save_arrays(tmp_path / "model.npz", {"huge": huge})
    assert not list(tmp_path.iterdir())


LARGE = 8_000_000


@pytest.mark.parametrize(
    "content",
    [
        packed(weights(header("'<f4'", f"({LARGE}, 1)"))),
        packed(parts_with(WEIGHTS, size=4 * LARGE)),
        packed([*GOOD, Part(b"more.npy", npy_of(np.zeros(LARGE // 4, np.float32)))]),
        packed(parts_with("layers", content=npy_of(np.full(LARGE // 4, "d")))),
        packed(parts_with("dense_1.biases", content=npy_of(np.zeros(LARGE // 4, np.float32)))),
        packed(parts_with(WEIGHTS, content=npy_of(np.zeros((LARGE // 4, 1), np.float64)))),
    ],
    ids=["shape", "size", "unknown array", "layers", "biases that do not fit", "float64"],
)
def test_nothing_large_is_allocated_for_a_file_that_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(MnistScratchError, match="is not a model"):
            load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
