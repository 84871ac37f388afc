"""While a study is sealed, nothing that a researcher can request depends on which condition participants prefer.

The tests compare the same study before and after all answers are reversed: if nothing differs, nothing is revealed.
"""

import csv
import io
import logging
import random
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from analysis.study_results.analyses import build_analysis, request_analysis
from config.bundles import export_study
from study.ballots.casting import Answer, cast_ballot, digest_of
from study.ballots.long_table import LONG_COLUMNS, answers_by_person
from study.ballots.table import ballot_rows
from study.design import draw_plan
from study.errors import NotAllowedNow
from study.instruments.presets import PRESETS
from study.models import Ballot, Participant, Role, Stimulus, Study
from study.participants.completion import finish
from study.participants.enrolment import design_of, enrol, main_clips
from study.setup.copying import copy_study
from tests.config.addresses import addresses_of, body, browser
from tests.factories import UserFactory, make_open_study
from tests.shared_rows import study_of_file

pytestmark = pytest.mark.django_db

PEOPLE, CLIPS = 12, 1


def preferring(best: int, second: int, **fields: Any) -> Study:
    """Return an open study whose participants all choose condition number `best`, then `second`."""
    study = make_open_study(clips=CLIPS, slug="zither", ask_reason=True, feedback=True, **fields)
    for number in range(PEOPLE):
        take_part(study, number, best, second)
    return study


def take_part(study: Study, number: int, best: int, second: int) -> None:
    person, _token = enrol(study)
    # So that the labels are the same on each run.
    Participant.objects.filter(pk=person.pk).update(nonce=f"{number:032x}")
    for trial in person.trials.order_by("number"):
        letters = [letter_of(trial, best), letter_of(trial, second)]
        cast_ballot(trial, Answer(uuid4(), *letters, seconds=20.0, reason="the violin fits"))
    finish(person)


made, study = study_of_file(lambda: preferring(2, 1))


def letter_of(trial: Any, number: int) -> str:
    stimulus = Stimulus.objects.get(clip=trial.clip, condition__number=number)
    return "ABCDEF"[trial.position_order.index(stimulus.pk)]


def reverse_answers(study: Study) -> None:
    """Replace conditions 1, 2, 3, 4 by 4, 3, 2, 1 in each ballot."""
    rows = Stimulus.objects.filter(clip__study=study).values_list("pk", "clip", "condition__number", "condition__key")
    stimulus_of = {(clip, number): pk for pk, clip, number, _key in rows}
    reversed_choice = {pk: stimulus_of[clip, 5 - number] for pk, clip, number, _key in rows}
    keys = {pk: key for pk, _clip, _number, key in rows}
    for ballot in Ballot.objects.filter(trial__participant__study=study).select_related("trial__participant"):
        ballot.first_id, ballot.second_id = reversed_choice[ballot.first_id], reversed_choice[ballot.second_id]
        ballot.digest = digest_of(ballot, ballot.trial, keys)
        ballot.save()


@dataclass(frozen=True)
class Page:
    status: int
    headers: dict[str, str]
    text: bytes
    reads_ballots: bool


def console_pages(study: Study, *users: Any, of: str = "", again: Mapping[str, Page] | None = None) -> dict[str, Page]:
    """Request all pages of the console as the owner and an operator (or as `users`), by user and URL.

    Args:
        of: only those of which the address has this in it.
        again: what was read before only ballots were changed; pages that read no ballots are not requested again.
    """
    pages = {}
    for user in users or (study.owner, operator()):
        client = browser(user)
        addresses = [*addresses_of(study), "/console/", f"/console/studies/{study.slug}/monitor/?fragment"]
        for address in addresses:
            name = f"{user} {address}"
            if of not in address or (again and not again[name].reads_ballots):
                continue
            cache.clear()  # so that a page reads itself what it shows
            with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                response = client.get(address)
                content = body(response)
                transaction.set_rollback(True)  # downloads are logged, and the log is on other pages
            ignored = ("Content-Length", "Expires", "X-Request-ID")
            headers = {name: value for name, value in response.headers.items() if name not in ignored}
            text = re.sub(rb'csrfmiddlewaretoken" value="[^"]*"', b"", content)
            reads_ballots = any(Ballot._meta.db_table in query["sql"] for query in queries)
            pages[name] = Page(response.status_code, headers, text, reads_ballots)
    assert any(page.reads_ballots for page in pages.values())
    return pages


def operator() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get_or_create(username="operator", is_superuser=True)[0]


def close(study: Study, *, ago: timedelta) -> None:
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED, closed_at=timezone.now() - ago)
    study.refresh_from_db()


@pytest.mark.parametrize(
    ("state", "roles"),
    [
        ("open", ()),  # as the owner and an operator
        ("paused", (Role.EDITOR, Role.RUNNER)),
        ("in its grace period", (Role.READER,)),
    ],
)
def test_no_page_of_a_sealed_study_depends_on_the_preferences(
    state: str, roles: tuple[Role, ...], study: Study, at_one_moment: Callable[[], None]
) -> None:
    users = [UserFactory(username=role) for role in roles]
    for user in users:
        study.memberships.create(user=user, role=user.username)
    if state == "paused":
        Study.objects.filter(pk=study.pk).update(status=Study.Status.PAUSED)
    elif state != "open":
        close(study, ago=timedelta(minutes=59))
    study.refresh_from_db()
    assert study.is_sealed
    at_one_moment()
    before = console_pages(study, *users)
    reverse_answers(study)
    for address, page in console_pages(study, *users, again=before).items():
        assert page == before[address], address


def test_pages_of_an_unsealed_study_do_depend_on_the_preferences(
    study: Study, at_one_moment: Callable[[], None]
) -> None:
    """The control: the same comparison finds the difference."""
    close(study, ago=timedelta(minutes=61))
    build_analysis(study)
    at_one_moment()
    before = console_pages(study, study.owner, of="/results/")
    reverse_answers(study)
    build_analysis(study)
    after = console_pages(study, study.owner, of="/results/")
    assert any(page != after[address] for address, page in before.items())


def exported(study: Study, folder: Path) -> dict[str, bytes]:
    path = folder / f"{uuid4()}.zip"
    export_study(study, path)
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_a_sealed_export_shows_only_labels_of_each_participants_own(study: Study, tmp_path: Path) -> None:
    before = exported(study, tmp_path)
    reverse_answers(study)
    after = exported(study, tmp_path)
    assert before.keys() == after.keys()
    for name in before.keys() - {"ballots.csv", "SHA256SUMS"}:
        assert before[name] == after[name], name
    rows, reversed_rows = (
        list(csv.DictReader(io.StringIO(files["ballots.csv"].decode()))) for files in (before, after)
    )
    for row, other in zip(rows, reversed_rows, strict=True):
        assert {**row, "first": "", "second": ""} == {**other, "first": "", "second": ""}
        assert not any(row[name] for name in ("position_first", "position_second", "order", "reason", "nonce"))
    # All participants chose the same condition, but no label is chosen by most of them.
    assert max(Counter(row["first"] for row in rows).values()) <= PEOPLE * CLIPS / 2


def test_labels_cannot_be_decoded_by_the_seed_or_by_taking_part(study: Study) -> None:
    """Both attacks work on the unsealed table, which is the control, and fail on the sealed one."""

    def by_the_seed(rows: list[dict[str, Any]]) -> set[str]:
        """The plan shows the seed, and slots mostly follow the order of participants."""
        design, clips = design_of(study, "real"), [clip.name for clip in main_clips(study)]
        keys = list(study.conditions.order_by("number").values_list("key", flat=True))
        found = set()
        for row in rows:
            plans = {clips[plan.clip]: plan for plan in draw_plan(design, int(row["participant"][1:]) - 1)}
            if row["position_first"]:
                found.add(keys[plans[row["clip"]].images[row["position_first"] - 1][1]])
        return found

    def by_taking_part(rows: list[dict[str, Any]]) -> Counter[str]:
        """Count the others with the same label as the first participant, who knows their own choice."""
        own = rows[0]["first"]
        return Counter(row["first"] == own for row in rows[CLIPS:])

    assert by_the_seed(ballot_rows(study, sealed=False)) == {"redefined_sentence"}
    assert by_the_seed(ballot_rows(study)) == set()
    assert by_taking_part(ballot_rows(study, sealed=False))[False] == 0
    others = by_taking_part(ballot_rows(study))
    assert others[False] > others[True]


def test_labels_of_pairs_cannot_be_decoded_by_which_of_them_meet() -> None:
    """The attack names the labels of one person by the seed; with labels for the whole person, the control, it can."""
    study = make_open_study(clips=3, instrument=PRESETS["pairs"], repeats=2)
    person, _token = enrol(study)
    for trial in person.trials.order_by("number"):
        cast_ballot(trial, Answer(uuid4(), "A"))
    plan = [
        frozenset(condition for _clip, condition in trial.images) for trial in draw_plan(design_of(study, "real"), 0)
    ]

    def namings(*, sealed: bool) -> list[dict[str, int]]:
        """All namings of labels by which each trial shows the two conditions of the plan."""
        met: dict[int, set[str]] = {}
        for _person, rows in answers_by_person(study, sealed=sealed):
            for row in (dict(zip(LONG_COLUMNS, row, strict=True)) for row in rows):
                met.setdefault(row["trial"], set()).add(row["condition"])
        labels = sorted(set().union(*met.values()))
        tried = (dict(zip(labels, order, strict=True)) for order in permutations(range(len(labels))))
        return [
            named
            for named in tried
            if all({named[label] for label in met[at]} == shown for at, shown in enumerate(plan, start=1))
        ]

    assert len(namings(sealed=False)) == 1
    assert namings(sealed=True) == []


def test_no_analysis_of_a_sealed_study_is_computed(study: Study, capsys: Any, tmp_path: Path) -> None:
    for ask in (request_analysis, build_analysis):
        with pytest.raises(NotAllowedNow):
            ask(study)
    client = browser(study.owner)
    client.post(f"/console/studies/{study.slug}/results/analyse/")
    assert not study.analyses.exists()
    # The ballots of a sealed export hold labels and no keys, so that `analyze` refuses them.
    table = tmp_path / "ballots.csv"
    table.write_bytes(exported(study, tmp_path)["ballots.csv"])
    with pytest.raises(CommandError):
        call_command("analyze", str(table), "--conditions", "redefined_tags,redefined_sentence")


def test_logs_mails_commands_and_file_names_name_no_condition(
    study: Study, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with caplog.at_level(logging.DEBUG):
        take_part(study, PEOPLE, 2, 1)
        console_pages(study)
        call_command("export_study", study.slug, "--out", str(tmp_path / "out.zip"))
    output = caplog.text + "".join(capsys.readouterr()) + "".join(message.body for message in mail.outbox)
    file_names = " ".join(path.name for path in Path(settings.MEDIA_ROOT).rglob("*"))
    for condition in study.conditions.all():
        # SQL statements contain keys as values in queries, which reveal nothing without the answers.
        lines = [line for line in output.splitlines() if condition.key in line and "django.db" not in line]
        assert not lines
        assert condition.key not in file_names


def test_feedback_to_participants_waits_for_the_seal(study: Study) -> None:
    person, token = enrol(study)
    client = Client()
    client.cookies[settings.PARTICIPANT_COOKIE_NAME] = token
    for trial in person.trials.order_by("number"):
        cast_ballot(trial, Answer(uuid4(), letter_of(trial, 2), letter_of(trial, 1)))
    finish(person)
    page = client.get(f"/q/{person.handle}/thanks/").content.decode()
    assert "once the study is closed" in page
    assert "that most people chose" not in page
    close(study, ago=timedelta(days=1))
    assert "that most people chose" in client.get(f"/q/{person.handle}/thanks/").content.decode()


def test_a_copy_that_shows_what_is_blinded_is_told_before_and_logged() -> None:
    study = make_open_study(clips=1)
    client = browser(study.owner)
    addresses = (reverse("study_overview", args=[study.slug]), reverse("study_create"))
    for address in addresses:
        assert "its copy shows what its own pages hide" in client.get(address).text
    client.post(reverse("study_copy", args=[study.slug]))
    assert study.log.filter(action="copy made").values_list("actor_name", flat=True).get() == study.owner.username
    Study.objects.filter(pk=study.pk).update(status=Study.Status.DRAFT)
    for address in addresses:
        assert "its copy shows what its own pages hide" not in client.get(address).text
    client.post(reverse("study_copy", args=[study.slug]))
    assert study.log.filter(action="copy made").count() == 1, "a draft hides nothing"


def test_a_copy_has_labels_of_its_own() -> None:
    """A copy is a draft and shows its conditions: with the same labels it would decode those of the original."""
    study = make_open_study(clips=1)
    random.seed(1)
    pairs = [
        [(row.key, row.sealed_label) for row in copy_study(study, title="c", owner=study.owner).conditions.all()]
        for _ in range(4)
    ]
    old = [(row.key, row.sealed_label) for row in study.conditions.all()]
    assert any(new != old for new in pairs)
