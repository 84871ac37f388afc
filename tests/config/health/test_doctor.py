"""`manage.py doctor`, and the mails to the operators."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from config.health import alarms, doctor
from config.health.alarms import NotTold, tell_operators
from config.health.finding import Finding, fault, ok, warning
from config.health.running import run_checks
from tests.factories import UserFactory

WORKERS = fault("no worker answers for gpu", "Start one.")


@pytest.fixture
def findings(monkeypatch: Any) -> dict[str, Finding]:
    """What the doctor's checks find, to be changed by the test."""
    found = {"database": ok("written"), "beat": warning("was never seen", "Start it."), "workers": WORKERS}

    def check_of(name: str) -> Callable[[], Finding]:
        return lambda: found[name]

    monkeypatch.setattr(doctor, "CHECKS", {name: check_of(name) for name in found})
    return found


def run_doctor(*options: str) -> tuple[int, str]:
    """Return the exit status and what was printed."""
    out = StringIO()
    try:
        call_command("doctor", *options, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_each_check_is_one_line_and_a_fault_is_the_exit_status(findings: dict[str, Finding]) -> None:
    status, text = run_doctor()
    assert status == 1
    assert text.splitlines() == [
        "ok       database written",
        "warning  beat     was never seen → Start it.",
        "fault    workers  no worker answers for gpu → Start one.",
    ]
    assert len(run_doctor("--quiet")[1].splitlines()) == 2
    findings["workers"] = ok("they answer")
    assert run_doctor()[0] == 0
    assert run_doctor("--strict")[0] == 1
    findings["beat"] = ok("it runs")
    assert run_doctor("--strict", "--quiet") == (0, "")


def test_json_has_level_found_and_mend(findings: dict[str, Finding]) -> None:
    status, text = run_doctor("--json")
    told = json.loads(text)
    assert status == 1
    assert told["workers"] == {"level": "fault", "found": "no worker answers for gpu", "mend": "Start one."}
    assert told["database"] == {"level": "ok", "found": "written", "mend": ""}
    for wrong in ("0", "-1", "601", "nan"):
        with pytest.raises(CommandError, match="--seconds"):
            call_command("doctor", f"--seconds={wrong}")


@pytest.mark.django_db(transaction=True)
def test_all_real_checks_run_beside_each_other_within_the_time() -> None:
    found = run_checks(doctor.CHECKS, 120)
    assert list(found) == list(doctor.CHECKS)
    assert found["database"].found.endswith("can be read and written")
    assert found["workers"].found == "no worker answers for cpu, api, gpu"
    assert not [name for name, one in found.items() if "Error" in one.found or "no answer" in one.found], found


@pytest.fixture
def operators(settings: Any, tmp_path: Path) -> list[str]:
    settings.DATA_DIR, settings.OPERATOR_EMAILS = tmp_path, ["ada@example.org", "lab@example.org"]
    return settings.OPERATOR_EMAILS


def test_a_fault_is_mailed_once_when_it_begins_and_once_when_it_is_over(operators: list[str]) -> None:
    for _turn in range(3):
        tell_operators({"workers": WORKERS, "beat": warning("was never seen", "Start it.")})
    [first] = mail.outbox
    assert first.to == operators
    assert first.subject == "Earsight: workers"
    assert "- workers: no worker answers for gpu\n  Start one." in first.body
    assert "beat" not in first.body, "warnings are not mailed"

    tell_operators({"workers": WORKERS, "disk": fault("full", "Free some.")})
    assert mail.outbox[1].subject == "Earsight: disk"
    assert "Still there:\n- workers" in mail.outbox[1].body

    tell_operators({"workers": ok("they answer"), "disk": ok("free")})
    tell_operators({"workers": ok("they answer"), "disk": ok("free")})
    assert mail.outbox[2].subject == "Earsight: over: workers, disk"
    assert len(mail.outbox) == 3
    tell_operators({"workers": WORKERS})
    assert len(mail.outbox) == 4, "it has begun again"


def test_a_mail_that_cannot_be_sent_is_tried_again(operators: list[str], monkeypatch: Any, settings: Any) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionRefusedError("nobody listens")

    with monkeypatch.context() as away:
        away.setattr(alarms.EmailMessage, "send", refuse)
        with pytest.raises(NotTold, match="nobody listens"):
            tell_operators({"workers": WORKERS})
    tell_operators({"workers": WORKERS})
    assert len(mail.outbox) == 1
    (settings.DATA_DIR / "doctor_told.json").write_text("{", encoding="utf-8")
    tell_operators({"workers": WORKERS})
    assert len(mail.outbox) == 2, "a damaged note leads to one mail more, not to silence"


@pytest.mark.usefixtures("operators")
def test_a_mail_that_would_only_be_printed_tells_nobody(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    sends, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.console.EmailBackend"
    for _turn in range(2):
        with pytest.raises(NotTold, match="EARSIGHT_EMAIL_URL"):
            tell_operators({"workers": WORKERS})
    assert capsys.readouterr().out == ""
    settings.EMAIL_BACKEND = sends
    tell_operators({"workers": WORKERS})
    assert len(mail.outbox) == 1, "it is told as soon as there is a mail server"


@pytest.mark.django_db
def test_without_addresses_the_accounts_of_operators_are_told(operators: list[str], settings: Any) -> None:
    settings.OPERATOR_EMAILS = []
    with pytest.raises(NotTold, match="EARSIGHT_OPERATOR_EMAILS"):
        tell_operators({"workers": WORKERS})
    UserFactory(email="chief@example.org", is_superuser=True)
    UserFactory(email="researcher@example.org")
    tell_operators({"workers": WORKERS})
    assert mail.outbox[0].to == ["chief@example.org"]


def test_the_operators_are_told_although_the_database_is_away(operators: list[str], settings: Any) -> None:
    # Without the mark of a database any query would fail.
    tell_operators({"database": fault("OperationalError: away", "Start it.")})
    assert mail.outbox[0].subject == "Earsight: database"
    settings.OPERATOR_EMAILS = []
    with pytest.raises(NotTold):
        tell_operators({})


@pytest.mark.usefixtures("operators")
def test_the_command_mails_and_says_if_it_could_not(
    findings: dict[str, Finding], monkeypatch: Any, settings: Any
) -> None:
    assert run_doctor("--mail", "--quiet")[0] == 1
    assert len(mail.outbox) == 1
    settings.OPERATOR_EMAILS = []
    monkeypatch.setattr(alarms, "addresses_of", lambda _study: [])
    findings["workers"] = ok("they answer")
    with pytest.raises(CommandError, match="nobody to tell") as refused:
        call_command("doctor", "--mail", stdout=StringIO())
    assert refused.value.returncode == 2
