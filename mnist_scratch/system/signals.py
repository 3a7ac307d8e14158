"""Ctrl-C and SIGTERM: how the program is told to stop, and how it finishes a step first."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption(KeyboardInterrupt):
    """A signal told the program to stop.

    Attributes
    ----------
    signal_number
        Which one; by convention the exit status is 128 more.
    """

    def __init__(self, signal_number: int = signal.SIGINT) -> None:
        super().__init__(f"signal {signal_number}")
        self.signal_number = signal_number


def end_on_sigterm() -> None:
    """Let SIGTERM end the program as Ctrl-C does, with its files closed and put in order."""
    if signal.getsignal(signal.SIGTERM) != signal.SIG_IGN:
        signal.signal(signal.SIGTERM, _raise)


def ignore_signals() -> None:
    """Let no further signal disturb a program that is about to end."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _raise(number: int, _: FrameType | None) -> None:
    raise Interruption(number)


class DeferredSignals:
    """A context in which the first signal to stop waits for a good moment to be heeded.

    A second one does not wait: it raises `Interruption` where the program stands.

    A signal that is ignored, as in a job that a script has put in the background, stays so. Outside
    the main thread, where Python delivers no signals, nothing is postponed.

    Attributes
    ----------
    signal_number
        The signal that waits; 0 if none does.
    """

    def __init__(self) -> None:
        self.signal_number = 0
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Take over the signals."""
        if threading.current_thread() is threading.main_thread():
            heeded = [each for each in _SIGNALS if signal.getsignal(each) != signal.SIG_IGN]
            self._handlers = {each: signal.signal(each, self._note) for each in heeded}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give them back; a signal that was not heeded is heeded now."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if error is None:
            self.raise_if_pending()

    def raise_if_pending(self) -> None:
        """Raise `Interruption` if a signal waits."""
        if self.signal_number:
            raise Interruption(self.signal_number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal_number:
            _raise(number, frame)
        self.signal_number = number
