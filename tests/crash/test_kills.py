"""A training is killed at every point at which it writes, goes on, and must end the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import environment_of, run_in_process

from mnist_scratch.commands import train
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.runs.checkpoint import load_checkpoint

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL"),
    pytest.mark.no_cover,
]

SCRIPT = Path(__file__).with_name("killed_run.py")
SIGKILL = -9
# A checkpoint after every step: four epochs of four steps, each batch but the last of ten images.
# At this rate the epochs get better and worse, so that what was best has to be remembered.
SETTINGS = (
    *("--hidden", "16", "--epochs", "4", "--batch-size", "10", "--validation-examples", "25"),
    *("--schedule", "constant", "--warmup", "0", "--learning-rate", "0.05"),
    *("--log-every", "3", "--checkpoint-seconds", "0"),
)


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sixty images, which the trainings of this module find in $KILLED_RUN_DATA."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (60, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, 10, 60, dtype=np.uint8)
    for name, array in zip(FILE_NAMES, 2 * (images, labels), strict=True):
        (folder / name).write_bytes(format_idx(array))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILLED_RUN_DATA", str(folder))
        # Where a run is resumed in this process: nothing looks at the picture.
        patch.setattr(train, "_draw_loss", lambda run: (run / "loss_curve.png").touch())
        yield


def begin_or_resume(path: Path) -> tuple[str, ...]:
    """Return what a user does after a crash: resume, or begin anew what had not begun."""
    if (path / "config.toml").exists():
        return ("train", "--resume", str(path))
    data = ("--dataset", "files", "--data-dir", os.environ["KILLED_RUN_DATA"])
    return ("train", "--run", str(path), *data, *SETTINGS)


def start(points: int | str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(points), *begin_or_resume(path)],
        env=environment_of(path.parent),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(path: Path) -> int:
    """Bring a run to its end in a process; return how many points it passed."""
    process = start(0, path)
    output, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    return int(output.split()[-1])


def outcome(path: Path) -> dict[str, object]:
    """What a run left, times aside; whatever else lies there is in the names."""
    history = (path / "history.csv").read_text().splitlines()
    evaluation = json.loads((path / "evaluation.json").read_text())
    del evaluation["training_seconds"]
    state = load_checkpoint(path / "checkpoint.npz").state
    return {
        "names": sorted(inside.name for inside in path.iterdir()),
        "history": [line.rpartition(",")[0] for line in history],
        "evaluation": evaluation,
        "parameters": state.parameters.tobytes(),
        "velocities": state.optimizer["velocities"].tobytes(),
        **{
            name: (path / name).read_bytes()
            for name in ("model.npz", "config.toml", "environment.json", "norms.csv")
        },
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], int]:
    """What a run that nobody killed left, and how many points it passed."""
    path = tmp_path_factory.mktemp("undisturbed") / "run"
    points = finish(path)
    best = load_checkpoint(path / "checkpoint.npz").state.best_epoch
    assert 1 < best < 4, "these tests need a best epoch that is neither the first nor the last"
    return outcome(path), points


def check_kills_at(
    points: Iterable[int], folder: Path, undisturbed: tuple[dict[str, object], int]
) -> None:
    """Kill a run at each of the points, resume each, and compare."""
    chosen = list(map(str, points))
    process = start(",".join(chosen), folder / "killed-at-{}")
    _, errors = process.communicate(timeout=1000)
    assert process.returncode == 0, errors
    killed = [folder / f"killed-at-{point}" for point in chosen]
    for path in killed:
        answer = run_in_process(*begin_or_resume(path), folder=folder)
        assert answer.returncode == 0, (path, answer.stderr)
    check_all([(path.name, outcome(path) == undisturbed[0]) for path in killed])


def check_all(trials: Sequence[tuple[object, bool]]) -> None:
    other = [trial for trial, same in trials if not same]
    print(f"{len(trials) - len(other)} of {len(trials)} killed runs ended with the same bytes")
    assert not other


def in_pairs(trial: Callable[[int], tuple[int, bool]], seeds: Iterable[int]) -> None:
    with ThreadPoolExecutor(2) as pool:
        check_all(list(pool.map(trial, seeds)))


def test_a_run_killed_at_a_dozen_points_ends_with_the_same_bytes(
    undisturbed: tuple[dict[str, object], int], tmp_path: Path
) -> None:
    points = undisturbed[1]
    check_kills_at([1 + (points - 1) * n // 11 for n in range(12)], tmp_path, undisturbed)


@pytest.mark.slow
def test_a_run_killed_at_any_write_rename_or_flush_ends_with_the_same_bytes(
    undisturbed: tuple[dict[str, object], int], tmp_path: Path
) -> None:
    check_kills_at(range(1, undisturbed[1] + 1), tmp_path, undisturbed)


@pytest.mark.slow
def test_a_run_killed_again_and_again_at_random_points_ends_with_the_same_bytes(
    undisturbed: tuple[dict[str, object], int], tmp_path: Path
) -> None:
    kills = []

    def trial(seed: int) -> tuple[int, bool]:
        rng = np.random.default_rng(seed)
        path = tmp_path / f"run-{seed}"
        while True:
            process = start(int(rng.integers(1, 150)), path)
            _, errors = process.communicate(timeout=100)
            if process.returncode == 0:
                return seed, outcome(path) == undisturbed[0]
            assert process.returncode == SIGKILL, errors
            kills.append(seed)

    in_pairs(trial, range(15))
    print(f"killed {len(kills)} times")


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(
    undisturbed: tuple[dict[str, object], int], tmp_path: Path
) -> None:
    kills = []

    def trial(seed: int) -> tuple[int, bool]:
        rng = np.random.default_rng(seed)
        path = tmp_path / f"run-{seed}"
        for _ in range(2):
            process = start(0, path)
            while not (path / "config.toml").exists() and process.poll() is None:
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.5))
            process.kill()
            process.communicate()
            kills.append(process.returncode == SIGKILL)
        finish(path)
        return seed, outcome(path) == undisturbed[0]

    in_pairs(trial, range(30))
    print(f"{sum(kills)} of {len(kills)} processes were killed before they ended")
    assert sum(kills) > 20
