"""Tokens for scripts: shown once, good for one person in one role in one study, and ended in every way that is told."""

import json
import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from study.access import RIGHTS
from study.models import ApiToken, LogEntry, Role, Study
from study.participants.log_masking import mask
from study.setup import sharing
from study.setup.api_tokens import MOST_TOKENS, make_token
from tests.config.addresses import API, AUDIENCE, METHODS, TOKEN, browser
from tests.factories import PASSWORD, UserFactory, make_open_study, make_study
from tests.study.api.scripts import ask, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> SimpleNamespace:
    """A draft with somebody in each role, each with a token."""
    cache.clear()
    people = {role: UserFactory(username=f"zz{role}") for role in Role}
    study = make_study(clips=1, owner=people[Role.OWNER], slug="zither")
    for role in (Role.EDITOR, Role.RUNNER, Role.READER):
        study.memberships.create(user=people[role], role=role)
    tokens = {role: token_for(person, study) for role, person in people.items()}
    return SimpleNamespace(people=people, study=study, tokens=tokens)


def made_on_the_page(client: Client, study: Study) -> str:
    sent = {"name": "notebook", "last_day": (timezone.localdate() + timedelta(days=9)).isoformat()}
    page = client.post(reverse("study_scripts", args=[study.slug]), sent, follow=True)
    return page.text.partition('id="new-token" value="')[2].partition('"')[0]


def test_a_token_is_shown_once_and_stored_as_a_hash(world: SimpleNamespace) -> None:
    client = browser(world.people[Role.READER])
    token = made_on_the_page(client, world.study)
    assert token.startswith("earsight_")
    assert ask(token, world.study).json()["role"] == "reader"
    page = client.get(reverse("study_scripts", args=["zither"]))
    assert token not in page.text
    assert "notebook" in page.text
    assert "last used on" in page.text
    stored = json.dumps(list(ApiToken.objects.values()), default=str) + json.dumps(
        list(LogEntry.objects.values("data", "reason")), default=str
    )
    assert token not in stored
    assert "notebook" not in json.dumps(list(LogEntry.objects.values("data")))
    assert mask(f'"Authorization: Bearer {token}" {token}').count(token[9:]) == 0


def test_each_address_needs_the_right_of_its_page(world: SimpleNamespace) -> None:
    assert set(AUDIENCE[TOKEN]) == set(API), "new addresses: state in API what they need"
    refused = 0
    for name, (right, _page) in API.items():
        for role, token in world.tokens.items():
            response = ask(token, world.study, name)
            if right in RIGHTS[role]:
                # The draft's results are sealed.
                assert response.status_code == (409 if name == "api_results" else 200), (name, role)
            else:
                refused += 1
                assert response.status_code == 403, (name, role)
                assert "Its owner, zzowner, can give you another." in response.json()["error"]
    assert refused == 8


def test_what_is_no_good_token_is_refused_alike_and_in_json(world: SimpleNamespace) -> None:
    other = make_study(clips=1, slug="theirs")
    good = world.tokens[Role.OWNER]
    refusals = [ask(token, world.study) for token in ("", "earsight_x", good[:-1], "x" * 5000, "'; --", good + " more")]
    for response in refusals:
        assert response.status_code == 401
        assert "Scripts" in response.json()["error"]
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.content == refusals[0].content
    # Another study looks like one that does not exist, also that of the same person.
    mine = make_study(clips=1, slug="mine", owner=world.people[Role.OWNER])
    unknown = ask(good, "no-such-study")
    for study in (other, mine):
        assert ask(good, study).content == unknown.content
    assert (unknown.status_code, list(unknown.json())) == (404, ["error"])
    nowhere = Client().get("/api/nowhere/at/all")
    assert (nowhere.status_code, list(nowhere.json())) == (404, ["error"])


def test_a_browsers_cookie_opens_no_address_and_gets_none(world: SimpleNamespace) -> None:
    client = browser(world.people[Role.OWNER])
    for name in AUDIENCE[TOKEN]:
        assert client.get(reverse(name, args=["zither"])).status_code == 401, name
        response = ask(world.tokens[Role.OWNER], world.study, name)
        assert not response.cookies
        assert response.headers["Cache-Control"] == "private, no-store"
        assert response.headers["Content-Type"] == "application/json"
        assert "Access-Control-Allow-Origin" not in response.headers
    # Not in the address: it would be in histories and logs.
    assert Client().get(f"/api/studies/zither/?token={world.tokens[Role.OWNER]}").status_code == 401


def test_nothing_is_written_through_the_api(world: SimpleNamespace) -> None:
    for name in AUDIENCE[TOKEN]:
        for method in METHODS:
            response = ask(world.tokens[Role.OWNER], world.study, name, method=method)
            assert (response.status_code == 405) == (method not in ("get", "head")), (name, method)
            if response.status_code == 405:
                assert response.headers["Allow"] == "GET, HEAD"


def test_a_token_ends_with_its_day_by_hand_and_with_the_role(world: SimpleNamespace) -> None:
    study, people = world.study, world.people
    owner = people[Role.OWNER]

    def works(role: Role) -> bool:
        return ask(world.tokens[role], study).status_code == 200

    assert all(map(works, Role))
    # By hand: one's own, and as the owner anybody's.
    rows = {row.user: row for row in study.api_tokens.all()}
    end = [reverse("api_token_end", args=["zither", rows[people[role]].pk]) for role in (Role.READER, Role.OWNER)]
    assert browser(people[Role.READER]).post(end[1]).status_code == 403
    assert works(Role.OWNER)
    browser(people[Role.READER]).post(end[0])
    assert not works(Role.READER)
    # With the role, also when it comes back.
    sharing.change_role(study, people[Role.RUNNER], Role.READER, actor=owner)
    sharing.change_role(study, people[Role.RUNNER], Role.RUNNER, actor=owner)
    assert not works(Role.RUNNER)
    # When its person leaves, also if they come back.
    sharing.unshare_study(study, people[Role.EDITOR], actor=owner)
    sharing.share_study(study, "zzeditor", actor=owner)
    assert not works(Role.EDITOR)
    # When the study is passed on: who owned it is an editor now.
    sharing.offer_ownership(study, people[Role.EDITOR], actor=owner)
    sharing.accept_ownership(study, actor=people[Role.EDITOR])
    assert not works(Role.OWNER)
    # With its last day, and with the account.
    token = token_for(people[Role.RUNNER], study)
    assert ask(token, study).status_code == 200
    for change, back in (({"is_active": False}, {"is_active": True}),):
        type(owner).objects.filter(pk=people[Role.RUNNER].pk).update(**change)
        assert ask(token, study).status_code == 401
        type(owner).objects.filter(pk=people[Role.RUNNER].pk).update(**back)
    study.api_tokens.update(last_day=timezone.localdate() - timedelta(days=1))
    assert ask(token, study).status_code == 401


def test_a_new_password_ends_all_tokens_and_a_new_hash_of_the_same_one_none(world: SimpleNamespace) -> None:
    study, runner, reader = world.study, world.people[Role.RUNNER], world.people[Role.READER]
    weak = MD5PasswordHasher().encode(PASSWORD, "salt")
    type(reader).objects.filter(pk=reader.pk).update(password=weak)
    reader.refresh_from_db()
    assert reader.check_password(PASSWORD)
    assert reader.password != weak, "hashed anew, as at a sign-in: the salt was too short"
    new = "kettle orchard 93 violins"
    page = browser(runner).post(
        reverse("account"), {"old_password": PASSWORD, "new_password1": new, "new_password2": new}, follow=True
    )
    assert "tokens of your scripts have ended" in page.text
    assert ask(world.tokens[Role.RUNNER], study).status_code == 401
    assert study.log.filter(action="API token ended").count() == 1
    for role in (Role.READER, Role.EDITOR, Role.OWNER):
        assert ask(world.tokens[role], study).status_code == 200
    # By a link of a forgotten password, by a command, or with an account that is deactivated and comes back.
    editor = world.people[Role.EDITOR]
    editor.set_password(new)
    editor.save()
    reader.is_active = False
    reader.save()
    reader.is_active = True
    reader.save()
    for role in (Role.READER, Role.EDITOR):
        assert ask(world.tokens[role], study).status_code == 401


def test_tokens_of_rehearsals_end_with_the_role_in_the_study(world: SimpleNamespace) -> None:
    study, people = world.study, world.people
    copy = make_study(clips=1, owner=study.owner, simulated=True, rehearsal_of=study)
    tokens = {role: token_for(person, copy) for role, person in people.items()}
    sharing.change_role(study, people[Role.RUNNER], Role.READER, actor=study.owner)
    sharing.change_role(study, people[Role.RUNNER], Role.RUNNER, actor=study.owner)
    sharing.unshare_study(study, people[Role.READER], actor=study.owner)
    study.memberships.create(user=people[Role.READER], role=Role.READER)
    sharing.offer_ownership(study, people[Role.EDITOR], actor=study.owner)
    sharing.accept_ownership(study, actor=people[Role.EDITOR])
    assert {role: ask(token, copy).status_code for role, token in tokens.items()} == dict.fromkeys(tokens, 401)


def test_a_token_never_comes_to_read_more_with_another_role(world: SimpleNamespace) -> None:
    """Also where a role was changed by another way than the page."""
    world.study.memberships.filter(user=world.people[Role.RUNNER]).update(role=Role.EDITOR)
    response = ask(world.tokens[Role.RUNNER], world.study, "api_clips")
    assert response.status_code == 404
    assert "Your role in the study has changed" in response.json()["error"]
    # An operator reads as the owner does, and no longer once they are none.
    operator = UserFactory(is_superuser=True)
    token = token_for(operator, world.study)
    assert ask(token, world.study).json()["role"] == "owner"
    type(operator).objects.filter(pk=operator.pk).update(is_superuser=False)
    assert ask(token, world.study).status_code == 404


def test_guesses_are_limited_and_good_tokens_are_not(world: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        statuses = [ask(f"earsight_{number}", world.study).status_code for number in range(33)]
    assert statuses == [401] * 30 + [429] * 3
    assert caplog.text.count("More than 30 API tokens") == 1
    assert ask(world.tokens[Role.READER], world.study).status_code == 200
    assert ask("", world.study).status_code == 401, "without any token nothing is guessed"


def test_the_page_shows_others_tokens_to_the_owner_alone_and_limits_their_number(world: SimpleNamespace) -> None:
    address = reverse("study_scripts", args=["zither"])
    assert "zzrunner" not in browser(world.people[Role.READER]).get(address).text
    assert "zzrunner" in browser(world.people[Role.OWNER]).get(address).text
    reader = browser(world.people[Role.READER])
    for day in (timezone.localdate() - timedelta(days=1), timezone.localdate() + timedelta(days=366)):
        page = reader.post(address, {"name": "x", "last_day": day.isoformat()})
        assert page.status_code == 400
        assert "Choose a last day" in page.text
    for _number in range(MOST_TOKENS - 1):
        token_for(world.people[Role.READER], world.study)
    page = reader.post(address, {"name": "x", "last_day": timezone.localdate().isoformat()})
    assert "which is the most" in page.text


def test_the_log_names_who_made_and_ended_a_token(world: SimpleNamespace) -> None:
    row, _token = make_token(world.study, "n", timezone.localdate(), actor=world.people[Role.EDITOR])
    browser(world.people[Role.OWNER]).post(reverse("api_token_end", args=["zither", row.pk]))
    entries = world.study.log.filter(action__startswith="API token").order_by("-number")[:2]
    assert [(entry.action, entry.actor_name, entry.data["token"]) for entry in entries] == [
        ("API token ended", "zzowner", row.pk),
        ("API token made", "zzeditor", row.pk),
    ]


def test_tables_about_single_people_are_logged_and_come_in_pages(
    monkeypatch: pytest.MonkeyPatch, world: SimpleNamespace
) -> None:
    from analysis import api
    from study.api import contents
    from tests.analysis.answered_studies import answered_study

    study: Any = answered_study(people=5, clips=2)
    token = token_for(study.owner, study)
    whole = {name: ask(token, study, name).json() for name in ("api_ballots", "api_answers", "api_participants")}
    assert len(whole["api_ballots"]["rows"]) == 10
    assert {page["next"] for page in whole.values()} == {None}
    assert [entry.data["file"] for entry in study.log.filter(action="downloaded").order_by("number")] == [
        "ballots.json",
        "participants.json",
    ]
    monkeypatch.setattr(api, "MOST_ROWS", 3)
    monkeypatch.setattr(contents, "PAGE", 2)
    for name, page in whole.items():
        key = "participants" if name == "api_participants" else "rows"
        rows, after, pages = [], None, 0
        while pages == 0 or after is not None:
            part = ask(token, study, name, query="" if after is None else f"?after={after}").json()
            rows, after, pages = rows + part[key], part["next"], pages + 1
        assert rows == page[key], name
        assert pages > 1
    assert ask(token, study, "api_ballots", query="?after=x").status_code == 409


def test_the_numbers_are_those_of_the_page(world: SimpleNamespace) -> None:
    study = make_open_study(clips=1)
    study.participants.create(number=1, token_hash="1" * 64)
    numbers = ask(token_for(study.owner, study), study, "api_monitor").json()
    assert numbers["started"] == 1
    assert numbers["completed"] == 0
    assert numbers["days"][0]["started"] == 1
