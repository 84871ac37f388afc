"""Template helpers of the participants' pages."""

from django import template
from django.utils.translation import get_language_info

register = template.Library()


@register.filter
def own_name(code: str) -> str:
    """A language's name in itself: "한국어"."""
    return get_language_info(code)["name_local"].capitalize()


@register.filter
def clock(seconds: float) -> str:
    """Seconds as minutes and seconds: 0:29."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
