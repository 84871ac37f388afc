"""Helpers of several pages of generation: find clips, and call a verb with a message about its success."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from generation.models import ClipStep
from generation.runs.progress import undecided
from study.errors import StudyError
from study.models import Clip, Study

CLIPS_A_PAGE = 20


def clip_or_404(study: Study, number: int) -> Clip:
    """Return the study's clip of that number."""
    return get_object_or_404(study.clips, number=number)


def filtered_clips(study: Study, show: str) -> QuerySet[Clip]:
    """Return the study's clips that `show` names: "all", "decide" (contested), "failed" or "left-out"."""
    if show == "decide":
        return study.clips.filter(pk__in={clip_id for clip_id, _tag in undecided(study)})
    if show == "failed":
        return study.clips.filter(steps__state=ClipStep.State.FAILED).distinct()
    if show == "left-out":
        return study.clips.filter(included=False)
    return study.clips.all()


def attempt(request: HttpRequest, done: str, verb, *args, **kwargs) -> None:
    """Call a verb, and show its success or its refusal as a message."""
    try:
        verb(*args, actor=request.user, **kwargs)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
