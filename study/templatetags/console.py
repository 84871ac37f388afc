"""The console's frame: the path of a study with what is done, and what its forms have in common."""

from datetime import datetime, timedelta
from typing import Any

from django import forms, template
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
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
def next_step(study: Study, key: str, *, primary: bool = True, saves: bool = False) -> dict[str, Any]:
    """The way on from the set-up step `key`; nothing where the study has opened, or at the end of the path.

    Args:
        saves: it is a button of the page's form, which saves first.
    """
    step = step_after(key, study) if study.settings_can_change else None
    if step is None:
        return {}
    label = _("Save, and go on with: %(step)s") if saves else _("Go on with: %(step)s")
    return {
        "url": reverse(step.url_name, args=[study.slug]),
        "label": label % {"step": step.title},
        "primary": primary,
        "saves": saves,
    }


@register.inclusion_tag("study/_reach.html")
def link_reach() -> dict[str, str]:
    """From where the links of this installation can be opened, with the mend if not from anywhere."""
    return {"reach": reach_of(settings.BASE_URL).value}


@register.inclusion_tag("console/words.html")
def words(*keys: str) -> dict[str, Any]:
    """Links to the words of a page in the glossary, by their keys there."""
    return {"words": [WORDS[key] for key in keys]}


@register.simple_tag
def kept(form: forms.BaseForm | None = None, *, by: str = "script", unsaved: object = False) -> SafeString:
    """The attributes of a form in which a person types: static/js/console/kept.js sees that nothing typed is lost.

    Args:
        form: if it has errors, what is in it is not saved yet; `unsaved` says so where the page has no such form.
        by: "script" if that script sends the form and its view redirects, refuses or returns a file; "browser" if a
            refusal must not be sent twice, or a page comes back: the script then only asks first whether the server
            answers; "file" if moreover its fields come from a file that is not stored: nothing is kept of them.
    """
    # Browsers put what was typed before into a page that is loaded again, over values that others have saved since.
    is_unsaved = unsaved or (form is not None and form.errors)
    return format_html('autocomplete="off" data-kept="{}"{}', by, " data-unsaved" if is_unsaved else "")


@register.inclusion_tag("console/conflict.html")
def conflict(field: forms.BoundField) -> dict[str, Any]:
    """The question which of two values of a field is saved, if somebody else changed it too."""
    form: Any = field.form
    found = getattr(form, "conflicts", {}).get(field.name)
    return {"conflict": found, "who": form.who_saved if found else ""}


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


@register.filter
def undo_of(message: Any) -> dict[str, str]:
    """Return address and number of the deletion that a message tells of and that can be undone; empty without one."""
    mark, address, number = f"{message.extra_tags or ''}   ".split(" ", 3)[:3]
    return {"address": address, "number": number} if mark == "undo" else {}
