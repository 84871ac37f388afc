"""Collect one question of an instrument beside the choice among the images: its rows, each with what was given."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from study.instruments.answers import CANNOT_SAY
from study.instruments.questions import Confidence, Pick, Question, Rate, Scale, Text, localized
from study.instruments.shipped_titles import shipped_title
from study.survey.page_facts import GroupFacts, QuestionFacts, RowFacts, StepFacts

Given = Mapping[str, Sequence[str]]  # what the form sent, or would send, by field name


def question_facts(question: Question, letters: Sequence[str], given: Given, *, titled: bool) -> QuestionFacts:
    title = localized(question.text) or shipped_title(question)
    match question:
        case Rate():
            groups = _of_music(question, given, title) if question.of == "music" else _rated(question, letters, given)
            # The only scale of a question has its words already.
            if len(groups) == 1 and groups[0].title == title:
                titled = False
        case Pick(of="images"):
            rows = tuple(_pick_row(question, title, letter, given) for letter in letters)
            groups = (GroupFacts("", rows),)
        case Pick():
            groups = (GroupFacts("", (_pick_row(question, title, "", given),)),)
        case Confidence():
            groups = (GroupFacts("", (_confidence_row(question, title, given),)),)
        case _:
            groups = (GroupFacts("", (_line(question, title, given),)),)
    return QuestionFacts(
        title if titled else "",
        groups,
        optional=isinstance(question, Pick | Text) and not question.required,
        of_chosen=isinstance(question, Rate) and question.of == "chosen",
        alone=isinstance(question, Rate) and question.layout == "one" and question.of == "images",
    )


def _rated(question: Rate, letters: Sequence[str], given: Given) -> tuple[GroupFacts, ...]:
    """The rows by scale, so that the images stand beside each other; one image at a time, by image."""
    if question.layout == "one" and question.of == "images":
        return tuple(
            GroupFacts(
                _("Image %(letter)s") % {"letter": letter},
                tuple(_scale_row(question, scale, letter, given, titled=True) for scale in question.scales),
                letter,
            )
            for letter in letters
        )
    return tuple(
        GroupFacts(
            _scale_title(question, scale), tuple(_scale_row(question, scale, letter, given) for letter in letters)
        )
        for scale in question.scales
    )


def _of_music(question: Rate, given: Given, title: str) -> tuple[GroupFacts, ...]:
    rows = tuple(_scale_row(question, scale, "", given, titled=len(question.scales) > 1) for scale in question.scales)
    only = _scale_title(question, question.scales[0]) if len(question.scales) == 1 else ""
    return (GroupFacts("" if only == title else only, rows),)


def _scale_title(question: Rate, scale: Scale) -> str:
    return localized(scale.text) or localized(question.text) or shipped_title(question)


def _legend(letter: str, title: str, ends: str = "") -> str:
    named = _("Image %(letter)s: %(question)s") % {"letter": letter, "question": title} if letter else title
    return f"{named} ({ends})" if ends else named


def _missing(letter: str, title: str) -> str:
    """Return the words beside the button while the answer is missing; of an image, they lead to its row."""
    if letter:
        return _("Image %(letter)s: 1 answer is missing.") % {"letter": letter}
    return _("“%(question)s” has no answer yet.") % {"question": title}


def _scale_row(question: Rate, scale: Scale, letter: str, given: Given, *, titled: bool = False) -> RowFacts:
    name = f"q.{scale.key}.{letter}" if letter else f"q.{scale.key}"
    title, low, high = _scale_title(question, scale), localized(scale.low), localized(scale.high)
    value = _first(given, name)
    cannot = None
    if scale.cannot_say:
        cannot = StepFacts(CANNOT_SAY, _("Cannot say"), "", checked=value == CANNOT_SAY)
    return RowFacts(
        name,
        "slider" if scale.is_slider else "steps",
        _legend(letter, title, _ends(scale.lowest, low, scale.highest, high)),
        _missing(letter, title),
        letter,
        title if titled else "",
        low,
        high,
        scale.highest,
        () if scale.is_slider else _steps(scale.highest, value),
        "" if value == CANNOT_SAY else value,
        cannot,
    )


def _ends(lowest: int, low: str, highest: int, high: str) -> str:
    if not (low and high):
        return ""
    words = {"lowest": lowest, "low": low, "highest": highest, "high": high}
    return _("%(lowest)s: %(low)s, %(highest)s: %(high)s") % words


def _steps(highest: int, value: str) -> tuple[StepFacts, ...]:
    return tuple(
        StepFacts(str(step), str(step), _("%(n)s of %(total)s") % {"n": step, "total": highest}, value == str(step))
        for step in range(1, highest + 1)
    )


def _pick_row(question: Pick, title: str, letter: str, given: Given) -> RowFacts:
    name = f"q.{question.key}.{letter}" if letter else f"q.{question.key}"
    picked = given.get(name, ())
    steps = tuple(
        StepFacts(option.key, localized(option.text) or option.key, "", checked=option.key in picked)
        for option in question.options
    )
    needed = _missing(letter, title) if question.required else ""
    control = "ticks" if question.several else "chips"
    return RowFacts(name, control, _legend(letter, title), needed, letter, steps=steps)


def _confidence_row(question: Confidence, title: str, given: Given) -> RowFacts:
    name = f"q.{question.key}"
    low, high = localized(question.low) or _("not sure at all"), localized(question.high) or _("completely sure")
    missing = _missing("", title) if question.text else _("Say how sure you are.")
    legend = _legend("", title, _ends(1, low, question.steps, high))
    steps = _steps(question.steps, _first(given, name))
    return RowFacts(name, "steps", legend, missing, low=low, high=high, highest=question.steps, steps=steps)


def _line(question: Any, title: str, given: Given) -> RowFacts:
    name = f"q.{question.key}"
    missing = ""
    if question.required:
        missing = _missing("", title) if question.text else _("A line is still empty.")
    return RowFacts(name, "line", title, missing, value=_first(given, name))


def _first(given: Given, name: str) -> str:
    return next((value for value in given.get(name, ()) if value), "")
