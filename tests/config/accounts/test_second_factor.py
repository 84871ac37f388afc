"""The second factor: set up, asked for, limited, lost, and required of everybody."""

import re
import time
from types import SimpleNamespace
from typing import Any

import pytest
from axes.utils import reset
from django.apps import apps
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.test import Client, TestCase
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.accounts.second_factor import devices
from config.accounts.second_factor.sign_in import PATIENCE_SECONDS
from study.models import LogEntry
from tests.config.accounts.test_account import NEW, is_in, signed_in
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
SIGN_IN, CODE, PAGE = "/console/sign-in/", "/console/sign-in/code/", "/console/account/second-factor/"


@pytest.fixture(autouse=True)
def _codes_stay_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """No half minute ends within a test."""
    monkeypatch.setattr("config.accounts.mails.later", lambda work: work())
    now = time.time()
    monkeypatch.setattr("django_otp.plugins.otp_totp.models.time", SimpleNamespace(time=lambda: now))
    monkeypatch.setattr("django_otp.oath.time", lambda: now)


@pytest.fixture
def mina() -> Any:
    reset()
    return UserFactory(username="mina", email="mina@example.org")


def code_of(key: str, later: int = 0) -> str:
    """What an app with this key shows, so many half minutes later."""
    return f"{totp(bytes.fromhex(key), drift=later):06}"


def next_code(user: Any) -> str:
    """A code of the user's app that was not used before."""
    TOTPDevice.objects.filter(user=user).update(last_t=-1, throttling_failure_count=0)
    return code_of(TOTPDevice.objects.get(user=user).key)


def commits() -> Any:
    """Send in the block what is sent after a commit."""
    return TestCase.captureOnCommitCallbacks(execute=True)


def with_second_factor(user: Any) -> list[str]:
    """Give the user a second factor; return the recovery codes."""
    key = devices.new_key()
    return devices.switch_on(user, key, code_of(key), but=None)


def after_password(password: str = PASSWORD, then: str = "") -> Client:
    """A browser in which the right password was given."""
    client = Client()
    answer = client.post(SIGN_IN, {"username": "mina", "password": password, "next": then})
    assert (answer.status_code, answer.headers["Location"]) == (302, CODE)
    return client


def test_it_is_set_up_by_a_code_and_asked_for_at_each_sign_in(mina: Any, mailoutbox: list, settings: Any) -> None:
    here, there = signed_in(), signed_in()
    page = here.get(PAGE)
    key = page.context["key"].replace(" ", "")
    assert page.content.count(b"data:image/svg+xml") == 1
    hex_key = here.session["second_factor_key"]
    assert here.get(PAGE).context["key"].replace(" ", "") == key  # loaded again, it is what the phone has
    for code, password in (("000000", PASSWORD), (code_of(hex_key), "wrong")):
        answer = here.post(PAGE, {"code": code, "password": password})
        assert answer.status_code == 422
        assert answer.context["key"].replace(" ", "") == key
        assert not devices.is_on(mina)
    before = here.session.session_key
    with commits():
        shown = here.post(PAGE, {"code": f" {code_of(hex_key)[:3]} {code_of(hex_key)[3:]}", "password": PASSWORD})
    codes = shown.content.decode().partition('id="recovery-codes"')[2].partition("</textarea>")[0]
    assert len(re.findall(r"(?:[A-Z2-7]{4}-){5}[A-Z2-7]{4}", codes)) == devices.RECOVERY_CODES
    assert "no-store" in shown.headers["Cache-Control"]
    assert (is_in(here), is_in(there)) == (True, False)
    assert here.session.session_key != before
    assert "second_factor_key" not in here.session
    assert "10 recovery codes are left" in here.get("/console/account/").content.decode()
    client = after_password(then="/console/account/")
    used = client.post(CODE, {"code": code_of(hex_key)})
    assert used.status_code == 422  # it was used when the factor was set up
    assert not is_in(client)
    TOTPDevice.objects.update(throttling_failure_count=0)
    answer = client.post(CODE, {"code": code_of(hex_key, later=1)})  # a phone whose clock is half a minute ahead
    assert answer.headers["Location"] == "/console/account/"
    assert is_in(client)
    assert [mail.to for mail in mailoutbox] == [["mina@example.org"]]
    actions = [*LogEntry.objects.filter(study=None).values_list("action", flat=True)]
    assert actions[-2:] == ["second factor switched on", "signed in"]


def test_after_the_password_alone_nobody_is_signed_in(mina: Any) -> None:
    with_second_factor(mina)
    client = after_password()
    first = client.session.session_key
    for address in ("/console/", "/console/account/", PAGE):
        assert client.get(address).headers["Location"].startswith(SIGN_IN), address
    other = Client()  # a session that somebody planted before is not the one that waits for the code
    other.cookies[project.SESSION_COOKIE_NAME] = "planted"
    other.post(SIGN_IN, {"username": "mina", "password": PASSWORD})
    assert other.cookies[project.SESSION_COOKIE_NAME].value not in ("planted", first)
    assert client.post(CODE, {"code": next_code(mina)}).status_code == 302
    assert is_in(client)
    assert client.session.session_key != first
    assert client.session.get_expiry_age() > PATIENCE_SECONDS


@pytest.mark.parametrize("happening", ["ten minutes pass", "the password changes", "the account is closed"])
def test_the_step_after_the_password_ends(mina: Any, happening: str) -> None:
    with_second_factor(mina)
    client = after_password()
    if happening == "ten minutes pass":
        session = client.session
        session["after_password"]["until"] = int(time.time()) - 1
        session.save()
    elif happening == "the password changes":
        mina.set_password(NEW)
        mina.save()
    else:
        mina.is_active = False
        mina.save()
    answer = client.post(CODE, {"code": next_code(mina)}, follow=True)
    assert "Begin again with your password" in answer.content.decode()
    assert not is_in(client)


def test_a_recovery_code_signs_in_once_and_is_stored_as_a_digest(mina: Any, mailoutbox: list) -> None:
    codes = with_second_factor(mina)
    stored = [str(row) for model in apps.get_models() for row in model._default_manager.values()]
    assert not any(code in row or code.replace("-", "") in row for code in codes for row in stored)
    client = after_password()
    with commits():
        page = client.post(CODE, {"recovery_code": codes[0].lower().replace("-", " ")}, follow=True).content.decode()
    assert "9 recovery codes are left" in page
    assert is_in(client)
    again = after_password()
    assert again.post(CODE, {"recovery_code": codes[0]}).status_code == 422
    assert not is_in(again)
    assert LogEntry.objects.filter(study=None, action="recovery code used", data__account="mina").count() == 1
    assert "one of its recovery codes" in mailoutbox[-1].body


def test_wrong_codes_wait_longer_each_time_and_lock_the_name(mina: Any) -> None:
    """Six digits could be tried out by who has the password: twenty tries would take a week."""
    with_second_factor(mina)
    client = after_password()
    device = TOTPDevice.objects.get()
    right = code_of(device.key, later=1)
    for _ in range(4):
        TOTPDevice.objects.update(throttling_failure_timestamp=None)  # the time has passed
        assert client.post(CODE, {"code": "000000"}).status_code == 422
    refused = client.post(CODE, {"code": right})
    assert "wait until" in refused.content.decode()
    assert not is_in(client)
    # Codes that are not looked at count for nothing: who types too early does not lock the own name.
    for _ in range(project.AXES_FAILURE_LIMIT):
        assert client.post(CODE, {"code": "000000"}).status_code == 422
    for _ in range(project.AXES_FAILURE_LIMIT - 4):
        TOTPDevice.objects.update(throttling_failure_timestamp=None)
        client.post(CODE, {"code": "000000"})
    TOTPDevice.objects.update(throttling_failure_count=0)
    assert client.post(CODE, {"code": right}).status_code == 429
    assert Client().post(SIGN_IN, {"username": "mina", "password": PASSWORD}).status_code == 429
    assert LogEntry.objects.filter(study=None, action="sign-in locked").count() == 1


def test_a_new_password_keeps_the_second_factor(mina: Any, capsys: pytest.CaptureFixture) -> None:
    from tests.config.accounts.test_first_password import made, set_by

    with_second_factor(mina)
    TOTPDevice.objects.update(throttling_failure_count=9, throttling_failure_timestamp=timezone.now())
    assert set_by(made(capsys, "mina", "--new-link")).status_code == 302
    client = after_password(NEW)
    assert not is_in(client)
    client.post(CODE, {"code": code_of(TOTPDevice.objects.get().key, later=1)})
    assert is_in(client)  # also after very many wrong codes


def test_it_is_changed_by_who_knows_the_password_only(mina: Any) -> None:
    old = with_second_factor(mina)
    client = after_password()
    client.post(CODE, {"code": next_code(mina)})
    for button in ("renew", "end"):
        assert client.post(PAGE, {button: "", f"{button}-password": "wrong"}).status_code == 422
    assert devices.second_factor_of(mina).codes_left == 10
    renewed = client.post(PAGE, {"renew": "", "renew-password": PASSWORD}).context["codes"]
    assert not set(renewed) & set(old)
    # Another phone: the earlier one goes on until the new one's code was taken.
    key = devices.new_key()
    session = client.session
    session["second_factor_key"] = key
    session.save()
    assert client.post(f"{PAGE}?new", {"code": "000000", "password": PASSWORD}).status_code == 422
    assert TOTPDevice.objects.get().key != key
    assert client.post(f"{PAGE}?new", {"code": code_of(key), "password": PASSWORD}).status_code == 200
    assert TOTPDevice.objects.get().key == key
    assert client.post(PAGE, {"end": "", "end-password": PASSWORD}).status_code == 302
    assert not devices.is_on(mina)
    signed_in()


def test_an_operator_removes_it_for_who_has_lost_phone_and_codes(mina: Any, mailoutbox: list) -> None:
    with_second_factor(mina)
    client = after_password()
    client.post(CODE, {"code": next_code(mina)})
    with commits():
        call_command("remove_second_factor", "mina")
    assert not is_in(client)
    signed_in()
    assert LogEntry.objects.filter(study=None, action="second factor removed", data__account="mina").exists()
    assert "has removed the second factor" in mailoutbox[-1].body
    call_command("remove_second_factor", "mina")
    assert LogEntry.objects.filter(action="second factor removed").count() == 1
    with pytest.raises(CommandError, match="no account"):
        call_command("remove_second_factor", "nobody")


def test_where_it_is_required_it_comes_before_anything_else(mina: Any, settings: Any) -> None:
    early = signed_in()
    settings.SECOND_FACTOR = "required"
    client = signed_in()
    for address in ("/console/", "/console/account/", "/console/new/"):
        assert client.get(address).headers["Location"] == PAGE, address
        assert client.post(address).headers["Location"] == PAGE, address
    assert "asks everybody" in client.get(PAGE).content.decode()
    key = client.session["second_factor_key"]
    # Two browsers without the factor: one sets it up, the other has to sign in by it.
    session_of_early = early.session.session_key
    client.post(PAGE, {"code": code_of(key), "password": PASSWORD})
    assert is_in(client)
    assert not is_in(early)
    assert early.session.session_key != session_of_early
    assert client.post(PAGE, {"end": "", "end-password": PASSWORD}).status_code == 200
    assert devices.is_on(mina)
    client.post("/console/sign-out/")
    assert not is_in(client)
