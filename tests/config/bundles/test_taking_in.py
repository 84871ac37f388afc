"""A study that was exported is taken in by another installation as it was, or not at all."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from PIL import Image

from analysis.interface_pictures.stored import interface_pictures
from config.bundles import export_study, verify_diff, verify_export
from config.bundles.reading import SUMS
from config.bundles.taking_in import BundleRefused, take_in
from config.bundles.whole import CLIPS, INTERFACE, PEOPLE
from generation.models import LooseFile
from study.ballots.casting import Answer, cast_ballot
from study.digests import canonical_digest
from study.models import Clip, LateAnswer, Participant, Study
from study.models.log import record
from study.participants.completion import finish
from study.participants.enrolment import enrol
from study.participants.exclusion import set_exclusion
from study.participants.withdrawal import participants_with_receipt, withdraw
from study.setup.lifecycle import current_plan
from study.verification.verify import verify_study
from tests.factories import UserFactory, make_study, open_with_images

pytestmark = pytest.mark.django_db

# What another export of the same study may say otherwise: the head and the entry of the import, and sums of these.
LATER = {"README.txt", "chain.json", "study.json", SUMS}


def lived_study() -> Study:
    """A closed study as life leaves it: somebody stopped, withdrew, was left out, came late, was a pilot."""
    study = make_study(clips=3, grace_minutes=0, practice_trial=True, ask_reason=True, repeats=1, match_controls=1)
    for clip in study.clips.all():
        digest = hashlib.sha256(clip.audio.read()).hexdigest()
        Clip.objects.filter(pk=clip.pk).update(audio_digest=digest, imported_tags=["slow", "하프"])
        clip.tag_decisions.create(tag="slow", choice="keep")
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


def with_interface(study: Study) -> Study:
    """The study with a picture of a page that was taken, and one of the researchers' own."""
    for number, facts in enumerate(({"page": "trial", "device": "phone", "language": "ko"}, {"caption": "방 안"})):
        picture = io.BytesIO()
        Image.new("RGB", (9, 9 + number)).save(picture, "PNG")
        study.interface_pictures.create(image=ContentFile(picture.getvalue(), "a.png"), **facts)
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


def stored_files() -> set[Path]:
    return {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def lines(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.decode().splitlines()]


def as_lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.mark.usefixtures("processes")
def test_export_import_and_export_again_give_the_same_bytes(tmp_path: Path) -> None:
    study = with_interface(lived_study())
    shown = [(name, content, caption) for name, content, caption in interface_pictures(study)]
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
    assert [(name, content, caption) for name, content, caption in interface_pictures(taken_in)] == shown
    assert len(shown) == 2
    difference = verify_diff(tmp_path / "first.zip", tmp_path / "second.zip")
    assert (difference.faults, difference.added) == ([], ["1 entries of the log"])
    assert verify_export(tmp_path / "second.zip", [receipt]).faults == ()
    # Whoever holds a receipt can still withdraw, and nobody else can.
    assert [person.code for person in participants_with_receipt(receipt)] == ["r0001"]
    assert receipt not in {person.receipt for person in taken_in.participants.all()}
    with pytest.raises(BundleRefused, match="taken in before"):
        take_in(tmp_path / "first.zip", owner=taken_in.owner)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: Any, django_db_setup: Any, django_db_blocker: Any) -> bytes:
    """An export of a study that is no longer here, without its report; made once."""
    path = tmp_path_factory.mktemp("export") / "study.zip"
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("config.bundles.write.report_files", lambda analysis: ())  # which takes seconds
        study = with_interface(lived_study())
        export_study(study, path)
        forget(study)
        transaction.set_rollback(True)
    return path.read_bytes()


@pytest.fixture
def bundle(exported: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("config.bundles.check.REQUIRED_ANALYSED", ())
    path = tmp_path / "study.zip"
    path.write_bytes(exported)
    return path


def more_points(files: dict[str, bytes]) -> None:
    """A ballot of a person in the folder that is taken in, not in the tables that are checked."""
    people = lines(files[PEOPLE])
    ballot = people[1]["trials"][1]["ballot"]
    ballot["first"], ballot["second"] = ballot["second"], ballot["first"]
    files[PEOPLE] = as_lines(people)


def another_person(files: dict[str, bytes]) -> None:
    people = lines(files[PEOPLE])
    files[PEOPLE] = as_lines([*people, people[0] | {"number": 99}])


def another_plan(files: dict[str, bytes]) -> None:
    study = json.loads(files["whole/study.json"])
    study["fields"]["weight_first"] = "9.00"
    files["whole/study.json"] = json.dumps(study).encode()


def a_script_for_an_image(files: dict[str, bytes]) -> None:
    clips = lines(files[CLIPS])
    stimulus = clips[0]["stimuli"][0]
    files[stimulus["preview"]] = b"<svg onload=alert(1)>"


def a_path_for_a_name(files: dict[str, bytes]) -> None:
    clips = lines(files[CLIPS])
    clips[0]["stimuli"][0]["preview"] = "../../settings.png"
    files[CLIPS] = as_lines(clips)


def times_to_the_second(files: dict[str, bytes]) -> None:
    people = lines(files[PEOPLE])
    people[0]["created_at"] = "2026-11-30T10:11:12+00:00"
    files[PEOPLE] = as_lines(people)


def a_scheme_that_runs(files: dict[str, bytes]) -> None:
    study = json.loads(files["whole/study.json"])
    study["fields"]["return_url"] = "javascript:alert(1)"
    files["whole/study.json"] = json.dumps(study).encode()


def a_choice_of_another_study(files: dict[str, bytes]) -> None:
    people = lines(files[PEOPLE])
    people[1]["trials"][1]["ballot"]["first"] = [77, 1]
    files[PEOPLE] = as_lines(people)


def changed_view(**values: Any) -> Callable[[dict[str, bytes]], None]:
    """Change what the first picture of the interface is said to show."""

    def change(files: dict[str, bytes]) -> None:
        data = json.loads(files[INTERFACE])
        data["pictures"][0]["fields"] |= values
        files[INTERFACE] = json.dumps(data).encode()

    return change


def a_script_for_a_page(files: dict[str, bytes]) -> None:
    files["whole/interface/002.png"] = b"<svg onload=alert(1)>"


def another_kind_of_picture(files: dict[str, bytes]) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (9, 9)).save(picture, "JPEG")
    files["whole/interface/002.png"] = picture.getvalue()


def the_same_picture_twice(files: dict[str, bytes]) -> None:
    data = json.loads(files[INTERFACE])
    files[INTERFACE] = json.dumps({"pictures": data["pictures"] + data["pictures"]}).encode()


def an_image_for_a_page(files: dict[str, bytes]) -> None:
    data = json.loads(files[INTERFACE])
    data["pictures"][0]["file"] = "../../settings.png"
    files[INTERFACE] = json.dumps(data).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (more_points, "ballots.csv"),
        (another_person, "whole/people.jsonl"),
        (another_plan, "whole/study.json"),
        (a_script_for_an_image, "001-redefined_tags"),
        (a_path_for_a_name, "settings.png is missing"),
        (times_to_the_second, "line 1: created_at"),
        (a_scheme_that_runs, "return_url: unknown here"),
        (a_choice_of_another_study, "an image of it is none"),
        (changed_view(page="../x"), "picture 1: there is no such page"),
        (changed_view(language="xx"), "picture 1: there is no such page"),
        (changed_view(caption="words"), "picture 1: there is no such page"),
        (changed_view(made_at="soon"), "picture 1: "),
        (changed_view(image="a.png"), "image: unknown here"),
        (a_script_for_a_page, "whole/interface/002.png"),
        (another_kind_of_picture, "whole/interface/002.png is no PNG"),
        (the_same_picture_twice, "picture 3: its file"),
        (an_image_for_a_page, "picture 1: its file"),
    ],
)
def test_what_was_forged_is_refused_and_named_and_nothing_stays(
    bundle: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    stored = stored_files()
    with pytest.raises(BundleRefused) as refusal:
        take_in(rewritten(bundle, change), owner=UserFactory())
    assert said in " ".join(refusal.value.faults)
    assert (stored_files(), Study.objects.count(), LooseFile.objects.count()) == (stored, 0, 0)


def test_an_end_in_the_middle_leaves_nothing(bundle: Path) -> None:
    stored = stored_files()

    class Killed(Exception):
        pass

    def end(at_hand: str) -> None:
        if at_hand.startswith("comparing"):
            assert Study.objects.exists()
            raise Killed

    with pytest.raises(Killed):
        take_in(bundle, owner=UserFactory(), report=end)
    assert (stored_files(), Study.objects.count(), LooseFile.objects.count()) == (stored, 0, 0)


def test_a_sealed_and_an_older_export_are_refused_with_what_to_do(tmp_path: Path, bundle: Path) -> None:
    def older(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.startswith("whole/")]:
            del files[name]

    with pytest.raises(BundleRefused, match="earlier Earsight"):
        take_in(rewritten(bundle, older), owner=UserFactory())
    study = open_with_images(make_study(clips=1))
    record(study, "opened", plan_digest="")
    export_study(study, tmp_path / "sealed.zip")
    with pytest.raises(BundleRefused, match="while the study was sealed"):
        take_in(tmp_path / "sealed.zip", owner=study.owner)


def test_a_draft_is_handed_on_and_can_be_continued(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = make_study(clips=2, completion_code="PAID-123", question={"en": "Which <b>fits</b>?"})
    for clip in draft.clips.all():
        digest = hashlib.sha256(clip.audio.read()).hexdigest()
        Clip.objects.filter(pk=clip.pk).update(audio_digest=digest)
    with_interface(draft)
    call_command("export_study", draft.slug, "--sounds", "--out", str(tmp_path / "draft.zip"))
    assert b"PAID-123" not in b"".join(contents(tmp_path / "draft.zip").values())
    colleague = UserFactory(username="colleague")
    call_command("import_study", str(tmp_path / "draft.zip"), "--owner", "colleague")
    assert f"the short name “{draft.slug}”" in capsys.readouterr().out
    copy = Study.objects.get(owner=colleague)
    assert (copy.status, copy.question, copy.completion_code) == ("draft", draft.question, "")
    assert copy.open_link_token != draft.open_link_token
    for name in ("audio", "survey_audio"):
        own, other = (getattr(study.clips.get(number=2), name) for study in (copy, draft))
        assert own.name != other.name
        assert own.read() == other.read()
    assert copy.clips.get(number=2).stimuli.count() == 4
    assert list(interface_pictures(copy)) == list(interface_pictures(draft))
    assert current_plan(copy) == current_plan(draft)
    with pytest.raises(CommandError, match="taken in before"):
        call_command("import_study", str(tmp_path / "draft.zip"), "--owner", "colleague")
