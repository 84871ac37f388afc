"""The texts that participants read: the researcher's in the active language, else the text that ships."""

from django.conf import settings
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from study.models import Study

FIELDS = ("question", "consent_text", "instructions")


def languages_of(study: Study) -> list[str]:
    """The languages in which a study is offered: those the researcher chose, else all that the site has."""
    known = [code for code, name in settings.LANGUAGES]
    return [code for code in study.languages if code in known] or known


def _in_active_language(texts: dict[str, str]) -> str:
    return texts.get(get_language() or "", "").strip()


def question(study: Study) -> str:
    """The question that a trial asks."""
    return _in_active_language(study.question) or _("Which image fits this music best?")


def consent(study: Study) -> str:
    """The consent text."""
    return _in_active_language(study.consent_text) or _(
        "You will hear short pieces of music and say which images fit them best. Taking part is voluntary and "
        "anonymous: we ask for no name and store no address. You can stop at any time, and you can have your "
        "answers erased with the receipt you get at the end.\n\n"
        "Your answers are stored and analysed for research, and may be published without anything that "
        "points to you, with times to the hour. With them we store your language and kind of device, when pages, "
        "sounds and images were opened, how long you took, and whether text was typed or pasted, to check the "
        "answers. If a recruiting platform sent you, its id is kept apart from your answers and erased once you "
        "are paid."
    )


def instructions(study: Study, images: int) -> str:
    """The instructions, for trials with this number of images."""
    own = _in_active_language(study.instructions)
    if own:
        return own
    if study.second_choice_required:
        return _(
            "Listen to each piece, look at its %(n)d images, and choose the one that fits the music best as your "
            "1st, then the next best as your 2nd. There are no right or wrong answers: your impression counts."
        ) % {"n": images}
    return _(
        "Listen to each piece, look at its %(n)d images, and choose the one that fits the music best as your "
        "1st. If you like, choose a 2nd too. There are no right or wrong answers: your impression counts."
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
    blank = Study(second_choice_required=study.second_choice_required)
    with override(language):
        match field:
            case "question":
                return question(blank)
            case "consent_text":
                return consent(blank)
            case "instructions":
                return instructions(blank, study.conditions.count())
    raise ValueError(f"A study has no text called {field!r}.")
