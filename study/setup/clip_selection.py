"""Which of a draft's clips are judged: leave one out, take it back, mark it for practice, delete it."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from study.errors import NotAllowedNow, StudyError
from study.models import Clip, Deletion, Participant, Study
from study.models.log import record
from study.setup.clip_files import files_of
from study.setup.draft_lock import clips_gone, lock_clip, lock_draft
from study.setup.trash import keep_for_undo

UNCHANGED = "Redefinition changes nothing: both prompts have the same tags."
"""The exclusion reason of clips that generation left out; stored in English, translated when shown."""


@transaction.atomic
def exclude_clip(clip: Clip, *, reason: str, actor: Any = None) -> None:
    """Leave a clip out of the study, with a reason for the log.

    Raises:
        StudyError: no reason is given, or the one of clips that generation leaves out, which the next run takes back.
        NotAllowedNow: the study is no draft.
    """
    reason = reason.strip()[:200]
    if not reason:
        raise StudyError(
            _("Give a reason for leaving out %(clip)s; it is written to the study's log.") % {"clip": clip.name}
        )
    if reason == UNCHANGED:
        raise StudyError(_("Give a reason in other words: with these, generation leaves out clips by itself."))
    study = lock_clip(clip)
    _set_included(clip, False, reason)
    record(study, "clip left out", actor=actor, reason=reason, clip=clip.name)


@transaction.atomic
def include_clip(clip: Clip, *, actor: Any = None) -> None:
    """Take a clip that was left out back into the study.

    Raises:
        NotAllowedNow: the study is no draft, or the clip was left out as unchanged and the study does not keep
            such clips. Included all the same, it would block the opening: generation makes no images for it.
    """
    study = lock_clip(clip)
    if problem := include_problem(study, clip):
        raise NotAllowedNow(problem)
    _set_included(clip, True, "")
    record(study, "clip taken back in", actor=actor, clip=clip.name)


def include_problem(study: Study, clip: Clip) -> str:
    """Say why a clip cannot be taken back into the study; empty if it can."""
    if clip.exclusion_reason == UNCHANGED and not study.include_unchanged_clips:
        return _("Redefinition changes nothing in this clip. To keep such clips, change the generation settings.")
    return ""


def _set_included(clip: Clip, included: bool, reason: str) -> None:
    clip.included, clip.exclusion_reason = included, reason
    clip.save(update_fields=["included", "exclusion_reason"])


@transaction.atomic
def set_practice(clip: Clip, practice: bool, *, actor: Any = None) -> None:
    """Use a clip for the practice trial, in which it is not judged, or for judging again.

    Raises:
        NotAllowedNow: the study is no draft.
    """
    study = lock_clip(clip)
    clip.is_practice = practice
    clip.save(update_fields=["is_practice"])
    record(study, "clip for practice" if practice else "clip for judging", actor=actor, clip=clip.name)


def delete_clip(clip: Clip, *, actor: Any = None) -> Deletion:
    """Delete a clip with its images from a draft, and the pilots with trials that showed it; see `delete_clips`."""
    return delete_clips([clip], actor=actor)


@transaction.atomic
def delete_clips(clips: Sequence[Clip], *, actor: Any = None) -> Deletion:
    """Delete clips of a draft with their images, and the pilots with trials that showed one.

    For a day the clips can be brought back, and their files stay; the pilots are erased at once and for good.

    Raises:
        NotAllowedNow: the study is no draft, or all of them were deleted meanwhile, as in another window.
    """
    study = lock_draft(clips[0].study_id)
    clips = list(study.clips.filter(pk__in=[clip.pk for clip in clips]))
    if not clips:
        raise clips_gone()
    Participant.objects.filter(study=study, trials__clip__in=clips).delete()
    prefetch_related_objects(clips, "stimuli")
    files = [file for clip in clips for file in files_of(clip)]
    deletion = keep_for_undo(
        Deletion.Kind.CLIPS, clips, study=study, names=[clip.name for clip in clips], files=files, by=actor
    )
    for clip in clips:
        record(study, "clip deleted", actor=actor, clip=clip.name, digest=clip.audio_digest)
    Clip.objects.filter(pk__in=[clip.pk for clip in clips]).delete()
    return deletion
