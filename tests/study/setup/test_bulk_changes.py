"""One change to several clips: for whom it is, what is named, all or nothing."""

import pytest

from study.errors import NotAllowedNow, StudyError
from study.models import Study
from study.setup.bulk_changes import Bulk, Wanted, change_clips, sort_clips
from study.setup.clip_selection import UNCHANGED
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db


def ids(study: Study) -> list[int]:
    return list(study.clips.values_list("pk", flat=True))


def test_clips_to_which_a_change_does_not_apply_are_named_and_stop_no_other() -> None:
    study = make_study(clips=4)
    study.clips.filter(number=1).update(included=False, exclusion_reason="clipped")
    changed = change_clips(study, ids(study), Wanted(Bulk.LEAVE_OUT, reason="too loud"))
    assert [clip.number for clip in changed.ready] == [2, 3, 4]
    assert [(clip.number, why) for clip, why in changed.refused] == [(1, "is left out already")]
    assert dict(study.clips.values_list("number", "exclusion_reason")) == {
        1: "clipped",
        2: "too loud",
        3: "too loud",
        4: "too loud",
    }
    # What verifies an export reads clip by clip.
    logged = study.log.filter(action="clip left out")
    assert [entry.data["clip"] for entry in logged] == ["clip2.wav", "clip3.wav", "clip4.wav"]


def test_unchanged_clips_come_back_in_bulk_no_more_than_one_by_one() -> None:
    study = make_study(clips=2)
    study.clips.update(included=False, exclusion_reason=UNCHANGED)
    study.clips.filter(number=2).update(exclusion_reason="late")
    changed = change_clips(study, ids(study), Wanted(Bulk.INCLUDE))
    assert [clip.number for clip in changed.ready] == [2]
    assert "Redefinition changes nothing" in changed.refused[0][1]


def test_trimming_leaves_shorter_clips_whole() -> None:
    study = make_study(clips=2, seconds=4.0)
    study.clips.filter(number=2).update(duration=2.0)
    changed = change_clips(study, ids(study), Wanted(Bulk.TRIM, keep=2500))
    assert [clip.number for clip in changed.ready] == [1]
    assert changed.refused[0][1] == "is no longer than that"
    assert [clip.excerpt for clip in study.clips.all()] == [(0, 2500), None]
    change_clips(study, ids(study), Wanted(Bulk.WHOLE))
    assert [clip.excerpt for clip in study.clips.all()] == [None, None]


def test_practice_and_back_and_deletion() -> None:
    study = make_study(clips=3)
    change_clips(study, ids(study)[:2], Wanted(Bulk.PRACTICE))
    assert study.clips.filter(is_practice=True).count() == 2
    change_clips(study, ids(study), Wanted(Bulk.JUDGE))
    assert not study.clips.filter(is_practice=True).exists()
    change_clips(study, ids(study)[1:], Wanted(Bulk.DELETE))
    assert [clip.number for clip in study.clips.all()] == [1]


def test_a_change_that_fails_half_way_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study(clips=3)
    with pytest.raises(StudyError, match="Give a reason"):
        change_clips(study, ids(study), Wanted(Bulk.LEAVE_OUT))
    seen = []

    def fails(clip, **details):
        seen.append(clip)
        if len(seen) == 2:
            raise StudyError("the disk is full")
        clip.included = False
        clip.save()

    monkeypatch.setattr("study.setup.bulk_changes.exclude_clip", fails)
    with pytest.raises(StudyError, match="the disk"):
        change_clips(study, ids(study), Wanted(Bulk.LEAVE_OUT, reason="late"))
    assert study.clips.filter(included=True).count() == 3


def test_clips_of_another_study_are_never_changed() -> None:
    study, other = make_study(clips=1), make_study(clips=1)
    with pytest.raises(StudyError, match="No clip was changed"):
        change_clips(study, ids(other), Wanted(Bulk.DELETE))
    assert other.clips.exists()


def test_an_open_study_keeps_its_clips() -> None:
    study = make_open_study(clips=1)
    with pytest.raises(NotAllowedNow, match="its plan is fixed"):
        change_clips(study, ids(study), Wanted(Bulk.DELETE))


def test_sorting_clips_asks_the_database_nothing(django_assert_num_queries) -> None:
    study = make_study(clips=3)
    clips = list(study.clips.all())
    with django_assert_num_queries(0):
        for action in Bulk:
            sort_clips(study, clips, Wanted(action, keep=1000))
