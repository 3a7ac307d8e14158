from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from benchmarks.contest import BenchmarkError, Contestant, Effort, Workers
from benchmarks.large_file import make
from benchmarks.programs import run_program
from benchmarks.threads import environment
from benchmarks.turns import Retired, Turns
from benchmarks.work import Data, Work
from helpers.command_line import CHECKOUT

from mnist_scratch.data.sources.own_files import load_own_files

QUICK = Effort(rounds=3, turn_seconds=0.001, least_steps=2, programs=1, thorough=False)


@pytest.fixture
def of_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes that a contest starts find the benchmark and the contestants here."""
    folders = os.pathsep.join([str(CHECKOUT / "scripts"), str(CHECKOUT / "tests")])
    monkeypatch.setenv("PYTHONPATH", folders)


def test_a_turn_is_timed_from_after_the_untimed_steps_to_its_last_step() -> None:
    commands = [{"steps": 3, "untimed": 2}, {"ask": "loss"}, {"steps": 1, "untimed": 0}, {"end": 1}]
    sent = io.StringIO("".join(json.dumps(command) + "\n" for command in commands))
    answers = io.StringIO()
    turns = Turns(sent, answers)
    turns.ready(lambda: 0.25)
    answered = []  # after each step, how many turns were answered

    def work() -> None:
        while True:
            turns.step()
            answered.append(answers.getvalue().count("seconds"))

    with pytest.raises(Retired):
        work()
    assert answered == [0, 0, 0, 0, 1], "2 untimed steps, then 3; the sixth ends the second turn"
    kinds = [next(iter(json.loads(line))) for line in answers.getvalue().splitlines()]
    assert kinds == ["ready", "seconds", "loss", "seconds"]


def contestant(side: str, seconds: float, losses: list[float]) -> Contestant:
    arguments = {"seconds": seconds, "losses": losses}
    return Contestant(side, "helpers.sleeping_contestant:sleep", "1", arguments)


@pytest.mark.usefixtures("of_the_checkout")
def test_contestants_take_turns_and_a_step_has_its_own_length() -> None:
    effort = replace(QUICK, least_steps=40)
    with Workers() as workers:
        contestants = [
            contestant("slow", 0.002, [2.0, 1.0]),
            contestant("quick", 0.0005, [2.0, 1.0]),
        ]
        for _ in range(2):  # another contest in the same processes
            measured = workers.contest(contestants, effort, learns=True)
    assert [len(seconds) for seconds in measured.values()] == [effort.rounds] * 2
    assert 0.002 <= min(measured["slow", "1"]) < 0.04, "seconds of a step, not of 40"
    assert 0.0005 <= min(measured["quick", "1"]) < 0.015


@pytest.mark.usefixtures("of_the_checkout")
def test_a_contestant_that_does_not_learn_spoils_the_contest() -> None:
    with Workers() as workers, pytest.raises(BenchmarkError, match="dead with threads 1 did not"):
        workers.contest([contestant("dead", 0.0001, [2.3, 2.3])], QUICK, learns=True)


@pytest.mark.usefixtures("of_the_checkout")
def test_a_contestant_that_fails_is_an_error_that_says_why() -> None:
    broken = Contestant(
        "broken", "helpers.sleeping_contestant:sleep", "1", {"seconds": "none", "losses": []}
    )
    with Workers() as workers, pytest.raises(BenchmarkError, match=r"(?s)broken.*TypeError"):
        workers.contest([broken], QUICK)


@pytest.mark.usefixtures("of_the_checkout")
def test_our_own_contestants_learn_and_are_timed(synthetic_dir: Path) -> None:
    data = Data("synthetic", str(synthetic_dir))
    arguments = Work((784, 30, 10), 10).arguments(data)
    made = ("train", "products", "evaluation", "checkpoint")
    contestants = [Contestant(name, f"benchmarks.ours:{name}", "1", arguments) for name in made]
    with Workers() as workers:
        measured = workers.contest(contestants[1:], QUICK)
        learning = workers.contest(contestants[:1], replace(QUICK, turn_seconds=0.05), learns=True)
    for seconds in (measured | learning).values():
        assert min(seconds) > 0


@pytest.mark.usefixtures("of_the_checkout")
def test_a_large_file_is_made_of_what_there_is_and_trained_on(
    synthetic_dir: Path, tmp_path: Path
) -> None:
    make("synthetic", str(synthetic_dir), tmp_path, 60_010)
    training, test = load_own_files(tmp_path, lambda _: None)
    assert (len(training), len(test)) == (60_010, 10_000)
    assert training.images[60_000:].tobytes() == training.images[:10].tobytes()
    assert training.labels[60_000:].tolist() == training.labels[:10].tolist()
    arguments = {"work": asdict(Work((784, 30, 10), 10)), "folder": str(tmp_path)}
    contestant = Contestant("on disk", "benchmarks.large_file:train", "1", arguments)
    with Workers() as workers:
        workers.contest([contestant], replace(QUICK, turn_seconds=0.05), learns=True)


def test_a_program_is_timed_with_its_own_peak_of_memory(tmp_path: Path) -> None:
    code = "import time; x = bytearray(100_000_000); x[::4096] = x[::4096]; print(len(x))"
    ran = run_program([sys.executable, "-c", "import time; time.sleep(0.2); " + code], tmp_path)
    assert 0.2 < ran.seconds < 5
    assert ran.output.strip() == "100000000"
    small = run_program([sys.executable, "-c", "pass"], tmp_path)
    if ran.peak_megabytes is not None:
        assert small.peak_megabytes is not None
        assert 100 < ran.peak_megabytes < 140
        assert small.peak_megabytes < 40, "the benchmark's own memory is not the program's"


def test_a_program_that_fails_is_an_error_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="oh dear"):
        run_program([sys.executable, "-c", "raise SystemExit('oh dear')"], tmp_path)


def test_processes_get_the_threads_asked_for_and_else_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    assert "OPENBLAS_NUM_THREADS" not in environment()
    assert environment("2")["OMP_NUM_THREADS"] == "2"
