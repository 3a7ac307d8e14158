"""Who takes turns with whom: every contestant in a process of its own, one computing at a time."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Self, cast

from benchmarks.threads import environment

# The threads of a pool that has finished spin for a while before they sleep, OpenBLAS's for some
# 25 ms. To forbid it would make the next product of their own contestant slower, which is not how
# anybody runs it; so the next contestant waits until they sleep.
_PAUSE_SECONDS = 0.04

# Of a turn, as a share of its steps: caches and pools are another contestant's when it begins. A
# single step is as long as a turn by itself, and needs none.
_UNTIMED_SHARE = 0.2


class BenchmarkError(Exception):
    """The benchmark cannot be done, or its result would mean nothing; the message says why."""


@dataclass(frozen=True)
class Effort:
    """How long a contest takes.

    Attributes
    ----------
    rounds
        Turns of every contestant.
    turn_seconds
        About what a turn lasts.
    least_steps
        Of a turn, however long they take.
    programs
        How often a whole program is run.
    thorough
        Whether whole programs are tried with every number of threads, and their first round,
        which reads them from disk, is left out.
    """

    rounds: int
    turn_seconds: float
    least_steps: int
    programs: int
    thorough: bool


FULL = Effort(rounds=15, turn_seconds=0.3, least_steps=3, programs=10, thorough=True)
QUICK = Effort(rounds=2, turn_seconds=0.02, least_steps=1, programs=1, thorough=False)


@dataclass(frozen=True)
class Contestant:
    """One who takes part.

    Attributes
    ----------
    side
        For whom: sides are compared, each with its best threads.
    make
        module:function that makes it in its process.
    threads
        What the libraries are told: a number, or "auto" to leave them to themselves.
    arguments
        Of the function.
    """

    side: str
    make: str
    threads: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Worker:
    """A process in which contestants of one side and one number of threads live."""

    def __init__(self, side: str, threads: str) -> None:
        self.side, self.threads = side, threads
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # closed with the worker
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(threads),
        )
        self._commands = cast("IO[str]", self._process.stdin)
        self._answers = cast("IO[str]", self._process.stdout)

    def send(self, command: Mapping[str, Any]) -> None:
        """Send a command; if the process is dead, `receive` says so."""
        with contextlib.suppress(BrokenPipeError):
            self._commands.write(json.dumps(command) + "\n")
            self._commands.flush()

    def receive(self) -> dict[str, Any]:
        """Wait for an answer.

        Raises
        ------
        BenchmarkError
            If the process died instead, with the end of what it wrote to standard error.
        """
        line = self._answers.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = "".join(self._errors.readlines()[-20:])
            raise BenchmarkError(f"{self.side} with threads {self.threads} failed:\n{said}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self.send(command)
        return self.receive()

    def close(self) -> None:
        """Let the process end."""
        with contextlib.suppress(BrokenPipeError):
            self._commands.close()
        self._process.wait()
        self._answers.close()
        self._errors.close()


class Workers:
    """The processes of all sides; each is started when it is first needed and lives to the end."""

    def __init__(self) -> None:
        self._workers: dict[tuple[str, str], Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End them all."""
        for worker in self._workers.values():
            worker.close()

    def contest(
        self, contestants: Sequence[Contestant], effort: Effort, *, learns: bool = False
    ) -> dict[tuple[str, str], list[float]]:
        """Let contestants take turns.

        Parameters
        ----------
        contestants
            Who, in the order in which the first round goes.
        effort
            How long.
        learns
            Whether each of them trains a network, whose loss then has to have fallen at the end.

        Returns
        -------
        dict
            (side, threads) to the seconds of a step in each round.

        Raises
        ------
        BenchmarkError
            If one of them fails, or does not learn.
        """
        workers = [self._worker(contestant) for contestant in contestants]
        for worker, contestant in zip(workers, contestants, strict=True):
            worker.send({"make": contestant.make, "arguments": dict(contestant.arguments)})
        for worker in workers:  # their libraries load at the same time
            worker.receive()
        before = [worker.ask({"ask": "loss"})["loss"] for worker in workers] if learns else []
        steps = [_fitting_steps(worker, effort) for worker in workers]
        measured: dict[tuple[str, str], list[float]] = {
            (contestant.side, contestant.threads): [] for contestant in contestants
        }
        turns = list(zip(contestants, workers, steps, strict=True))
        for number in range(effort.rounds):
            # Nobody always comes after the same, or always first.
            start = number % len(turns)
            for contestant, worker, count in turns[start:] + turns[:start]:
                seconds = _take_turn(worker, count, _untimed(count))
                measured[contestant.side, contestant.threads].append(seconds)
        if learns:
            _check_learning(workers, before)
        for worker in workers:
            worker.ask({"retire": True})
        return measured

    def _worker(self, contestant: Contestant) -> Worker:
        key = (contestant.side, contestant.threads)
        if key not in self._workers:
            self._workers[key] = Worker(*key)
        return self._workers[key]


def _untimed(steps: int) -> int:
    return math.ceil(_UNTIMED_SHARE * steps) if steps > 1 else 0


def _fitting_steps(worker: Worker, effort: Effort) -> int:
    """Warm a contestant up, and return how many steps make a turn of about the right length."""
    seconds = _take_turn(worker, effort.least_steps, effort.least_steps)
    seconds = _take_turn(worker, max(1, round(effort.turn_seconds / 4 / seconds)), 0)
    return max(effort.least_steps, round(effort.turn_seconds / seconds))


def _take_turn(worker: Worker, steps: int, untimed: int) -> float:
    """Return the seconds of a step."""
    answer = worker.ask({"steps": steps, "untimed": untimed})
    time.sleep(_PAUSE_SECONDS)
    return float(answer["seconds"]) / steps


def _check_learning(workers: Sequence[Worker], before: Sequence[float]) -> None:
    """Refuse a contest in which somebody's loss did not fall: dead units are quick to train."""
    for worker, first in zip(workers, before, strict=True):
        last = worker.ask({"ask": "loss"})["loss"]
        if not last < first * 0.95:
            raise BenchmarkError(
                f"{worker.side} with threads {worker.threads} did not learn: its loss was "
                f"{first:.3f} and is {last:.3f}; its time means nothing"
            )
