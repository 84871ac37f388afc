"""Conditions that are painted here, clips to make images for, and clips with uploaded images."""

from collections.abc import Mapping

from django.db.models import Q, QuerySet

from study.models import Clip, Study
from study.setup.clip_selection import UNCHANGED


def is_painted(levels: Mapping[str, str]) -> bool:
    """Return whether the levels of a condition name the tag set and the form of its prompt."""
    return {"tags", "form"} <= set(levels)


def painted_conditions(study: Study) -> dict[str, dict[str, str]]:
    """Return the levels, by key, of the conditions that are painted here; the images of the others are uploaded."""
    return {
        condition.key: condition.levels
        for condition in study.conditions.order_by("number")
        if is_painted(condition.levels)
    }


def is_ready_made(clip: Clip) -> bool:
    """Return whether the clip's images were uploaded; then only its audio for the survey is made here."""
    return any(stimulus.painter == "uploaded" for stimulus in clip.stimuli.all())


def clips_to_generate(study: Study) -> QuerySet[Clip]:
    """Return the clips to make images for: those included, and those left out as unchanged, since another setting may
    change them."""
    return study.clips.filter(Q(included=True) | Q(exclusion_reason=UNCHANGED))
