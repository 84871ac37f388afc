"""A study that was exported is taken in by another installation as it was, or not at all."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from config.bundles import export_study, verify_diff, verify_export
from config.bundles.reading import SUMS
from config.bundles.taking_in import BundleRefused, take_in
from study.ballots.casting import Answer, cast_ballot
from study.digests import canonical_digest
from study.models import Clip, LateAnswer, Participant, Study
from study.models.log import record
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.exclusion import set_exclusion
from study.participants.withdrawal import participant_with_receipt, withdraw
from study.setup.lifecycle import current_plan
from study.verification.verify import verify_study
from tests.factories import UserFactory, make_study, open_with_images, tiny_sound

pytestmark = pytest.mark.django_db

# What another export of the same study may say otherwise: the head and the entry of the import, and sums of these.
LATER = {"README.txt", "chain.json", "study.json", SUMS}


def lived_study() -> Study:
    """A closed study as life leaves it: somebody stopped, withdrew, was left out, came late, was a pilot."""
    study = make_study(clips=3, grace_minutes=0, practice_trial=True, ask_reason=True, repeats=1, match_controls=1)
    Clip.objects.filter(study=study).update(audio_digest=hashlib.sha256(tiny_sound(1)).hexdigest())
    for clip in study.clips.all():
        digest = hashlib.sha256(clip.audio.read()).hexdigest()
        Clip.objects.filter(pk=clip.pk).update(audio_digest=digest, imported_tags=["slow", "하프"])
    study = open_with_images(study)
    plan = current_plan(study)
    digest = canonical_digest(plan)
    Study.objects.filter(pk=study.pk).update(plan={"fixed": plan, "consent": {"en": "I agree."}}, plan_digest=digest)
    study.refresh_from_db()
    record(study, "opened", actor=study.owner, plan_digest=digest)
    for number in range(6):
        person, _token = enrol(study)
        for place, trial in enumerate(person.trials.order_by("number")):
            if number == 3 and place > 2:
                break
            began = timezone.now() - timedelta(minutes=5)
            person.trials.filter(pk=trial.pk).update(page_sent_at=began, sound_sent_at=began + timedelta(seconds=2.4))
            person.events.create(trial=trial, kind="play", at=began + timedelta(seconds=3.6))
            cast_ballot(
                trial, Answer(uuid4(), "ABCD"[(number + place) % 4], "ABCD"[(number + place + 1) % 4], reason="=차")
            )
        if number != 3:
            person.answers = {"sound": {"heard": "both"}, "device": {"kind": "phone"}}
            person.save(update_fields=["answers"])
            finish(person)
    study.participants.create(number=9, kind=Participant.Kind.PILOT, token_hash="p")
    set_exclusion(study, "r0002", "slept, 잤음", actor=study.owner)
    withdraw(study.participants.get(number=5))
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED, closed_at=timezone.now())
    record(study, "closed")
    study.refresh_from_db()
    trial = study.participants.get(number=4).trials.filter(ballot=None).first()
    content = {"first_id": trial.position_order[0], "second_id": trial.position_order[1], "none_fits": False}
    LateAnswer.objects.create(trial=trial, content=content, submission_key=uuid4(), answered_at=timezone.now())
    return study


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forget(study: Study) -> None:
    """Remove a study as if this were another installation."""
    study.participants.all().delete()
    study.delete()


def rewritten(bundle: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Return a changed copy with sums of its own, as a forger would make it."""
    files = contents(bundle)
    change(files)
    files[SUMS] = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items() if name != SUMS
    ).encode()
    path = bundle.with_name("forged.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def lines(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.decode().splitlines()]


def as_lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_export_import_and_export_again_give_the_same_bytes(tmp_path: Path) -> None:
    study = lived_study()
    export_study(study, tmp_path / "first.zip", sounds=True)
    before_import, receipt = verify_study(study)[0], study.participants.get(number=1).receipt
    assert before_import.faults == []
    forget(study)
    taken_in = take_in(tmp_path / "first.zip", owner=UserFactory()).study
    found, strange = verify_study(taken_in, [receipt])
    assert (found.faults, found.unchecked, strange) == ([], before_import.unchecked, [])
    assert any("r0001" in text and "all as cast" in text for text in found.checked)
    export_study(taken_in, tmp_path / "second.zip", sounds=True)
    before, after = contents(tmp_path / "first.zip"), contents(tmp_path / "second.zip")
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == LATER
    difference = verify_diff(tmp_path / "first.zip", tmp_path / "second.zip")
    assert (difference.faults, difference.added) == ([], ["1 entries of the log"])
    assert verify_export(tmp_path / "second.zip", [receipt]).faults == ()
    # Whoever holds a receipt can still withdraw, and nobody else can.
    assert participant_with_receipt(receipt).code == "r0001"
    assert receipt not in {person.receipt for person in taken_in.participants.all()}
    with pytest.raises(BundleRefused, match="taken in before"):
        take_in(tmp_path / "first.zip", owner=taken_in.owner)
