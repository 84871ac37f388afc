"""Checks run beside each other, each for a bounded time."""

import threading
import time
from collections.abc import Iterator

import pytest
from kombu.exceptions import OperationalError as BrokerAway

from config.health import running
from config.health.finding import Finding, Level, ok
from config.health.running import run_checks


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """An event for which a check waits that hangs; set at the end, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()
    running._hanging.clear()


def test_checks_that_wait_do_so_at_the_same_time_and_keep_their_order() -> None:
    together = threading.Barrier(3, timeout=60)

    def wait() -> Finding:
        together.wait()  # passes only if all three run at once
        return ok("met")

    findings = run_checks(dict.fromkeys("cab", wait), 60)
    assert list(findings) == ["c", "a", "b"]
    assert {one.found for one in findings.values()} == {"met"}


def test_a_check_that_hangs_is_a_fault_and_holds_up_no_other(release: threading.Event) -> None:
    begun: list[int] = []

    def hang() -> Finding:
        begun.append(1)
        release.wait()
        return ok("late")

    start = time.monotonic()
    for _turn in range(3):
        findings = run_checks({"hangs": hang, "fine": lambda: ok("fine")}, 0.2)
        assert findings["hangs"].level is Level.FAULT
        assert "no answer within" in findings["hangs"].found
        assert findings["fine"].level is Level.OK
    assert time.monotonic() - start < 60
    assert begun == [1], "it is not begun again while it hangs"
    release.set()
    running._hanging[hang][0].join()
    assert run_checks({"hangs": hang}, 60)["hangs"].found == "late"


def test_an_error_is_a_fault_with_one_line_and_without_tokens() -> None:
    def fail() -> Finding:
        raise OSError("cannot open /p/abcdefghijklmnopqrstuvwx/\nsecond line")

    finding = run_checks({"fails": fail}, 60)["fails"]
    assert finding.level is Level.FAULT
    assert finding.found == "OSError: cannot open /p/abcd…/"
    assert "the log may tell more" in finding.mend


def test_an_error_of_a_known_fault_has_that_faults_advice() -> None:
    def fail() -> Finding:
        raise BrokerAway("Connection refused")

    assert "EARSIGHT_BROKER_URL" in run_checks({"broker": fail}, 60)["broker"].mend
