"""People whom a recruiting platform sends: who they are, on whose browser, and what they read."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from study.models import Participant
from study.participants.links import create_personal_links
from study.participants.visits import visit_of
from study.setup.lifecycle import close_study
from study.simulation.walking import hidden_fields
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
ADA, BEN = "?PROLIFIC_PID=ada01", "?PROLIFIC_PID=ben02"


@pytest.fixture
def study():
    return make_open_study(clips=2, recruitment_platform="prolific", completion_code="C0DE")


def look(study, query="", browser=None):
    return (browser or Client()).get(f"/s/{study.open_link_token}/{query}")


def offers(page):
    """What the welcome page offers: the texts of its buttons."""
    main = page.text.partition('id="content"')[2]
    return [" ".join(text.split()) for text in re.findall(r"<button[^>]*>(.*?)</button>", main, re.DOTALL)]


def test_ids_are_stored_and_the_way_back_is_shown_at_the_end_only(study):
    visit = Visit(study, "?PROLIFIC_PID=ABC&STUDY_ID=x&SESSION_ID=y&other=z")
    assert study.platform_visits.get().ids == {"PROLIFIC_PID": "abc", "STUDY_ID": "x", "SESSION_ID": "y"}
    visit.to_trials()
    assert "submissions/complete" not in visit.client.get(visit.base, follow=True).text
    visit.finish()
    assert "https://app.prolific.com/submissions/complete?cc=C0DE" in visit.get("thanks/").text


@pytest.mark.parametrize("query", ["?PROLIFIC_PID={{%PROLIFIC_PID%}}", "?PROLIFIC_PID=${PID}", ADA + "&PROLIFIC_PID=b"])
def test_a_link_without_a_usable_id_shows_the_study_and_enrols_nobody(study, query):
    for _ in range(2):  # the first one in used to take the id, and everybody after was told to have begun
        browser = Client()
        page = look(study, query, browser)
        assert page.status_code == 200
        assert "short pieces of music" in page.text
        assert "from its page on Prolific" in page.text
        assert offers(page) == []
        key = hidden_fields(look(study, ADA).text)["key"]
        refused = browser.post(f"/s/{study.open_link_token}/{query}", {"key": key})
        assert refused.status_code == 422
        assert "from its page on Prolific" in refused.text
    assert not Participant.objects.exists()


def test_a_turker_who_previews_and_then_accepts_comes_under_the_accepted_ids():
    study = make_open_study(clips=1, recruitment_platform="mturk", completion_code="C0DE")
    browser = Client()
    preview = look(study, "?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=h", browser)
    assert "Accept the task on Mechanical Turk" in " ".join(preview.text.split())
    visit = Visit(study, "?workerId=a1&assignmentId=b2&hitId=h", browser=browser)
    assert study.platform_visits.get().ids == {"workerId": "A1", "assignmentId": "B2", "hitId": "H"}
    assert study.participants.count() == 1
    visit.to_trials().finish()
    assert "C0DE" in visit.get("thanks/").text


def test_without_an_id_in_the_address_people_type_theirs():
    """Mechanical Turk's survey link is one address for all."""
    study = make_open_study(clips=1, recruitment_platform="mturk", completion_code="C0DE")
    browser, url = Client(), f"/s/{study.open_link_token}/"
    page = look(study, browser=browser)
    assert "Your Mechanical Turk worker ID" in page.text
    key = hidden_fields(page.text)["key"]
    for typed in ("", "  ", "${workerId}"):
        refused = browser.post(url, {"key": key, "platform_id": typed})
        assert refused.status_code == 422
        assert "Enter your ID as it stands" in " ".join(refused.text.split())
    assert not Participant.objects.exists()
    assert browser.post(url, {"key": key, "platform_id": " a1b2 "}).headers["Location"].startswith("/q/")
    assert study.platform_visits.get().ids == {"workerId": "A1B2"}
    other = Client()
    key = hidden_fields(look(study, browser=other).text)["key"]
    assert other.post(url, {"key": key, "platform_id": "A1B2"}).headers["Location"].startswith("/q/")
    assert [person.came_again for person in study.participants.all()] == [False, True]


def test_a_person_who_comes_again_goes_on_and_pays_for_the_last_session(study):
    visit = Visit(study, ADA + "&SESSION_ID=1")
    again = look(study, ADA + "&SESSION_ID=2", visit.client)
    assert offers(again) == ["Continue where I stopped"]
    landed = visit.client.post(f"/s/{study.open_link_token}/{ADA}&SESSION_ID=2", {"resume": "1"})
    assert landed.headers["Location"] == visit.base
    assert study.platform_visits.get().ids["SESSION_ID"] == "2"  # the one to be paid
    Visit(study, ADA + "&SESSION_ID=3")  # elsewhere
    assert study.platform_visits.get().ids["SESSION_ID"] == "2"
    key = hidden_fields(look(study, BEN, visit.client).text)["key"]  # a page that another tab still shows
    sent = visit.client.post(f"/s/{study.open_link_token}/{ADA}", {"key": key})
    assert (sent.status_code, study.participants.count()) == (303, 2)
    assert offers(visit.client.get(sent.headers["Location"])) == ["Continue where I stopped"]


def test_who_comes_too_late_reads_so_and_who_has_finished_finds_the_last_page(study):
    done, late = Visit(study, ADA).to_trials(), Visit(study, BEN)
    done.finish()
    close_study(study)
    type(study).objects.update(closed_at=timezone.now() - timedelta(days=1))
    for browser in (Client(), late.client):
        page = look(study, BEN, browser)
        assert page.status_code == 410
        assert "This study has ended" in page.text
    assert offers(look(study, ADA, done.client)) == ["Continue where I stopped"]


def test_the_ids_in_the_address_win_over_an_older_cookie(study):
    """Ben on Ada's browser is a new person, and is offered nothing of hers; then she finds her own place again."""
    ada = Visit(study, ADA).to_trials()
    ada.answer(1, "C", "D")
    assert offers(look(study, BEN, ada.client)) == ["Start"]
    resumed = ada.client.post(f"/s/{study.open_link_token}/{BEN}", {"resume": "1"})
    assert resumed.headers.get("Location", "") != ada.base
    ben = Visit(study, BEN, browser=ada.client)
    assert ben.base != ada.base
    assert not ben.participant.trials.filter(ballot__isnull=False).exists()
    for query, visit in ((ADA, ada), (BEN, ben)):
        landed = ada.client.post(f"/s/{study.open_link_token}/{query}", {"resume": "1"})
        assert landed.headers["Location"] == visit.base


def test_when_it_is_not_clear_who_is_there_the_page_asks(study):
    """Somebody began without an id, before the platform was set; now a person of the platform comes."""
    type(study).objects.update(recruitment_platform="")
    old = Visit(study).to_trials()
    old.answer(1)
    type(study).objects.update(recruitment_platform="prolific")
    page = look(study, ADA, old.client)
    assert offers(page) == ["Continue where I stopped", "Start as a new person"]
    assert "has given 1 of 2 answers" in " ".join(page.text.split())
    new = Visit(study, ADA, browser=old.client)
    assert new.base != old.base
    landed = old.client.post(f"/s/{study.open_link_token}/{BEN}", {"resume": "1"})
    assert landed.headers["Location"] == old.base
    visit = visit_of(old.token)
    assert visit is not None and visit.ids == {"PROLIFIC_PID": "ben02"}  # noqa: PT018


def test_a_form_that_was_sent_twice_leads_to_the_same_place(study):
    visit = Visit(study, ADA)
    fresh = Client()  # the reply, and with it the cookie, was lost
    key = hidden_fields(look(study, BEN, fresh).text)["key"]
    url = f"/s/{study.open_link_token}/{BEN}"
    first = Client().post(url, {"key": key}).headers["Location"]
    assert fresh.post(url, {"key": key}).headers["Location"] == first != visit.base
    assert offers(look(study, BEN, fresh)) == ["Continue where I stopped"]
    assert study.participants.count() == 2


def test_personal_links_need_no_id_and_take_the_platforms_if_there_is_one(study):
    links = ["/" + url.split("/", 3)[3] for _label, url in create_personal_links(study, 3)]
    for query in ("", "?PROLIFIC_PID={{%PROLIFIC_PID%}}", ADA):
        assert Client().post(links.pop() + query).headers["Location"].startswith("/q/")
    assert [visit.ids for visit in study.platform_visits.all()] == [{"PROLIFIC_PID": "ada01"}]


def test_a_real_visitor_of_a_simulated_study_becomes_nobody():
    study = make_open_study(clips=1, simulated=True)
    page = look(study)
    assert page.status_code == 403
    assert "nobody can take part in it" in page.text
    assert not Participant.objects.exists()
