from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.command_line import CommandLine

from mnist_scratch.config.schema import Config, DataConfig, NetworkConfig, TrainingConfig
from mnist_scratch.config.toml import format_config, read_config
from mnist_scratch.runs.folder import RunFolder, locked_folder
from mnist_scratch.sweep import execute
from mnist_scratch.sweep.execute import Job, local_workers, run_job, run_jobs

Trainer = Callable[[Job, Path, threading.Event], tuple[int, bool]]


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(execute, "PAUSE", 0.01)
    return Job(tmp_path / "seed-000", format_config(Config()), tmp_path, {})


def trainer(
    status: int, messages: str = "", *, finishes: bool = False, stopped: bool = False
) -> Trainer:
    """Stand in for the process that trains."""

    def train(job: Job, log: Path, _: threading.Event) -> tuple[int, bool]:
        log.write_text(messages)
        if finishes:
            for name in ("evaluation.json", "loss_curve.png"):
                (job.path / name).touch()
        return status, stopped

    return train


def test_a_run_waits_until_its_earlier_process_has_saved_and_ended(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = locked_folder(job.path)
    earlier.__enter__()
    ends = SimpleNamespace(
        monotonic=time.monotonic, sleep=lambda _: earlier.__exit__(None, None, None)
    )
    monkeypatch.setattr(execute, "time", ends)
    monkeypatch.setattr(execute, "_train", trainer(0, finishes=True))
    assert run_job(job, threading.Event()) == (job.path, "finished", "")
    assert read_config(job.path / "config.toml") == Config()
    assert not job.path.with_name("seed-000.log").exists()


def test_a_run_that_has_only_its_config_is_trained(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    """What `run_job` makes of a job, and its process finds, here in this process."""
    data = DataConfig(dataset="files", data_dir=str(digit_files), validation_examples=50)
    short = Config(data=data, network=NetworkConfig(hidden=()), training=TrainingConfig(epochs=1))
    RunFolder.create(tmp_path / "run", short)
    result = main("train", "--resume", "run")
    assert result.returncode == 0, result.stderr
    assert execute.is_finished(tmp_path / "run")


def test_a_folder_that_stays_in_use_is_named(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "_PATIENCE", -1.0)
    with locked_folder(job.path):
        result = run_job(job, threading.Event())
    assert result.state == "failed"
    assert result.error.startswith(f"{job.path} is in use by process ")


def test_a_worker_without_the_file_system_of_the_sweep_is_named(job: Job) -> None:
    result = run_job(job._replace(working_folder=job.path / "elsewhere"), threading.Event())
    assert result.state == "failed"
    assert f"has no folder {job.path / 'elsewhere'}; the workers" in result.error
    assert not job.path.exists()


@pytest.mark.parametrize(
    ("status", "messages", "error"),
    [
        (2, "epoch 1/5\nmnist-scratch: no data:\nfetch them\n", "no data:\nfetch them"),
        (1, "Traceback\nValueError: x\n", "ended with exit status 1\nTraceback\nValueError: x"),
        (-9, "epoch 1/5\n", "ended by signal 9\nepoch 1/5"),
        (
            143,
            "mnist-scratch: interrupted\n",
            "ended with exit status 143\nmnist-scratch: interrupted",
        ),
        (0, "", "ended with exit status 0"),
    ],
)
def test_a_failed_run_has_a_reason_and_its_log_is_kept(
    job: Job,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    messages: str,
    error: str,
) -> None:
    monkeypatch.setattr(execute, "_train", trainer(status, messages))
    assert run_job(job, threading.Event()) == (job.path, "failed", error)
    assert job.path.with_name("seed-000.log").read_text() == messages


def test_a_stopped_run_is_no_failure_and_a_finished_one_is_not_stopped(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    already = threading.Event()
    already.set()
    assert run_job(job, already).state == "stopped"
    assert not job.path.exists()
    monkeypatch.setattr(execute, "_train", trainer(143, stopped=True))
    assert run_job(job, threading.Event()).state == "stopped"
    monkeypatch.setattr(execute, "_train", trainer(0, finishes=True, stopped=True))
    assert run_job(job, threading.Event()).state == "finished"
    monkeypatch.setattr(execute, "_train", trainer(2))
    assert run_job(job, threading.Event()).state == "finished", "it is not trained again"


def wait_for_stop(_: Job, log: Path, stop: threading.Event) -> tuple[int, bool]:
    assert stop.wait(60)
    log.touch()
    return 143, True


def test_an_interruption_stops_the_running_jobs_and_starts_no_others(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "_train", wait_for_stop)
    jobs = [job._replace(path=job.path.with_name(f"seed-00{seed}")) for seed in range(5)]
    with local_workers(2) as workers:
        results = list(run_jobs(jobs, workers, lambda: True))
    assert sorted(results) == [(each.path, "stopped", "") for each in jobs]
    assert len(list(job.path.parent.glob("seed-00?"))) == 2


def test_jobs_stop_when_the_sweep_ends_without_waiting_for_them(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "_train", wait_for_stop)

    def interrupted_twice() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), local_workers(1) as workers:
        list(run_jobs([job], workers, interrupted_twice))


def test_a_job_that_is_lost_fails_alone(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    other = job._replace(path=job.path.with_name("seed-001"))
    make_folder = execute._make_folder

    def lose(each: Job) -> None:
        if each == job:
            raise RuntimeError("the worker died")
        make_folder(each)

    monkeypatch.setattr(execute, "_make_folder", lose)
    monkeypatch.setattr(execute, "_train", trainer(0, finishes=True))
    with local_workers(1) as workers:
        results = sorted(run_jobs([job, other], workers, lambda: False))
    assert results == [
        (job.path, "failed", "not executed: RuntimeError: the worker died"),
        (other.path, "finished", ""),
    ]
