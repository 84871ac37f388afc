"""The fields of the plan's exclusion rules: one each, with its threshold, empty for no rule."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from study.participants.exclusion_rules import UNITS, ExclusionRule
from study.participants.flag_words import MEANINGS, flag_name

RULE_PREFIX = "rule_"
RULE_FIELDS = tuple(RULE_PREFIX + kind for kind in UNITS)

# Rules that can never apply without a setting, by the setting's name.
RULES_NEED = {
    "attention_failed": ("attention_trials", gettext_lazy("The plan has no attention trials: add one, or empty this.")),
    "repeats_differ": ("repeats", gettext_lazy("The plan has no hidden repeats: add one, or empty this.")),
    "match_failed": (
        "match_controls",
        gettext_lazy("The plan has no trials with images of other clips: add one, or empty this."),
    ),
    "reason_not_typed": ("ask_reason", gettext_lazy("The plan asks for no reasons: ask for them, or empty this.")),
    "no_sound": ("sound_check", gettext_lazy("The plan has no sound check: add it, or untick this.")),
    "too_fast": ("minimum_seconds", gettext_lazy("The shortest plausible time is 0: raise it, or empty this.")),
}


def rule_field(kind: str, unit: str) -> forms.Field:
    """The field of one exclusion rule."""
    meaning = MEANINGS[kind]
    if unit == "yes":
        return forms.BooleanField(label=capfirst(flag_name(kind)), required=False, help_text=meaning)
    words = {
        "share": gettext_lazy("%(name)s (%%)"),
        "odds": gettext_lazy("%(name)s (by chance one in … people)"),
    }
    low, high = (1, 100) if unit == "share" else (20, 1_000_000)
    return forms.DecimalField(
        label=capfirst(words[unit] % {"name": flag_name(kind)}),
        required=False,
        min_value=low,
        max_value=high,
        max_digits=9,
        decimal_places=1 if unit == "share" else 0,
        help_text=meaning,
    )


def rule_shown(rule: ExclusionRule) -> Any:
    """The threshold of a rule as its field shows it."""
    unit = UNITS[rule.kind]
    return True if unit == "yes" else f"{100 * rule.at if unit == 'share' else rule.at:.10g}"
