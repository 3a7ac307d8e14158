"""The readers of models and checkpoints."""

from __future__ import annotations

import io
import random
import zipfile
from contextlib import suppress

import numpy as np
from target import Mutate, Target, file_holding

from mnist_scratch.config.schema import Config
from mnist_scratch.nn.layers import Dense, Layer, ReLU, Sigmoid, Tanh
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mnist_scratch.runs.model import load_model, save_model
from mnist_scratch.training.history import History, Row
from mnist_scratch.training.state import TrainingState

_LARGEST = 8192
_PLACE = file_holding(b"", "seed")
_VALUES = [0, 1, 2, -1, 2**53, 1.5, np.nan, np.inf, "dense", "relu", ""]
_SHAPES = [(), (0,), (1,), (2,), (6,), (0, 7), (2, 7), (1, 1, 2)]
_DTYPES = ["<f4", "<f8", "<i8", "|u1", "<U5", ">f4"]
_TEXTS = [
    "{}",
    "[" * 2000,
    "9" * 5000,
    '{"dataset": 1, "sha256": {}, "environment": {}}',
    "a.b = 1",
]


def _read_model(content: bytes) -> None:
    network = load_model(file_holding(content))
    assert network.parameters.dtype == np.float32
    assert np.isfinite(network.parameters).all()
    assert network.parameters.nbytes <= len(content)


def _read_checkpoint(content: bytes) -> None:
    state = load_checkpoint(file_holding(content)).state
    for array in (state.parameters, *state.optimizer.values(), state.best_parameters):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    assert state.order.nbytes + state.parameters.nbytes <= len(content)


def _change(content: bytes, rng: random.Random, mutate: Mutate) -> bytes:
    """Change some members of an archive, or its bytes."""
    members: dict[str, bytes] = {}
    with suppress(Exception), zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if not members or rng.random() < 0.3:
        return mutate(content, _LARGEST)
    for name in rng.choices(list(members), k=rng.randint(1, 3)):
        members[name] = rng.choice(
            [
                mutate(members.get(name, b""), _LARGEST),
                _npy(rng),
                _npy_of(np.frombuffer(rng.choice(_TEXTS).encode(), np.uint8)),
            ]
        )
        if rng.random() < 0.1:
            del members[name]
    archived = io.BytesIO()
    method = rng.choice([zipfile.ZIP_STORED] * 9 + [zipfile.ZIP_DEFLATED])
    with zipfile.ZipFile(archived, "w", method) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return archived.getvalue()[:_LARGEST]


def _npy(rng: random.Random) -> bytes:
    """Return an array of a likely kind, now and then with another shape in its header."""
    with np.errstate(all="ignore"), suppress(ValueError, OverflowError):
        array = np.full(rng.choice(_SHAPES), rng.choice(_VALUES)).astype(rng.choice(_DTYPES))
        shape, other = str(array.shape), str(rng.choice([*_SHAPES, (2**31 - 1, 0), (-1, -2)]))
        content = _npy_of(array)
        return content if rng.random() < 0.7 else content.replace(shape.encode(), other.encode())
    return b""


def _npy_of(array: object) -> bytes:
    content = io.BytesIO()
    np.save(content, array)  # type: ignore[arg-type]  # anything that makes an array
    return content.getvalue()


def _model_seeds() -> list[bytes]:
    networks: list[list[Layer]] = [
        [Dense(1, 1)],
        [Dense(2, 3), ReLU(), Dense(3, 2)],
        [Dense(2, 1), Tanh(), Dense(1, 1), Sigmoid(), Dense(1, 2)],
    ]
    contents = []
    for number, layers in enumerate(networks):
        save_model(
            _PLACE, Network(layers, np.random.default_rng(0)), resized="" if number else "light"
        )
        contents.append(_PLACE.read_bytes())
    return contents


def _checkpoint_seeds() -> list[bytes]:
    rng = np.random.default_rng(0)
    contents = []
    for rows in ([], [Row(1, 1, 0.1, 2.3), Row(2, 1, 0.1, 2.0, 1.9, 0.5, 1.5)]):
        parameters, velocities, best = rng.normal(size=(3, 5)).astype(np.float32)
        state = TrainingState(
            parameters=parameters,
            optimizer={"velocities": velocities},
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


MODEL = Target(_read_model, _model_seeds, _change, _LARGEST)
CHECKPOINT = Target(_read_checkpoint, _checkpoint_seeds, _change, _LARGEST)
