"""Sixteen sign-ins at once leave the survey its threads, and tell nobody whether a name is that of an account."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.test import Client

from config.accounts import hashing
from config.service_faults.fault import Unavailable
from tests.factories import PASSWORD, UserFactory

SIGN_IN = "/console/sign-in/"


@pytest.fixture
def real_hash(settings: Any, monkeypatch: Any) -> None:
    """The product's hasher, with few iterations."""
    settings.PASSWORD_HASHERS = ["config.accounts.hashing.PasswordHasher"]
    monkeypatch.setattr(hashing.PasswordHasher, "iterations", 10)


def hashed_at_once(monkeypatch: Any, people: int) -> tuple[int, Counter]:
    """Let people sign in while a hash lasts; return how many hashes ran at the same time, and how each ended."""
    encode, lock, release = PBKDF2PasswordHasher.encode, threading.Lock(), threading.Event()
    running, most = 0, 0

    def slow(*args: Any) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        release.wait(5)
        with lock:
            running -= 1
        return encode(*args)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", slow)
    ends: Counter = Counter()
    sent_away = threading.Semaphore(0)

    def one(_number: int) -> None:
        try:
            make_password(PASSWORD)
            ends["hashed"] += 1
        except Unavailable:
            ends["sent away"] += 1
            sent_away.release()

    with ThreadPoolExecutor(people) as pool:
        done = [pool.submit(one, number) for number in range(people)]
        for _ in range(people - hashing.PLACES):
            if not sent_away.acquire(timeout=0.5):
                break
        release.set()
        for each in done:
            each.result()
    return most, ends


def test_one_password_is_hashed_at_a_time_and_few_wait(real_hash: None, monkeypatch: Any) -> None:
    most, ends = hashed_at_once(monkeypatch, 16)
    assert most == 1
    assert ends == {"hashed": hashing.PLACES, "sent away": 16 - hashing.PLACES}
    assert check_password(PASSWORD, make_password(PASSWORD))  # and afterwards all is as before


def test_djangos_own_hash_runs_in_every_thread(settings: Any, monkeypatch: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 10)
    assert hashed_at_once(monkeypatch, 16) == (16, {"hashed": 16})


def test_passwords_stored_before_stay_valid(real_hash: None) -> None:
    assert check_password(PASSWORD, PBKDF2PasswordHasher().encode(PASSWORD, "a salt of its own", 10))


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["mina", "nobody"])
def test_whoever_is_sent_away_is_told_when_to_come_again_and_is_not_counted(
    name: str, real_hash: None, monkeypatch: Any
) -> None:
    UserFactory(username="mina")
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(hashing, "_places", places)
    client = Client()
    with places:
        page = client.post(SIGN_IN, {"username": name, "password": PASSWORD})
    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "send it again" in page.content.decode()
    assert PASSWORD not in page.content.decode()
    assert not AccessAttempt.objects.exists()
    assert client.post(SIGN_IN, {"username": name, "password": PASSWORD}).status_code == {"mina": 302}.get(name, 200)


@pytest.mark.django_db
def test_an_unknown_name_costs_one_hash_as_a_known_one(real_hash: None, monkeypatch: Any) -> None:
    """So that neither time nor a place in the queue tells whether a name is that of an account."""
    UserFactory(username="mina")
    hashed: list[str] = []
    in_turn = hashing.in_turn
    monkeypatch.setattr(hashing, "in_turn", lambda compute: [hashed.append("one"), in_turn(compute)][1])
    counts = []
    for name in ("mina", "nobody"):
        hashed.clear()
        assert Client().post(SIGN_IN, {"username": name, "password": "wrong"}).status_code == 200
        counts.append(len(hashed))
    assert counts == [1, 1]


def test_a_turn_that_does_not_come_ends_the_wait(real_hash: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(hashing, "PATIENCE", 0.05)
    never = threading.Event()
    hashing._hasher().submit(never.wait, 5)
    try:
        with pytest.raises(Unavailable):
            make_password(PASSWORD)
    finally:
        never.set()
