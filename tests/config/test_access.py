"""Every address of the project, tried by everybody who should find nothing there.

`REACH` says of each address by name whom it is for. An address that is not in it fails the first test, so that
nobody adds a page without saying who may see it.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from analysis.results import build_analysis
from study.models import ProblemReport, Study
from study.participants.enrolment import enrol
from study.participants.links import create_personal_links
from tests.analysis.worlds import closed_study
from tests.factories import UserFactory, make_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db

ANYBODY = "anybody"  # signing in and out, and what leads into the survey
LINK = "who holds a link"
RECEIPT = "who holds a receipt"
SIGNED_IN = "any researcher"
STUDY = "the researchers of the study"
PARTICIPANT = "the participant with the cookie"

REACH = {
    ANYBODY: ("home", "sign_in", "sign_out", "survey_site_language"),
    LINK: ("survey_welcome", "survey_join", "survey_personal"),
    RECEIPT: ("survey_withdraw",),
    SIGNED_IN: ("study_list", "study_create"),
    STUDY: (
        "study_overview",
        "study_describe",
        "study_members",
        "member_remove",
        "study_log",
        "study_copy",
        "study_archive",
        "study_delete",
        "study_clips",
        "clip_audio",
        "clip_tags",
        "clip_change",
        "study_tags",
        "tags_template",
        "study_plan",
        "study_preview",
        "study_preview_start",
        "study_open",
        "study_blinding",
        "study_blinding_check",
        "generation_tags",
        "study_move",
        "study_monitor",
        "study_participants",
        "participant_exclude",
        "problem_resolve",
        "study_links",
        "generation_run",
        "generation_live",
        "generation_start",
        "generation_cancel",
        "generation_retry",
        "generation_settings",
        "generation_decide",
        "generation_upload",
        "generation_review",
        "generation_clip",
        "generation_repaint",
        "generation_leave_out",
        "generation_take_in",
        "generation_audio",
        "generation_image",
        "study_reporting",
        "study_power",
        "study_early_stop",
        "study_results",
        "study_analyse",
        "study_report",
        "study_result_file",
        "study_bundle",
    ),
    PARTICIPANT: (
        "survey_resume",
        "survey_consent",
        "survey_questions",
        "survey_sound",
        "survey_instructions",
        "survey_trial",
        "survey_audio",
        "survey_image",
        "survey_review",
        "survey_thanks",
        "survey_screened_out",
        "survey_events",
        "survey_language",
        "survey_problem",
        "survey_withdraw_own",
    ),
}
# Verbs of `clip_change`, `participant_exclude` and `study_move`: one address each.
VERBS = {
    "clip_change": ("leave-out", "include", "practice", "delete"),
    "participant_exclude": ("leave-out", "take-in"),
    "study_move": ("begin", "pause", "resume", "close"),
}
# All are tried on the closed study, the two that pages use on the draft as well.
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")


def names(patterns: list[Any] | None = None) -> Iterator[str]:
    """The name of every address of the project."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        else:
            assert isinstance(pattern, URLPattern)
            yield pattern.name or str(pattern.pattern)


def test_every_address_says_whom_it_is_for() -> None:
    said = [name for group in REACH.values() for name in group]
    assert len(said) == len(set(said))
    assert set(names()) - set(said) == set(), "new addresses: say in REACH whom they are for"
    assert set(said) - set(names()) == set(), "in REACH, but no address any more"


@pytest.fixture
def world(settings: Any) -> SimpleNamespace:
    """A draft and a closed study of the owner and a teammate, and the stranger's own study."""
    settings.CELERY_TASK_ALWAYS_EAGER = False
    owner, teammate, stranger = (UserFactory(username=name) for name in ("owner", "teammate", "stranger"))
    draft = make_study(clips=1, owner=owner, title="Zither pictures", slug="zither-draft")
    closed = closed_study(clips=1, people=2, owner=owner, title="Zither answers", slug="zither-closed")
    for study in (draft, closed):
        study.members.add(teammate)
    ProblemReport.objects.create(study=closed, page="survey", text="no sound")
    theirs = make_study(clips=1, owner=stranger, title="Stranger's own", slug="strangers-own")
    return SimpleNamespace(owner=owner, teammate=teammate, stranger=stranger, draft=draft, closed=closed, theirs=theirs)


@pytest.fixture
def analysed(world: SimpleNamespace) -> SimpleNamespace:
    """The same world with results to reach."""
    build_analysis(world.closed)
    return world


def browser(user: Any = None, **options: Any) -> Client:
    client = Client(**options)
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def addresses_of(study: Study, *, slug: str = "") -> list[str]:
    """Every address of STUDY for this study's own clips, images and people (or the same under another slug)."""
    from generation.console.presenting import image_key

    clip = study.clips.order_by("number").first()
    assert clip is not None
    report = study.problem_reports.first()
    more = {
        "member_remove": {"user_id": study.members.values_list("pk", flat=True).first() or 1},
        "clip_audio": {"clip_id": clip.pk},
        "clip_tags": {"clip_id": clip.pk},
        "participant_exclude": {"code": "r0001"},
        "problem_resolve": {"report_id": report.pk if report else 1},
        "study_result_file": {"name": "ballots.csv"},
        "generation_image": {"number": clip.number, "key": image_key(clip.stimuli.first()), "size": "preview"},
    } | {f"generation_{name}": {"number": clip.number} for name in ("clip", "repaint", "leave_out", "take_in", "audio")}
    found = []
    for name in REACH[STUDY]:
        for verb in VERBS.get(name, (None,)):
            arguments = {"slug": slug or study.slug} | more.get(name, {}) | ({"verb": verb} if verb else {})
            if name == "clip_change":
                arguments["clip_id"] = clip.pk
            found.append(reverse(name, kwargs=arguments))
    return found


def everything() -> dict[str, list]:
    """All rows of the project, but for sign-ins."""
    models = [
        model
        for label in ("study", "generation", "analysis")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models} | {
        "users": list(get_user_model().objects.order_by("pk").values("pk", "username", "password", "is_superuser"))
    }


def body(answer: Any) -> bytes:
    return answer.getvalue() if hasattr(answer, "getvalue") else answer.content


# What a POST of each page would send: enough to change something, were it let through.
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


def test_nobody_who_is_not_signed_in_reaches_anything_of_a_study(world: SimpleNamespace) -> None:
    before = everything()
    anonymous = browser()
    for study, methods in ((world.draft, ("get", "post")), (world.closed, METHODS)):
        for address in [*addresses_of(study), reverse("study_list"), reverse("study_create")]:
            for method in methods:
                answer = getattr(anonymous, method)(address, FORM if method == "post" else None)
                assert answer.status_code in (302, 405), (method, address)
                if answer.status_code == 302:
                    assert answer.headers["Location"].startswith("/console/sign-in/?next="), (method, address)
                assert b"Zither" not in body(answer), (method, address)
    assert everything() == before


def test_to_a_stranger_a_study_does_not_exist(world: SimpleNamespace) -> None:
    """Also not by a difference between what is another's and what is not there at all."""
    before = everything()
    stranger = browser(world.stranger)
    for study, methods in ((world.draft, ("get", "post")), (world.closed, METHODS)):
        for address in addresses_of(study):
            nowhere = address.replace(study.slug, "no-such-study")
            for method in methods:
                data = FORM if method == "post" else None
                answer, empty = (getattr(stranger, method)(url, data) for url in (address, nowhere))
                assert answer.status_code in (404, 405), (method, address)
                assert answer.status_code == empty.status_code, (method, address)
                assert body(answer).replace(study.slug.encode(), b"no-such-study") == body(empty)
                assert b"Zither" not in body(answer), (method, address)
    assert everything() == before


def test_what_belongs_to_one_study_is_not_reached_through_another(world: SimpleNamespace) -> None:
    """The stranger's own study is the way in; clips, images, people and reports are the owner's."""
    before = everything()
    stranger = browser(world.stranger)
    parts = ("/clips/", "/image/", "/people/", "/problems/")
    addresses = [
        address
        for address in addresses_of(world.closed, slug=world.theirs.slug)
        if any(part in address and not address.endswith(part) for part in parts)
    ]
    assert len(addresses) >= 9
    for address in addresses:
        assert stranger.get(address).status_code in (404, 405), address
        # Putting away a report that is not there is answered like one that is, and changes nothing.
        assert stranger.post(address, FORM).status_code in (302, 404, 405), address
    assert everything() == before


def test_a_teammate_does_reach_it(analysed: SimpleNamespace) -> None:
    """The control of the tests above: the same addresses answer to those whom they are for."""
    client = browser(analysed.teammate)
    for address, other in zip(addresses_of(analysed.draft), addresses_of(analysed.closed), strict=True):
        statuses = {client.get(url).status_code for url in (address, other)}
        assert statuses == {405} or 200 in statuses, address


def test_looking_changes_nothing(analysed: SimpleNamespace) -> None:
    owner = browser(analysed.owner)
    visit = Visit(Study.objects.get(pk=open_study(analysed).pk)).to_trials()
    finished = Visit(visit.participant.study).to_trials()
    finished.finish()
    create_personal_links(visit.participant.study, 1)
    before = everything()
    for study in (analysed.draft, analysed.closed, visit.participant.study):
        for address in [*addresses_of(study), reverse("study_list"), reverse("study_create")]:
            owner.get(address)
    for person in (visit, finished):
        for address in participant_addresses(person):
            person.client.get(address)
    for address in ("/", "/withdraw/", "/language/", visit.entry_url, f"/p/{visit.token}/"):
        Client().get(address)
    assert everything() == before


def test_no_form_is_taken_from_another_site(world: SimpleNamespace) -> None:
    """Every POST without the page's own token is refused, also with a valid session or cookie."""
    visit = Visit(open_study(world)).to_trials()
    before = everything()
    client = browser(world.owner, enforce_csrf_checks=True)
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
    assert everything() == before


def open_study(world: SimpleNamespace) -> Study:
    study, _created = Study.objects.get_or_create(slug="zither-open", defaults={"owner": world.owner})
    if not study.clips.exists():
        study.delete()
        study = make_study(
            clips=2, owner=world.owner, title="Zither open", slug="zither-open", status=Study.Status.OPEN
        )
    return study


def participant_addresses(visit: Visit) -> list[str]:
    person = visit.participant
    trial = person.trials.order_by("number").first()
    assert trial is not None
    more = {
        "survey_questions": [["before"], ["after"]],
        "survey_trial": [[trial.number], [99]],
        "survey_audio": [[trial.media_key]],
        "survey_image": [[trial.media_key, letter] for letter in "ABCD"],
    }
    return [
        reverse(name, args=[person.handle, *arguments])
        for name in REACH[PARTICIPANT]
        for arguments in more.get(name, [[]])
    ]


def test_a_participants_pages_are_for_the_one_with_the_cookie(world: SimpleNamespace) -> None:
    study = open_study(world)
    visit, another = Visit(study).to_trials(), Visit(study).to_trials()
    visit.answer(1)
    # Another participant who moves their cookie to this person's address, and the researchers themselves.
    moved = Client()
    moved.cookies["earsight_participant"] = another.token
    before = everything()
    for client in (Client(), moved, another.client, browser(world.owner), browser(world.stranger)):
        for address in participant_addresses(visit):
            for method in METHODS:
                answer = getattr(client, method)(address, FORM if method == "post" else None)
                assert answer.status_code in (403, 404, 405), (method, address)
                assert not body(answer).startswith((b"\x89PNG", b"\xff\xfb", b"ID3")), (method, address)
    assert everything() == before


def test_the_media_of_one_persons_trial_are_not_reached_through_another(world: SimpleNamespace) -> None:
    study = open_study(world)
    visit, another = Visit(study).to_trials(), Visit(study).to_trials()
    trial = another.participant.trials.order_by("number").first()
    assert trial is not None
    assert visit.get(f"m/{trial.media_key}/A").status_code == 404
    assert visit.get(f"m/{trial.media_key}/audio").status_code == 404
    assert another.get(f"m/{trial.media_key}/A").status_code == 200


def test_a_teammate_may_work_and_not_delete_nor_remove_others(world: SimpleNamespace) -> None:
    third = UserFactory(username="third")
    world.draft.members.add(third)
    client = browser(world.teammate)
    assert (
        client.post(reverse("study_delete", args=[world.draft.slug]), {"title": world.draft.title}).status_code == 400
    )
    client.post(reverse("member_remove", args=[world.draft.slug, third.pk]))
    assert Study.objects.filter(pk=world.draft.pk).exists()
    assert world.draft.members.filter(pk=third.pk).exists()
    client.post(reverse("member_remove", args=[world.draft.slug, world.teammate.pk]))
    assert client.get(reverse("study_overview", args=[world.draft.slug])).status_code == 404


def test_an_operator_sees_all_and_a_dismissed_one_nothing(world: SimpleNamespace) -> None:
    operator = UserFactory(username="operator", is_superuser=True)
    client = browser(operator)
    overview = reverse("study_overview", args=[world.draft.slug])
    assert client.get(overview).status_code == 200
    get_user_model().objects.filter(pk=operator.pk).update(is_active=False)
    assert client.get(overview).status_code == 302


def test_there_is_no_admin(world: SimpleNamespace) -> None:
    """A page that shows rows as they are would break every seal."""
    assert not apps.is_installed("django.contrib.admin")


PAGES: tuple[str, ...] = ("sign_in", "study_list", "survey_withdraw")


def test_every_answer_carries_its_protection(analysed: SimpleNamespace) -> None:
    visit = Visit(open_study(analysed)).to_trials()
    owner = browser(analysed.owner)
    answers: list[tuple[str, HttpResponse]] = []
    for study in (analysed.draft, analysed.closed):
        answers += [(url, owner.get(url)) for url in addresses_of(study)]
    answers += [(url, visit.client.get(url)) for url in participant_addresses(visit)]
    answers += [(name, owner.get(reverse(name))) for name in PAGES]
    answers.append(("/nowhere/", Client().get("/nowhere/")))
    for address, answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, address
        assert "unsafe-eval" not in policy, address
        assert "script-src 'unsafe-inline'" not in policy, address
        report = address.endswith("/results/report.html") and answer.status_code == 200
        assert f"frame-ancestors {chr(39)}{'self' if report else 'none'}{chr(39)}" in policy, address
        assert answer.headers["X-Frame-Options"] == ("SAMEORIGIN" if report else "DENY"), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff", address
        assert answer.headers["Referrer-Policy"] == "same-origin", address
        assert any(word in answer.headers["Cache-Control"] for word in ("private", "no-store", "no-cache")), address
        if not report:
            assert "unsafe-inline" not in policy, address
        assert "style=" not in body(answer).decode(errors="replace") or report, address


def test_enrolling_is_no_way_into_another_persons_place(world: SimpleNamespace) -> None:
    """A known token of one study opens nothing in another one."""
    person, token = enrol(open_study(world))
    other = make_study(clips=1, status=Study.Status.OPEN, slug="another-open")
    client = Client()
    client.cookies["earsight_begun"] = token
    page = client.get(f"/s/{other.open_link_token}/").content.decode()
    assert person.handle not in page
    assert 'name="resume"' not in page
