"""What is deleted can be brought back for a day, as it was; what people gave is erased at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from study.errors import NotAllowedNow, StudyError
from study.models import ApiToken, Clip, DeletedFile, Deletion, LogEntry, Participant, Schedule, Stimulus, Study
from study.models.log import record
from study.notices.choices import choose_mails, kinds_wanted
from study.participants.enrolment import enrol
from study.participants.links import create_personal_links, find_link
from study.participants.study_stages import begin_stage
from study.setup import preflight
from study.setup.api_tokens import make_token
from study.setup.clip_files import delete_files, files_of
from study.setup.clip_selection import delete_clip, delete_clips
from study.setup.copying import copy_study
from study.setup.drafting import delete_draft
from study.setup.lifecycle import current_plan
from study.setup.rehearsals import remove_rehearsal
from study.setup.trash import deleted_studies, empty_trash, recently_deleted, restore_in_study, restore_study
from study.setup.trash_rows import KEPT, NEVER_KEPT, rows_of
from study.verification.verify import verify_study
from tests.factories import UserFactory, make_study

pytestmark = pytest.mark.django_db


def everything(study: Study) -> dict[str, list[dict[str, Any]]]:
    """Each row that an undo is to bring back, value by value; the log and its head go on meanwhile."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of([Study.objects.get(slug=study.slug)]):
        if row._meta.label not in ("study.LogEntry", "study.ChainHead"):
            values = {field.attname: field.value_from_object(row) for field in row._meta.concrete_fields}
            found.setdefault(row._meta.label, []).append({name: str(value) for name, value in values.items()})
    return {label: sorted(rows, key=lambda row: int(row["id"])) for label, rows in found.items()}


def pilot_of(study: Study) -> Participant:
    [(_label, address)] = create_personal_links(study, 1, kind=Participant.Kind.PILOT)
    person, _token = enrol(study, link=find_link(address.rstrip("/").rpartition("/")[2]))
    return person


def test_every_table_that_goes_with_a_study_is_kept_or_never_kept() -> None:
    """Whoever adds a table says whether an undo brings its rows back: of people it never does."""
    assert not KEPT & NEVER_KEPT
    reached, todo = set(), [Study]
    while todo:
        model: Any = todo.pop()
        for relation in model._meta.related_objects:
            if relation.on_delete.__name__ == "CASCADE" and relation.related_model not in reached:
                reached.add(relation.related_model)
                todo.append(relation.related_model)
    labels = {model._meta.label for model in reached}
    assert labels <= KEPT | NEVER_KEPT
    assert {model._meta.label for model in apps.get_models()} >= KEPT | NEVER_KEPT
    people, gave = {"study.Participant"}, set()
    for model in reached:
        if any(field.related_model and field.related_model._meta.label in people for field in model._meta.fields):
            gave.add(model._meta.label)
    assert gave <= NEVER_KEPT


def test_clips_come_back_as_they_were_and_count_nowhere_meanwhile(django_capture_on_commit_callbacks: Any) -> None:
    study = make_study(clips=3)
    study.clips.filter(number=1).update(imported_tags=["slow"], trim_start=100, trim_end=1500, included=False)
    before, plan = everything(study), current_plan(study)
    clips = list(study.clips.filter(number__lte=2))
    names = [name for clip in clips for name in files_of(clip)]
    with django_capture_on_commit_callbacks(execute=True):
        deletion = delete_clips(clips, actor=study.owner)
    assert study.clips.count() == 1
    assert Stimulus.objects.filter(clip__study=study).count() == 4
    assert [clip["number"] for clip in current_plan(study)["clips"]] == [3]
    assert any("Only 1 clip:" in finding.message for finding in preflight.run(study))
    assert all(default_storage.exists(name) for name in names), "the files wait with them"
    with django_capture_on_commit_callbacks(execute=True):
        delete_files(names)
    assert all(default_storage.exists(name) for name in names), "whoever else lets go of them"

    assert restore_in_study(study, deletion.pk, actor=study.owner) == []
    assert everything(study) == before
    assert current_plan(study) == plan
    assert not DeletedFile.objects.exists()
    assert [entry.data["clip"] for entry in study.log.filter(action="clip restored")] == ["clip1.wav", "clip2.wav"]
    with pytest.raises(NotAllowedNow, match="brought back already"):
        restore_in_study(study, deletion.pk)


def test_pilots_who_met_a_deleted_clip_are_erased_at_once_and_stay_so() -> None:
    study = make_study(clips=2)
    person = pilot_of(study)
    deletion = delete_clip(study.clips.get(number=1))
    assert not Participant.objects.filter(pk=person.pk).exists()
    assert person.handle not in Deletion.objects.get().rows
    restore_in_study(study, deletion.pk)
    assert not study.participants.exists()


def test_after_a_day_it_is_gone_for_good_with_its_files(django_capture_on_commit_callbacks: Any) -> None:
    study = make_study(clips=2)
    clip = study.clips.get(number=1)
    names = files_of(clip)
    deletion = delete_clip(clip)
    Deletion.objects.update(at=timezone.now() - timedelta(hours=23))
    assert empty_trash() == 0
    assert list(recently_deleted(study)) == [deletion]
    Deletion.objects.update(at=timezone.now() - timedelta(hours=24))
    assert not recently_deleted(study).exists()
    with pytest.raises(NotAllowedNow, match="erased after its day"):
        restore_in_study(study, deletion.pk)
    with django_capture_on_commit_callbacks(execute=True):
        assert empty_trash() == 1
    assert not Deletion.objects.exists()
    assert not any(default_storage.exists(name) for name in names)


def test_what_was_deleted_by_a_clock_ahead_is_erased_all_the_same() -> None:
    study = make_study(clips=1)
    delete_clip(study.clips.get())
    Deletion.objects.update(at=timezone.now() + timedelta(days=400))
    empty_trash()
    assert Deletion.objects.get().at <= timezone.now()


def test_a_number_that_was_given_again_is_said_and_a_name_refuses() -> None:
    study = make_study(clips=2)
    deletion = delete_clip(study.clips.get(number=2))
    Clip.objects.create(
        study=study, number=2, name="CLIP2.wav", audio="x.wav", audio_digest="f" * 64, duration=2, sample_rate=16000
    )
    with pytest.raises(StudyError, match=r"has a clip named clip2\.wav again"):
        restore_in_study(study, deletion.pk)
    assert study.clips.count() == 2
    study.clips.filter(name="CLIP2.wav").update(name="other.wav")
    [said] = restore_in_study(study, deletion.pk)
    assert said == "Other clips have their numbers now, so these are at the end: clip2.wav."
    assert list(study.clips.values_list("number", "name")) == [(1, "clip1.wav"), (2, "other.wav"), (3, "clip2.wav")]


def test_content_that_was_uploaded_again_and_conditions_that_are_gone_refuse() -> None:
    study = make_study(clips=1)
    digest = study.clips.get().audio_digest
    deletion = delete_clip(study.clips.get())
    again = Clip.objects.create(
        study=study, number=9, name="again.wav", audio="x", audio_digest=digest, duration=2, sample_rate=16000
    )
    with pytest.raises(StudyError, match=r"same content as again\.wav"):
        restore_in_study(study, deletion.pk)
    again.delete()
    study.conditions.all().delete()
    with pytest.raises(StudyError, match="have been deleted since"):
        restore_in_study(study, deletion.pk)
    assert not study.clips.exists(), "all of it or nothing"


def test_an_open_study_takes_no_clip_back() -> None:
    study = make_study(clips=2)
    deletion = delete_clip(study.clips.get(number=2))
    Study.objects.filter(pk=study.pk).update(status="open")
    with pytest.raises(NotAllowedNow, match="its plan is fixed"):
        restore_in_study(study, deletion.pk)


def test_a_draft_comes_back_with_its_log_and_without_its_pilots(django_capture_on_commit_callbacks: Any) -> None:
    study = make_study(clips=2, short_code="abc234")
    colleague = UserFactory()
    study.members.add(colleague)
    record(study, "described", actor=study.owner)
    create_personal_links(study, 2, labels=["seat 1", "seat 2"])
    before = everything(study)
    pilot_of(study)
    delete_clip(study.clips.get(number=2))
    restore_in_study(study, Deletion.objects.get().pk)
    log = list(study.log.values_list("number", "digest"))
    with django_capture_on_commit_callbacks(execute=True):
        deletion = delete_draft(study, actor=study.owner)
    assert not Study.objects.filter(slug=study.slug).exists()
    assert not LogEntry.objects.exclude(study=None).exists()
    assert not Clip.objects.exists()

    back, said = restore_study(study.owner, deletion.pk)
    assert said == ["Answers of pilots, invitations and a schedule do not come back."]
    assert everything(back) == before
    assert list(back.log.values_list("number", "digest"))[: len(log)] == log
    assert back.log.last().action == "study restored"
    assert LogEntry.objects.filter(study=None, action="study restored").count() == 1
    assert not back.participants.exists()
    assert not verify_study(back)[0].faults, "the chain goes on where it ended"


def test_a_taken_short_name_is_said_and_only_its_owner_brings_a_study_back() -> None:
    study = make_study(clips=1, title="Rock")
    deletion = delete_draft(study, actor=study.owner)
    make_study(clips=0, slug=study.slug)
    stranger = UserFactory()
    assert not deleted_studies(stranger).exists()
    with pytest.raises(NotAllowedNow):
        restore_study(stranger, deletion.pk)
    back, said = restore_study(study.owner, deletion.pk)
    assert back.slug == "rock"
    assert "short name" in said[0]


def rehearsal_of(draft: Study) -> Study:
    """A copy as `config/rehearsals` makes it, whose clips share the files of the draft's."""
    return copy_study(draft, title="Rehearsal", owner=draft.owner, simulated=True, rehearsal_of_id=draft.pk)


def test_a_draft_comes_back_as_it_was_but_for_rehearsals_schedule_and_who_is_gone(
    django_capture_on_commit_callbacks: Any,
) -> None:
    study = make_study(clips=2, target_participants=9, reward="2.50", reward_currency="EUR")
    stays, leaves = UserFactory(), UserFactory()
    for user in (stays, leaves):
        study.memberships.create(user=user, role="runner")
        choose_mails(study, user, ["stops"])
    begin_stage(study, Study.Stage.PILOT, target=4)
    Schedule.objects.create(study=study, closes_at_target=True, time_zone="UTC")
    make_token(study, "notebook", timezone.localdate() + timedelta(days=9), actor=study.owner)
    copy = rehearsal_of(study)
    copy.participants.create(number=1, kind="simulated", token_hash="s")
    files = [name for clip in study.clips.all() for name in files_of(clip)]
    stages, owner = study.stages, study.owner
    with django_capture_on_commit_callbacks(execute=True):
        deletion = delete_draft(study, actor=study.owner)
    assert not Study.objects.exists()
    assert copy.open_link_token not in deletion.rows
    leaves.delete()
    with django_capture_on_commit_callbacks(execute=True):
        back, said = restore_study(owner, deletion.pk)
    assert "schedule" in said[0]
    assert (back.stage, back.stages, str(back.reward)) == ("pilot", stages, "2.50")
    assert [row.user for row in back.memberships.all()] == [stays]
    assert kinds_wanted(back, stays) == {"stops"}
    assert not back.mail_choices.exclude(user=stays).exists()
    assert not Schedule.objects.exists()
    assert not ApiToken.objects.exists()
    assert not back.rehearsals.exists()
    assert all(default_storage.exists(name) for name in files)
    assert verify_study(back)[0].faults == []


def test_files_that_a_rehearsal_shares_go_with_the_last_who_needs_them(django_capture_on_commit_callbacks: Any) -> None:
    study = make_study(clips=2)
    copy, clip = rehearsal_of(study), study.clips.get(number=1)
    names = files_of(clip)
    with django_capture_on_commit_callbacks(execute=True):
        delete_clip(clip)
        Deletion.objects.update(at=timezone.now() - timedelta(days=2))
        empty_trash()
    assert all(default_storage.exists(name) for name in names), "the rehearsal shows them"
    with django_capture_on_commit_callbacks(execute=True):
        remove_rehearsal(copy)
    assert not any(default_storage.exists(name) for name in names)


def test_a_rehearsal_that_is_removed_leaves_the_files_of_what_can_be_undone(
    django_capture_on_commit_callbacks: Any,
) -> None:
    study = make_study(clips=2)
    copy, clip = rehearsal_of(study), study.clips.get(number=1)
    names = files_of(clip)
    with django_capture_on_commit_callbacks(execute=True):
        deletion = delete_clip(clip)
        remove_rehearsal(copy)
    assert all(default_storage.exists(name) for name in names)
    restore_in_study(study, deletion.pk)
    assert files_of(study.clips.get(number=1)) == names


def test_deleting_a_draft_erases_what_was_deleted_in_it_before(django_capture_on_commit_callbacks: Any) -> None:
    study = make_study(clips=2)
    names = files_of(study.clips.get(number=1))
    delete_clip(study.clips.get(number=1))
    with django_capture_on_commit_callbacks(execute=True):
        delete_draft(study)
    assert not any(default_storage.exists(name) for name in names)
    assert Deletion.objects.get().kind == "study"


def test_the_page_after_a_deletion_has_a_button_that_undoes_it(client: Client) -> None:
    study = make_study(clips=2)
    clip = study.clips.get(number=1)
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(reverse("clip_change", args=[study.slug, clip.pk, "delete"]), follow=True).text
    deletion = Deletion.objects.get()
    assert f'name="deletion" value="{deletion.pk}"' in page
    assert "clip1.wav" in client.get(reverse("study_deleted", args=[study.slug])).text
    page = client.post(reverse("study_deleted", args=[study.slug]), {"deletion": deletion.pk}, follow=True).text
    assert "It is back, as it was." in page
    assert study.clips.count() == 2

    page = client.post(reverse("study_delete", args=[study.slug]), {"title": study.title}, follow=True).text
    deletion = Deletion.objects.get()
    assert f'action="{reverse("deleted_studies")}"' in page
    assert study.title in client.get(reverse("deleted_studies")).text
    stranger = Client()
    stranger.force_login(UserFactory(), backend="django.contrib.auth.backends.ModelBackend")
    assert study.title not in stranger.get(reverse("deleted_studies")).text
    for nonsense in ("", "x", "9" * 30, str(deletion.pk)):
        stranger.post(reverse("deleted_studies"), {"deletion": nonsense})
    assert not Study.objects.filter(slug=study.slug).exists()
    assert client.post(reverse("deleted_studies"), {"deletion": deletion.pk}, follow=True).status_code == 200
    assert Study.objects.filter(slug=study.slug).exists()
