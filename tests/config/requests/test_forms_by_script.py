"""What the script of the console's forms is told of a form that was not let in: nothing else counts as saved."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from study.models import Role, Study
from tests.config.addresses import browser
from tests.factories import UserFactory, make_study

pytestmark = pytest.mark.django_db
SCRIPT = {"X-Requested-With": "form"}


@pytest.fixture
def study() -> Study:
    return make_study(clips=0)


def send(client: Client, study: Study) -> Any:
    return client.post(reverse("study_describe", args=[study.slug]), {"title": "Another"}, headers=SCRIPT)


def test_who_is_signed_out_is_told_where_to_sign_in(study: Study) -> None:
    answer = send(Client(), study)
    assert (answer.status_code, answer.json()) == (401, {"sign_in": reverse("sign_in")})


def test_who_has_to_set_up_a_second_factor_first_is_led_there(study: Study, settings: Any) -> None:
    settings.SECOND_FACTOR = "required"
    answer = send(browser(study.owner), study)
    assert (answer.status_code, answer.json()) == (401, {"sign_in": reverse("second_factor")})


def test_a_page_of_another_sign_in_is_told_from_a_lower_role(study: Study) -> None:
    old = browser(study.owner, enforce_csrf_checks=True)
    assert send(old, study).json() == {"is_old": True}
    colleague = UserFactory(username="mina")
    study.memberships.create(user=colleague, role=Role.READER)
    answer = send(browser(colleague), study)
    assert answer.status_code == 403
    assert answer.json()["problem"].startswith("Nothing was saved: Only the owner and editors can change this.")
