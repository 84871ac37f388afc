"""The console asks the database as often for thirty people as for ten."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from analysis.study_results.analyses import build_analysis
from study.ballots.casting import Answer, cast_ballot
from study.models import Participant, Study
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.exclusion import set_exclusion
from study.participants.withdrawal import withdraw
from tests.analysis.answered_studies import close, record_opening
from tests.factories import make_open_study
from tests.study.api.scripts import token_for

pytestmark = pytest.mark.django_db

PAGES = (
    "study_list",
    "study_overview",
    "study_monitor",
    "study_monitor?fragment",
    "study_participants",
    "study_participants?fragment",
    "study_participants?status=noted",
    "study_participants?flag=left_tab&step=trials",
    "study_stages",
    "study_versions",
    "study_payment",
    "study_log",
    "study_log?people",
    "study_results",
    "study_reporting",
    "study_analysis_rules",
    "study_plan",
    "study_links",
    "study_recruit",
    "study_clips",
    "study_open",
    "study_schedule",
    "generation_run",
    "generation_review",
)
# The addresses of the API; a table about single people is written to the log, as on the pages.
ADDRESSES = ("api_study", "api_monitor", "api_participants", "api_log", "api_clips", "api_ballots", "api_answers")


def add_people(study: Study, count: int) -> None:
    """Of ten people, seven finish, two of them with a flag; two stop, and one withdraws; one is left out by hand."""
    for number in range(count):
        # An hour apart: who comes with many others within a minute is looked at by a query more.
        person, _token = enrol(study, now=timezone.now() - timedelta(hours=count - number))
        trials = list(person.trials.order_by("number"))
        for trial in trials[: 1 if number % 5 == 2 else len(trials)]:
            cast_ballot(trial, Answer(uuid4(), "A", "B", seconds=20))
            if number % 5 == 1:
                person.events.create(trial=trial, kind="hidden")
        if number % 10 == 9:
            withdraw(person)
        elif number % 5 != 2:
            finish(person)
        if number % 10 == 0:
            set_exclusion(study, person.code, "asked us to")
    long_ago = timezone.now() - timedelta(days=2)
    study.participants.filter(status=Participant.Status.STARTED).update(last_seen_at=long_ago)


def queries_of_all(study: Study) -> dict[str, int]:
    for name in ("study_monitor", "study_participants"):
        queries_of(study, name)  # people who stopped are judged once
    return {page: queries_of(study, page) for page in (*PAGES, *ADDRESSES)}


def queries_of(study: Study, page: str) -> int:
    browser = Client()
    name, _mark, query = page.partition("?")
    if name in ADDRESSES:
        browser.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token_for(study.owner, study)}"
    else:
        browser.force_login(study.owner)
    try:
        url = reverse(name, args=[study.slug])
    except NoReverseMatch:
        url = reverse(name)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(f"{url}?{query}").status_code == 200
    return len(queries)


def test_a_page_needs_as_many_queries_for_thirty_people_as_for_ten() -> None:
    counts: list[dict[str, int]] = []
    for people in (10, 30):
        study = make_open_study(clips=2)
        record_opening(study)
        add_people(study, people)
        is_open = {f"{page}, open": count for page, count in queries_of_all(study).items()}
        build_analysis(close(study))
        counts.append(is_open | queries_of_all(study))
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 50
