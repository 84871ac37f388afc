"""Template helpers of the participants' pages."""

from django import template
from django.utils.translation import get_language_info

from study.texts import answer_of

register = template.Library()
register.filter("answer_of", answer_of)


@register.filter
def own_name(code: str) -> str:
    """Return the name of a language in that language: "한국어"."""
    return get_language_info(code)["name_local"].capitalize()
