"""A clip's name and its excerpt: what they may be, and what follows from them."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from study.digests import canonical_digest
from study.errors import NotAllowedNow
from study.models import Clip, Study
from study.setup import preflight
from study.setup.clip_editing import ClipChangeRefused, edit_clip, in_seconds, rename_clip, trim_clip
from study.setup.copying import copy_study
from study.setup.lifecycle import current_plan
from study.setup.tag_import import import_tags
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db


def test_a_renamed_clip_is_found_by_its_new_name_and_no_longer_by_the_old_one() -> None:
    study = make_study(clips=2)
    clip = study.clips.get(number=1)
    rename_clip(clip, "  Nocturne.wav ")
    assert study.clips.get(number=1).name == "Nocturne.wav"
    entry = study.log.get(action="clip renamed")
    assert entry.data == {"clip": "clip1.wav", "name": "Nocturne.wav"}
    import_tags(study, b"clip,tags\nnocturne,piano; slow\n", file="tags.csv")
    assert study.clips.get(number=1).imported_tags == ["piano", "slow"]
    with pytest.raises(Exception, match="clip1"):
        import_tags(study, b"clip,tags\nclip1,piano\n", file="tags.csv")


@pytest.mark.parametrize(
    ("name", "why"),
    [("", "Write a name"), ("a/b.wav", "without slashes"), ("a\nb", "line breaks"), ("CLIP2.wav", "named clip2.wav")],
)
def test_a_name_that_a_clip_cannot_have_is_refused(name: str, why: str) -> None:
    study = make_study(clips=2)
    with pytest.raises(ClipChangeRefused, match=why):
        rename_clip(study.clips.get(number=1), name)
    assert study.clips.get(number=1).name == "clip1.wav"


def test_another_spelling_of_its_own_name_is_no_second_clip() -> None:
    clip = make_study(clips=1).clips.get()
    rename_clip(clip, "CLIP1.wav")
    assert clip.study.clips.get().name == "CLIP1.wav"


def test_after_trimming_nobody_hears_the_old_sound(django_capture_on_commit_callbacks: Any) -> None:
    study = make_study(clips=2, seconds=4.0)
    clip, old = study.clips.get(number=1), study.clips.get(number=1).survey_audio.name
    whole = clip.outline
    with django_capture_on_commit_callbacks(execute=True):
        assert trim_clip(clip, (500, 2500))
    clip.refresh_from_db()
    assert (clip.excerpt, clip.heard_seconds, clip.survey_duration) == ((500, 2500), 2.0, 2.0)
    assert not clip.survey_audio
    assert not default_storage.exists(str(old))
    assert default_storage.exists(str(clip.audio.name)), "the file as uploaded stays"
    assert any("no audio for the survey yet: clip1.wav" in found.message for found in preflight.run(study))
    assert study.log.get(action="clip trimmed").data == {"clip": "clip1.wav", "start": "0.5", "end": "2.5"}
    assert not trim_clip(clip, (500, 2500)), "the same again is no change"
    assert trim_clip(clip, (0, 4000)), "all of the file is no excerpt"
    clip.refresh_from_db()
    assert (clip.excerpt, clip.survey_duration, clip.outline) == (None, 4.0, whole)


@pytest.mark.parametrize(
    ("excerpt", "why"),
    [
        ((0, 999), "one second"),
        ((2000, 1000), "start before it ends"),
        ((1000, 4002), "is 4 s long"),
        ((0, 2000), "asks people to listen for 3 s"),
    ],
)
def test_an_excerpt_that_cannot_be_heard_is_refused(excerpt: tuple[int, int], why: str) -> None:
    study = make_study(clips=1, seconds=4.0, listening_minimum_seconds=3)
    with pytest.raises(ClipChangeRefused, match=why):
        trim_clip(study.clips.get(), excerpt)
    assert study.clips.get().survey_audio


def test_the_plan_names_the_excerpt_and_is_as_before_without_one() -> None:
    study = make_study(clips=1, seconds=4.0)
    before = current_plan(study)
    assert before["clips"] == [{"number": 1, "digest": f"{1:064x}"}], "plans of earlier versions keep their digest"
    trim_clip(study.clips.get(), (1000, 3000))
    after = current_plan(study)
    assert after["clips"] == [{"number": 1, "digest": f"{1:064x}", "excerpt": [1000, 3000]}]
    assert canonical_digest(after) != canonical_digest(before)


@pytest.mark.parametrize("ends", [(None, 2000), (500, None), (2000, 500)])
def test_no_row_has_one_end_alone(ends: tuple[int | None, int | None]) -> None:
    clip = make_study(clips=1, seconds=4.0).clips.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Clip.objects.filter(pk=clip.pk).update(trim_start=ends[0], trim_end=ends[1])


def test_a_copy_keeps_the_excerpt_and_the_copied_study_its_sound(django_capture_on_commit_callbacks: Any) -> None:
    study = make_study(clips=1, seconds=4.0)
    trim_clip(study.clips.get(), (1000, 3000))
    copy = copy_study(study, title="Again", owner=study.owner)
    assert copy.clips.get().excerpt == (1000, 3000)
    other = make_study(clips=1, seconds=4.0)
    second = copy_study(other, title="Again", owner=other.owner)
    with django_capture_on_commit_callbacks(execute=True):
        trim_clip(second.clips.get(), (1000, 3000))
    assert default_storage.exists(str(other.clips.get().survey_audio.name))


def test_name_and_excerpt_are_saved_together_or_not_at_all() -> None:
    study = make_study(clips=1, seconds=4.0)
    with pytest.raises(ClipChangeRefused, match="one second"):
        edit_clip(study.clips.get(), name="new.wav", excerpt=(0, 10))
    assert study.clips.get().name == "clip1.wav"
    assert not study.log.filter(action="clip renamed").exists()


def test_an_open_study_keeps_names_and_excerpts() -> None:
    study: Study = make_open_study(clips=1, seconds=4.0)
    for act in (lambda clip: rename_clip(clip, "new.wav"), lambda clip: trim_clip(clip, (0, 2000))):
        with pytest.raises(NotAllowedNow, match="its plan is fixed"):
            act(study.clips.get())


def test_seconds_are_written_without_superfluous_zeros() -> None:
    assert [in_seconds(n) for n in (0, 1500, 10_000, 29_001, 120)] == ["0", "1.5", "10", "29.001", "0.12"]
