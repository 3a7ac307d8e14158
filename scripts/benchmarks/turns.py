"""Taking turns: every contestant lives in a process of its own, and one computes at a time.

`Contest` is the benchmark's side: it starts the processes, gives the turns, collects the times.
`Turns` is the contestant's side: its ordinary loop calls `step` after each step, the clock starts
and stops in there, and between two turns `step` does not return.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple, Self, cast

CHECKOUT = Path(__file__).resolve().parents[2]

# What OpenBLAS, OpenMP, MKL and Accelerate read when they are loaded.
_THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
AUTO = "auto"  # threads: leave the libraries to themselves

# The threads of a pool spin for a while before they sleep, OpenBLAS's for some 25 ms. The next
# contestant waits until they do: forbidding it would slow their own contestant's next product.
_PAUSE_SECONDS = 0.04

# Of a turn's steps: the caches are another contestant's when it begins.
_UNTIMED_SHARE = 0.2

# (side, threads) to a figure of each round.
Measured = dict[tuple[str, str], list[float]]


class BenchmarkError(Exception):
    """The benchmark cannot be run, or its result would mean nothing; the message says why."""


class Data(NamedTuple):
    """The data set that the contestants train on, and the folder of its files."""

    dataset: str
    folder: str


@dataclass(frozen=True)
class Work:
    """A network, its batch and its optimizer; SGD with momentum at a rate at which it learns."""

    widths: Sequence[int]  # from the pixels to the classes
    batch_size: int
    learning_rate: float = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0

    @property
    def name(self) -> str:
        """The label of its rows."""
        return f"{'-'.join(map(str, self.widths))}, batch {self.batch_size}"


@dataclass(frozen=True)
class Contestant:
    """One way to do some work, with one number of threads."""

    side: str  # sides are compared, each with its best number of threads
    make: str  # module:function of this package, called with `Turns` and the arguments
    threads: str
    arguments: Mapping[str, Any] = field(default_factory=dict)  # JSON, and a Work, a Data
    checkout: Path = CHECKOUT  # of this program, that its process imports


class Contest:
    """The benchmark's side. Its processes live until it ends, for the contestants that follow.

    Parameters
    ----------
    data
        The data set.
    quick
        Whether few and short rounds are enough.
    rounds
        Turns of each contestant; None: as `quick` has it.
    """

    def __init__(self, data: Data, *, quick: bool = False, rounds: int | None = None) -> None:
        self.data = data
        self.quick = quick
        self.rounds = rounds or (2 if quick else 15)
        self.turn_seconds = 0.02 if quick else 0.3
        self.least_steps = 1 if quick else 3
        self._workers: dict[tuple[str, str], _Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        for worker in self._workers.values():
            worker.close()

    def measure(
        self, contestants: Sequence[Contestant], *, learns: bool = False, least_steps: int = 0
    ) -> Measured:
        """Let contestants take turns; return the seconds of a step in each round.

        Every round begins with the next one. Where each `learns`, its loss must fall: dead units
        train fast. A `BenchmarkError` says which contestant failed.
        """
        workers = [self._worker(contestant) for contestant in contestants]
        for worker, contestant in zip(workers, contestants, strict=True):
            worker.send({"make": contestant.make, "arguments": dict(contestant.arguments)})
        for worker in workers:  # their libraries load at the same time
            worker.receive()
        before = [worker.ask({"ask": "loss"})["loss"] for worker in workers] if learns else []
        least = least_steps or self.least_steps
        turns = [(worker, self._fitting_steps(worker, least)) for worker in workers]
        measured: Measured = {(worker.side, worker.threads): [] for worker in workers}
        for number in range(self.rounds):
            first = number % len(turns)
            for worker, steps in turns[first:] + turns[:first]:
                untimed = math.ceil(_UNTIMED_SHARE * steps) if steps > 1 else 0
                measured[worker.side, worker.threads].append(worker.take_turn(steps, untimed))
        for worker, loss in zip(workers, before, strict=False):
            last = worker.ask({"ask": "loss"})["loss"]
            if not last < loss * 0.95:
                raise BenchmarkError(
                    f"{worker.side} with threads {worker.threads} did not learn: its loss went "
                    f"from {loss:.3f} to {last:.3f}, so its time means nothing"
                )
        for worker in workers:
            worker.ask({"retire": True})
        return measured

    def _worker(self, contestant: Contestant) -> _Worker:
        key = (contestant.side, contestant.threads)
        if key not in self._workers:
            self._workers[key] = _Worker(*key, contestant.checkout)
        return self._workers[key]

    def _fitting_steps(self, worker: _Worker, least: int) -> int:
        """Warm a contestant up; return how many steps make a turn of about the right length."""
        seconds = worker.take_turn(least, least)
        if seconds < self.turn_seconds:
            seconds = worker.take_turn(max(1, round(self.turn_seconds / 4 / seconds)), 0)
        return max(least, round(self.turn_seconds / seconds))


class _Worker:
    """The process of one side with one number of threads."""

    def __init__(self, side: str, threads: str, checkout: Path) -> None:
        self.side, self.threads = side, threads
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # closed with the worker
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from benchmarks.turns import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(threads, checkout),
        )
        self._commands = cast("IO[str]", self._process.stdin)
        self._answers = cast("IO[str]", self._process.stdout)

    def send(self, command: Mapping[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # `receive` says why it died
            self._commands.write(json.dumps(command, default=asdict) + "\n")
            self._commands.flush()

    def receive(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = "".join(self._errors.readlines()[-20:])
            raise BenchmarkError(f"{self.side} with threads {self.threads} failed:\n{said}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        self.send(command)
        return self.receive()

    def take_turn(self, steps: int, untimed: int) -> float:
        """Return the seconds of a step."""
        answer = self.ask({"steps": steps, "untimed": untimed})
        if self.threads != "1":
            time.sleep(_PAUSE_SECONDS)
        return float(answer["seconds"]) / steps

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._commands.close()
        self._process.wait()
        self._answers.close()
        self._errors.close()


def environment(threads: str = AUTO, checkout: Path = CHECKOUT) -> dict[str, str]:
    """Return the environment of a process with a number of threads and a checkout to import."""
    variables = {name: os.environ[name] for name in os.environ if name not in _THREAD_VARIABLES}
    folders = [str(checkout), str(CHECKOUT / "scripts"), os.environ.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    return variables | ({} if threads == AUTO else dict.fromkeys(_THREAD_VARIABLES, threads))


class _Retired(BaseException):
    """Ends a contestant's loop; no `Exception`, so that no error handling of its own catches it."""


class Turns:
    """The contestant's side: it makes its network, calls `ready`, then `step` after every step."""

    def __init__(self, commands: IO[str], answers: IO[str]) -> None:
        self._commands = commands
        self._answers = answers
        self._loss: Callable[[], float] | None = None
        self._timed = False
        self._steps = 0  # of the turn
        self._started = 0.0
        self.left = 0  # steps until the clock starts or stops

    def ready(self, loss: Callable[[], float] | None = None) -> None:
        """Say that everything is made; return when the first turn begins.

        `loss` measures the network on examples that it is not trained on, outside of any turn.
        """
        self._loss = loss
        self._answer({"ready": True})
        self._wait()

    def step(self, count: int = 1) -> None:
        """Count steps that were just done; at the end of a turn, wait for the next."""
        self.left -= count
        if self.left > 0:
            return
        if self._timed:
            self._answer({"seconds": time.perf_counter() - self._started})
            self._wait()
        else:
            self._start()

    def _answer(self, values: dict[str, Any]) -> None:
        self._answers.write(json.dumps(values) + "\n")
        self._answers.flush()

    def _wait(self) -> None:
        for line in self._commands:
            command = json.loads(line)
            if "steps" in command:
                self._steps, self.left = command["steps"], command["untimed"]
                self._timed = False
                if not self.left:
                    self._start()
                return
            if "ask" not in command or self._loss is None:
                break
            self._answer({"loss": self._loss()})
        raise _Retired

    def _start(self) -> None:
        self._timed, self.left = True, self._steps
        self._started = time.perf_counter()


def serve() -> None:
    """Run one contestant after another, in the process of a side.

    Commands come on standard input; answers leave on what was standard output, so what a library
    prints goes to standard error.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    kinds: dict[str, Callable[[Any], Any]] = {
        "work": lambda values: Work(**values),
        "data": lambda values: Data(*values),
    }
    for line in sys.stdin:
        command = json.loads(line)
        arguments = command["arguments"]
        made = {name: kinds.get(name, lambda it: it)(it) for name, it in arguments.items()}
        module, _, function = command["make"].partition(":")
        with contextlib.suppress(_Retired):
            getattr(importlib.import_module(module), function)(Turns(sys.stdin, answers), **made)
        answers.write('{"retired": true}\n')
        answers.flush()
