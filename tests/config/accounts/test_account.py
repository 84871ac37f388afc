"""The account page, the end of sign-ins by time, by hand and by command, and rules for new passwords."""

import logging
from typing import Any

import pytest
from axes.utils import reset
from django.apps import apps
from django.conf import settings as project
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client, TestCase

from study.models import LogEntry
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
NEW = "seven lamps under water"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def mina() -> Any:
    reset()
    return UserFactory(username="mina")


def signed_in(name: str = "mina", password: str = PASSWORD, **headers: str) -> Client:
    client = Client(**headers)
    assert client.post("/console/sign-in/", {"username": name, "password": password}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/console/").status_code == 200


def age(client: Client, name: str, seconds: float) -> None:
    """Put a time of the session back."""
    session = client.session
    session[name] -= int(seconds)
    session.save()


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("used_at", project.SESSION_IDLE_SECONDS), ("began_at", project.SESSION_LIFE_SECONDS)],
)
def test_a_sign_in_ends_unused_and_at_last_used(mina: Any, time: str, seconds: float) -> None:
    client = signed_in()
    key = client.session.session_key
    age(client, time, seconds - 100)
    assert is_in(client)
    age(client, time, seconds)
    assert not is_in(client)
    # Not the browser's cookie alone has gone: the stored session has.
    thief = Client()
    thief.cookies[project.SESSION_COOKIE_NAME] = key
    assert not is_in(thief)


def test_a_page_that_loads_a_part_again_and_again_is_no_use(mina: Any) -> None:
    """A forgotten tab on Monitor would keep the sign-in open for ever."""
    client = signed_in()
    age(client, "used_at", 3600)
    before = client.session["used_at"]
    client.get("/console/", headers={"Sec-Fetch-Dest": "empty"})
    assert client.session["used_at"] == before
    client.get("/console/", headers={"Sec-Fetch-Dest": "document"})
    assert client.session["used_at"] > before


def change(client: Client, old: str = PASSWORD, new: str = NEW) -> Any:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/console/account/", form)


def test_a_changed_password_ends_all_other_sign_ins_and_renews_this_one(mina: Any) -> None:
    here, there = signed_in(), signed_in()
    key = here.session.session_key
    assert change(here).status_code == 302
    assert is_in(here)
    assert here.session.session_key != key
    assert not is_in(there)
    signed_in(password=NEW)


def test_the_operators_new_password_ends_all_sign_ins(mina: Any) -> None:
    client = signed_in()
    mina.set_password(NEW)  # as `manage.py changepassword` does
    mina.save()
    assert not is_in(client)


def test_a_password_is_changed_by_who_knows_it_only_and_guesses_lock_the_name(mina: Any) -> None:
    """Somebody at an unlocked screen has the session, but not the password."""
    client = signed_in()
    for _ in range(project.AXES_FAILURE_LIMIT - 1):
        answer = change(client, old="a guess of somebody")
        assert answer.status_code == 422
        assert "That is not your password" in answer.content.decode()
    change(client, old="a guess of somebody")
    assert change(client).status_code == 429
    mina.refresh_from_db()
    assert mina.check_password(PASSWORD)


def test_sign_ins_elsewhere_are_listed_and_ended_with_the_password(mina: Any) -> None:
    UserFactory(username="jun")
    here, there, juns = signed_in(), signed_in(HTTP_USER_AGENT=FIREFOX), signed_in("jun")
    page = here.get("/console/account/")
    [(code, label)] = page.context["ending_form"].fields["sign_ins"].choices
    assert label.startswith("Firefox, Linux")
    assert there.session.session_key not in page.content.decode()
    [(other_code, _label)] = juns_choices(juns)
    for form, status in (
        ({"sign_ins": [code], "password": "wrong"}, 422),
        ({"sign_ins": [], "password": PASSWORD}, 422),
        ({"sign_ins": [other_code], "password": PASSWORD}, 422),
    ):
        assert here.post("/console/account/", form).status_code == status
    assert is_in(there)
    assert here.post("/console/account/", {"sign_ins": [code], "password": PASSWORD}).status_code == 302
    assert not is_in(there)
    assert is_in(here)
    assert is_in(juns)


def juns_choices(juns: Client) -> Any:
    """Jun's own list, from a second browser."""
    return signed_in("jun").get("/console/account/").context["ending_form"].fields["sign_ins"].choices


def test_an_operator_ends_the_sign_ins_of_one_or_of_all(mina: Any) -> None:
    UserFactory(username="jun")
    minas, juns = signed_in(), signed_in("jun")
    call_command("end_sign_ins", "mina")
    assert (is_in(minas), is_in(juns)) == (False, True)
    call_command("end_sign_ins")
    assert not is_in(juns)
    ended = LogEntry.objects.filter(study=None, action="sign-ins ended")
    assert [entry.data for entry in ended] == [{"account": "mina", "count": 1}, {"account": "jun", "count": 1}]
    with pytest.raises(CommandError, match="no account"):
        call_command("end_sign_ins", "nobody")


def test_signing_out_empties_the_browsers_cache(mina: Any) -> None:
    assert signed_in().post("/console/sign-out/").headers["Clear-Site-Data"] == '"cache"'


def test_fields_of_passwords_help_password_managers(mina: Any) -> None:
    client = signed_in()
    signed_in()
    page = client.get("/console/account/").content.decode()
    assert page.count('type="password"') == page.count('-password"') == 5
    sign_in = Client().get("/console/sign-in/").content.decode()
    assert 'autocomplete="username"' in sign_in
    assert 'autocomplete="current-password"' in sign_in


DECORATED = [
    "Password2026!!!",
    "qwertyqwerty12",
    "earsight-study-1",
    "P@ssw0rd123456",
    "iloveyou!!!!!!",
    "abcabcabcabcab",
]


@pytest.mark.parametrize("password", DECORATED)
def test_a_common_password_is_refused_with_signs_around_it(password: str) -> None:
    with pytest.raises(ValidationError, match="common one with signs around it"):
        validate_password(password)
    # Without the rule it would be taken: it is long, and not in Django's list as it stands.
    CommonPasswordValidator().validate(password)


@pytest.mark.parametrize(
    "password",
    [NEW, "x7h-9kq2m-vvt4z-c83np", "correct horse battery staple", "가나다라 마바사 아자차카", "z" * 3 + "u8#k" * 16],
)
def test_any_other_password_of_twelve_signs_is_taken(password: str) -> None:
    validate_password(password)


def test_a_short_password_and_one_like_the_name_are_refused() -> None:
    user = UserFactory.build(username="mina.kim.seoul")
    for password in ("x7h-9kq2m", "mina.kim.seoul2"):
        with pytest.raises(ValidationError):
            validate_password(password, user)


TYPED = "my secret where the name belongs"


def test_nothing_that_was_typed_is_kept_of_a_failed_sign_in(mina: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a password in the field of the name, nor the fields of the account page."""
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            Client().post("/console/sign-in/", {"username": TYPED, "password": "x"})
            change(signed_in(), old="mistyped old one", new="planned new one")
    for model in apps.get_models():
        for row in map(str, model._default_manager.values()):
            assert not any(word in row for word in (TYPED, "mistyped", "planned")), model
    assert "login failure" in caplog.text
    assert TYPED not in caplog.text
    # Guesses at a name that does not exist are limited all the same, so that the answer tells nothing.
    for _ in range(project.AXES_FAILURE_LIMIT):
        answer = Client().post("/console/sign-in/", {"username": TYPED, "password": "x"})
    assert answer.status_code == 429


def test_the_address_for_mails_is_changed_by_who_knows_the_password(mina: Any) -> None:
    client, url, old = signed_in(), "/console/account/", mina.email
    for given, password, status, kept in (
        # A link for a forgotten password goes there: an open console alone must not be enough to take the account.
        ("thief@example.org", "", 422, old),
        ("thief@example.org", "wrong", 422, old),
        ("new@example.org", PASSWORD, 302, "new@example.org"),
        ("mina at home", PASSWORD, 422, "new@example.org"),
        ("", PASSWORD, 302, ""),
    ):
        assert client.post(url, {"email": given, "password": password}).status_code == status
        mina.refresh_from_db()
        assert mina.email == kept


def test_a_new_address_and_a_new_password_are_told_to_the_address_of_before(
    mina: Any, mailoutbox: list, monkeypatch: Any
) -> None:
    monkeypatch.setattr("config.accounts.mails.later", lambda work: work())
    mina.email = "old@example.org"
    mina.save()
    client = signed_in()
    with TestCase.captureOnCommitCallbacks(execute=True):
        client.post("/console/account/", {"first_name": "Mina", "email": "new@example.org", "password": PASSWORD})
        client.post("/console/account/", {"first_name": "Mina K", "email": "new@example.org"})
        change(client)
    assert [mail.to for mail in mailoutbox] == [["old@example.org"], ["new@example.org"]]
    assert "go to another address" in mailoutbox[0].body
    assert "A new password was set for the account mina" in mailoutbox[1].body
