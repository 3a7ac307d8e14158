from __future__ import annotations

import signal
import threading

import pytest

from mnist_scratch.system.signals import DeferredSignals, Interruption


def test_the_first_signal_waits_until_it_is_asked_for() -> None:
    signals = DeferredSignals()
    with signals:
        signal.raise_signal(signal.SIGTERM)
        assert signals.signal_number == signal.SIGTERM
        with pytest.raises(Interruption) as caught:
            signals.raise_if_pending()
        signals.signal_number = 0
    assert caught.value.signal_number == signal.SIGTERM


def test_a_pending_signal_interrupts_at_the_end() -> None:
    steps = []

    def work() -> None:
        with DeferredSignals():
            steps.append("begun")
            signal.raise_signal(signal.SIGINT)
            steps.append("ended")

    with pytest.raises(Interruption):
        work()
    assert steps == ["begun", "ended"]


def test_the_second_signal_does_not_wait() -> None:
    steps = []

    def work() -> None:
        with DeferredSignals():
            signal.raise_signal(signal.SIGTERM)
            steps.append("begun")
            signal.raise_signal(signal.SIGINT)
            steps.append("ended")

    with pytest.raises(Interruption) as caught:
        work()
    assert caught.value.signal_number == signal.SIGINT
    assert steps == ["begun"]


def test_an_error_is_not_hidden_by_a_signal_that_waits() -> None:
    def fail() -> None:
        signal.raise_signal(signal.SIGINT)
        raise ValueError("an error")

    with pytest.raises(ValueError, match="an error"), DeferredSignals():
        fail()


def test_outside_the_main_thread_the_signals_stay_as_they_are() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def look() -> None:
        with DeferredSignals():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with DeferredSignals() as signals:
            signal.raise_signal(signal.SIGINT)
        assert signals.signal_number == 0
    finally:
        signal.signal(signal.SIGINT, before)
