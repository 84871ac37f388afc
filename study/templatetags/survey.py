"""Template helpers of the participants' pages."""

from django import template
from django.utils.translation import get_language_info

register = template.Library()


@register.filter
def own_name(code: str) -> str:
    """Return the name of a language in that language: "한국어"."""
    return get_language_info(code)["name_local"].capitalize()
