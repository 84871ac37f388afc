"""Exports of studies that ask more than two choices: complete, proved, compared, taken in, and refused if forged."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from config.bundles import export_study, verify_diff, verify_export
from config.bundles.taking_in import BundleRefused, take_in
from config.bundles.whole import PEOPLE
from study.ballots.casting import Answer, cast_ballot
from study.ballots.receipts import ballot_digest
from study.digests import canonical_digest
from study.instruments.content import canonical_content
from study.models import LateAnswer, Participant, Study
from study.models.log import record
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.setup.lifecycle import current_plan
from study.verification.verify import verify_study
from tests.config.bundles.test_taking_in import LATER, contents, forget, rewritten
from tests.factories import UserFactory, make_study, open_with_images

pytestmark = pytest.mark.django_db
INSTRUMENT = {
    "primary": "choice",
    "questions": [
        {"kind": "choose", "key": "choice", "ranks": 3},
        {"kind": "rate", "key": "rating", "of": "chosen", "scales": [{"key": "match", "cannot_say": True}]},
        {"kind": "pick", "key": "mood", "several": True, "options": [{"key": "joy"}, {"key": "calm"}]},
        {"kind": "text", "key": "why"},
    ],
}


PAIRS = {"questions": [{"kind": "pair", "key": "pair"}, {"kind": "rate", "key": "r", "scales": [{"key": "match"}]}]}


def open_study(instrument: dict[str, Any] = INSTRUMENT) -> Study:
    study = make_study(clips=2, grace_minutes=0, instrument=instrument, licence="CC-BY-4.0")
    for clip in study.clips.all():
        clip.audio_digest = hashlib.sha256(clip.audio.read()).hexdigest()
        clip.save()
    study = open_with_images(study)
    plan = current_plan(study)
    study.plan, study.plan_digest = {"fixed": plan}, canonical_digest(plan)
    study.save()
    record(study, "opened", actor=study.owner, plan_digest=study.plan_digest)
    for number in range(3):
        person, _token = enrol(study)
        for place, trial in enumerate(person.trials.order_by("number")):
            if instrument is PAIRS:
                cast_ballot(trial, Answer(uuid4(), "AB"[place % 2], values={"match.A": ("2",), "match.B": ("6",)}))
                continue
            letters = [*"ABCD"[(number + place) % 4 :], *"ABCD"[: (number + place) % 4]][:3]
            values = {f"match.{letter}": (str(5 + rank),) for rank, letter in enumerate(letters)}
            values |= {f"match.{letters[2]}": ("none",), "mood": ("calm",), "why": ("=1+1",)}
            cast_ballot(trial, Answer(uuid4(), *letters[:2], further=(letters[2],), values=values))
        finish(person)
    study.refresh_from_db()
    return study


def close(study: Study) -> Study:
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED, closed_at=timezone.now())
    record(study, "closed")
    study.refresh_from_db()
    return study


@pytest.fixture(scope="module")
def exported(tmp_path_factory: Any, django_db_setup: Any, django_db_blocker: Any) -> Path:
    """Return an export of a study that is gone; made once."""
    path = tmp_path_factory.mktemp("bundle") / "first.zip"
    with django_db_blocker.unblock(), transaction.atomic():
        export_study(close(open_study()), path, sounds=True)
        transaction.set_rollback(True)
    return path


def table(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name].decode())))


def as_csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_an_instrument_its_answers_and_the_licence_come_along(tmp_path: Path) -> None:
    study = open_study()
    trial = enrol(study)[0].trials.get(number=1)
    first, second, third = trial.position_order[:3]
    content = {"choice": [third], "match": {str(first): 1, str(second): 2, str(third): None}, "mood": ["joy"]}
    late = {"first_id": first, "second_id": second, "none_fits": False, "content": content}
    close(study)
    LateAnswer.objects.create(trial=trial, content=late, submission_key=uuid4(), answered_at=timezone.now())
    export_study(study, tmp_path / "first.zip", sounds=True)
    receipt = study.participants.get(number=1).receipt
    found = verify_export(tmp_path / "first.zip", [receipt])
    assert found.faults == ()
    assert any("r0001" in text and "all as cast" in text for text in found.checked)
    assert verify_study(study)[0].faults == []
    forget(study)

    taken_in = take_in(tmp_path / "first.zip", owner=UserFactory()).study

    assert (taken_in.instrument, taken_in.licence) == (INSTRUMENT, "CC-BY-4.0")
    assert verify_study(taken_in)[0].faults == []
    export_study(taken_in, tmp_path / "second.zip", sounds=True)
    before, after = contents(tmp_path / "first.zip"), contents(tmp_path / "second.zip")
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == LATER
    rows = table(before, "answers.csv")
    assert {row["value"] for row in rows if row["question"] == "mood"} == {"calm"}
    assert table(before, "late_answers.csv")[0]["content"]


def rated_otherwise(files: dict[str, bytes]) -> None:
    """Change one rating in both tables, and compute the digest of its ballot anew."""
    rows = table(files, "ballots.csv")
    row = rows[0]
    content = json.loads(row["content"])
    content["match"][row["first"]] = 1
    row["content"] = canonical_content(content)
    row["digest"] = ballot_digest(row["nonce"], row, version=3)
    files["ballots.csv"] = as_csv(rows)
    answers = table(files, "answers.csv")
    next(one for one in answers if (one["question"], one["condition"]) == ("match", row["first"]))["value"] = "1"
    files["answers.csv"] = as_csv(answers)


def off_the_scale(files: dict[str, bytes]) -> None:
    files["ballots.csv"] = files["ballots.csv"].replace(b":5", b":8", 1)


def without_content(files: dict[str, bytes]) -> None:
    rows = [{name: value for name, value in row.items() if name != "content"} for row in table(files, "ballots.csv")]
    files["ballots.csv"] = as_csv(rows)


def other_long_table(files: dict[str, bytes]) -> None:
    rows = table(files, "answers.csv")
    next(one for one in rows if one["question"] == "match")["value"] = "2"
    files["answers.csv"] = as_csv(rows)


def without_long_table(files: dict[str, bytes]) -> None:
    del files["answers.csv"]


def other_questions(files: dict[str, bytes]) -> None:
    about = json.loads(files["study.json"])
    about["instrument"]["questions"][1]["scales"][0]["steps"] = 9
    files["study.json"] = json.dumps(about).encode()


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (rated_otherwise, "r0001"),
        (off_the_scale, "match: it is off the scale"),
        (without_content, "does not agree with its digest"),
        (other_long_table, "answers.csv, row 6: it is not what ballots.csv gives"),
        (without_long_table, "answers.csv is missing"),
        (other_questions, "not those of the plan"),
    ],
)
def test_a_forged_export_is_named(exported: Path, forge: Callable[[dict[str, bytes]], None], said: str) -> None:
    faults = verify_export(rewritten(exported, forge)).faults

    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"match": {"1.1": 9}}, "does not rate the images"),
        ({"mood": ["joy", "anger"]}, "none of the categories"),
        ({"tempo": 3}, "'tempo', which the study does not ask"),
        ({"choice": ["2.1"]}, "some that were not shown"),
    ],
)
def test_contents_that_nobody_could_have_given_are_not_taken_in(
    exported: Path, change: dict[str, Any], said: str
) -> None:
    def forge(files: dict[str, bytes]) -> None:
        people = [json.loads(line) for line in files[PEOPLE].decode().splitlines()]
        trial = next(one for one in people[0]["trials"] if one["clip"] == 1)
        trial["ballot"]["content"] |= change
        files[PEOPLE] = "".join(json.dumps(person) + "\n" for person in people).encode()

    with pytest.raises(BundleRefused) as refusal:
        take_in(rewritten(exported, forge), owner=UserFactory())
    assert any(said in fault for fault in refusal.value.faults), refusal.value.faults


def test_a_sealed_export_agrees_with_the_later_one_unless_contents_were_changed(tmp_path: Path) -> None:
    study = open_study()
    export_study(study, tmp_path / "sealed.zip")
    with zipfile.ZipFile(tmp_path / "sealed.zip") as archive:
        assert not {row["position"] for row in table({"a": archive.read("answers.csv")}, "a")} - {""}
        assert b"=1+1" not in archive.read("ballots.csv") + archive.read("answers.csv")
    export_study(close(study), tmp_path / "first.zip")
    assert verify_diff(tmp_path / "sealed.zip", tmp_path / "first.zip").faults == []

    faults = verify_diff(tmp_path / "sealed.zip", rewritten(tmp_path / "first.zip", rated_otherwise)).faults

    assert "ballots.csv: the content of r0001 was changed: no naming of the labels turns the older into the newer." in (
        faults
    )


def test_labels_of_pairs_agree_with_the_later_export_trial_by_trial(tmp_path: Path) -> None:
    study = open_study(PAIRS)
    export_study(study, tmp_path / "sealed.zip")
    export_study(close(study), tmp_path / "later.zip")
    assert verify_diff(tmp_path / "sealed.zip", tmp_path / "later.zip").faults == []

    faults = verify_diff(tmp_path / "sealed.zip", rewritten(tmp_path / "later.zip", the_other_was_rated_so)).faults

    assert any("the content of r0001 was changed" in fault for fault in faults), faults


def the_other_was_rated_so(files: dict[str, bytes]) -> None:
    """In the first ballot exchange what was said of the two images, not which of them was chosen."""
    rows = table(files, "ballots.csv")
    content = json.loads(rows[0]["content"])
    (one, a), (other, b) = content["match"].items()
    rows[0]["content"] = canonical_content({**content, "match": {one: b, other: a}})
    files["ballots.csv"] = as_csv(rows)


def test_verify_names_ballots_and_questions_that_were_changed_in_the_database() -> None:
    study = close(open_study())
    person = study.participants.get(kind=Participant.Kind.REAL, number=2)
    ballot = person.trials.get(number=1).ballot
    ballot.content |= {"mood": ["anger"]}
    ballot.save()
    study.instrument = study.instrument | {"primary": "match"}
    study.save()

    faults = verify_study(study)[0].faults

    assert any("r0002, trial 1: it does not agree with its digest" in fault for fault in faults), faults
    assert any("r0002, trial 1: mood: it is none of the categories" in fault for fault in faults), faults
    assert any("questions of the trials are not those" in fault for fault in faults), faults


def test_verify_names_contents_of_a_study_that_asks_for_none() -> None:
    study = close(open_study())
    study.instrument = {}
    study.save()

    assert any("6 ballots have answers" in fault for fault in verify_study(study)[0].faults)
