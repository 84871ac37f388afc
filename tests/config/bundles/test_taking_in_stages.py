"""What a study has lived through comes along: stages, versions, excerpts, names, what was deleted and brought back."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db.models import F
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from config.bundles import export_study, verify_diff, verify_export
from config.bundles.taking_in import BundleRefused, take_in
from config.bundles.whole import PEOPLE, STUDY
from study import texts
from study.digests import canonical_digest
from study.models import Clip, Participant, Study
from study.models.log import record
from study.participants.enrolment import enrol
from study.participants.exclusion import set_exclusion
from study.participants.monitoring import minutes_of, monitor
from study.participants.study_stages import begin_stage
from study.participants.study_versions import version_entries
from study.participants.withdrawal import withdraw
from study.setup.clip_editing import edit_clip
from study.setup.clip_selection import delete_clip, exclude_clip
from study.setup.drafting import save_plan
from study.setup.lifecycle import current_plan
from study.setup.trash import restore_in_study
from study.verification.verify import verify_study
from tests.analysis.answered_studies import answer_and_finish
from tests.config.addresses import browser
from tests.config.bundles.test_taking_in import LATER, as_lines, contents, forget, lines, rewritten
from tests.factories import UserFactory, make_study, open_with_images, tiny_sound
from tests.study.participants.test_study_versions import change

pytestmark = pytest.mark.django_db
PILOT, MAIN, FOLLOW_UP = Study.Stage.PILOT, Study.Stage.MAIN, Study.Stage.FOLLOW_UP


def edited_draft(**fields: Any) -> Study:
    """A draft with a renamed excerpt, a clip that was deleted and brought back, one left out, and a pilot stage."""
    study = make_study(clips=3, grace_minutes=0, target_participants=30, **fields)
    for clip in study.clips.all():
        clip.audio.open("rb")
        Clip.objects.filter(pk=clip.pk).update(audio_digest=hashlib.sha256(clip.audio.read()).hexdigest())
    first, second, last = study.clips.order_by("number")
    edit_clip(first, name="열쇠.wav", excerpt=(250, 1750), actor=study.owner)
    first.survey_audio.save("sound.mp3", ContentFile(tiny_sound(1, 1.5)))
    restore_in_study(study, delete_clip(second, actor=study.owner).pk, actor=study.owner)
    exclude_clip(last, reason="too loud", actor=study.owner)
    pay = {"reward": Decimal("2.50"), "reward_currency": "EUR", "wage": Decimal("12.00")}
    save_plan(study, pay, actor=study.owner)
    begin_stage(study, PILOT, target=3, actor=study.owner)
    study.refresh_from_db()
    return study


def staged_study() -> Study:
    """That draft after its three stages and two changes, closed: people of each, who finished, stopped and withdrew."""
    study = open_with_images(edited_draft())
    plan = current_plan(study)
    Study.objects.filter(pk=study.pk).update(
        plan=study.plan | {"fixed": plan, "consent": texts.consent_texts(study)}, plan_digest=canonical_digest(plan)
    )
    study.refresh_from_db()
    record(study, "opened", plan_digest=study.plan_digest)
    add_people(study, 2)
    change(study, question="Which image suits this music best?")
    begin_stage(study, MAIN, reason="the texts are clear")
    add_people(study, 3)
    change(study, target=40)
    add_people(study, 2)
    begin_stage(study, FOLLOW_UP, target=2, reason="a month later")
    add_people(study, 1)
    enrol(study)  # who never answers
    # Seven minutes, whatever this machine needed.
    study.participants.update(created_at=Coalesce(F("completed_at"), F("created_at")) - timedelta(minutes=7))
    set_exclusion(study, "r0004", "slept", actor=study.owner)
    for number in (2, 7):  # of the pilot stage, and of the main one under the third version
        withdraw(study.participants.get(number=number))
    record(study, "closed")
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED, closed_at=timezone.now())
    study.refresh_from_db()
    return study


def add_people(study: Study, people: int) -> None:
    for number in range(people):
        answer_and_finish(enrol(study)[0], number)


def parts(study: Study) -> list[tuple[int, str, int]]:
    return list(study.participants.order_by("number").values_list("number", "stage", "study_version"))


def test_stages_versions_and_excerpts_come_along_byte_for_byte(tmp_path: Path) -> None:
    study = staged_study()
    was, seen = parts(study), {stage: monitor(study, stage=stage) for stage in (PILOT, MAIN, FOLLOW_UP)}
    changed = [entry.data for entry in version_entries(study)]
    assert {(stage, version) for _number, stage, version in was} == {
        *(("pilot", 1), ("main", 2), ("main", 3), ("follow_up", 3))
    }
    export_study(study, tmp_path / "first.zip", sounds=True)
    forget(study)
    copy = take_in(tmp_path / "first.zip", owner=UserFactory()).study
    assert parts(copy) == was
    assert (copy.stage, copy.version, copy.stages["pilot"]) == (FOLLOW_UP, 3, {"after": 0, "target": 3})
    assert [entry.data for entry in version_entries(copy)] == changed
    assert (copy.reward, copy.wage) == (Decimal("2.50"), Decimal("12.00"))
    clip = copy.clips.get(number=1)
    assert (clip.name, clip.excerpt, bool(clip.survey_audio)) == ("열쇠.wav", (250, 1750), True)
    assert verify_study(copy)[0].faults == []
    for stage, before in seen.items():
        after = monitor(copy, stage=stage)
        names = ("started", "completed", "withdrawn", "ballots", "left_out", "target")
        assert {name: getattr(after, name) for name in names} == {name: getattr(before, name) for name in names}
        assert after.median_minutes == (before.median_minutes if stage == MAIN else None), "single times are hours here"
    page = browser(copy.owner).get(reverse("participant_replay", args=[copy.slug, "r0001"]))
    assert "so there is nothing to replay" in page.content.decode()
    people = browser(copy.owner).get(reverse("study_participants", args=[copy.slug]) + "?show=all").content.decode()
    assert "r0001" in people
    assert "7 min" not in people, "and nobody's minutes are made of hours"
    assert {minutes_of(person) for person in copy.participants.all()} == {None}

    export_study(copy, tmp_path / "second.zip", sounds=True)
    first, second = contents(tmp_path / "first.zip"), contents(tmp_path / "second.zip")
    assert {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)} == LATER
    told = [json.loads(files["study.json"]) for files in (first, second)]
    assert told[1].pop("log")[:-1] == told[0].pop("log")
    assert told[0] == told[1]
    assert told[1]["pay"]["paid_per_hour"] == "21.43", "of minutes, where single times are hours"
    assert verify_export(tmp_path / "second.zip").faults == ()
    difference = verify_diff(tmp_path / "first.zip", tmp_path / "second.zip")
    assert (difference.faults, difference.added) == ([], ["1 entries of the log"])


def of_person(number: int, **forged: Any) -> Callable[[dict[str, bytes]], None]:
    def forge(files: dict[str, bytes]) -> None:
        people = lines(files[PEOPLE])
        files[PEOPLE] = as_lines([row | forged if row["number"] == number else row for row in people])

    return forge


def of_study(**forged: Any) -> Callable[[dict[str, bytes]], None]:
    def forge(files: dict[str, bytes]) -> None:
        study = json.loads(files[STUDY])
        study["fields"] |= forged
        files[STUDY] = json.dumps(study).encode()

    return forge


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports without the report, which takes seconds."""
    monkeypatch.setattr("config.bundles.check.REQUIRED_ANALYSED", ())
    monkeypatch.setattr("config.bundles.write.report_files", lambda analysis: ())


def test_a_forged_stage_or_version_is_refused(tmp_path: Path, quick: None) -> None:
    study = staged_study()
    stages = study.stages
    export_study(study, tmp_path / "study.zip")
    forget(study)
    for change_files, said in (
        (of_person(2, stage="main"), "person 2 is of another stage"),  # withdrew: no table names them
        (of_person(7, study_version=2), "person 7 is of another stage or version"),
        (of_study(stages=stages | {"pilot": {"after": 0, "target": 300}}), "The stage pilot is not what the log"),
        (of_study(version=2), "by its log it is 3"),
    ):
        with pytest.raises(BundleRefused) as refusal:
            take_in(rewritten(tmp_path / "study.zip", change_files), owner=UserFactory())
        assert said in " ".join(refusal.value.faults)
    assert not Study.objects.exists()


def test_a_draft_that_opens_with_a_pilot_stage_does_so_elsewhere(tmp_path: Path) -> None:
    draft = edited_draft()
    export_study(draft, tmp_path / "silent.zip")
    silent = take_in(tmp_path / "silent.zip", owner=UserFactory()).study
    assert (silent.clips.get(number=1).excerpt, bool(silent.clips.get(number=1).audio)) == ((250, 1750), False)
    export_study(silent, tmp_path / "again.zip")
    first, again = contents(tmp_path / "silent.zip"), contents(tmp_path / "again.zip")
    assert {name for name in first.keys() | again.keys() if first.get(name) != again.get(name)} == LATER
    export_study(draft, tmp_path / "draft.zip", sounds=True)
    copy = take_in(tmp_path / "draft.zip", owner=UserFactory()).study
    assert (copy.stage, copy.stages, copy.stage_target) == (PILOT, draft.stages, 3)
    assert copy.clips.get(number=1).excerpt == (250, 1750)
    assert verify_study(copy)[0].faults == []
    opened = open_with_images(copy)
    record(opened, "opened", plan_digest=opened.plan_digest)
    assert enrol(opened)[0].stage == PILOT
    export_study(opened, tmp_path / "sealed.zip")
    assert verify_export(tmp_path / "sealed.zip").faults == ()
    Participant.objects.all().delete()

    def take_forged(**forged: Any) -> str:
        with pytest.raises(BundleRefused) as refusal:
            take_in(rewritten(tmp_path / "draft.zip", of_study(**forged)), owner=UserFactory())
        return " ".join(refusal.value.faults)

    assert "a draft is of the first version" in take_forged(version=4)
    assert "no stage but the pilot stage" in take_forged(stage="follow_up")
    assert "stages.pilot.target" in take_forged(stages={"pilot": {"after": 0, "target": "many"}})
