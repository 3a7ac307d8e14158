"""Ctrl-C and SIGTERM, which stop the program after the step under way."""

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
    """Let SIGTERM end the program as Ctrl-C does, with its files closed."""
    if signal.getsignal(signal.SIGTERM) != signal.SIG_IGN:
        signal.signal(signal.SIGTERM, _raise)


def ignore_signals() -> None:
    """Ignore further signals, in a program that is about to end."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _raise(number: int, _: FrameType | None) -> None:
    raise Interruption(number)


class DeferredSignals:
    """A context that defers the first signal until `raise_if_pending` or the end of the context.

    A second signal raises `Interruption` at once. A signal that is ignored, as in a job that a
    script has put in the background, stays ignored. Outside the main thread, where Python delivers
    no signals, nothing changes.

    Attributes
    ----------
    signal_number
        The pending signal; 0 if there is none.
    """

    def __init__(self) -> None:
        self.signal_number = 0
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            handled = [each for each in _SIGNALS if signal.getsignal(each) != signal.SIG_IGN]
            self._handlers = {each: signal.signal(each, self._note) for each in handled}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Restore the handlers; raise `Interruption` if a signal is still pending."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if error is None:
            self.raise_if_pending()

    def raise_if_pending(self) -> None:
        """Raise `Interruption` if a signal is pending."""
        if self.signal_number:
            raise Interruption(self.signal_number)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal_number:
            _raise(number, frame)
        self.signal_number = number
