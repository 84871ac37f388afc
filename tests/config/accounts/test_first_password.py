"""`add_researcher` prints a link; its person alone knows the password."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as project
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.management import CommandError, call_command
from django.test import Client

from study.participants.log_masking import mask
from tests.config.accounts.test_account import NEW, is_in, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(capsys: pytest.CaptureFixture) -> str:
    return made(capsys, "mina")


def made(capsys: pytest.CaptureFixture, *arguments: str) -> str:
    call_command("add_researcher", *arguments)
    link = capsys.readouterr().out.split("link:")[1].split()[0]
    assert link.startswith(f"{project.BASE_URL}/console/set-password/")
    return urlsplit(link).path


def set_by(link: str, password: str = NEW) -> Any:
    """Open the link and send the form, as a browser does."""
    client = Client()
    opened = client.get(link, follow=True)
    if not opened.context["validlink"]:
        return None
    return client.post(opened.redirect_chain[-1][0], {"new_password1": password, "new_password2": password})


def test_the_link_sets_a_password_once(link: str, capsys: pytest.CaptureFixture) -> None:
    assert Client().post("/console/sign-in/", {"username": "mina", "password": ""}).status_code == 200
    assert set_by(link, "Password2026!!!").status_code == 200  # refused as everywhere
    assert set_by(link).status_code == 302
    client = signed_in(password=NEW)
    assert set_by(link) is None
    # A forgotten password: another link, and the new password ends what is open.
    assert set_by(made(capsys, "mina", "--new-link"), NEW + " too").status_code == 302
    assert not is_in(client)


def test_the_link_ends_after_three_days(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later = datetime.now() + timedelta(days=3, minutes=1)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    page = Client().get(link).content.decode()
    assert "too old" in page
    assert "new_password1" not in page


def test_the_links_token_stands_in_no_later_address_and_in_no_log(link: str) -> None:
    token = link.rstrip("/").rpartition("/")[2]
    opened = Client().get(link, follow=True)
    assert all(token not in address for address, _status in opened.redirect_chain)
    assert token not in opened.content.decode()
    assert token not in mask(f"GET {link} 302")


def test_names_that_cannot_be_are_refused(link: str) -> None:
    for arguments, reason in (
        (["Mina"], "already"),
        (["no spaces please"], "cannot be used"),
        (["nobody", "--new-link"], "There is no account"),
    ):
        with pytest.raises(CommandError, match=reason) as refusal:
            call_command("add_researcher", *arguments)
        assert refusal.value.returncode == 2


@pytest.mark.django_db
def test_the_first_account_is_made_only_if_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("add_researcher", "ada", "--first")
    assert "/console/set-password/" in capsys.readouterr().out
    call_command("add_researcher", "grace", "--first")
    assert "There are accounts already" in capsys.readouterr().out
    assert list(get_user_model().objects.values_list("username", flat=True)) == ["ada"]
