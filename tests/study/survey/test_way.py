"""The order of the participant's way: each address in each stage, opened and posted to."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from study.ballots.casting import Answer, cast_ballot
from study.models import Ballot, Event, Participant, ProblemReport
from study.participants.stages import OPEN_IN
from study.survey.urls import participant_urls
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db

QUESTIONS = """
questions:
  - key: age
    type: choice
    text: {en: "How old are you?"}
    options:
      - {key: minor, text: {en: under 18}, screen_out: true}
      - {key: adult, text: {en: 18 or more}}
"""
# Stage → the page that is due in it.
DUE = {
    "consent": "consent/",
    "before": "questions/before/",
    "sound": "sound/",
    "instructions": "instructions/",
    "trials": "trial/1/",
    "after": "questions/after/",
    "review": "review/",
    "completed": "thanks/",
    "screened out": "not-this-time/",
}
STAGES = list(DUE)
# Address, what a browser posts to it, and for each stage of `STAGES` whether it is open (o) or leads to the due page.
WAY = {
    "consent/": ({"agree": "on"}, "ooooooo.."),
    "questions/before/": ({"age": "adult"}, ".ooo....."),
    "sound/": ({"heard": "yes"}, "..ooooo.."),
    "instructions/": ({}, "...oooo.."),
    "trial/1/": ({"first": "A", "second": "B"}, "....ooo.."),
    "questions/after/": ({"age": "adult"}, ".....oo.."),
    "review/": ({}, "......o.."),
    "thanks/": (None, ".......o."),
    "not-this-time/": (None, "........o"),
    "problem/": ({"text": "No sound.", "key": "00000000-0000-4000-8000-00000000000f"}, "ooooooooo"),
    "withdraw/": ({}, "ooooooooo"),
}


@pytest.fixture
def visit() -> Visit:
    study = make_open_study(
        clips=4,
        questions_before=QUESTIONS,
        questions_after=QUESTIONS,
        sound_check=True,
        recruitment_platform="",
        completion_code="C0DE",
    )
    return Visit(study)


def bring(visit: Visit, stage: str) -> None:
    """Store what a participant of this stage has given."""
    person, reached = visit.participant, STAGES.index(stage)
    steps = ("before", "sound", "instructions", "trials", "after")
    done = steps[: max(0, reached - 1)]
    person.consented_at = timezone.now() if reached else None
    person.answers = {step: {"age": "adult"} for step in done if step != "trials"}
    if "trials" in done:
        for number, trial in enumerate(person.trials.order_by("number")):
            if not Ballot.objects.filter(trial=trial).exists():
                cast_ballot(trial, Answer(f"00000000-0000-4000-8000-{number:012d}", "A", "B"))
    if stage == "completed":
        person.status, person.receipt = Participant.Status.COMPLETED, "ABCD"
    if stage == "screened out":
        person.status = Participant.Status.SCREENED_OUT
    person.save()


def stored() -> list:
    """Everything that a participant's page can change."""
    rows = [model.objects.order_by("pk").values() for model in (Participant, Ballot, Event, ProblemReport)]
    return [list(values) for values in rows]


@pytest.mark.parametrize("stage", STAGES)
def test_each_page_opens_in_its_stages_only_and_else_leads_to_what_is_due(visit, stage):
    bring(visit, stage)
    due, column = visit.url(DUE[stage]), STAGES.index(stage)
    assert visit.get("").headers["Location"] == due
    for path, (_form, cells) in WAY.items():
        page = visit.get(path)
        if cells[column] == "o":
            assert page.status_code == 200, path
        else:
            assert (page.status_code, page.headers["Location"]) == (303, due), path


@pytest.mark.parametrize("stage", STAGES)
def test_posting_to_a_page_out_of_its_stages_changes_nothing(visit, stage):
    bring(visit, stage)
    due, column = visit.url(DUE[stage]), STAGES.index(stage)
    for path, (form, cells) in WAY.items():
        if form is None:
            assert visit.post(path, {}).status_code == 405, path
            continue
        with transaction.atomic():
            before = stored()
            answer = visit.post(path, form)
            if cells[column] == "o":
                assert answer.status_code in (200, 303), path
            else:
                assert (answer.status_code, answer.headers["Location"]) == (303, due), path
                assert stored() == before, path
            if path == DUE[stage]:  # the control: in its own stage the same form is taken
                assert stored() != before, path
            transaction.set_rollback(True)


@pytest.mark.parametrize("stage", STAGES)
def test_media_and_events_belong_to_the_trials(visit, stage):
    bring(visit, stage)
    key = visit.participant.trials.get(number=1).media_key
    begun = stage in ("trials", "after", "review")
    for path in (f"m/{key}/A", f"m/{key}/audio"):
        assert visit.get(path).status_code == (200 if begun else 404), path
    visit.post("events/", {"events": '[{"kind": "play", "trial": 1}]'})
    assert Event.objects.exists() == begun


def test_the_table_names_every_address_of_a_participant():
    names = {pattern.name.removeprefix("survey_") for pattern in participant_urls}
    assert {page.split()[0] for page in OPEN_IN} == names


def test_trials_and_the_last_button_alone_do_not_complete_the_study(visit):
    """Consent, then only what a forger would post: no screening, no sound check, no instructions, no questions."""
    visit.post("consent/", {"agree": "on"})
    for number in (1, 2, 3, 4):
        assert visit.answer(number).headers["Location"].endswith("/questions/before/")
    visit.post("review/")
    page = visit.get("thanks/")
    assert page.headers["Location"].endswith("/questions/before/")
    assert "C0DE" not in page.content.decode()
    assert visit.participant.status == "started"
    assert not Ballot.objects.exists()


def test_the_last_button_waits_for_the_questions_after_the_trials(visit):
    bring(visit, "after")
    visit.post("review/")
    assert visit.participant.status == "started"
    visit.post("questions/after/", {"age": "adult"})
    visit.post("review/")
    assert visit.participant.status == "completed"


def test_trials_far_ahead_take_no_answer(visit):
    bring(visit, "trials")
    assert visit.answer(4).headers["Location"].endswith("/trial/1/")
    refused = visit.post("trial/4/", {"first": "A", "second": "B"}, accept="application/json")
    assert (refused.status_code, refused.json()["next"]) == (409, visit.url("trial/1/"))
    assert not Ballot.objects.exists()
    for number in (3, 2, 1, 4):  # the browser keeps two trials ready
        assert visit.answer(number).status_code == 303
    assert Ballot.objects.count() == 4


def test_pages_that_the_study_does_not_use_lead_to_what_is_due():
    visit = Visit(make_open_study(clips=1, sound_check=False)).to_trials()
    for path in ("sound/", "questions/before/", "questions/after/", "questions/middle/"):
        assert visit.get(path).headers["Location"].endswith("/trial/1/")
        assert visit.post(path, {"heard": "no"}).headers["Location"].endswith("/trial/1/")
    assert set(visit.participant.answers) == {"consent", "instructions"}


def test_a_trial_page_reads_once_which_trials_are_answered():
    visit = Visit(make_open_study(clips=3)).to_trials()
    with CaptureQueriesContext(connection) as queries:
        visit.get("trial/1/")
    assert sum(query["sql"].startswith('SELECT "study_trial"."number"') for query in queries) == 1
