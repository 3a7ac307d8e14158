from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mnist_scratch.config.schema import Config
from mnist_scratch.config.toml import format_config, read_config
from mnist_scratch.runs.folder import locked_folder
from mnist_scratch.sweep import execute as sweep_process
from mnist_scratch.sweep.execute import Order, carry_out, carry_out_here


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(tmp_path / "seed-000", format_config(Config()), tmp_path, {})


Trainer = Callable[[Order, Path, Callable[[], bool]], tuple[int, bool]]


def trainer(
    status: int, said: str = "", *, finishes: bool = False, stopped: bool = False
) -> Trainer:
    """Stand in for the process that trains."""

    def train(order: Order, log: Path, is_stopped: Callable[[], bool]) -> tuple[int, bool]:
        log.write_text(said)
        if finishes:
            for name in ("evaluation.json", "loss_curve.png"):
                (order.path / name).touch()
        return status, stopped

    return train


def test_a_run_waits_until_the_process_before_it_has_saved_and_ended(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = locked_folder(order.path)
    before.__enter__()
    ends = SimpleNamespace(
        monotonic=time.monotonic, sleep=lambda _: before.__exit__(None, None, None)
    )
    monkeypatch.setattr(sweep_process, "time", ends)
    monkeypatch.setattr(sweep_process, "_train", trainer(0, finishes=True))
    assert carry_out(order, lambda: False) == (order.path, "finished", "")
    assert read_config(order.path / "config.toml") == Config()
    assert not order.path.with_name("seed-000.log").exists()


def test_a_folder_that_stays_in_use_is_named(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_process, "_PATIENCE", -1.0)
    with locked_folder(order.path):
        outcome = carry_out(order, lambda: False)
    assert outcome.state == "failed"
    assert outcome.error.startswith(f"{order.path} is in use by process ")


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (2, "epoch 1/5\nmnist-scratch: no data:\nfetch them\n", "no data:\nfetch them"),
        (1, "Traceback\nValueError: x\n", "Traceback\nValueError: x\nended with the exit status 1"),
        (-9, "epoch 1/5\n", "epoch 1/5\nended by signal 9"),
        (
            143,
            "mnist-scratch: interrupted\n",
            "mnist-scratch: interrupted\nended with the exit status 143",
        ),
        (0, "", "ended with the exit status 0"),
    ],
)
def test_a_failed_run_says_why_and_its_log_stays(
    order: Order, monkeypatch: pytest.MonkeyPatch, status: int, said: str, error: str
) -> None:
    monkeypatch.setattr(sweep_process, "_train", trainer(status, said))
    outcome = carry_out(order, lambda: False)
    assert outcome == (order.path, "failed", error)
    assert order.path.with_name("seed-000.log").read_text() == said


def test_what_is_stopped_is_no_failure_and_what_is_finished_is_not_stopped(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert carry_out(order, lambda: True).state == "stopped"
    assert not order.path.exists()
    monkeypatch.setattr(sweep_process, "_train", trainer(143, stopped=True))
    assert carry_out(order, lambda: False).state == "stopped"
    monkeypatch.setattr(sweep_process, "_train", trainer(0, finishes=True, stopped=True))
    assert carry_out(order, lambda: False).state == "finished"
    monkeypatch.setattr(sweep_process, "_train", trainer(2))
    assert carry_out(order, lambda: False).state == "finished", "it is not trained again"


def test_an_interruption_leaves_the_runs_that_have_not_begun(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(order: Order, log: Path, is_stopped: Callable[[], bool]) -> tuple[int, bool]:
        while not is_stopped():
            time.sleep(0.01)
        log.touch()
        return 143, True

    monkeypatch.setattr(sweep_process, "PAUSE", 0.01)
    monkeypatch.setattr(sweep_process, "_train", train)
    orders = [order._replace(path=order.path.with_name(f"seed-00{seed}")) for seed in range(5)]
    outcomes = list(carry_out_here(orders, 2, lambda: True))
    assert sorted(outcomes) == [(each.path, "stopped", "") for each in orders]
    assert len(list(order.path.parent.glob("seed-00?"))) == 2
