"""Texts, settings and approval lists for Prolific, Mechanical Turk and SONA."""

import csv
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from study.errors import NotAllowedNow
from study.models import Study
from study.participants.approval import approval_list
from study.participants.invitation_texts import hit_layout
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db
PLATFORMS = ("prolific", "mturk", "sona")


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def entries(client: Client, study: Study) -> dict[str, str]:
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    reply = client.get(reverse("study_recruit", args=[study.slug]))
    assert reply.status_code == 200
    return {
        f"{section.title}: {entry.label}": entry.value
        for section in reply.context["sections"]
        for entry in section.entries
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_texts_say_what_participants_read_and_nothing_of_conditions(client: Client, platform: str) -> None:
    study = make_open_study(
        clips=5,
        title="Redefined beats original",
        description="We hope that redefined tags win",
        recruitment_platform=platform,
        languages=["en", "ko"],
        completion_code="DONE42",
    )
    found = entries(client, study)
    english = next(value for label, value in found.items() if label.startswith("Texts (English): Desc"))
    assert "You will hear 5 short pieces of music and choose, from 4 images each time" in english
    assert "minute" in english
    assert "음악" in next(value for label, value in found.items() if "한국어" in label and "Desc" in label)
    for word in ("redefined", "original", "sentence", study.slug):
        assert all(word not in value.lower() for value in found.values()), word
    for condition in study.conditions.all():
        assert all(condition.sealed_label not in value for value in found.values())


def test_addresses_have_the_placeholders_and_codes_of_each_platform(client: Client) -> None:
    study = make_study(clips=2, recruitment_platform="prolific", completion_code="C1", screen_out_code="S1")
    found = entries(client, study)
    assert found["Settings: Study URL"].endswith(
        "?PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
    )
    assert found["Settings: Completion URL"] == "https://app.prolific.com/submissions/complete?cc=C1"
    assert found["Settings: Screen-out code"] == "S1"
    study.recruitment_platform, study.return_url = "sona", "https://x.sona-systems.com/c?survey_code={id}"
    study.save()
    found = entries(client, study)
    assert found["Settings: Study URL"].endswith("?survey_code=%SURVEY_CODE%")
    assert found["Settings: Completion URL (client-side)"] == study.return_url


def test_the_layout_for_mechanical_turk_is_sound_html_with_a_field_for_the_code() -> None:
    study = make_study(clips=2, institution='A&B <"Lab">')
    tags: list[tuple[str, dict[str, Any]]] = []
    closed: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            tags.append((tag, dict(attrs)))

        def handle_endtag(self, tag: str) -> None:
            closed.append(tag)

    Reader().feed(hit_layout(study, "https://example.org/s/x/?a=1&b=2", 7))
    assert sorted(tag for tag, _attributes in tags) == sorted(closed)
    attributes = dict(tags)
    assert attributes["crowd-input"]["name"] == "surveycode"
    assert attributes["a"]["href"] == "https://example.org/s/x/?a=1&b=2"
    assert "lab" not in attributes


def test_without_a_platform_the_page_says_where_to_choose_one(client: Client) -> None:
    assert entries(client, make_study(clips=1)) == {}


def visit(study: Study, state: str, **ids: str) -> None:
    study.platform_visits.create(person=f"{study.platform_visits.count():064d}", ids=ids, state=state)


def test_prolific_takes_ids_one_a_line_of_those_who_are_to_be_paid() -> None:
    study = make_study(clips=1, recruitment_platform="prolific")
    for state, person in (("finished", "b2"), ("finished", "a1"), ("screened_out", "c3"), ("began", "d4")):
        visit(study, state, PROLIFIC_PID=person, STUDY_ID="s", SESSION_ID="x")
    visit(study, "finished")  # erased
    assert approval_list(study, "finished") == (f"{study.slug}-prolific-finished.txt", "a1\nb2\n")
    assert approval_list(study, "screened_out")[1] == "c3\n"


def test_mechanical_turk_takes_a_table_with_approve_and_reject() -> None:
    study = make_study(clips=1, recruitment_platform="mturk")
    visit(study, "finished", workerId="A2", assignmentId="Z", hitId="H")
    visit(study, "finished", workerId="A1")
    rows = list(csv.DictReader(StringIO(approval_list(study, "finished")[1])))
    assert [(row["WorkerId"], row["AssignmentId"], row["Approve"], row["Reject"]) for row in rows] == [
        ("A1", "", "X", ""),
        ("A2", "Z", "X", ""),
    ]


def test_sona_gets_codes_with_the_address_that_grants_the_credit() -> None:
    link = "https://x.sona-systems.com/webstudy_credit.aspx?experiment_id=1&credit_token=t&survey_code={id}"
    study = make_study(clips=1, recruitment_platform="sona", return_url=link)
    visit(study, "finished", survey_code="12 3")
    visit(study, "screened_out", survey_code="9")
    [row] = csv.DictReader(StringIO(approval_list(study, "finished")[1]))
    assert row == {"survey_code": "12 3", "completion_url": link.replace("{id}", "12%203")}
    [row] = csv.DictReader(StringIO(approval_list(study, "screened_out")[1]))
    assert row["completion_url"] == ""  # who is screened out has no address of their own


def test_an_empty_list_or_none_is_refused_in_a_sentence(client: Client) -> None:
    study = make_study(clips=1, recruitment_platform="prolific")
    with pytest.raises(NotAllowedNow, match="no id in this list"):
        approval_list(study, "finished")
    visit(study, "finished", PROLIFIC_PID="a1")
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    for state, status in (("finished", 200), ("screened_out", 302), ("began", 404), ("paid", 404)):
        assert client.get(reverse("payment_approval", args=[study.slug, state])).status_code == status
    study.recruitment_platform = ""
    with pytest.raises(NotAllowedNow, match="Choose the recruiting platform"):
        approval_list(study, "finished")
