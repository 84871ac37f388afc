"""Request each URL of the project as each kind of person who must not have access to it.

`AUDIENCE` names the people for whom each URL is. A URL that is missing there fails the first test, so that no page is
added without this decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from analysis.study_results.analyses import build_analysis
from study import jobs
from study.jobs import requests
from study.jobs.work import run_job
from study.models import Job, ProblemReport, Study
from study.participants.enrolment import enrol
from study.participants.links import create_personal_links
from study.participants.questions import shipped_question_set
from tests import without_processes
from tests.analysis.answered_studies import closed_study
from tests.config.addresses import (
    AUDIENCE,
    METHODS,
    NEEDS,
    OWN,
    addresses_of,
    body,
    browser,
    named_addresses_of,
    participant_addresses,
    url_names,
)
from tests.factories import UserFactory, make_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


def test_every_url_has_an_audience() -> None:
    listed = [name for group in AUDIENCE.values() for name in group]
    assert len(listed) == len(set(listed))
    assert set(url_names()) - set(listed) == set(), "new URLs: add them to AUDIENCE"
    assert set(listed) - set(url_names()) == set(), "in AUDIENCE, but no longer a URL"


@pytest.fixture
def world() -> SimpleNamespace:
    return make_world()


def make_world() -> SimpleNamespace:
    """A draft and a closed study of the owner and a teammate, and the stranger's own study."""
    owner, teammate, stranger = (UserFactory(username=name) for name in ("owner", "teammate", "stranger"))
    asked = shipped_question_set("musical_experience")
    draft = make_study(clips=1, owner=owner, title="Zither pictures", slug="zither-draft", questions_before=asked)
    closed = closed_study(clips=1, people=2, owner=owner, title="Zither answers", slug="zither-closed")
    for study in (draft, closed):
        study.members.add(teammate)
        study.files.create(kind="rules", name="Zither.yaml", digest="0" * 64, text="name: Zither", summary={"rules": 1})
        job = study.jobs.create(kind="table", arguments={"name": "ballots.csv"})
        job.files.create(is_result=True, name="ballots.csv", file="jobs/zither.csv")
    Study.objects.filter(pk=closed.pk).update(recruitment_platform="prolific")
    closed.refresh_from_db()
    closed.platform_visits.create(person="0" * 64, ids={"PROLIFIC_PID": "zither1"}, state="finished")
    ProblemReport.objects.create(study=closed, page="survey", text="no sound")
    theirs = make_study(clips=1, owner=stranger, title="Stranger's own", slug="strangers-own")
    return SimpleNamespace(owner=owner, teammate=teammate, stranger=stranger, draft=draft, closed=closed, theirs=theirs)


@pytest.fixture
def analysed(world: SimpleNamespace) -> SimpleNamespace:
    return with_results(world)


def with_results(world: SimpleNamespace) -> SimpleNamespace:
    """The same studies, with results of the closed one."""
    build_analysis(world.closed)
    run_job(jobs.request_job(world.closed, "table", {"name": "ballots.csv"}).pk)
    return world


@dataclass(frozen=True)
class Answer:
    """What the server answered to a GET of an address."""

    row: str  # the address's in NEEDS
    address: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def answer_to(client: Client, address: str, row: str = "") -> Answer:
    response = client.get(address)
    return Answer(row, address, response.status_code, response.headers, body(response))


def _do(job: Job) -> None:
    run_job(job.pk)
    job.refresh_from_db()


@pytest.fixture(scope="module")
def answers_to_members(django_db_setup: None, django_db_blocker: Any) -> list[Answer]:
    """Of the draft and the analysed study each address, read by the teammate, or by the owner what only they may do.

    Made once: the report and all other files are made as they are asked for.
    """
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr(settings, "GENERATION_LEASE_SECONDS", 3600)  # no heartbeat into an open transaction
        patch.setattr(requests, "wake", _do)
        without_processes.typeset_nothing(patch)
        world = with_results(make_world())
        owner, teammate = browser(world.owner), browser(world.teammate)
        answers = [
            answer_to(owner if NEEDS[row][0] is OWN else teammate, address, row)
            for study in (world.draft, world.closed)
            for row, address in named_addresses_of(study)
        ]
        transaction.set_rollback(True)
    return answers


# What the server notes of a trial as it sends it.
NOTED_WHEN_SENT = {"page_sent_at", "sound_sent_at", "images_sent"}


def all_rows() -> dict[str, list]:
    """Return all rows of the project except sessions, sign-in attempts, and the notes of what was sent."""
    models = [
        model
        for label in ("study", "generation", "analysis")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]
    return {model._meta.label: _rows(model) for model in models} | {
        "users": list(get_user_model().objects.order_by("pk").values("pk", "username", "password", "is_superuser"))
    }


def _rows(model: type[Model]) -> list[dict[str, Any]]:
    names = [field.attname for field in model._meta.concrete_fields if field.name not in NOTED_WHEN_SENT]
    return list(model._default_manager.order_by("pk").values(*names))


# Form data that would change something on each page if the POST were allowed.
FORM = {
    "title": "Zither pictures",
    "name": "stranger",
    "reason": "because",
    "confirmed": "1",
    "tags": "piano;slow",
    "text": "x",
    "count": "3",
    "cap": "1",
    "languages": "en",
    "files": "",
    "restore": "",
    "generate": "1",
    "tag_source": "people",
    "weight_first": "5",
    "weight_second": "1",
    "agree": "on",
    "first": "A",
    "second": "B",
}


def test_visitors_who_are_not_signed_in_have_no_access_to_a_study(world: SimpleNamespace) -> None:
    before = all_rows()
    anonymous = browser()
    for study, methods in ((world.draft, ("get", "post")), (world.closed, METHODS)):
        for address in [*addresses_of(study), reverse("study_list"), reverse("study_create")]:
            for method in methods:
                response = getattr(anonymous, method)(address, FORM if method == "post" else None)
                assert response.status_code in (302, 405), (method, address)
                if response.status_code == 302:
                    assert response.headers["Location"].startswith("/console/sign-in/?next="), (method, address)
                assert b"Zither" not in body(response), (method, address)
    assert all_rows() == before


def test_a_study_of_others_looks_like_one_that_does_not_exist(world: SimpleNamespace) -> None:
    """The response must not reveal whether the study exists."""
    stranger = browser(world.stranger)
    before = all_rows()

    @cache  # the draft and the closed study have mostly the same addresses there
    def answer(method: str, address: str) -> tuple[int, bytes]:
        response = getattr(stranger, method)(address, FORM if method == "post" else None)
        return response.status_code, body(response)

    for study, methods in ((world.draft, ("get", "post")), (world.closed, METHODS)):
        for address in addresses_of(study):
            for method in methods:
                status, page = answer(method, address)
                assert status in (404, 405), (method, address)
                assert b"Zither" not in page, (method, address)
                if method in ("patch", "delete", "options"):  # a view that takes one answers not as to PUT
                    assert (status, page) == answer("put", address), (method, address)
                    continue
                nowhere = address.replace(study.slug, "no-such-study")
                assert (status, page.replace(study.slug.encode(), b"no-such-study")) == answer(method, nowhere)
    assert all_rows() == before


def test_asking_for_a_study_of_others_is_in_the_log(world: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", logger="study"):
        browser(world.stranger).get(reverse("study_overview", args=["no-such-study"]))
        browser(world.owner).get(reverse("study_overview", args=[world.draft.slug]))
        assert "no access" not in caplog.text
        browser(world.stranger).get(reverse("study_overview", args=[world.draft.slug]))
    assert f"account {world.stranger.pk} asked for the study {world.draft.slug}" in caplog.text


def test_clips_images_and_people_of_a_study_have_no_url_under_another_study(world: SimpleNamespace) -> None:
    """The slug is of the stranger's own study; clips, images, people and reports are of the owner's."""
    stranger = browser(world.stranger)
    before = all_rows()
    parts = ("/clips/", "/image/", "/people/", "/problems/")
    addresses = [
        address
        for address in addresses_of(world.closed, slug=world.theirs.slug)
        if any(part in address and not address.endswith(part) for part in parts)
    ]
    assert len(addresses) >= 9
    for address in addresses:
        assert stranger.get(address).status_code in (404, 405), address
        # Resolving a report that does not exist gets the same response as one that does.
        assert stranger.post(address, FORM).status_code in (302, 404, 405), address
    assert all_rows() == before


def test_a_teammate_has_access(answers_to_members: list[Answer]) -> None:
    """The control of the tests above: the same requests succeed for a member of the study."""
    # There once a deposit was checked, or pictures were taken: config/deposits/console/test_pages.py and
    # analysis/interface_pictures/ see them.
    later = ("deposit_badge", "study_interface_picture")
    half = len(answers_to_members) // 2
    for one, other in zip(answers_to_members[:half], answers_to_members[half:], strict=True):
        assert one.row == other.row
        if NEEDS[one.row][0] is not OWN and one.row not in later:
            assert one.status == other.status == 405 or 200 in (one.status, other.status), one.address


def test_get_requests_change_nothing_but_log_downloads_and_prepare_files(analysed: SimpleNamespace) -> None:
    owner = browser(analysed.owner)
    visit = Visit(Study.objects.get(pk=open_study(analysed).pk)).to_trials()
    finished = Visit(visit.participant.study).to_trials()
    finished.finish()
    create_personal_links(visit.participant.study, 1)
    before = all_rows()
    for study in (analysed.draft, analysed.closed, visit.participant.study):
        for address in [*addresses_of(study), reverse("study_list"), reverse("study_create")]:
            owner.get(address)
    for person in (visit, finished):
        for address in participant_addresses(person):
            person.client.get(address)
    for address in ("/", "/withdraw/", "/language/", visit.entry_url, f"/p/{visit.token}/"):
        Client().get(address)
    after = all_rows()
    number = len(before.pop("study.LogEntry"))
    assert {row["action"] for row in after.pop("study.LogEntry")[number:]} == {"downloaded"}
    assert before.pop("study.ChainHead") != after.pop("study.ChainHead")
    known = len(before.pop("study.Job"))
    assert {row["kind"] for row in after.pop("study.Job")[known:]} == {"report", "bundle"}
    assert after == before


def test_forms_from_another_site_are_refused(world: SimpleNamespace) -> None:
    """A POST without the CSRF token of the page is refused, also with a valid session or cookie."""
    visit = Visit(open_study(world)).to_trials()
    client = browser(world.owner, enforce_csrf_checks=True)
    before = all_rows()
    addresses = [url for study in (world.draft, world.closed, visit.participant.study) for url in addresses_of(study)]
    addresses += [
        reverse(name)
        for name in ("study_list", "study_create", "sign_in", "sign_out", "survey_site_language", "survey_withdraw")
    ]
    for address in addresses:
        assert client.post(address, FORM).status_code == 403, address
    person = Client(enforce_csrf_checks=True)
    person.cookies = visit.client.cookies
    del person.cookies["csrftoken"]
    for address in [*participant_addresses(visit), visit.entry_url]:
        assert person.post(address, FORM).status_code == 403, address
    assert all_rows() == before


def open_study(world: SimpleNamespace) -> Study:
    study, _created = Study.objects.get_or_create(slug="zither-open", defaults={"owner": world.owner})
    if not study.clips.exists():
        study.delete()
        study = make_study(
            clips=2, owner=world.owner, title="Zither open", slug="zither-open", status=Study.Status.OPEN
        )
    return study


def test_a_participants_pages_need_the_participants_cookie(world: SimpleNamespace) -> None:
    study = open_study(world)
    visit, another = Visit(study).to_trials(), Visit(study).to_trials()
    visit.answer(1)
    # Other visitors: without a cookie, with another participant's cookie on this URL, and researchers.
    moved = Client()
    moved.cookies[settings.PARTICIPANT_COOKIE_NAME] = another.token
    clients = (Client(), moved, another.client, browser(world.owner), browser(world.stranger))
    before = all_rows()
    for client in clients:
        for address in participant_addresses(visit):
            for method in METHODS:
                response = getattr(client, method)(address, FORM if method == "post" else None)
                assert response.status_code in (403, 404, 405), (method, address)
                assert not body(response).startswith((b"\x89PNG", b"\xff\xfb", b"ID3")), (method, address)
    assert all_rows() == before


def test_the_media_of_a_trial_have_no_url_under_another_participant(world: SimpleNamespace) -> None:
    study = open_study(world)
    visit, another = Visit(study).to_trials(), Visit(study).to_trials()
    trial = another.participant.trials.order_by("number").first()
    assert trial is not None
    assert visit.get(f"m/{trial.media_key}/A").status_code == 404
    assert visit.get(f"m/{trial.media_key}/audio").status_code == 404
    assert another.get(f"m/{trial.media_key}/A").status_code == 200


def test_a_teammate_can_neither_delete_the_study_nor_remove_others(world: SimpleNamespace) -> None:
    third = UserFactory(username="third")
    world.draft.members.add(third)
    client = browser(world.teammate)
    assert (
        client.post(reverse("study_delete", args=[world.draft.slug]), {"title": world.draft.title}).status_code == 403
    )
    client.post(reverse("member_remove", args=[world.draft.slug, third.pk]))
    assert Study.objects.filter(pk=world.draft.pk).exists()
    assert world.draft.members.filter(pk=third.pk).exists()
    client.post(reverse("member_remove", args=[world.draft.slug, world.teammate.pk]))
    assert client.get(reverse("study_overview", args=[world.draft.slug])).status_code == 404


def test_an_operator_has_access_to_all_studies_until_deactivated(world: SimpleNamespace) -> None:
    operator = UserFactory(username="operator", is_superuser=True)
    client = browser(operator)
    overview = reverse("study_overview", args=[world.draft.slug])
    assert client.get(overview).status_code == 200
    get_user_model().objects.filter(pk=operator.pk).update(is_active=False)
    assert client.get(overview).status_code == 302


def test_there_is_no_admin_site(world: SimpleNamespace) -> None:
    """Pages that show rows unfiltered would break every seal."""
    assert not apps.is_installed("django.contrib.admin")


PAGES: tuple[str, ...] = ("sign_in", "study_list", "survey_withdraw")


def test_every_response_has_the_security_headers(world: SimpleNamespace, answers_to_members: list[Answer]) -> None:
    visit, owner = Visit(open_study(world)).to_trials(), browser(world.owner)
    answers = [*answers_to_members, *(answer_to(visit.client, url) for url in participant_addresses(visit))]
    answers += [*(answer_to(owner, reverse(name)) for name in PAGES), answer_to(Client(), "/nowhere/")]
    for answer in answers:
        address, headers = answer.address, answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, address
        assert "unsafe-eval" not in policy, address
        assert "script-src 'unsafe-inline'" not in policy, address
        report = address.endswith("/results/report.html") and answer.status == 200
        assert f"frame-ancestors {chr(39)}{'self' if report else 'none'}{chr(39)}" in policy, address
        assert headers["X-Frame-Options"] == ("SAMEORIGIN" if report else "DENY"), address
        assert headers["X-Content-Type-Options"] == "nosniff", address
        assert headers["Referrer-Policy"] == "same-origin", address
        assert any(word in headers["Cache-Control"] for word in ("private", "no-store", "no-cache")), address
        if not report:
            assert "unsafe-inline" not in policy, address
        assert "style=" not in answer.body.decode(errors="replace") or report, address


def test_a_token_of_one_study_gives_no_access_in_another(world: SimpleNamespace) -> None:
    person, token = enrol(open_study(world))
    other = make_study(clips=1, status=Study.Status.OPEN, slug="another-open")
    client = Client()
    client.cookies[settings.PARTICIPANT_COOKIE_NAME] = token
    page = client.get(f"/s/{other.open_link_token}/").content.decode()
    assert person.handle not in page
    assert 'name="resume"' not in page
