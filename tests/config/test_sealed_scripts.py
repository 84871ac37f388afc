"""While a study is sealed, nothing that a script can read tells results by condition, or which image has which one.

The API is crawled as each role in each state; the same study is read again with all answers reversed.
"""

import json
import tempfile
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from study.access import RIGHTS, Right
from study.api import contents
from study.models import ApiToken, Ballot, Role, Stimulus, Study
from study.participants.tokens import token_hash
from tests.config.addresses import API, AUDIENCE, TOKEN
from tests.config.test_console_commands import VERBS_OF, run
from tests.config.test_sealed_studies import close, preferring, reverse_answers
from tests.factories import UserFactory
from tests.shared_rows import study_of_file

pytestmark = pytest.mark.django_db

STATES = ("draft", "open", "in its grace period")
# What only the sealed table of ballots shows: a label that differs from person to person.
OWN_LABELS = ("first", "second")


made, study = study_of_file(lambda: preferring(2, 1))


def people_of(study: Study) -> dict[Role, Any]:
    people = {Role.OWNER: study.owner} | {role: UserFactory() for role in Role if role != Role.OWNER}
    for role, person in people.items():
        if role != Role.OWNER:
            study.memberships.create(user=person, role=role)
        ApiToken.objects.create(
            study=study,
            user=person,
            role=role,
            name="crawl",
            token_hash=token_hash(f"earsight_{role}"),
            last_day=timezone.localdate() + timedelta(days=1),
        )
    return people


def bring_to(study: Study, state: str) -> None:
    if state == "in its grace period":
        close(study, ago=timedelta(minutes=59))
    else:
        Study.objects.filter(pk=study.pk).update(status=state)
    study.refresh_from_db()
    assert study.is_sealed


Found = dict[tuple[Role, str], Any]


def crawl(study: Study, roles: Iterable[Role] = Role, *, again: Found | None = None) -> Found:
    """Read each address as each role: status and content; without the labels of each person's own.

    Args:
        again: what was found before; what it refused to a role is not asked for again.
    """
    cache.clear()
    found = {}
    for role, name in product(roles, AUDIENCE[TOKEN]):
        if again and again[role, name][0] == 403:
            continue
        headers = {"Authorization": f"Bearer earsight_{role}"}
        response = Client().get(reverse(name, args=[study.slug]), headers=headers)
        content = response.json()
        assert (response.status_code == 403) == (API[name][0] not in RIGHTS[role]), (role, name)
        found[role, name] = (response.status_code, without_own(content))
    return found


def without_own(content: dict[str, Any]) -> dict[str, Any]:
    """Take out what differs for another reason: the labels of each person's own, and that somebody took the tables."""
    if "nonce" in content.get("columns", ()):
        places = [content["columns"].index(column) for column in OWN_LABELS]
        content["rows"] = [["" if n in places else cell for n, cell in enumerate(row)] for row in content["rows"]]
    if "question" in content.get("columns", ()):
        place = content["columns"].index("condition")
        rows = [["" if n == place else cell for n, cell in enumerate(row)] for row in content["rows"]]
        content["rows"] = sorted(rows, key=json.dumps)  # those of a trial are in the order of the labels
    if "entries" in content:
        content["entries"] = [entry for entry in content["entries"] if entry["action"] != "downloaded"]
    return content


def secrets_of(study: Study) -> set[str]:
    """Words that tell a condition or an image of one."""
    words = {word for row in study.conditions.all() for word in (row.key, row.label)}
    return words | {
        name for image in Stimulus.objects.filter(clip__study=study) for name in (image.image.name, image.preview.name)
    }


# What a verb that prints needs beside the study.
_NEEDED = {
    "clips edit": ("1",),
    "plan questions": ("before",),
    "plan people": ("quotas",),
    "participants to-pay": ("finished",),
    "review decide": ("1",),
    # Refused while sealed, so that nothing is written.
    "results report": ("--out", tempfile.gettempdir()),
    "results pictures": ("--out", f"{tempfile.gettempdir()}/pictures.zip"),
    "results preferences": ("--out", f"{tempfile.gettempdir()}/preferences.zip"),
}


def crawl_commands(study: Study, people: dict[Role, Any], *, again: Found | None = None) -> Found:
    """Read what each command prints as each role, also its refusal; without the labels of each person's own."""
    found = {}
    for (role, person), (name, verb) in product(people.items(), VERBS_OF):
        if verb.does and verb.change is None:
            continue
        words = [name, verb.name, *([study.slug] if verb.right else []), *_NEEDED.get(f"{name} {verb.name}", ())]
        place, is_refused = (role, " ".join(words[:2])), verb.right is not None and verb.right not in RIGHTS[role]
        if again and is_refused:
            continue
        content = run(*words, "--as", person.username)
        assert ("error" in content) >= is_refused, (role, words)
        found[place] = without_own(content)
    return found


def refuse_differences(study: Study, before: Found, after: Found) -> None:
    """What was found before and after all answers were reversed is the same, and names nothing that is hidden."""
    hidden = secrets_of(study)
    assert len(after) >= len(before) / 2
    for place, content in before.items():
        assert content == after.get(place, content), place
        if study.is_blinded:
            text = json.dumps(content, ensure_ascii=False)
            assert [word for word in hidden if word in text] == [], place


def test_nothing_that_a_command_prints_depends_on_the_preferences(
    study: Study, at_one_moment: Callable[[], None]
) -> None:
    people = people_of(study)
    at_one_moment()
    for state, roles in (
        ("draft", (Role.EDITOR,)),
        ("open", tuple(Role)),
        ("in its grace period", (Role.OWNER, Role.READER)),
    ):
        bring_to(study, state)
        asked = {role: people[role] for role in roles}
        before = crawl_commands(study, asked)
        assert len(before) > 30 * len(roles)
        reverse_answers(study)
        refuse_differences(study, before, crawl_commands(study, asked, again=before))


def test_nothing_that_a_script_reads_depends_on_the_preferences(
    study: Study, at_one_moment: Callable[[], None]
) -> None:
    people_of(study)
    at_one_moment()
    for state in STATES:
        bring_to(study, state)
        roles = tuple(Role) if state == "open" else (Role.OWNER, Role.RUNNER)
        before = crawl(study, roles)
        reverse_answers(study)
        refuse_differences(study, before, crawl(study, roles, again=before))
        assert {status for (_role, name), (status, _content) in before.items() if name == "api_results"} <= {403, 409}


def test_the_crawl_finds_a_leak_that_is_planted(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the favourite of the people told on the monitor."""
    people_of(study)
    honest = contents.monitor_contents

    def telling(access: Any, stage: str = "") -> dict[str, Any]:
        ballot = (
            Ballot.objects.filter(trial__participant__study=access.study).select_related("first__condition").first()
        )
        return honest(access, stage) | {"favourite": ballot and ballot.first and ballot.first.condition.number}

    monkeypatch.setattr(contents, "monitor_contents", telling)
    roles = (Role.OWNER, Role.RUNNER)
    before = crawl(study, roles)
    reverse_answers(study)
    with pytest.raises(AssertionError, match="api_monitor"):
        refuse_differences(study, before, crawl(study, roles, again=before))


def test_the_sealed_table_shows_labels_that_cannot_be_counted_and_nothing_that_decodes_them(study: Study) -> None:
    people_of(study)
    headers = {"Authorization": f"Bearer earsight_{Role.EDITOR}"}
    address = reverse("api_ballots", args=[study.slug])
    table = Client().get(address, headers=headers).json()
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert table["sealed"] is True
    chosen = [row["first"] for row in rows]
    assert max(map(chosen.count, chosen)) <= len(rows) / 2
    assert not any(row[name] for row in rows for name in ("position_first", "order", "reason", "nonce", "digest"))
    # The control: once the seal is off, the same address gives the keys.
    close(study, ago=timedelta(minutes=61))
    table = Client().get(address, headers=headers).json()
    assert {row[table["columns"].index("first")] for row in table["rows"]} == {"redefined_sentence"}


def test_a_runner_stays_blind_after_the_seal_too(study: Study) -> None:
    people_of(study)
    close(study, ago=timedelta(minutes=61))
    labels = {word for row in study.conditions.all() for word in (row.key, row.label, row.sealed_label)}
    found = crawl(study, [Role.RUNNER, Role.READER])
    read = {name: json.dumps(found[Role.RUNNER, name]) for name in AUDIENCE[TOKEN]}
    assert [word for word in labels for text in read.values() if word in text] == []
    assert Right.LOOK not in RIGHTS[Role.RUNNER]
    assert any(word in json.dumps(found[Role.READER, "api_clips"]) for word in labels), "the control"
