"""A contestant's side of taking turns: it works when it is told to, and sleeps in between."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import IO, Any


class Retired(BaseException):
    """Told to a contestant that its last turn is over.

    No `Exception`, so that no contestant's own error handling takes it for an error.
    """


class Turns:
    """The turns of one contestant.

    It makes its data and network, calls `ready`, and then goes on with its ordinary loop, in which
    it calls `step` after every step. The clock starts and stops in there; between two turns `step`
    does not return, and the process is blocked on a pipe and computes nothing.

    Parameters
    ----------
    commands, answers
        Pipes from and to the benchmark; a line of JSON for each command and each answer.
    """

    def __init__(self, commands: IO[str], answers: IO[str]) -> None:
        self._commands = commands
        self._answers = answers
        self._loss: Callable[[], float] | None = None
        self._timed = False
        self._steps = 0  # of the turn that is timed
        self._started = 0.0
        self.left = 0  # steps to go until the clock starts or stops

    def ready(self, loss: Callable[[], float] | None = None) -> None:
        """Say that everything is made; return when the first turn begins.

        Parameters
        ----------
        loss
            Measures the network on examples that no contestant trains on, outside of any turn.
        """
        self._loss = loss
        self.answer({"ready": True})
        self._wait()

    def step(self, count: int = 1) -> None:
        """Count steps that were just done; at the end of a turn, wait for the next."""
        self.left -= count
        if self.left > 0:
            return
        if self._timed:
            self.answer({"seconds": time.perf_counter() - self._started})
            self._wait()
        else:
            self._start()

    def answer(self, values: dict[str, Any]) -> None:
        """Send an answer to the benchmark."""
        self._answers.write(json.dumps(values) + "\n")
        self._answers.flush()

    def command(self) -> dict[str, Any]:
        """Wait for the next command and return it.

        Raises
        ------
        EOFError
            If there is nobody to give one any more.
        """
        line = self._commands.readline()
        if not line:
            raise EOFError
        command: dict[str, Any] = json.loads(line)
        return command

    def _wait(self) -> None:
        """Sleep until the next turn begins: some steps that are not timed, then those that are."""
        while True:
            command = self.command()
            if "steps" in command:
                self._steps, self.left = command["steps"], command["untimed"]
                self._timed = False
                if not self.left:
                    self._start()
                return
            if "ask" not in command or self._loss is None:
                raise Retired
            self.answer({"loss": self._loss()})

    def _start(self) -> None:
        self._timed, self.left = True, self._steps
        self._started = time.perf_counter()
