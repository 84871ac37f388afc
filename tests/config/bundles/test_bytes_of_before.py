"""Exports of studies that ask for the first and the second choice alone keep the bytes that they had."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import CharField, Value
from django.db.models.functions import Concat

from analysis.tables.codebook import codebook_csv
from config.bundles.whole.writing import whole_files
from config.bundles.write import _read_tables
from study.ballots.casting import Answer, cast_ballot, digest_of
from study.ballots.receipts import image_name
from study.models import Ballot, Condition, LateAnswer, Participant, Stimulus, Study, Trial
from study.participants.enrolment import enrol
from tests.factories import make_open_study

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 4, 12, 34, 56, tzinfo=UTC)
# SHA-256 of each file, from the version before instruments.
BEFORE = {
    "ballots.csv": "8a583e490d7cf2c0c4d0ea7b6c802994c11a088c1ab5504edbd90cdc47a4ddcd",
    "match_control.csv": "038830c444a700bb46d44dc6ab332f0bc04592fb46161ef44b720248915b9912",
    "participants.csv": "8119ddbc8c241c792705fc23eaa9cab2f1fe23c71a391e7d18e02d7e064c1c4c",
    "trials.csv": "a12499c0fbc99b9666305793051d98c8145197697815f8a4828e295e2ea06a25",
    "late_answers.csv": "0199d9501efc9c975d2c2ec8e17c2730984053400d1117e31096d1cac61e8144",
    "commitments.json": "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356",
    "whole/format.json": "bbbc648a0f0a2245cff390bebc0ffa38c2669e8857af65796ce66285d9d0de86",
    "whole/study.json": "b5fad5626009c2c731682f23343618b3b25b3e1119124f7cf25affbdd8c60a19",
    "whole/people.jsonl": "387fa2b0aa9b51e4e70cd2ff5e3d8c3d4e9241ca15b9abd7f2041142ae570f47",
    "codebook.csv": "7959312d4f7a8d8f7a8633d080c531338eb1582af2be8f475b84af0934afc1e8",
}
# Names of stored files are random.
BY_CHANCE = ("whole/clips.jsonl",)


def settled_study() -> Study:
    """A closed study in which nothing depends on the day or on chance."""
    study = make_open_study(
        clips=2, slug="old", title="Old", ask_reason=True, allow_none_fits=True, match_controls=1, created_at=AT
    )
    for number in range(3):
        person, _token = enrol(study)
        Participant.objects.filter(pk=person.pk).update(created_at=AT, nonce=f"{number:032x}")
        person.refresh_from_db()
        for trial in person.trials.order_by("number")[: 3 - number]:
            key = UUID(int=trial.number)
            answer = Answer(key, "B", "D", reason="the =1+1", seconds=7.4)
            if number == 1:
                answer = Answer(key, None, none_fits=True)
            cast_ballot(trial, answer, now=AT + timedelta(minutes=trial.number))
    trial = Trial.objects.filter(ballot=None, kind=Trial.Kind.MAIN).latest("participant__number", "number")
    first, second = trial.position_order[:2]
    late = {"first_id": first, "second_id": second, "none_fits": False}
    LateAnswer.objects.create(
        trial=trial, content=late, submission_key=UUID(int=9), answered_at=AT, received_at=AT + timedelta(hours=30)
    )
    stimuli = Stimulus.objects.values_list("pk", "condition__key", "clip_id", "clip__number")
    for ballot in Ballot.objects.select_related("trial__participant__study", "trial__clip"):
        clip = ballot.trial.clip_id
        names = {pk: image_name(key, None if of == clip else number) for pk, key, of, number in stimuli}
        ballot.nonce = "0" * 32
        ballot.digest = digest_of(ballot, ballot.trial, names)
        ballot.save()
    Condition.objects.update(sealed_label=Concat(Value("Condition "), "number", output_field=CharField()))
    Stimulus.objects.update(painted_at=AT)
    closed = {"status": Study.Status.CLOSED, "closed_at": AT + timedelta(days=1), "opened_at": AT, "created_at": AT}
    Study.objects.filter(pk=study.pk).update(**closed, survey_images={})
    study.refresh_from_db()
    return study


def test_an_export_has_the_files_and_bytes_of_before() -> None:
    study = settled_study()
    files: Any = [*_read_tables(study, False), *whole_files(study, None, images=True, sounds=False)]
    found = {
        name: hashlib.sha256(content if isinstance(content, bytes) else b"".join(content)).hexdigest()
        for name, content in [*files, ("codebook.csv", codebook_csv(study))]
        if name.endswith((".csv", ".json", ".jsonl")) and name not in BY_CHANCE
    }
    assert found == BEFORE
