"""The page “Mails about this study”."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from study.models import Role, Study
from study.notices.choices import kinds_wanted
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


def test_each_chooses_for_themselves(draft: Study, as_user: SignIn) -> None:
    reader, url = UserFactory(), reverse("study_mails", args=[draft.slug])
    draft.memberships.create(user=reader, role=Role.READER)
    assert (kinds_wanted(draft, draft.owner), kinds_wanted(draft, reader)) == ({"target"}, set())
    page = as_user(reader).post(url, {"kind": ["stops", "work", "nonsense"]}, follow=True).text
    assert "Saved." in page
    assert page.count("checked") == 2
    assert (kinds_wanted(draft, draft.owner), kinds_wanted(draft, reader)) == ({"target"}, {"stops", "work"})


def test_the_page_says_why_no_mail_will_come(draft: Study, as_user: SignIn, settings: Any) -> None:
    url = reverse("study_mails", args=[draft.slug])
    assert "sends no mails" not in as_user(draft.owner).get(url).text
    draft.owner.email = ""
    draft.owner.save()
    assert "Your account has no address" in as_user(draft.owner).get(url).text
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "EARSIGHT_EMAIL_URL" in as_user(draft.owner).get(url).text
