"""Markup, template code, SQL and format fields in every text that people write: shown as text, by every page."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.urls import reverse

from analysis.study_results.analyses import build_analysis
from study.models import Clip, Condition, InviteLink, LogEntry, ProblemReport, Study
from study.models.log import record
from study.participants.exclusion import set_exclusion
from tests.analysis.answered_studies import closed_study
from tests.config.addresses import addresses_of, body, browser, participant_addresses
from tests.factories import UserFactory, make_open_study, make_study
from tests.generation.console.test_own_files import RULES
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
# Each part would do something in one of the languages that a text passes through.
HOSTILE = """'"><i id=planted>{{ 7777*7 }}{% debug %}${7777*7}{0.__class__}%(x)s'); DROP TABLE study_study;--"""
SIGNS = (b"<i id=planted", b"54439", b"__class__>", b"<class ")


def plant(row: models.Model, *names: str) -> None:
    """Write the hostile text into these columns, as they may hold what came in before a rule refused it."""
    for name in names:
        longest = row._meta.get_field(name).max_length
        type(row)._default_manager.filter(pk=row.pk).update(**{name: HOSTILE[:longest]})


@pytest.fixture
def world(settings: Any) -> SimpleNamespace:
    owner = UserFactory(username="owner")
    teammate = UserFactory(username="teammate", first_name=HOSTILE[:150])
    plant(teammate, "username")
    draft = make_study(clips=1, owner=owner, slug="draft")
    closed = closed_study(clips=1, people=3, owner=owner, slug="closed")
    running = make_open_study(clips=1, owner=owner, slug="running")
    for study in (draft, closed, running):
        study.members.add(teammate)
        plant(study, "title", "description", "completion_code")
        texts = {"en": HOSTILE}
        Study.objects.filter(pk=study.pk).update(question=texts, instructions=texts, consent_text=texts)
        Clip.objects.filter(study=study).update(name=HOSTILE, exclusion_reason=HOSTILE, imported_tags=[HOSTILE])
        Condition.objects.filter(study=study).update(label=HOSTILE[:80])
        ProblemReport.objects.create(study=study, page="survey", text=HOSTILE)
        record(study, "described", actor=owner, reason=HOSTILE, title=HOSTILE)
        study.files.create(kind="rules", name=HOSTILE, digest="0" * 64, text="name: x", summary={"rules": 1})
    set_exclusion(closed, closed.participants.order_by("pk").first().code, HOSTILE, actor=owner)
    build_analysis(closed)
    return SimpleNamespace(owner=owner, studies=(draft, closed, running), running=running)


def test_planted_markup_reaches_no_page_as_markup(world: SimpleNamespace) -> None:
    client, seen = browser(world.owner), 0
    visit = Visit(world.running).to_trials()
    pages = [(client, url) for study in world.studies[:2] for url in addresses_of(study)]
    pages += [(client, reverse("study_list")), (visit.client, visit.entry_url)]
    pages += [(visit.client, url) for url in participant_addresses(visit)]
    for browsing, url in pages:
        if url.endswith((".zip", ".svg")):  # files, which take long to make
            continue
        answer = browsing.get(url)
        assert answer.status_code < 500, url
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            page = body(answer)
            assert not [sign for sign in SIGNS if sign in page], url
            seen += b"id=planted" in page
    # The control: the texts are on many pages, as texts.
    assert seen > 20
    assert Study.objects.count() == 3
    assert LogEntry.objects.exists()
    assert InviteLink.objects.count() == 0


def test_the_name_of_an_uploaded_file_cannot_change_the_header() -> None:
    study = make_study(clips=1)
    client = browser(study.owner)
    study.files.create(kind="rules", name=HOSTILE, digest="0" * 64, text="name: x", summary={"rules": 1})
    name = 'a"; filename=evil.html\r\nSet-Cookie: x=1\r\n.yaml'
    client.post(
        reverse("generation_files", args=[study.slug]),
        {"kind": "rules", "file": SimpleUploadedFile(name, RULES, content_type="text/html")},
    )
    assert study.files.count() == 2
    for row in study.files.all():
        answer = client.get(reverse("generation_file", args=[study.slug, row.pk]))
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert "Set-Cookie" not in answer.headers
        assert "\n" not in answer.headers["Content-Disposition"]
