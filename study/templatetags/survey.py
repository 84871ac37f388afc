"""Template helpers of the participants' pages."""

from django import template
from django.utils.translation import get_language_info

from study import texts
from study.models import Study

register = template.Library()


@register.filter
def own_name(code: str) -> str:
    """Return the name of a language in that language: "한국어"."""
    return get_language_info(code)["name_local"].capitalize()


@register.filter
def responsible(study: Study, name: str) -> str:
    """Return who answers to the participants: "researcher", "institution" or "contact"."""
    return texts.responsible(study, name)
