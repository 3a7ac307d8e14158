"""The readers of models and checkpoints."""

from __future__ import annotations

import math
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from helpers.archives import Part, npy_of, packed, parts_of
from target import Change, Mutate, Target, file_holding

from mnist_scratch.config.schema import Config
from mnist_scratch.nn.layers import Dense, Layer, ReLU, Sigmoid, Tanh
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mnist_scratch.runs.model import load_model, save_model
from mnist_scratch.training.history import History, Row
from mnist_scratch.training.state import TrainingState

_LARGEST = 8192
_CHECKPOINT_NAMES = [
    *("format", "config", "origin", "parameters", "velocities", "best_parameters", "best_epoch"),
    *("best_score", "step", "epoch", "order", "position", "generator", "unlogged_losses"),
    *("history", "norms", "seconds", "more"),
]
_TEXTS = [
    *(
        "",
        "{}",
        "[" * 2000,
        "{" * 2000,
        "9" * 5000,
    ),
    '{"dataset": "mnist", "sha256": {"file": "00"}, "environment": {"a": [1e999, null]}}',
    *('{"dataset": 1, "sha256": {}, "environment": {}}', "[training]\nseed = 3\n", "a.b.c = 1"),
]
_NAMES = [b"format", b"layers", b"dense_1.weights", b"dense_1.biases", b"dense_2.weights", b"../x"]
_CODES = ["<f4", "<f8", "<i8", "|u1", "<U5", "<U9999", ">f4", "|O", "<f2", "<c8", "|V8", "|S3"]
_SIZES = ["", "0,", "1,", "2,", "2, 3", "0, 9", "9, 0", "2147483647, 0", "9999999999, 9999999999"]
_LAYERS = ["dense", "dense", "relu", "tanh", "sigmoid", "gelu", ""]


def _read_model(content: bytes) -> None:
    network = load_model(file_holding(content))
    assert network.parameters.dtype == np.float32
    assert np.isfinite(network.parameters).all()
    assert network.parameters.nbytes <= len(content)


def _model_seeds() -> list[bytes]:
    networks: list[list[Layer]] = [
        [Dense(1, 1)],
        [Dense(2, 3), ReLU(), Dense(3, 2)],
        [Dense(2, 1), Tanh(), Dense(1, 1), Sigmoid(), Dense(1, 2)],
    ]
    contents = []
    for layers in networks:
        save_model(_PLACE, Network(layers, np.random.default_rng(0)))
        contents.append(_PLACE.read_bytes())
        contents.append(packed(parts_of(contents[-1])))
    return contents


def _changing(some_array: Callable[[random.Random], Part]) -> Change:
    """Return a way to change archives, given one to make an array that could stand in them."""

    def change_archive(content: bytes, rng: random.Random, mutate: Mutate) -> bytes:
        parts = _parts_or_none(content) if rng.random() < 0.7 else None
        if parts is None:
            return mutate(content, _LARGEST)
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(parts)) if parts else 0
            if not parts or rng.random() < 0.3:
                array = some_array(rng)
                parts = [part for part in parts if part.name != array.name]
                parts.insert(place, array)
            else:
                parts[place : place + 1] = rng.choice(_CHANGES)(parts[place], rng, mutate)
        around = [rng.choice([b""] * 20 + [b"PK\6\7"]) for _ in range(3)]
        archive = packed(parts, before=around[0], between=around[1], comment=around[2])
        return archive[:_LARGEST]

    return change_archive


def _parts_or_none(content: bytes) -> list[Part] | None:
    try:
        return parts_of(content)
    except struct.error:
        return None


def _change_fields(part: Part, rng: random.Random, _: Mutate) -> list[Part]:
    field = rng.choice(["flags", "method", "crc", "size", "packed_size", "offset", "local_size"])
    most = 2**16 - 1 if field in {"flags", "method"} else 2**32 - 1
    number = rng.choice([0, 1, 8, len(part.content) + 1, 2**31, 2**32 - 1])
    fields: dict[str, Any] = {field: min(number, most)}
    return [part._replace(**fields)]


def _change_name(part: Part, rng: random.Random, mutate: Mutate) -> list[Part]:
    known = rng.choice(_NAMES) + b".npy"
    return [part._replace(name=rng.choice([known, known, mutate(part.name, 120)[:120]]))]


def _repeat_or_leave_out(part: Part, rng: random.Random, _: Mutate) -> list[Part]:
    return rng.choice([[], [part, part]])


def _change_header(part: Part, rng: random.Random, mutate: Mutate) -> list[Part]:
    if rng.random() < 0.5:
        header = mutate(part.content[:200], 200)[:200]
    else:
        text = f"{{'descr': '{rng.choice(_CODES)}', 'fortran_order': False, 'shape': "
        text += f"({rng.choice(_SIZES)}), }}\n"
        header = b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode()
    return [part._replace(content=header + part.content[128:])]


def _change_numbers(part: Part, rng: random.Random, mutate: Mutate) -> list[Part]:
    header, numbers = part.content[:128], part.content[128:]
    changed = mutate(numbers, max(1, len(numbers)))[: len(numbers)]
    return [part._replace(content=header + changed.ljust(len(numbers), b"\0"))]


_CHANGES = [_change_fields, _change_name, _repeat_or_leave_out, _change_header, _change_numbers]


def _array_of_model(rng: random.Random) -> Part:
    """Return an array of a small network, which may fit the others or not."""
    width = rng.randint(0, 3)
    arrays: dict[bytes, Any] = {
        b"format": np.array(rng.choice([0, 1, 1, 2])),
        b"layers": np.array([rng.choice(_LAYERS) for _ in range(rng.randint(1, 6))]),
        b"dense_1.weights": np.full((rng.randint(0, 3), width), 0.5, np.float32),
        b"dense_1.biases": np.zeros(width, np.float32),
        b"dense_2.weights": np.ones((width, rng.randint(0, 2)), np.float32),
    }
    name = rng.choice(list(arrays))
    return Part(name + b".npy", npy_of(arrays[name]))


def _array_of_checkpoint(rng: random.Random) -> Part:
    """Return an array under a name of a checkpoint, most often of the right dtype."""
    name = rng.choice(_CHECKPOINT_NAMES)
    shape = rng.choice([(), (0,), (1,), (2,), (6,), (7,), (0, 7), (2, 7), (1, 6)])
    number = rng.choice([0, 1, 2, 7, -1, 2**53, 2**62, math.nan, math.inf, 1e300])
    if name in {"config", "origin"}:
        made = np.frombuffer(rng.choice(_TEXTS).encode(), np.uint8)
    elif name in {"parameters", "velocities", "best_parameters"}:
        made = np.full(shape, min(number, 1e30), np.float32)
    elif name in {"best_score", "unlogged_losses", "history", "norms", "seconds"}:
        made = np.full(shape, number)
    else:
        made = np.full(shape, number if isinstance(number, int) else 3)
    return Part(f"{name}.npy".encode(), npy_of(made))


def _read_checkpoint(content: bytes) -> None:
    checkpoint = load_checkpoint(file_holding(content))
    state = checkpoint.state
    for array in (state.parameters, state.velocities, state.best_parameters):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    assert state.order.nbytes + state.parameters.nbytes <= len(content)
    if zlib.crc32(content) % 16 == 0:  # writing takes longer than reading
        again = file_holding(b"", "again")
        save_checkpoint(again, checkpoint)
        load_checkpoint(again)


def _checkpoint_seeds() -> list[bytes]:
    rng = np.random.default_rng(0)
    contents = []
    for rows in ([], [Row(1, 1, 0.1, 2.3), Row(2, 1, 0.1, 2.0, 1.9, 0.5, 1.5)]):
        parameters, velocities, best = rng.normal(size=(3, 5)).astype(np.float32)
        state = TrainingState(
            parameters=parameters,
            velocities=velocities,
            best_parameters=best,
            best_epoch=len(rows) // 2,
            best_score=(0.5, -1.9),
            step=len(rows),
            epoch=len(rows) // 2,
            order=rng.permutation(4),
            position=1,
            generator=np.arange(6, dtype=np.uint64),
            unlogged_losses=[0.5] * len(rows),
            history=History(rows),
            norms=np.array([[[2.0, 0.1]]]),
            seconds=2.0,
        )
        origin = {"file": "00"}, {"numpy": "2"}
        save_checkpoint(_PLACE, Checkpoint(Config(), "mnist", *origin, state))
        contents.append(_PLACE.read_bytes())
    return contents


_PLACE = file_holding(b"", "seed")
MODEL = Target(_read_model, _model_seeds, _changing(_array_of_model), _LARGEST)
CHECKPOINT = Target(_read_checkpoint, _checkpoint_seeds, _changing(_array_of_checkpoint), _LARGEST)
