"""The console's frame: the path of a study with what is done."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from study.console.common import access_to
from study.console.glossary_words import WORDS
from study.models import Study
from study.participants.reach import reach_of
from study.setup.path_steps import Group, PathStep, Progress, progress_of, step_after, steps_of

register = template.Library()
# What waits longer than a free worker takes to come is worth a word.
WAITS_LONG = timedelta(seconds=30)


def _row(step: PathStep, study: Study, path: str) -> dict[str, Any] | None:
    try:
        url = reverse(step.url_name, args=[study.slug])
    except NoReverseMatch:
        return None
    return {
        "title": step.title,
        "url": url,
        "current": path.startswith(url),
        "progress": progress_of(step, study),
        "note": _("optional") if step.optional else step.note(study) if step.note else "",
    }


@register.inclusion_tag("console/path.html", takes_context=True)
def study_path(context: dict[str, Any], study: Study) -> dict[str, Any]:
    """The steps of `study` that the reader of the page may open, under their three headings."""
    request = context["request"]
    allows = access_to(request).allows
    groups = {
        group.value: [
            row
            for step in steps_of(group, study)
            if allows(step.right) and (row := _row(step, study, request.path)) is not None
        ]
        for group in Group
    }
    return {"study": study, "request": request, "Progress": Progress, **groups}


@register.inclusion_tag("console/next_step.html")
def next_step(study: Study, key: str, *, primary: bool = True) -> dict[str, Any]:
    """The way on from the set-up step `key`; nothing where the study has opened, or at the end of the path."""
    step = step_after(key, study) if study.settings_can_change else None
    if step is None:
        return {}
    return {
        "url": reverse(step.url_name, args=[study.slug]),
        "label": _("Go on with: %(step)s") % {"step": step.title},
        "primary": primary,
    }


@register.inclusion_tag("study/_reach.html")
def link_reach() -> dict[str, str]:
    """From where the links of this installation can be opened, with the mend if not from anywhere."""
    return {"reach": reach_of(settings.BASE_URL).value}


@register.inclusion_tag("console/words.html")
def words(*keys: str) -> dict[str, Any]:
    """Links to the words of a page in the glossary, by their keys there."""
    return {"words": [WORDS[key] for key in keys]}


@register.inclusion_tag("console/waiting.html")
def waiting(since: datetime | None) -> dict[str, Any]:
    """For how long something has waited for a worker, and what to do if none serves; nothing at first."""
    waited = since is not None and timezone.now() - since > WAITS_LONG
    return {"since": since if waited else None}


@register.filter
def clip_of_entry(data: dict[str, Any]) -> str:
    """Return the name of a log entry's clip; old entries of generation hold the clip's number instead."""
    clip = data.get("clip", "")
    return _("clip %(n)d") % {"n": clip} if isinstance(clip, int) else str(clip)
