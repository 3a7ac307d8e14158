from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mnist_scratch.training.history import History, Row
from mnist_scratch.training.state import TrainingState

ROWS = [
    Row(2, 1, 0.1, 2.302585092994046, 0.1 + 0.2, 0.98, 1.5),
    Row(3, 2, 1e-9, 5e-324),
]


def a_checkpoint() -> Checkpoint:
    rng = np.random.default_rng(0)
    parameters, velocities, best = rng.normal(size=(3, 7)).astype(np.float32)
    state = TrainingState(
        parameters=parameters,
        optimizer={"velocities": velocities},
        best_parameters=best,
        best_epoch=1,
        best_score=(0.98, -0.3),
        step=3,
        epoch=1,
        order=rng.permutation(5),
        position=4,
        generator=np.array([2**64 - 1, 1, 2, 3, 0, 2**32 - 1], np.uint64),
        unlogged_losses=[0.1, 1 / 3],
        history=History(ROWS),
        norms=np.array([[[27.7, 0.1], [4.2, 0.3]]]),
        seconds=2.5,
    )
    config = with_values(Config(), {("training", "seed"): 2**62, ("data", "data_dir"): "é"}, "test")
    return Checkpoint(config, "mnist", {"a-file": "its hash"}, {"numpy": "2"}, state)


def test_a_checkpoint_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    saved = a_checkpoint()
    save_checkpoint(tmp_path / "checkpoint.npz", saved)
    back = load_checkpoint(tmp_path / "checkpoint.npz")
    for name in ("config", "dataset", "sha256", "environment"):
        assert getattr(back, name) == getattr(saved, name)
    for field in TrainingState._fields:
        before, after = getattr(saved.state, field), getattr(back.state, field)
        if isinstance(before, np.ndarray):
            assert after.dtype == before.dtype
            assert after.tobytes() == before.tobytes()
        elif isinstance(before, History):
            assert after.rows == before.rows
        elif field == "optimizer":
            assert {name: array.tobytes() for name, array in after.items()} == {
                name: array.tobytes() for name, array in before.items()
            }
        else:
            assert after == before


def test_the_same_state_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_checkpoint(tmp_path / name, a_checkpoint())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def text(content: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(content.encode(), np.uint8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": np.array(1)}, "its format is 1"),
        ({"velocities": None}, "the array 'velocities' is missing"),
        ({"velocities": np.zeros(7)}, "'velocities' is <f8"),
        ({"parameters": np.full(7, np.nan, np.float32)}, "'parameters' is not finite"),
        ({"best_parameters": np.full(7, np.inf, np.float32)}, "'best_parameters' is not finite"),
        ({"best_score": np.zeros(3)}, "'best_score' has 3 numbers"),
        ({"step": np.array(-1)}, "'step' is -1"),
        ({"epoch": np.array(1.0)}, "'epoch' is <f8"),
        ({"generator": np.zeros(5, np.int64)}, "'generator' has 5 numbers"),
        ({"unlogged_losses": np.array([np.nan])}, "'unlogged_losses' is not finite"),
        ({"seconds": np.array(np.inf)}, "'seconds' is not finite"),
        ({"norms": np.zeros((1, 2))}, "the array 'norms' is <f8"),
        ({"norms": np.full((1, 2, 2), np.nan)}, "a number of 'norms' is not finite"),
        ({"history": np.zeros((1, 6))}, "'history' has 6 numbers"),
        ({"history": np.array([[1, 1, 0.1, np.nan, 0, 0, 0]])}, "impossible numbers"),
        ({"history": np.array([[0.5, 1, 0.1, 1, 0, 0, 0]])}, "impossible numbers"),
        ({"history": np.array([[1, 1e300, 0.1, 1, 0, 0, 0]])}, "impossible numbers"),
        ({"config": text("[training]\nseed = -1\n")}, "its config: .training. seed = -1"),
        ({"config": np.array([255, 255], np.uint8)}, "utf-8"),
        ({"origin": text("{}")}, "'origin' does not name"),
        ({"origin": text('{"dataset": 1, "sha256": {}, "environment": {}}')}, "does not name"),
        ({"origin": text('{"dataset": "", "sha256": {"a": 1}, "environment": {}}')}, "another"),
        ({"origin": text("[" * 16_000)}, "recursion|Expecting value"),
        ({"origin": text("[" * 100_000)}, "'origin' has 100,000 bytes, more than 16,384"),
        ({"more": np.zeros(1)}, "unknown array 'more'"),
    ],
)
def test_a_file_that_is_not_exactly_a_checkpoint_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(path, a_checkpoint())
    with np.load(path) as arrays:
        changed = {k: v for k, v in (dict(arrays) | changes).items() if v is not None}
    np.savez(path, **changed)
    with pytest.raises(MnistScratchError, match=f"checkpoint.npz is not a checkpoint.*{message}"):
        load_checkpoint(path)
