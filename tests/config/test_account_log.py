"""The installation's log: who signed in and out, locked sign-ins, accounts; and each download in its study's log."""

from typing import Any

import pytest
from axes.utils import reset
from django.conf import settings as project
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from study.models import LogEntry
from tests.config.test_sign_in import ADDRESS, SIGN_IN
from tests.factories import PASSWORD, UserFactory, make_open_study, make_study

pytestmark = pytest.mark.django_db


def entries() -> list[tuple[str, str, dict[str, Any]]]:
    return list(LogEntry.objects.filter(study=None).values_list("action", "actor_name", "data"))


def test_sign_ins_are_logged_with_the_name_and_without_an_address() -> None:
    reset()
    UserFactory(username="mina")
    client = Client(REMOTE_ADDR=ADDRESS)
    client.post(SIGN_IN, {"username": "mina", "password": PASSWORD})
    client.post("/console/sign-out/")
    assert entries() == [
        ("account made", "", {"account": "mina", "operator": False}),
        ("signed in", "mina", {}),
        ("signed out", "mina", {}),
    ]
    assert ADDRESS not in str(list(LogEntry.objects.values()))


def test_a_locked_sign_in_is_logged_once_and_an_unknown_name_never() -> None:
    reset()
    UserFactory(username="mina")
    for name in ("mina", "my secret password"):
        for _ in range(project.AXES_FAILURE_LIMIT + 3):
            Client().post(SIGN_IN, {"username": name, "password": "wrong"})
    assert [entry for entry in entries() if entry[0] != "account made"] == [
        ("sign-in locked", "", {"account": "mina"}),
    ]
    assert "secret" not in str(list(LogEntry.objects.values()))


def test_accounts_made_changed_and_deleted_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("add_researcher", "jun", "--operator")
    user = UserFactory._meta.model.objects.get(username="jun")
    user.set_password("another long password")
    user.save()
    user.first_name = "Jun"
    user.save()
    user.delete()
    assert [action for action, _actor, _data in entries()] == ["account made", "password changed", "account deleted"]


def test_a_draft_that_is_deleted_leaves_its_last_head() -> None:
    study = make_study(clips=0)
    client = Client()
    client.force_login(study.owner)
    client.post(reverse("study_delete", args=[study.slug]), {"title": study.title})
    action, actor, data = entries()[-1]
    assert (action, actor, data["slug"]) == ("study deleted", study.owner.username, study.slug)
    assert set(data) == {"slug", "number", "head"}


def test_each_download_is_logged_and_nothing_that_pages_show() -> None:
    study = make_open_study(clips=1)
    client = Client()
    client.force_login(study.owner)
    before = study.log.count()
    client.get(reverse("study_overview", args=[study.slug]))
    client.get(reverse("study_log", args=[study.slug]))
    assert study.log.count() == before
    assert client.get(reverse("tags_template", args=[study.slug])).status_code == 200
    entry = study.log.last()
    assert (entry.action, entry.actor_name, entry.data) == (
        "downloaded",
        study.owner.username,
        {"file": f"{study.slug}-tags.csv"},
    )
