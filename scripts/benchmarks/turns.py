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

# What OpenBLAS, OpenMP, MKL, Accelerate and XLA read when they are loaded.
_THREAD_VARIABLES = [
    *(f"{library}_NUM_THREADS" for library in ("OPENBLAS", "GOTO", "OMP", "MKL")),
    "VECLIB_MAXIMUM_THREADS",
    "PJRT_NPROC",
]
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
    title: str = ""  # of its row, where network and batch do not say what it is

    @property
    def network(self) -> str:
        """The widths, as in 784-128-10."""
        return "-".join(map(str, self.widths))

    @property
    def name(self) -> str:
        """The label of its row."""
        return self.title or f"{self.network}, batch {self.batch_size}"


@dataclass(frozen=True)
class Contestant:
    """One way to do some work, with one number of threads."""

    side: str  # sides are compared, each with its best number of threads
    make: str  # module:function, called with `Turns` and the arguments
    arguments: Mapping[str, Any] = field(default_factory=dict)  # JSON values, work and data
    threads: str = "1"
    checkout: Path = CHECKOUT  # of this program, that its process imports


class Contest:
    """The benchmark's side. Its processes live until it ends, for the contestants that follow."""

    def __init__(self, data: Data, *, quick: bool = False) -> None:
        self.data = data
        self.quick = quick  # few and short rounds are enough
        self.rounds = 2 if quick else 15
        self.turn_seconds = 0.02 if quick else 0.3
        self.losses: dict[tuple[str, str], float] = {}  # after the last turn, where there is one
        self._workers: dict[tuple[str, str], _Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_processes()

    def end_processes(self) -> None:
        """End the contestants' processes; the next comparison begins others."""
        while self._workers:
            self._workers.popitem()[1].close()

    def measure(self, contestants: Sequence[Contestant], steps: int = 0) -> Measured:
        """Let contestants take turns; return the seconds of a step in each round.

        Every round begins with the next one. A turn has as many steps as fit into it, or `steps`.
        The loss of a contestant that has one must fall: dead units train fast. After equal numbers
        of steps the losses must be close: the same network learned in the same way. A
        `BenchmarkError` says which contestant failed.
        """
        workers = {(each.side, each.threads): self._worker(each) for each in contestants}
        before = {key: worker.receive() for key, worker in workers.items()}
        lengths = {key: steps or self._fitting_steps(it) for key, it in workers.items()}
        measured: Measured = {key: [] for key in workers}
        order = list(workers)
        for _ in range(self.rounds):
            for key in order:
                measured[key].append(workers[key].take_turn(lengths[key]))
            order.append(order.pop(0))
        after = {key: worker.ask(0, 0) for key, worker in workers.items()}
        self.losses = {key: loss for key, loss in after.items() if loss is not None}
        for key, last in self.losses.items():
            if not last < 0.95 * before[key]:
                raise BenchmarkError(
                    f"{workers[key].name} did not learn: its loss went from {before[key]:.3f} to "
                    f"{last:.3f}, so its time means nothing"
                )
            best = min(self.losses.values())
            if steps and not last < 1.1 * best:
                raise BenchmarkError(
                    f"{workers[key].name} learned less in the same steps: its loss is {last:.3f}, "
                    f"the best {best:.3f}, so their times cannot be compared"
                )
        return measured

    def _worker(self, contestant: Contestant) -> _Worker:
        """Send a contestant into its process; the libraries of several load at the same time."""
        key = (contestant.side, contestant.threads)
        if key not in self._workers:
            self._workers[key] = _Worker(*key, contestant.checkout)
        self._workers[key].send(contestant.make, contestant.arguments)
        return self._workers[key]

    def _fitting_steps(self, worker: _Worker) -> int:
        """Warm a contestant up; return how many steps make a turn of about the right length."""
        steps, fitting = 0, 1
        while fitting > 1.2 * steps:  # the first steps are slow ones
            steps = fitting
            fitting = max(1, round(self.turn_seconds / worker.take_turn(steps)))
        return fitting


class _Worker:
    """The process of one side with one number of threads."""

    def __init__(self, side: str, threads: str, checkout: Path) -> None:
        self.name = f"{side} with threads {threads}"
        self._pause = 0.0 if threads == "1" else _PAUSE_SECONDS
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # closed with the process
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

    def send(self, *command: Any) -> None:
        with contextlib.suppress(BrokenPipeError):  # `receive` says why it died
            self._commands.write(json.dumps(command, default=asdict) + "\n")
            self._commands.flush()

    def receive(self) -> Any:
        line = self._answers.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            raise BenchmarkError(f"{self.name} failed:\n{self._errors.read()}")
        return json.loads(line)

    def ask(self, *command: Any) -> Any:
        self.send(*command)
        return self.receive()

    def take_turn(self, steps: int) -> float:
        """Return the seconds of a step."""
        seconds = self.ask(math.ceil(_UNTIMED_SHARE * steps), steps)
        time.sleep(self._pause)
        return float(seconds) / steps

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._commands.close()
        self._process.wait()
        self._answers.close()
        self._errors.close()


def environment(threads: str = AUTO, checkout: Path = CHECKOUT) -> dict[str, str]:
    """Return the environment of a process with a number of threads and a checkout to import."""
    # Without compiled files the start of this program would be compared with installed libraries.
    left_out = {*_THREAD_VARIABLES, "PYTHONDONTWRITEBYTECODE"}
    variables = {name: os.environ[name] for name in os.environ if name not in left_out}
    folders = [str(checkout), str(CHECKOUT / "scripts"), os.environ.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    return variables | ({} if threads == AUTO else dict.fromkeys(_THREAD_VARIABLES, threads))


class _Retired(BaseException):
    """Ends a contestant's loop; no `Exception`, so that no error handling of its own catches it."""


class Turns:
    """The contestant's side: it makes its network, calls `ready`, then `step` after every step.

    A command is the number of untimed steps and that of timed ones, 0 if there is no further turn;
    an answer is the loss before the first turn, the seconds of each, and the loss after the last.
    """

    def __init__(self, commands: IO[str], answers: IO[str]) -> None:
        self._commands = commands
        self._answers = answers
        self.left = 0  # steps until the clock starts or stops
        self._to_time = 0  # steps of the turn, until the clock starts
        self._started = 0.0

    def ready(self, loss: Callable[[], float | None] = lambda: None) -> None:
        """Say that everything is made; return when the first turn begins.

        `loss` measures the network on examples that it is not trained on, outside of any turn.
        """
        self._loss = loss
        self._answer(loss())
        self._wait()

    def step(self, count: int = 1) -> None:
        """Count steps that were just done; at the end of a turn, wait for the next."""
        self.left -= count
        if self.left > 0:
            return
        if self._to_time:
            self.left, self._to_time = self._to_time, 0
            self._started = time.perf_counter()
        else:
            self._answer(time.perf_counter() - self._started)
            self._wait()

    def _answer(self, value: float | None) -> None:
        self._answers.write(json.dumps(value) + "\n")
        self._answers.flush()

    def _wait(self) -> None:
        for line in self._commands:
            self.left, self._to_time = json.loads(line)
            if self._to_time:
                return
            self._answer(self._loss())
            break
        raise _Retired


def serve() -> None:
    """Run one contestant after another, in the process of a side.

    Commands come on standard input; answers leave on what was standard output, so what a library
    prints goes to standard error.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        make, arguments = json.loads(line)
        if "work" in arguments:
            arguments |= {"work": Work(**arguments["work"]), "data": Data(*arguments["data"])}
        module, _, function = make.partition(":")
        with contextlib.suppress(_Retired):
            getattr(importlib.import_module(module), function)(
                Turns(sys.stdin, answers), **arguments
            )
