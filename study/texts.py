"""The texts that participants read: the researcher's in the active language, else the text that ships.

A consent text names who answers to the participants by placeholders: {researcher}, {institution}, {contact}, {ethics}.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext_noop, override
from django.utils.translation import gettext as _

from study.models import Study

FIELDS = ("question", "consent_text", "instructions")
# The columns that say who answers to the participants.
RESPONSIBLE = ("researcher", "institution", "contact", "ethics", "ethics_board", "ethics_number", "ethics_reason")
# What a consent text may name in braces; `ethics` is a sentence.
PLACEHOLDERS = ("researcher", "institution", "contact", "ethics")
# What a demo says of itself: nobody does research there. Stored in English, translated when shown; no study of real
# people takes these words over.
OF_A_DEMO = {
    "researcher": gettext_noop("the person who runs this demo of Earsight"),
    "institution": gettext_noop("no institution"),
    "contact": gettext_noop("the person who gave you this link"),
    "ethics_reason": gettext_noop("a demo of the software, no research"),
}
_IN_BRACES = re.compile(r"\{([^{}\n]*)\}")


def languages_of(study: Study) -> list[str]:
    """The languages in which a study is offered: those the researcher chose, else all that the site has."""
    known = [code for code, name in settings.LANGUAGES]
    return [code for code in study.languages if code in known] or known


def _in_active_language(texts: dict[str, str]) -> str:
    return texts.get(get_language() or "", "").strip()


def question(study: Study) -> str:
    """The question that a trial asks."""
    return _in_active_language(study.question) or _("Which image fits this music best?")


def asks_question_of_study(study: Study) -> bool:
    """Whether a trial asks the question of the study: a choice without a text of its own does."""
    questions = study.instrument.get("questions", [{"kind": "choose"}])
    return any(question["kind"] == "choose" and not question.get("text") for question in questions)


def responsible_people(study: Study) -> str:
    """Who answers to the participants, in one line: researcher, institution, address; empty without an answer."""
    return ", ".join(filter(None, (responsible(study, name) for name in ("researcher", "institution", "contact"))))


def responsible(study: Study, name: str) -> str:
    """A column of `RESPONSIBLE` as it is shown: the researcher's words, or those of a demo in the active language."""
    value: str = getattr(study, name)
    return _(value) if value == OF_A_DEMO.get(name) else value


def ethics_sentence(study: Study) -> str:
    """The sentence about the ethics approval, or why there is none; empty until the researcher has answered."""
    if study.ethics == Study.Ethics.APPROVED and study.ethics_board and study.ethics_number:
        return _("An ethics board has approved this study: %(board)s, %(number)s.") % {
            "board": study.ethics_board,
            "number": study.ethics_number.rstrip(". "),
        }
    if study.ethics == Study.Ethics.NONE and study.ethics_reason:
        reason = responsible(study, "ethics_reason").rstrip(". ")
        return _("No ethics board has approved this study: %(reason)s.") % {"reason": reason}
    return ""


def placeholder_values(study: Study) -> dict[str, str]:
    """What each placeholder of a consent text stands for, in the active language; those without an answer are absent.

    A study that opened before there were placeholders has none, and its text stays as it was written.
    """
    values = {name: responsible(study, name) for name in ("researcher", "institution", "contact")}
    return {name: text for name, text in (values | {"ethics": ethics_sentence(study)}).items() if text}


def unknown_placeholders(text: str) -> list[str]:
    """Return what stands in braces and is no placeholder."""
    return [name for name in _IN_BRACES.findall(text) if name not in PLACEHOLDERS]


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _IN_BRACES.sub(lambda found: values.get(found[1], found[0]), text)


def _join(paragraphs: Iterable[str]) -> str:
    return "\n\n".join(paragraphs)


def _shipped_consent(instrument: Mapping[str, Any]) -> list[str]:
    """The paragraphs that ship; what people will do is said as the questions of the instrument are."""
    if not instrument or any(question["kind"] in ("choose", "pair") for question in instrument["questions"]):
        taking_part = _(
            "You will hear short pieces of music and say which images fit them best. Taking part is voluntary and "
            "anonymous: we ask for no name and store no address. You can stop at any time, and you can have your "
            "answers erased with the receipt you get at the end.\n\n"
            "Your answers are stored and analysed for research, and may be published without anything that "
            "points to you, with times to the hour. With them we store your language and kind of device, when pages, "
            "sounds and images were opened, how long you took, and whether text was typed or pasted, to check the "
            "answers. If a recruiting platform sent you, its id is kept apart from your answers and erased once you "
            "are paid."
        )
    else:
        taking_part = _(
            "You will hear short pieces of music and answer questions about images. Taking part is voluntary and "
            "anonymous: we ask for no name and store no address. You can stop at any time, and you can have your "
            "answers erased with the receipt you get at the end.\n\n"
            "Your answers are stored and analysed for research, and may be published without anything that "
            "points to you, with times to the hour. With them we store your language and kind of device, when pages, "
            "sounds and images were opened, how long you took, and whether text was typed or pasted, to check the "
            "answers. If a recruiting platform sent you, its id is kept apart from your answers and erased once you "
            "are paid."
        )
    return [
        taking_part,
        _("This study is run by {researcher}, {institution}. Questions or complaints: {contact}"),
        "{ethics}",
    ]


def consent(study: Study) -> str:
    """The consent text, as it was at opening once the study has opened.

    Paragraphs of the shipped text about which the researcher has not answered are left out.
    """
    if agreed := _in_active_language(study.plan.get("consent", {})):
        return agreed
    values = placeholder_values(study)
    own = _in_active_language(study.consent_text)
    if own:
        return _fill(own, values)
    known = (text for text in _shipped_consent(study.instrument) if values.keys() >= set(_IN_BRACES.findall(text)))
    return _join(_fill(text, values) for text in known)


def consent_texts(study: Study) -> dict[str, str]:
    """The consent text in every language, as participants read it."""
    texts = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            texts[language] = consent(study)
    return texts


def instructions(study: Study, images: int) -> str:
    """The instructions, for trials with this number of images."""
    own = _in_active_language(study.instructions)
    if own:
        return own
    if study.instrument:
        return _instructions_of_instrument(study.instrument, images)
    if study.second_choice_required:
        return _(
            "Listen to each piece, look at its %(n)d images, and choose the one that fits the music best as your "
            "1st, then the next best as your 2nd. There are no right or wrong answers: your impression counts."
        ) % {"n": images}
    return _(
        "Listen to each piece, look at its %(n)d images, and choose the one that fits the music best as your "
        "1st. If you like, choose a 2nd too. There are no right or wrong answers: your impression counts."
    ) % {"n": images}


def _instructions_of_instrument(instrument: Mapping[str, Any], images: int) -> str:
    """The instructions for the questions of an instrument, which trials show one by one."""
    if any(question["kind"] == "pair" for question in instrument["questions"]):
        return _(
            "Listen to each piece, look at its two images, and choose the one that fits the music better. There are no "
            "right or wrong answers: your impression counts."
        )
    return _(
        "Listen to each piece, look at its %(n)d images, and answer what is asked about them. There are no right or "
        "wrong answers: your impression counts."
    ) % {"n": images}


def screened_out(study: Study) -> str:
    """What people read whom the study does not ask: after an answer that screens out, or that has a full quota."""
    return _in_active_language(study.screen_out_text) or _(
        "This time the study looks for other participants. This is not a judgement about you."
    )


def shipped_screen_out_text(language: str) -> str:
    """The text that ships for `screened_out`."""
    with override(language):
        return screened_out(Study())


def shipped_text(study: Study, field: str, language: str) -> str:
    """The text that ships for a field of `FIELDS`, which participants read unless the study has its own."""
    blank = Study(second_choice_required=study.second_choice_required, instrument=study.instrument)
    with override(language):
        match field:
            case "question":
                return question(blank)
            case "consent_text":
                return _join(_shipped_consent(study.instrument))
            case "instructions":
                return instructions(blank, study.conditions.count())
    raise ValueError(f"A study has no text called {field!r}.")
