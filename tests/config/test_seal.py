"""While a study is sealed, nothing that a researcher can reach depends on which condition people prefer.

The tests hold the same study before and after its answers are turned round: whoever sees the same in both worlds
cannot tell them apart.
"""

import csv
import io
import logging
import random
import re
import zipfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from analysis.results import build_analysis, request_analysis
from config.bundles import export_study
from study.ballots.casting import Answer, cast_ballot, digest_of
from study.ballots.table import ballot_rows
from study.design import draw_plan
from study.errors import NotAllowedNow
from study.models import Ballot, Participant, Stimulus, Study
from study.participants.completion import finish
from study.participants.enrolment import design_of, enrol, main_clips
from study.setup.copying import copy_study
from tests.config.test_access import addresses_of, body, browser
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db

PEOPLE, CLIPS = 12, 1


def preferring(best: int, second: int, **fields: Any) -> Study:
    """An open study whose people all choose condition number `best`, then `second`."""
    study = make_open_study(clips=CLIPS, slug="zither", ask_reason=True, feedback=True, **fields)
    for number in range(PEOPLE):
        person, _token = enrol(study)
        Participant.objects.filter(pk=person.pk).update(nonce=f"{number:032x}")  # so that labels fall as they fell
        for trial in person.trials.order_by("number"):
            letters = [letter_of(trial, best), letter_of(trial, second)]
            cast_ballot(trial, Answer(uuid4(), *letters, seconds=20.0, reason="the violin fits"))
        finish(person)
    return study


def letter_of(trial: Any, number: int) -> str:
    stimulus = Stimulus.objects.get(clip=trial.clip, condition__number=number)
    return "ABCDEF"[trial.position_order.index(stimulus.pk)]


def turn_round(study: Study) -> None:
    """Every ballot now says the opposite: conditions 1, 2, 3, 4 become 4, 3, 2, 1."""
    rows = Stimulus.objects.filter(clip__study=study).values_list("pk", "clip", "condition__number", "condition__key")
    at = {(clip, number): pk for pk, clip, number, _key in rows}
    turned = {pk: at[clip, 5 - number] for pk, clip, number, _key in rows}
    keys = {pk: key for pk, _clip, _number, key in rows}
    for ballot in Ballot.objects.filter(trial__participant__study=study).select_related("trial__participant"):
        ballot.first_id, ballot.second_id = turned[ballot.first_id], turned[ballot.second_id]
        ballot.digest = digest_of(ballot, ballot.trial, keys)
        ballot.save()


def reachable(study: Study, *users: Any) -> dict[str, Any]:
    """All that the console answers to the study's owner and to an operator (or to `users`): status, headers, body."""
    found = {}
    for user in users or (study.owner, operator()):
        client = browser(user)
        for address in [
            *addresses_of(study),
            "/console/",
            f"/console/studies/{study.slug}/monitor/?fragment",
        ]:
            answer = client.get(address)
            headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
            text = re.sub(rb'csrfmiddlewaretoken" value="[^"]*"', b"", body(answer))
            found[f"{user} {address}"] = (answer.status_code, headers, text)
    return found


def operator() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get_or_create(username="operator", is_superuser=True)[0]


def close(study: Study, *, ago: timedelta) -> None:
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED, closed_at=timezone.now() - ago)
    study.refresh_from_db()


@pytest.mark.parametrize("state", ["open", "paused", "in its grace period"])
def test_no_page_depends_on_what_people_prefer(state: str) -> None:
    study = preferring(2, 1)
    users = [] if state == "open" else [study.owner]
    if state == "paused":
        Study.objects.filter(pk=study.pk).update(status=Study.Status.PAUSED)
    elif state != "open":
        close(study, ago=timedelta(minutes=59))
    study.refresh_from_db()
    assert study.is_sealed
    one = reachable(study, *users)
    turn_round(study)
    another = reachable(study, *users)
    for address, answer in one.items():
        assert answer == another[address], address


def test_once_the_seal_is_broken_pages_do_depend_on_it() -> None:
    """The control: the same comparison finds results where there are some."""
    study = preferring(2, 1)
    close(study, ago=timedelta(minutes=61))
    build_analysis(study)
    one = reachable(study, study.owner)
    turn_round(study)
    build_analysis(study)
    another = reachable(study, study.owner)
    assert any(answer != another[address] for address, answer in one.items())


def exported(study: Study, folder: Path) -> dict[str, bytes]:
    path = folder / f"{uuid4()}.zip"
    export_study(study, path)
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_a_sealed_export_tells_nothing_but_labels_of_each_persons_own(tmp_path: Path) -> None:
    study = preferring(2, 1)
    one = exported(study, tmp_path)
    turn_round(study)
    another = exported(study, tmp_path)
    assert one.keys() == another.keys()
    for name in one.keys() - {"ballots.csv", "SHA256SUMS"}:
        assert one[name] == another[name], name
    rows, turned = (list(csv.DictReader(io.StringIO(files["ballots.csv"].decode()))) for files in (one, another))
    for row, other in zip(rows, turned, strict=True):
        assert {**row, "first": "", "second": ""} == {**other, "first": "", "second": ""}
        assert not any(row[name] for name in ("position_first", "position_second", "order", "reason", "nonce"))
    # All said the same; no label says so.
    assert max(Counter(row["first"] for row in rows).values()) <= PEOPLE * CLIPS / 2


def test_labels_cannot_be_read_from_the_seed_nor_by_having_taken_part() -> None:
    """Both ways work on the open table, which is the control, and on the sealed one they find nothing."""
    study = preferring(2, 1)

    def by_the_seed(rows: list[dict[str, Any]]) -> set[str]:
        """The plan tells the seed; the slots are mostly the people in their order."""
        design, clips = design_of(study, "real"), [clip.name for clip in main_clips(study)]
        keys = list(study.conditions.order_by("number").values_list("key", flat=True))
        found = set()
        for row in rows:
            plans = {clips[plan.clip]: plan for plan in draw_plan(design, int(row["participant"][1:]) - 1)}
            if row["position_first"]:
                found.add(keys[plans[row["clip"]].images[row["position_first"] - 1][1]])
        return found

    def by_taking_part(rows: list[dict[str, Any]]) -> Counter[str]:
        """The first person knows what they chose; how many others have chosen the same label?"""
        own = rows[0]["first"]
        return Counter(row["first"] == own for row in rows[CLIPS:])

    assert by_the_seed(ballot_rows(study, sealed=False)) == {"redefined_sentence"}
    assert by_the_seed(ballot_rows(study)) == set()
    assert by_taking_part(ballot_rows(study, sealed=False))[False] == 0
    others = by_taking_part(ballot_rows(study))
    assert others[False] > others[True]


def test_nothing_is_computed_for_anybody_before_the_seal_breaks(capsys: Any, tmp_path: Path) -> None:
    study = preferring(2, 1)
    for ask in (request_analysis, build_analysis):
        with pytest.raises(NotAllowedNow):
            ask(study)
    client = browser(study.owner)
    client.post(f"/console/studies/{study.slug}/results/analyse/")
    assert not study.analyses.exists()
    # The table of an export, given to `analyze` as it is: four labels that mean nothing, and never a key.
    table = tmp_path / "ballots.csv"
    table.write_bytes(exported(study, tmp_path)["ballots.csv"])
    with pytest.raises(CommandError):
        call_command("analyze", str(table), "--conditions", "redefined_tags,redefined_sentence")


def test_logs_mails_commands_and_files_name_no_condition(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with caplog.at_level(logging.DEBUG):
        study = preferring(2, 1)
        reachable(study)
        call_command("export_study", study.slug, "--out", str(tmp_path / "out.zip"))
    said = caplog.text + "".join(capsys.readouterr()) + "".join(message.body for message in mail.outbox)
    named = " ".join(path.name for path in Path(settings.MEDIA_ROOT).rglob("*"))
    for condition in study.conditions.all():
        # Statements of the database carry keys as values in queries, which are of no use without the answers.
        lines = [line for line in said.splitlines() if condition.key in line and "django.db" not in line]
        assert not lines
        assert condition.key not in named


def test_what_a_participant_gets_back_waits_for_the_seal() -> None:
    study = preferring(2, 1)
    person, token = enrol(study)
    client = Client()
    client.cookies["earsight_participant"] = token
    for trial in person.trials.order_by("number"):
        cast_ballot(trial, Answer(uuid4(), letter_of(trial, 2), letter_of(trial, 1)))
    finish(person)
    page = client.get(f"/q/{person.handle}/thanks/").content.decode()
    assert "once the study is closed" in page
    assert "that most people chose" not in page
    close(study, ago=timedelta(days=1))
    assert "that most people chose" in client.get(f"/q/{person.handle}/thanks/").content.decode()


def test_a_copy_has_labels_of_its_own() -> None:
    """A copy is a draft and tells its conditions: with the old labels it would open the study it came from."""
    study = make_open_study(clips=1)
    random.seed(1)
    pairs = [
        [(row.key, row.sealed_label) for row in copy_study(study, title="c", owner=study.owner).conditions.all()]
        for _ in range(4)
    ]
    old = [(row.key, row.sealed_label) for row in study.conditions.all()]
    assert any(new != old for new in pairs)
