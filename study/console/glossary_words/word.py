"""A word of the glossary, and the titles of the pages on which words stand."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Word:
    """A word of the glossary: its anchor, its plain name, what it means and why it matters.

    Attributes:
        where: titles of the pages where it is used.
        term: the word of the field, of exports and keys, where the pages say another.
    """

    key: str
    name: Any
    meaning: Any
    why: Any
    where: tuple[Any, ...]
    term: Any = ""


# Titles of pages, as their headings have them.
DESCRIBE, CLIPS, TAGS, GENERATE, REVIEW = _("Describe"), _("Clips"), _("Tags"), _("Generate"), _("Review")
PLAN, QUESTIONS, POWER, RULES, PREVIEW, OPEN = (
    _("Plan"),
    _("Questions"),
    _("Power"),
    _("Analysis rules"),
    _("Preview"),
    _("Open"),
)
MONITOR, PEOPLE, LINKS, PAYMENT, LOG = _("Monitor"), _("Participants"), _("Links"), _("Payment"), _("Log")
TRIAL_QUESTIONS = _("Questions in each trial")
STAGES, VERSIONS = _("Stages"), _("Versions")
SETTINGS, RESULTS = _("Generation settings"), _("Report and exports")
