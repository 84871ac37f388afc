"""A forgotten password: the same page for every address, a mail for those that an account has, all sign-ins ended."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axes.utils import reset
from django.conf import settings as project
from django.core import mail
from django.test import Client
from django.urls import reverse

from config.accounts import forgotten, mails
from study.models import LogEntry
from tests.config.addresses import browser
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
URL = "/console/forgotten-password/"
NEW = "seven quiet lanterns"
LATER = mails.later


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: Any) -> None:
    reset()
    monkeypatch.setattr(forgotten, "later", lambda work: work())
    monkeypatch.setattr(mails, "later", lambda work: work())


def ask(address: str, network: str = "203.0.113.5") -> Any:
    return Client(REMOTE_ADDR=network).post(URL, {"email": address})


def test_the_mailed_link_sets_a_password_once_and_ends_all_sign_ins() -> None:
    user = UserFactory(username="mina", email="Mina@Example.org")
    elsewhere = browser(user)
    for _ in range(project.AXES_FAILURE_LIMIT):
        Client().post(reverse("sign_in"), {"username": "mina", "password": "wrong"})
    ask("mina@example.org")
    [message] = mail.outbox
    assert message.to == ["Mina@Example.org"]
    [path] = re.findall(r"http://[^/]+(/console/set-password/\S+)", message.body)
    client = Client()
    page = client.get(path, follow=True)
    client.post(page.request["PATH_INFO"], {"new_password1": NEW, "new_password2": NEW})
    assert elsewhere.get("/console/").status_code == 302
    assert "has been used" in Client().get(path, follow=True).text
    # Also after very many wrong ones, which lock the name.
    assert Client().post(reverse("sign_in"), {"username": "mina", "password": NEW}).status_code == 302
    actions = list(LogEntry.objects.filter(study=None).values_list("action", flat=True))
    assert [action for action in actions if "password" in action] == ["password link sent", "password changed"]


def test_nobody_learns_whether_an_address_has_an_account(monkeypatch: Any) -> None:
    UserFactory(email="known@example.org")
    strip: Callable[[str], str] = lambda page: re.sub(r'value="[^"]*"', "", page)  # noqa: E731
    known, unknown = ask("known@example.org"), ask("unknown@example.org")
    assert strip(known.text) == strip(unknown.text)
    assert "If an account has this address" in known.text
    assert len(mail.outbox) == 1
    # Nothing of the account is looked up, and nothing sent, before the page is: else its time would tell.
    waiting: list[Any] = []
    monkeypatch.setattr(forgotten, "later", waiting.append)
    monkeypatch.setattr(forgotten.ForgottenPasswordForm, "get_users", lambda *_args: pytest.fail("looked up too early"))
    assert ask("known@example.org").status_code == 200
    assert len(waiting) == 1


def test_who_was_given_an_account_and_has_set_no_password_yet_gets_a_link_too() -> None:
    user = UserFactory(email="new@example.org")
    user.set_unusable_password()
    user.save()
    ask("new@example.org")
    [path] = re.findall(r"http://[^/]+(/console/set-password/\S+)", mail.outbox[0].body)
    assert 'name="new_password1"' in Client().get(path, follow=True).text


def test_mails_to_one_address_and_requests_of_one_network_are_limited() -> None:
    UserFactory(email="known@example.org")
    pages = {ask("known@example.org", f"198.51.{number}.1").status_code for number in range(forgotten.MAILS_TO_ONE + 3)}
    assert pages == {200}
    assert len(mail.outbox) == forgotten.MAILS_TO_ONE
    statuses = [ask(f"{number}@example.org").status_code for number in range(forgotten.REQUESTS + 2)]
    assert statuses == [200] * forgotten.REQUESTS + [429] * 2


def test_no_mail_for_an_account_that_is_deactivated_and_a_way_where_no_mails_are_sent(settings: Any) -> None:
    UserFactory(email="gone@example.org", is_active=False)
    ask("gone@example.org")
    assert mail.outbox == []
    assert "Enter a valid email address" in ask("no address").text
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = Client().get(URL).text
    assert "manage.py add_researcher NAME --new-link" in page
    assert "<form method" not in page.split("</h1>")[1].split('class="languages"')[0]
    assert URL in Client().get(reverse("sign_in")).text


def test_a_mail_server_that_fails_is_logged_and_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("away")

    LATER(fail)
    mails._mailer.submit(lambda: None).result(10)
    assert "A mail to an account could not be sent" in caplog.text
