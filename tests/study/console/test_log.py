"""The log's page: what researchers did is not buried under people who finish, and erased entries are shown as such."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analysis.study_results.shared_reports import SHARED
from study.ballots.commitments import ENDED, FINISHED
from study.models import Role
from study.models.log import erase_entry, record
from study.participants.arrivals import MANY_ARRIVALS
from tests.factories import UserFactory, make_open_study

pytestmark = pytest.mark.django_db


def test_people_who_finish_are_counted_and_shown_on_request() -> None:
    study = make_open_study(clips=0)
    client = Client()
    client.force_login(study.owner)
    record(study, "described", actor=study.owner)
    address, queries = reverse("study_log", args=[study.slug]), []
    for _ in range(2):
        for number in range(60):
            record(study, FINISHED, participant=f"r{number:04d}", commitment="ab" * 32, rules=[])
        with CaptureQueriesContext(connection) as made:
            page = client.get(address).content.decode()
        queries.append(len(made))
    assert "120 entries of participants who finished are not shown." in page
    assert "Described" in page
    assert "r0001" not in page
    assert study.chain.head in page
    assert queries[0] == queries[1]
    everything = client.get(address + "?people").content.decode()
    assert "r0059" in everything
    assert "?people&amp;page=2" in everything
    assert "r0001" in client.get(address + "?people&page=2").content.decode()


def test_an_erased_entry_keeps_its_place_and_says_so() -> None:
    study = make_open_study(clips=0)
    client = Client()
    client.force_login(study.owner)
    erase_entry(
        record(study, "participant left out", actor=study.owner, reason="her name is Mina", participant="r0001")
    )
    record(study, ENDED, people=1, commitments={"r0002": "cd" * 32})
    page = client.get(reverse("study_log", args=[study.slug])).content.decode()
    assert "The rest of this entry was erased when the participant withdrew." in " ".join(page.split())
    assert "Mina" not in page
    assert "cd" * 32 not in page  # of a thousand people it would be a page of its own


def test_a_runner_reads_what_was_done_to_the_study_and_how_many_entries_are_hidden() -> None:
    study, runner = make_open_study(clips=0), UserFactory()
    study.memberships.create(user=runner, role=Role.RUNNER)
    record(study, MANY_ARRIVALS, people=40, seconds=60)
    record(study, SHARED, actor=study.owner, link=1)
    record(study, "described", actor=study.owner)
    client = Client()
    client.force_login(runner)
    page = " ".join(client.get(reverse("study_log", args=[study.slug])).text.split())
    assert "Many arrivals from one network" in page
    assert "Report shared" in page
    assert "Described" not in page
    assert "1 entry that could name an image or a condition is not shown" in page
