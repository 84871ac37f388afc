"""Small words for generation's pages."""

import json
import math
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.errors import GenerationError
from generation.runs.conditions import painted_conditions
from study.models import Study

register = template.Library()


@register.filter
def time_left(seconds: float) -> str:
    """A time in words, never more exact than it is: “about 4 minutes left”."""
    if seconds < 50:
        return _("less than a minute left")
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}
    hours = round(seconds / 3600)
    return ngettext("about %(n)d hour left", "about %(n)d hours left", hours) % {"n": hours}


@register.filter
def as_json(value: object) -> str:
    """Plain data as indented JSON, for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 as a percentage; a dash where nothing was measured."""
    return "–" if share is None else _("%(number)s %%") % {"number": f"{share * 100:.0f}"}


@register.filter
def money(sum_: float) -> str:
    """A sum with two decimals, or with two significant digits if it is small."""
    return f"{sum_:.2f}" if not sum_ or sum_ >= 0.1 else f"{sum_:.{1 - math.floor(math.log10(sum_))}f}"


@register.inclusion_tag("generation/unknown_tags_notice.html")
def unknown_tags_notice(study: Study, *, undecided_only: bool = False) -> dict[str, Any]:
    """Which tags images are made from, and how many the rule set does not know, with the way to decide about them.

    With `undecided_only`, only the tags that nobody has decided about are named.
    """
    # Imported here: the first template of a process imports this module, and these are slow to import.
    from generation.redefinition import RuleError
    from generation.redefinition.spelling import normalise
    from generation.settings_model import settings_of
    from generation.study_files import rules_of

    try:
        settings = settings_of(study)
        rules = rules_of(study, settings)
    except (GenerationError, RuleError):  # the pages of the settings and of the run say so
        return {}
    if not painted_conditions(study):
        return {}
    tags_of_clips = study.clips.filter(included=True).values_list("imported_tags", flat=True)
    names = {normalise(tag) for tags in tags_of_clips for tag in tags}
    return {
        "study": study,
        "source": "" if undecided_only else settings.tag_source,
        "rules": rules.name,
        "undecided": len(names - rules.known),
        "decided": 0 if undecided_only else len(settings.tag_choices),
    }
