"""Small words for generation's pages."""

import json
import math

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
    return "–" if share is None else f"{share * 100:.0f} %"


@register.filter
def money(sum_: float) -> str:
    """A sum with two decimals, or with two significant digits if it is small."""
    return f"{sum_:.2f}" if not sum_ or sum_ >= 0.1 else f"{sum_:.{1 - math.floor(math.log10(sum_))}f}"
