"""Which clips are judged: what leaving out, taking back and deleting ask for, keep and remove."""

from typing import Any

import pytest
from django.core.files.storage import default_storage

from study.errors import NotAllowedNow, StudyError
from study.models import Participant
from study.participants.enrolment import enrol
from study.participants.links import create_personal_links, find_link
from study.setup.clip_editing import rename_clip, trim_clip
from study.setup.clip_files import files_of
from study.setup.clip_selection import UNCHANGED, delete_clip, delete_clips, exclude_clip, include_clip, set_practice
from study.setup.copying import copy_study
from study.setup.trash import erase, restore_in_study
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db


def test_an_open_study_keeps_its_clips() -> None:
    study = make_open_study(clips=1)
    clip = study.clips.get()
    for act in (
        lambda: delete_clip(clip),
        lambda: exclude_clip(clip, reason="late"),
        lambda: include_clip(clip),
    ):
        with pytest.raises(NotAllowedNow, match="its plan is fixed"):
            act()
    assert study.clips.get().included


def test_leaving_a_clip_out_needs_a_reason_and_keeps_it_in_the_log() -> None:
    clip = make_study(clips=1).clips.get()
    with pytest.raises(StudyError, match="Give a reason"):
        exclude_clip(clip, reason="  ")
    # The results count clips with this reason as left out by generation, and its next run may take them back in.
    with pytest.raises(StudyError, match="in other words"):
        exclude_clip(clip, reason=f" {UNCHANGED} ")
    assert clip.study.clips.get().included
    exclude_clip(clip, reason="clipped")
    clip.refresh_from_db()
    assert (clip.included, clip.exclusion_reason) == (False, "clipped")
    assert clip.study.log.get(action="clip left out").reason == "clipped"
    include_clip(clip)
    clip.refresh_from_db()
    assert (clip.included, clip.exclusion_reason) == (True, "")


def test_an_unchanged_clip_comes_back_only_if_the_study_keeps_such_clips() -> None:
    study = make_study(clips=1)
    clip = study.clips.get()
    study.clips.update(included=False, exclusion_reason=UNCHANGED)
    clip.refresh_from_db()
    with pytest.raises(NotAllowedNow, match="Redefinition changes nothing in this clip"):
        include_clip(clip)
    assert not study.clips.get().included
    study.include_unchanged_clips = True
    study.save()
    include_clip(clip)
    assert study.clips.get().included


def test_deleting_a_clip_removes_its_files_and_the_pilots_who_met_it(
    django_capture_on_commit_callbacks: Any,
) -> None:
    study = make_study(clips=2)
    [(_label, address)] = create_personal_links(study, 1, kind=Participant.Kind.PILOT)
    enrol(study, link=find_link(address.rstrip("/").rpartition("/")[2]))
    clip = study.clips.first()
    names = files_of(clip)
    assert len(names) == 2 + 2 * 4
    with django_capture_on_commit_callbacks(execute=True):
        delete_clip(clip)
        erase(study.deletions.all())
    assert not any(default_storage.exists(name) for name in names)
    assert study.clips.count() == 1
    assert not study.participants.exists()


def test_what_was_deleted_in_another_window_is_neither_deleted_nor_changed_again() -> None:
    study = make_study(clips=2, seconds=4.0)
    first, second = study.clips.all()
    shown = study.clips.get(pk=first.pk)  # in the other window
    delete_clip(first)
    for act in (
        lambda: delete_clip(shown),
        lambda: exclude_clip(shown, reason="late"),
        lambda: include_clip(shown),
        lambda: set_practice(shown, True),
        lambda: rename_clip(shown, "new.wav"),
        lambda: trim_clip(shown, (0, 2000)),
    ):
        with pytest.raises(NotAllowedNow, match="deleted already"):
            act()
    assert [entry.action for entry in study.log.all()] == ["clip deleted"]
    # Of two, one of which is gone, the other goes, and an undo brings back that one.
    deletion = delete_clips([shown, second])
    assert deletion.names == ["clip2.wav"]
    assert [entry.data["clip"] for entry in study.log.filter(action="clip deleted")] == ["clip1.wav", "clip2.wav"]
    restore_in_study(study, deletion.pk)
    assert study.clips.get().name == "clip2.wav"


def test_files_that_a_copy_still_uses_stay(django_capture_on_commit_callbacks: Any) -> None:
    study = make_study(clips=1)
    copy = copy_study(study, title="Copy", owner=study.owner)
    clip = study.clips.get()
    with django_capture_on_commit_callbacks(execute=True):
        delete_clip(clip)
    assert default_storage.exists(copy.clips.get().audio.name)
