"""A new secret key: with the older one among the fallbacks, sign-ins go on and are listed; without it they end."""

from typing import Any

import pytest
from django.test import Client

from config.accounts.sessions import open_sign_ins
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_sign_ins_survive_a_new_key_only_with_the_older_one(settings: Any) -> None:
    user = UserFactory(username="mina")
    browser = Client()
    browser.force_login(user)
    assert browser.get("/console/").status_code == 200
    old, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 50
    settings.SECRET_KEY_FALLBACKS = [old]
    assert len(open_sign_ins(user)) == 1  # before it is used again, and so signed anew
    settings.SECRET_KEY_FALLBACKS = []
    assert open_sign_ins(user) == []
    assert browser.get("/console/").status_code == 302
