"""The pages of opening, previewing, running and closing a study, and of its links."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from study.models import InviteLink, Participant, ProblemReport, Study
from study.participants.enrolment import enrol
from study.tasks import audit_blinding
from tests.factories import make_open_study, make_study
from tests.study.blinding_audit.visits import let_one_visit

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


def test_what_blocks_opening_is_listed_and_stops_it(draft: Study, as_user: SignIn) -> None:
    browser = as_user(draft.owner)
    page = browser.get(reverse("study_open", args=[draft.slug])).text
    assert "No clip is included. Upload clips first." in page
    assert "Open the study</button>" not in page
    page = browser.post(reverse("study_move", args=[draft.slug, "begin"]), {"confirmed": "1"}, follow=True).text
    assert "No clip is included" in page
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_the_page_asks_for_the_audits_and_for_the_clips_once(owner: Any, as_user: SignIn) -> None:
    study, browser = make_study(clips=1, owner=owner), as_user(owner)
    with CaptureQueriesContext(connection) as queries:
        browser.get(reverse("study_open", args=[study.slug]))
    asked = [query["sql"] for query in queries]
    assert sum("survey_audio" in sql and "image_digest" in sql for sql in asked) == 1, "all that participants are shown"
    assert sum("blindingaudit" in sql and "fingerprint" in sql.partition("WHERE")[2] for sql in asked) == 1
    assert sum("COUNT(*)" in sql and 'FROM "study_clip"' in sql and "is_practice" in sql for sql in asked) == 1


def test_a_study_is_opened_paused_resumed_and_closed(
    owner: Any, as_user: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_one_visit(monkeypatch)
    study = make_study(clips=1, owner=owner)
    browser = as_user(owner)

    def move(verb: str, **fields: str) -> str:
        page = browser.post(reverse("study_move", args=[study.slug, verb]), fields, follow=True).text
        study.refresh_from_db()
        return page

    assert "Tick the box first" in move("begin")
    assert study.status == "draft"
    move("begin", confirmed="1")
    audit_blinding(study.blinding_audits.get().pk)  # what a worker does, which opens the study
    study.refresh_from_db()
    assert study.status == "open"
    assert study.plan_digest
    assert "Give a reason" in move("pause")
    move("pause", reason="server work")
    assert study.status == "paused"
    move("resume")
    assert study.status == "open"
    assert "Tick the box first" in move("close", reason="done")
    move("close", reason="done", confirmed="1")
    assert study.status == "closed"
    assert "not possible now" in move("resume")
    log = browser.get(reverse("study_log", args=[study.slug])).text
    assert "server work" in log


@pytest.mark.parametrize("name", ["study_overview", "study_describe", "study_open", "study_monitor", "study_links"])
def test_a_running_studys_conditions_are_called_by_opaque_labels(name: str, owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner)
    text = as_user(owner).get(reverse(name, args=[study.slug])).text
    assert "redefined_tags" not in text
    assert "Original sentence" not in text
    if name in {"study_overview", "study_describe"}:
        labels = [text.index(label) for label in sorted(row.sealed_label for row in study.conditions.all())]
        assert labels == sorted(labels), "an order by number would tell which is which"


def test_after_the_grace_period_the_names_are_back(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner, status="closed", closed_at=timezone.now(), grace_minutes=60)
    url = reverse("study_overview", args=[study.slug])
    assert "Redefined tags" not in as_user(owner).get(url).text
    Study.objects.update(grace_minutes=0)
    assert "Redefined tags" in as_user(owner).get(url).text


def test_the_preview_goes_into_the_survey_as_a_pilot(owner: Any, as_user: SignIn) -> None:
    study = make_study(clips=2, owner=owner)
    answer = as_user(owner).post(reverse("study_preview_start", args=[study.slug]))
    link = InviteLink.objects.get(study=study)
    assert (link.kind, link.cap) == (Participant.Kind.PILOT, 1)
    assert answer.url.startswith("/j/")
    assert as_user(owner).get(answer.url, follow=True).status_code == 200


def test_no_preview_before_the_images_are_there(draft: Study, as_user: SignIn) -> None:
    as_user(draft.owner).post(reverse("study_preview_start", args=[draft.slug]))
    assert not InviteLink.objects.exists()


def test_the_links_page_has_the_link_and_its_code(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner)
    page = as_user(owner).get(reverse("study_links", args=[study.slug])).text
    assert study.open_link_token in page
    assert "data:image/svg+xml" in page
    assert "choose the platform in the plan" in page  # else its ids would not be stored
    assert "PROLIFIC_PID" not in page


@pytest.mark.parametrize(
    ("platform", "address"),
    [
        ("prolific", "/?PROLIFIC_PID={{%PROLIFIC_PID%}}&amp;STUDY_ID={{%STUDY_ID%}}&amp;SESSION_ID={{%SESSION_ID%}}"),
        ("sona", "/?survey_code=%SURVEY_CODE%"),
        ("mturk", "/"),
    ],
)
def test_the_links_page_has_the_address_that_the_platform_takes(
    owner: Any, as_user: SignIn, platform: str, address: str
) -> None:
    study = make_open_study(clips=1, owner=owner, recruitment_platform=platform)
    page = as_user(owner).get(reverse("study_links", args=[study.slug])).text
    assert f'id="platform-address" value="{settings.BASE_URL}/s/{study.open_link_token}{address}"' in page


def test_personal_links_are_handed_out_once_as_a_table(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner)
    browser = as_user(owner)
    url = reverse("study_links", args=[study.slug])
    answer = browser.post(url, {"count": 2, "cap": 1, "labels": "=seat 1\nseat 2"})
    rows = answer.text.lstrip("﻿").splitlines()
    assert answer["Content-Type"].startswith("text/csv")
    assert rows[0] == "label,link"
    assert rows[1].startswith("'=seat 1,http")
    token = rows[1].rstrip("/").rpartition("/")[2]
    assert token not in json.dumps(list(study.invite_links.values("label", "token_hash")))
    refused = browser.post(url, {"count": 3, "cap": 1, "labels": "a\nb"})
    assert "2 names for 3 links" in refused.text
    assert study.invite_links.count() == 2


def test_a_reported_problem_is_marked_as_resolved(owner: Any, as_user: SignIn) -> None:
    study = make_open_study(clips=1, owner=owner)
    enrol(study)
    report = ProblemReport.objects.create(study=study, page="trial", text="<b>no sound</b>")
    url = reverse("study_monitor", args=[study.slug])
    assert "&lt;b&gt;no sound" in as_user(owner).get(url).text
    as_user(owner).post(reverse("problem_resolve", args=[study.slug, report.pk]))
    assert "no sound" not in as_user(owner).get(url).text
