"""A signal breaks off what may be broken off, and nothing else."""

from __future__ import annotations

import os
import signal

import pytest

from kompass_api.outcomes import ExitCode
from kompass_worker.errors import Stopped
from kompass_worker.inference.stopping import StopSignal


def told_to_stop(number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


def test_a_signal_interrupts_where_it_may() -> None:
    stop = StopSignal()
    with stop.installed(), pytest.raises(Stopped) as caught, stop.interruptible():
        told_to_stop()
    assert caught.value.exit_code is ExitCode.STOPPED


def test_elsewhere_a_signal_waits_until_it_is_asked_for() -> None:
    stop = StopSignal()
    with stop.installed():
        told_to_stop()
        with pytest.raises(Stopped):
            stop.check()


def test_after_a_signal_nothing_interruptible_begins() -> None:
    stop = StopSignal()
    reached = []
    stop.request()
    with pytest.raises(Stopped), stop.interruptible():
        reached.append("inside")
    assert reached == []


def test_without_a_signal_nothing_is_raised() -> None:
    stop = StopSignal()
    with stop.installed(), stop.interruptible():
        stop.check()


def test_a_second_ctrl_c_does_not_wait() -> None:
    stop = StopSignal()
    with stop.installed():
        told_to_stop(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            told_to_stop(signal.SIGINT)


def test_handlers_are_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignal().installed():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
