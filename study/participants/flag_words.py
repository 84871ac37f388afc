"""Flags, their evidence and exclusion rules in words, in the current language.

The best image is the 1st choice, the only one, or the better one of a pair: flags are stored without the questions, so
their words have to be true of each.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from study.models import Study
from study.models.participants import kind_of_flag
from study.participants.answer_rules import AnswerRule
from study.participants.exclusion_rules import UNITS, Rule, rules_of

# By kind: the flag's name, and what it counts. `one_position` is of earlier versions.
NAMES: Mapping[str, Any] = {
    "no_page": gettext_lazy("page never sent"),
    "no_images": gettext_lazy("images never sent"),
    "impossible_time": gettext_lazy("claims impossible times"),
    "too_fast": gettext_lazy("too fast"),
    "not_listened": gettext_lazy("did not listen"),
    "position_pattern": gettext_lazy("pattern of positions"),
    "one_position": gettext_lazy("one position"),
    "script_like": gettext_lazy("script like"),
    "left_tab": gettext_lazy("left tab"),
    "reason_not_typed": gettext_lazy("reasons not typed"),
    "one_value": gettext_lazy("one value"),
    "attention_failed": gettext_lazy("attention failed"),
    "no_sound": gettext_lazy("no sound"),
    "repeats_differ": gettext_lazy("repeats differ"),
    "match_failed": gettext_lazy("match failed"),
    "unanswered": gettext_lazy("unanswered"),
}
MEANINGS: Mapping[str, Any] = {
    "no_page": gettext_lazy("Answers that came although the server had not sent the trial's page."),
    "no_images": gettext_lazy("Answers to trials of which the server never sent every image."),
    "impossible_time": gettext_lazy("Times claimed by the browser that are longer than what passed on the server."),
    "too_fast": gettext_lazy("Answers below the study's shortest plausible time, by the clock of server or browser."),
    "not_listened": gettext_lazy("Answers without the music, or with less of it than the study asks for."),
    "position_pattern": gettext_lazy("Choices that follow the positions on the page, such as AAAA or ABAB."),
    "script_like": gettext_lazy("Answers with choices that no tap, click or key made."),
    "left_tab": gettext_lazy("Answers during which the page was hidden."),
    "reason_not_typed": gettext_lazy("Reasons that were pasted, came at once, faster than people type, or repeatedly."),
    "one_value": gettext_lazy("Ratings that are nearly all the same, whatever the image."),
    "attention_failed": gettext_lazy("Attention trials answered otherwise than they asked."),
    "no_sound": gettext_lazy("In the sound check, no sound was heard."),
    "repeats_differ": gettext_lazy("Hidden repeats with another best image than before."),
    "match_failed": gettext_lazy("Trials with images of another clip, of which one was chosen as the best."),
    "unanswered": gettext_lazy("Trials that were given and not answered."),
}


def flag_name(flag: object) -> str:
    """A flag's name."""
    kind = kind_of_flag(flag)
    return str(NAMES.get(kind, kind.replace("_", " ")))


def evidence(flag: object) -> str:
    """What a flag was raised on, in one sentence; empty for flags of earlier versions."""
    if not isinstance(flag, Mapping) or "n" not in flag:
        return ""
    kind = kind_of_flag(flag)
    if kind == "position_pattern":
        return _pattern(flag)
    sentence = str(_COUNTED[kind]) % flag if kind in _COUNTED else ""
    more = {"impossible_time": _claim, "not_listened": _silent, "reason_not_typed": _typing}.get(kind)
    return " ".join(filter(None, (sentence, more(flag) if more else "")))


_COUNTED: Mapping[str, Any] = {
    "no_page": gettext_lazy("%(n)s of %(of)s answers came although their page had never been sent."),
    "no_images": gettext_lazy("For %(n)s of %(of)s answers, not every image had been sent."),
    "impossible_time": gettext_lazy("%(n)s of %(of)s answers claim more time than passed on the server."),
    "too_fast": gettext_lazy("%(n)s of %(of)s answers took less than %(seconds)g s."),
    "not_listened": gettext_lazy("%(n)s of %(of)s answers without hearing the music as long as asked."),
    "script_like": gettext_lazy("%(n)s of %(of)s answers with choices that no tap, click or key made."),
    "left_tab": gettext_lazy("The page was hidden during %(n)s of %(of)s answers."),
    "reason_not_typed": gettext_lazy("%(n)s of %(of)s reasons."),
    "one_value": gettext_lazy(
        "%(n)s of %(of)s ratings are the same. On average they lie at %(mean)s %% of the scale and spread by "
        "%(spread)s %%."
    ),
    "attention_failed": gettext_lazy("%(n)s of %(of)s attention trials were answered otherwise than asked."),
    "no_sound": gettext_lazy("Heard nothing in the sound check."),
    "repeats_differ": gettext_lazy("%(n)s of %(of)s hidden repeats got another best image than before."),
    "match_failed": gettext_lazy("%(n)s of %(of)s match-control trials got another clip's image as the best."),
    "unanswered": gettext_lazy("%(n)s of %(of)s trials were not answered."),
}


def _claim(flag: Mapping[str, Any]) -> str:
    if "claimed" not in flag:
        return ""
    return _("In all, %(claimed)s s are claimed and %(passed)s s passed.") % flag


def _silent(flag: Mapping[str, Any]) -> str:
    return _("For %(silent)s the sound was never sent.") % flag if flag.get("silent") else ""


def _typing(flag: Mapping[str, Any]) -> str:
    parts = [
        text % flag
        for name, text in (
            ("pasted", _("%(pasted)s pasted (%(pastes)s times)")),
            ("at_once", _("%(at_once)s at once (up to %(characters)s characters an input)")),
            ("too_quick", _("%(too_quick)s faster than people type (up to %(speed)s characters a second)")),
            ("untyped", _("%(untyped)s without any input")),
            ("repeated", _("%(repeated)s with the same text")),
        )
        if flag.get(name)
    ]
    return _("Of these: %(parts)s.") % {"parts": "; ".join(parts)} if parts else ""


def _pattern(flag: Mapping[str, Any]) -> str:
    if flag["period"] == 1:
        text = (
            _("%(n)s of %(of)s times the same positions for 1st and 2nd.")
            if flag["both"]
            else _("%(n)s of %(of)s times the same position for the best image.")
        )
    else:
        text = (
            _("%(n)s of %(of)s times the positions of 1st and 2nd are those of %(period)s trials before.")
            if flag["both"]
            else _("%(n)s of %(of)s times the position of the best image is that of %(period)s trials before.")
        )
    return f"{text % flag} " + _("By chance this pattern comes from at most one in %(odds)s people.") % {
        "odds": f"{flag['odds']:,}"
    }


def rules_in_words(study: Study) -> list[str]:
    """The study's exclusion rules, in words."""
    return [rule_words(rule) for rule in rules_of(study)]


def rule_words(rule: Rule) -> str:
    """A rule of the plan, such as "too fast: at least 50 %", or "answer: before_age < 18"."""
    if isinstance(rule, AnswerRule):
        return _("answer: %(rule)s") % {"rule": rule}
    unit = UNITS.get(rule.kind, "share")
    if unit == "yes":
        return flag_name(rule.kind)
    if unit == "odds":
        text = _("%(name)s: by chance at most one in %(odds)s people")
        return text % {"name": flag_name(rule.kind), "odds": f"{rule.at:,.0f}"}
    return _("%(name)s: at least %(share)s %%") % {"name": flag_name(rule.kind), "share": f"{100 * rule.at:g}"}
