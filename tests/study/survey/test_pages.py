"""Ways in and out: links, states of a study, resuming, going back."""

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from study.models import Ballot, Participant, ProblemReport, Study
from study.participants.links import create_personal_links, open_link
from study.participants.withdrawal import withdraw
from study.setup.lifecycle import close_study, pause_study
from study.simulation.walking import hidden_fields
from tests.factories import make_open_study, make_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db


def test_getting_the_open_link_changes_nothing(client):
    study = make_open_study(clips=2)
    for _ in range(3):
        assert client.get(f"/s/{study.open_link_token}/").status_code == 200
    assert not Participant.objects.exists()


def test_pressing_start_twice_makes_one_person():
    study = make_open_study(clips=2)
    visit = Visit(study)
    again = visit.client.post(visit.entry_url, {"key": _offer_of(visit)})
    assert again.status_code == 303
    assert again.headers["Location"] == visit.base
    assert study.participants.count() == 1


def _offer_of(visit):
    from django.core import signing

    return signing.dumps(visit.token, salt="earsight.enrolment")


def test_a_forged_token_is_refused(client):
    study = make_open_study(clips=2)
    answer = client.post(f"/s/{study.open_link_token}/", {"key": "guessable"})
    assert answer.status_code == 303
    assert not Participant.objects.exists()


def test_the_token_is_in_no_address_after_entering_and_stored_only_as_a_hash():
    visit = Visit(make_open_study(clips=2))
    assert visit.token not in visit.base
    person = visit.participant
    assert visit.token not in str(Participant.objects.filter(pk=person.pk).values().get())
    cookie = visit.client.cookies[settings.PARTICIPANT_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_the_own_link_resumes_on_another_device_where_the_person_was():
    visit = Visit(make_open_study(clips=3)).to_trials()
    visit.answer(1)
    other = Client()
    page = other.get(f"/p/{visit.token}/", follow=True)
    assert page.redirect_chain[-1][0].endswith("/trial/2/")
    assert visit.token not in page.redirect_chain[-1][0]


@pytest.mark.parametrize("address", ["/s/nothing/", "/j/nothing/", "/p/nothing/"])
def test_an_unknown_link_gets_a_page_that_explains_it(client, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert "not valid" in answer.content.decode()


def test_guessing_links_is_slowed_down(client):
    for number in range(30):
        client.get(f"/p/guess{number}/")
    assert client.get("/p/guess/").status_code == 429


def test_a_closed_study_takes_nobody_new(client):
    study = close_study(make_open_study(clips=2))
    answer = client.get(f"/s/{study.open_link_token}/")
    assert answer.status_code == 410
    assert "ended" in answer.content.decode()


def test_a_paused_study_takes_nobody_new_but_lets_people_inside_finish(client):
    study = make_open_study(clips=2)
    visit = Visit(study).to_trials()
    pause_study(study)
    assert client.get(f"/s/{study.open_link_token}/").status_code == 403
    assert visit.finish().status == "completed"


def test_a_draft_is_not_open_yet(client):
    study = make_study(clips=2)
    assert client.get(f"/s/{study.open_link_token}/").status_code == 403


def test_somebody_in_the_middle_may_finish_within_the_grace_period():
    study = make_open_study(clips=2, grace_minutes=30)
    visit = Visit(study).to_trials()
    close_study(study)
    assert visit.finish().status == "completed"


def test_after_the_grace_period_the_study_is_over():
    study = make_open_study(clips=2, grace_minutes=30)
    visit = Visit(study).to_trials()
    close_study(study)
    Study.objects.filter(pk=study.pk).update(closed_at=timezone.now() - timedelta(minutes=31))
    assert visit.get("trial/1/").status_code == 410
    assert visit.answer(1).status_code == 410
    assert not visit.participant.trials.filter(ballot__isnull=False).exists()


def test_without_the_cookie_a_participants_page_is_closed():
    visit = Visit(make_open_study(clips=2)).to_trials()
    stranger = Client()
    assert stranger.get(visit.url("trial/1/")).status_code == 403


def test_steps_cannot_be_skipped():
    visit = Visit(make_open_study(clips=4, sound_check=True))
    for page in ("trial/1/", "review/", "thanks/"):
        assert visit.get(page).headers["Location"].endswith("consent/")
    assert visit.post("consent/", {}).status_code == 422
    visit.to_trials()
    assert visit.get("trial/4/").headers["Location"].endswith("trial/1/")
    assert visit.get("review/").headers["Location"].endswith("trial/1/")


def test_an_answer_can_be_seen_and_changed_until_the_end_and_not_after():
    visit = Visit(make_open_study(clips=2)).to_trials()
    visit.answer(1, "A", "B")
    page = visit.get("trial/1/").content.decode()
    assert re.search(r'name="first" value="A" checked', page)
    visit.answer(1, "C", "D")
    visit.finish()
    receipt = visit.participant.receipt
    assert visit.answer(1, "D", "C").headers["Location"].endswith("/thanks/")
    assert receipt in visit.get("thanks/").content.decode()


def test_a_plain_form_that_is_sent_twice_is_one_answer_and_a_changed_one_counts():
    visit = Visit(make_open_study(clips=2)).to_trials()
    trial = visit.participant.trials.get(number=1)

    def send(page: str, first: str, second: str) -> None:
        key = hidden_fields(page)["key"]
        assert visit.answer(1, first, second, key=key).status_code == 303

    def stored() -> tuple[str, int]:
        ballot = Ballot.objects.get(trial=trial)
        return "ABCD"[trial.position_order.index(ballot.first_id)], ballot.revisions.count()

    page = visit.get("trial/1/").text
    for _ in range(2):
        send(page, "A", "B")
    assert stored() == ("A", 0)
    later = visit.get("trial/1/").text
    send(later, "C", "D")
    send(page, "A", "B")  # an old request, sent again
    assert stored() == ("C", 1)
    send(later, "B", "A")  # the browser showed the page again as it was, and the choice was changed there
    send(later, "C", "D")
    assert stored() == ("C", 3)


def test_opening_the_open_link_again_offers_to_resume():
    visit = Visit(make_open_study(clips=2)).to_trials()
    assert "Continue where I stopped" in visit.client.get(visit.entry_url).content.decode()
    landed = visit.client.post(visit.entry_url, {"resume": "1"})
    assert landed.headers["Location"] == visit.base


def test_a_personal_link_lets_one_person_in_and_brings_them_back():
    study = make_open_study(clips=2)
    ((_label, url),) = create_personal_links(study, 1)
    path = "/" + url.split("/", 3)[3]
    client = Client()
    assert client.get(path).status_code == 200
    assert not Participant.objects.exists()
    base = client.post(path).headers["Location"]
    assert Client().get(path).headers["Location"] == base
    assert Client().post(path).headers["Location"] == base
    assert study.participants.count() == 1


def test_a_capped_link_lets_in_as_many_as_it_was_made_for():
    study = make_open_study(clips=2)
    ((_label, url),) = create_personal_links(study, 1, cap=2)
    path = "/" + url.split("/", 3)[3]
    for _ in range(2):
        client = Client()
        key = re.search(r'name="key" value="([^"]+)"', client.get(path).content.decode())[1]
        assert client.post(path, {"key": key}).status_code == 303
    assert Client().get(path).status_code == 403
    assert study.participants.count() == 2


def test_pilots_may_try_a_draft():
    study = make_study(clips=2)
    ((_label, url),) = create_personal_links(study, 1, kind="pilot")
    path = "/" + url.split("/", 3)[3]
    client = Client()
    base = client.post(path).headers["Location"]
    assert client.get(base, follow=True).status_code == 200
    assert study.participants.get().kind == "pilot"


def test_a_pilot_sees_on_every_page_that_it_is_one_and_nobody_else_does():
    study = make_study(clips=2)
    ((_label, url),) = create_personal_links(study, 1, kind="pilot")
    pilot, mark = Client(), '<strong class="pilot">Pilot</strong>'
    path = "/" + url.split("/", 3)[3]
    assert mark in pilot.get(path).content.decode()
    base = pilot.post(path).headers["Location"]
    pages = ["consent/", "instructions/", "trial/1/", "problem/", "withdraw/"]
    for page in pages:
        if page == "instructions/":
            pilot.post(base + "consent/", {"agree": "on"})
        elif page == "trial/1/":
            pilot.post(base + "instructions/")
        assert mark in pilot.get(base + page).content.decode(), page
    Study.objects.update(status=Study.Status.CLOSED, closed_at=timezone.now() - timedelta(days=9))
    assert mark in pilot.get(base + "trial/1/").content.decode()  # "This study has ended"
    Study.objects.update(status=Study.Status.DRAFT, closed_at=None)
    assert mark in pilot.post(base + "withdraw/").content.decode()
    visit = Visit(make_open_study(clips=2)).to_trials()
    for page in pages:
        assert mark not in visit.get(page).content.decode(), page


def test_who_has_lost_all_cookies_is_told_so_and_what_to_do():
    visit = Visit(make_open_study(clips=2))
    address = visit.url("trial/1/")
    page = Client(enforce_csrf_checks=True).post(address, {"first": "A", "second": "B"})
    assert page.status_code == 403
    assert "This browser has lost its cookies" in page.content.decode()
    assert 'class="survey"' in page.content.decode()
    reply = Client(enforce_csrf_checks=True).post(address, headers={"accept": "application/json"})
    assert (reply.status_code, reply.json()["state"], reply.json()["final"]) == (403, "nolink", False)
    # A page of the console keeps its own words.
    assert "lost its cookies" not in Client(enforce_csrf_checks=True).post("/console/sign-in/").content.decode()


def test_filling_the_hidden_field_enrols_a_bot():
    study = make_open_study(clips=2)
    client = Client()
    page = client.get(f"/s/{study.open_link_token}/").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    client.post(f"/s/{study.open_link_token}/", {"key": key, "website": "http://spam.example"})
    assert study.participants.get().kind == "bot"


def test_a_study_that_stops_at_its_target_takes_nobody_new(client):
    study = make_open_study(clips=2, target_participants=1, stop_at_target=True)
    Visit(study).to_trials().finish()
    assert client.get(f"/s/{study.open_link_token}/").status_code == 403


def test_the_page_follows_the_chosen_language():
    visit = Visit(make_open_study(clips=2))
    visit.post("language/", {"language": "ko", "next": visit.url("consent/")})
    assert 'lang="ko"' in visit.get("consent/").content.decode()
    assert visit.participant.language == "ko"


def test_a_study_in_korean_only_is_shown_in_korean():
    visit = Visit(make_open_study(clips=2, languages=["ko"]))
    assert 'lang="ko"' in visit.get("consent/").content.decode()


def test_a_language_switch_leads_to_no_other_site():
    visit = Visit(make_open_study(clips=2))
    answer = visit.post("language/", {"language": "ko", "next": "https://evil.example/"})
    assert answer.headers["Location"].startswith("/q/")


def test_a_problem_reaches_the_researcher_with_its_page_and_no_name():
    visit = Visit(make_open_study(clips=2)).to_trials()
    key = hidden_fields(visit.get("problem/").text)["key"]
    for _ in range(2):  # sent twice
        sent = visit.post("problem/", {"text": "No sound.", "page": "trial 1", "key": key})
    assert "has been passed on" in visit.client.get(visit.url("problem/") + sent.headers["Location"]).text
    report = ProblemReport.objects.get()
    assert (report.page, report.text) == ("trial 1", "No sound.")
    assert not any("participant" in field.name for field in report._meta.fields)


def test_a_receipt_erases_everything_that_was_given(client):
    visit = Visit(make_open_study(clips=2)).to_trials()
    receipt = visit.finish().receipt
    assert client.post("/withdraw/", {"receipt": "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"}).status_code == 422
    assert client.post("/withdraw/", {"receipt": receipt.lower().replace("-", " ")}).status_code == 303
    person = visit.participant
    assert person.status == "withdrawn"
    assert not person.trials.exists()
    assert (person.answers, person.receipt) == ({}, "")
    assert client.get(f"/p/{visit.token}/").status_code == 404
    withdraw(person)  # again changes nothing


def test_the_open_link_has_an_address_of_its_own():
    study = make_open_study(clips=1)
    assert open_link(study).endswith(f"/s/{study.open_link_token}/")


def test_pages_are_never_kept_by_a_cache():
    visit = Visit(make_open_study(clips=2)).to_trials()
    for page in ("trial/1/", "consent/"):
        assert "no-store" in visit.get(page).headers["Cache-Control"]


def test_a_trial_page_is_small_with_all_it_loads_and_needs_one_round_trip():
    visit = Visit(make_open_study(clips=6, conditions=6)).to_trials()
    page = visit.get("trial/1/").content.decode()
    static = Path(__file__).resolve().parents[3] / "static"
    named = [*re.findall(r'<link rel="(?:stylesheet|modulepreload)" href="/static/([^"]+)"', page)]
    named += re.findall(r'<script[^>]* src="/static/([^"]+)"', page)
    files = {name: (static / name).read_text() for name in named}
    # The server sends files compressed, and pages as they are.
    assert len(page.encode()) + sum(len(gzip.compress(text.encode())) for text in files.values()) < 45_000
    # Whatever a file asks for in turn is named by the page already.
    asked = {f"js/survey/{module}" for text in files.values() for module in re.findall(r'from "\./([^"]+)"', text)}
    assert asked
    assert asked <= set(files)
    assert not any("@import" in text or "url(" in text for name, text in files.items() if name.endswith("css"))


def test_the_entry_page_counts_all_trials():
    study = make_open_study(clips=3, repeats=1, match_controls=1, attention_trials=1)
    page = Client().get(f"/s/{study.open_link_token}/").content.decode()
    assert "6 short pieces of music" in page
    visit = Visit(study).to_trials()
    assert visit.participant.trials.count() == 6
