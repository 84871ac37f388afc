"""A service that is away is asked by one caller for all."""

import threading
from typing import Any

from config.media_storage.gate import Gate


def test_after_the_pause_one_asks_for_all_and_success_opens_the_gate(monkeypatch: Any) -> None:
    now = [100.0]
    monkeypatch.setattr("config.media_storage.gate.time.monotonic", lambda: now[0])
    gate = Gate(5, longest=16)
    assert gate.may_ask()
    gate.failed()
    assert not gate.may_ask()
    now[0] += 5.1
    assert [gate.may_ask() for _ in range(3)] == [True, False, False]
    now[0] += 16.1  # the one that asked was killed
    assert [gate.may_ask() for _ in range(2)] == [True, False]
    gate.answered()
    assert [gate.may_ask() for _ in range(2)] == [True, True]


def test_of_threads_that_come_at_once_one_asks(monkeypatch: Any) -> None:
    gate = Gate(0, longest=60)
    gate.failed()
    asked: list[bool] = []
    threads = [threading.Thread(target=lambda: asked.append(gate.may_ask())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(asked) == 1
