"""One change to many clips: what would happen to which of them, and doing it in one transaction.

Each clip that changes has its own entry in the log, as after a change by itself: what verifies an export reads clip by
clip. A clip that cannot take part is named with the reason; it stops none of the others.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.errors import StudyError
from study.models import Clip, Deletion, Study
from study.setup.clip_editing import Excerpt, excerpt_problem, trim_clip, whole_file
from study.setup.clip_rights import NO_RIGHTS, SoundRights, set_sound_rights
from study.setup.clip_selection import delete_clips, exclude_clip, include_clip, include_problem, set_practice
from study.setup.draft_lock import lock_draft

MOST_CLIPS = 5000  # as many as a form may name


class Bulk(models.TextChoices):
    """What can be done to several clips at once."""

    LEAVE_OUT = "leave-out", gettext_lazy("Leave out")
    INCLUDE = "include", gettext_lazy("Include again")
    PRACTICE = "practice", gettext_lazy("Use for practice")
    JUDGE = "judge", gettext_lazy("Use as normal clips")
    TRIM = "trim", gettext_lazy("Trim to the first seconds")
    WHOLE = "whole", gettext_lazy("Use the whole files again")
    RIGHTS = "rights", gettext_lazy("Say how their sounds are licensed")
    DELETE = "delete", gettext_lazy("Delete with their images")


def actions_on(study: Study) -> list[Bulk]:
    """Return what can be done to the clips of a study in its state."""
    return list(Bulk) if study.settings_can_change else [Bulk.RIGHTS]


@dataclass(frozen=True)
class Wanted:
    """A change as it is asked for: the reason of leaving out, the milliseconds that trimming keeps, the rights."""

    action: Bulk
    reason: str = ""
    keep: int = 0
    rights: SoundRights = NO_RIGHTS

    def excerpt_of(self, clip: Clip) -> Excerpt:
        """Return the excerpt that trimming gives a clip; clips that are no longer than that stay whole."""
        return whole_file(clip, (0, self.keep)) if self.keep < int(clip.duration * 1000) else None


@dataclass(frozen=True)
class Sorted:
    """Which clips a change is for, and which it is not for, each with the reason."""

    ready: list[Clip]
    refused: list[tuple[Clip, str]]
    deletion: Deletion | None = None  # what brings them back, if they were deleted


def sort_clips(study: Study, clips: Iterable[Clip], wanted: Wanted) -> Sorted:
    """Say of each clip whether the change is for it."""
    found = Sorted([], [])
    for clip in clips:
        if problem := _PROBLEMS[wanted.action](study, clip, wanted):
            found.refused.append((clip, problem))
        else:
            found.ready.append(clip)
    return found


def _left_out_already(study: Study, clip: Clip, wanted: Wanted) -> str:
    return "" if clip.included else _("is left out already")


def _not_included(study: Study, clip: Clip, wanted: Wanted) -> str:
    return _("is included already") if clip.included else include_problem(study, clip)


def _practice_already(study: Study, clip: Clip, wanted: Wanted) -> str:
    return _("is for practice already") if clip.is_practice else ""


def _judged_already(study: Study, clip: Clip, wanted: Wanted) -> str:
    return "" if clip.is_practice else _("is a normal clip already")


def _cannot_trim(study: Study, clip: Clip, wanted: Wanted) -> str:
    excerpt = wanted.excerpt_of(clip)
    if excerpt is None and clip.excerpt is None:
        return _("is no longer than that")
    if excerpt == clip.excerpt:
        return _("is trimmed so already")
    return excerpt_problem(study, clip, excerpt)


def _whole_already(study: Study, clip: Clip, wanted: Wanted) -> str:
    return _("is whole already") if clip.excerpt is None else ""


def _has_these_rights(study: Study, clip: Clip, wanted: Wanted) -> str:
    return _("has this licence already") if SoundRights.of(clip) == wanted.rights else ""


_PROBLEMS: dict[str, Callable[[Study, Clip, Wanted], str]] = {
    Bulk.LEAVE_OUT: _left_out_already,
    Bulk.INCLUDE: _not_included,
    Bulk.PRACTICE: _practice_already,
    Bulk.JUDGE: _judged_already,
    Bulk.TRIM: _cannot_trim,
    Bulk.WHOLE: _whole_already,
    Bulk.RIGHTS: _has_these_rights,
    Bulk.DELETE: lambda study, clip, wanted: "",
}


@transaction.atomic
def change_clips(study: Study, ids: Sequence[int], wanted: Wanted, *, actor: Any = None) -> Sorted:
    """Change all of these clips for which the change is; all of it is saved, or nothing.

    Raises:
        StudyError: nothing is chosen, or a reason or a length is missing that every clip would need.
        NotAllowedNow: the study is no draft, and the change is not one of the rights of sounds.
    """
    is_of_rights = wanted.action == Bulk.RIGHTS
    study = Study.objects.select_for_update().get(pk=study.pk) if is_of_rights else lock_draft(study.pk)
    found = sort_clips(study, study.clips.filter(pk__in=ids), wanted)
    if not found.ready:
        raise StudyError(_("No clip was changed: choose clips to which this applies."))
    if wanted.action == Bulk.DELETE:
        return replace(found, deletion=delete_clips(found.ready, actor=actor))
    for clip in found.ready:
        match wanted.action:
            case Bulk.LEAVE_OUT:
                exclude_clip(clip, reason=wanted.reason, actor=actor)
            case Bulk.INCLUDE:
                include_clip(clip, actor=actor)
            case Bulk.PRACTICE | Bulk.JUDGE:
                set_practice(clip, wanted.action == Bulk.PRACTICE, actor=actor)
            case Bulk.TRIM:
                trim_clip(clip, wanted.excerpt_of(clip), actor=actor)
            case Bulk.WHOLE:
                trim_clip(clip, None, actor=actor)
            case Bulk.RIGHTS:
                set_sound_rights(clip, wanted.rights, actor=actor)
    return found
