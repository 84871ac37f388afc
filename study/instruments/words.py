"""What the questions of a trial ask, in words for researchers."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from study.instruments.questions import (
    Choose,
    Confidence,
    Instrument,
    Pair,
    Pick,
    Question,
    Rate,
    Scale,
    localized,
)
from study.instruments.shipped_titles import shipped_title

KIND_NAMES = {
    "choose": gettext_lazy("Choose images, in order"),
    "pair": gettext_lazy("Compare two images"),
    "rate": gettext_lazy("Rate on scales"),
    "pick": gettext_lazy("Pick categories"),
    "text": gettext_lazy("Answer in words"),
    "confidence": gettext_lazy("Say how sure they are"),
}

# Of each preset its name, and what it is for.
PRESET_WORDS = {
    "seed": (
        gettext_lazy("First and second choice"),
        gettext_lazy("Which image fits the music best, and which second best? Quick, and what studies ask by default."),
    ),
    "match_and_quality": (
        gettext_lazy("Match and quality, 1–7"),
        gettext_lazy("Each image gets two ratings: how well it matches the music, and how good it is as an image."),
    ),
    "pairs": (
        gettext_lazy("Pairs with ties"),
        gettext_lazy("Two images at a time: which fits the music better, or do they fit equally well?"),
    ),
    "valence_arousal": (
        gettext_lazy("Valence and arousal, 1–9"),
        gettext_lazy("Which feeling each image expresses: unpleasant to pleasant, calm to excited."),
    ),
    "choose_and_rate": (
        gettext_lazy("Choose, then rate the chosen"),
        gettext_lazy("A first and a second choice; then the two chosen images are rated for match and quality."),
    ),
}


def asked(question: Question, of_study: str = "") -> str:
    """Return the text that participants read; the name of its kind, of a choice that is not read in a study.

    Args:
        of_study: the question of the study, which a choice without a text of its own asks.
    """
    return localized(question.text) or shipped_title(question) or of_study or str(KIND_NAMES[question.kind])


def details(question: Question) -> Iterator[str]:
    """Yield what can be answered to a question, a line for each scale."""
    match question:
        case Choose():
            line = ngettext("%(n)d choice", "%(n)d choices, in order", question.ranks) % {"n": question.ranks}
            if question.points:
                line += "; " + _("points: %(points)s") % {"points": ", ".join(f"{each:g}" for each in question.points)}
            yield line
        case Pair():
            yield _("left or right, or both equally well") if question.tie else _("left or right")
        case Rate():
            place = {"images": _("for each image"), "chosen": _("for each image chosen"), "music": _("for the music")}
            one = ", " + _("one image after the other") if question.layout == "one" and question.of != "music" else ""
            yield place[question.of] + one
            for scale in question.scales:
                name = localized(scale.text) or scale.key
                yield f"{name}{' ' if name.endswith('?') else ': '}{_steps(scale)}"
        case Pick():
            line = _("for each image") if question.of == "images" else _("for the music")
            several = _("any of") if question.several else _("one of")
            options = ", ".join(localized(option.text) or option.key for option in question.options)
            yield f"{line}, {several}: {options}"
        case Confidence():
            yield _ends(1, question.steps, localized(question.low), localized(question.high))
        case _:
            yield _("a line of text")


def is_optional(question: Question) -> bool:
    """Whether participants can leave the question unanswered."""
    return not getattr(question, "required", True)


def in_words(instrument: Instrument, of_study: str = "") -> list[str]:
    """Return the questions in order, a line for each."""
    return [f"{asked(each, of_study)} ({'; '.join(details(each))})" for each in instrument.questions]


def name_of_answer(instrument: Instrument, key: str, of_study: str = "") -> str:
    """Return the text of the question or scale of this key, else the key."""
    for question in instrument.questions:
        for scale in question.scales if isinstance(question, Rate) else ():
            if scale.key == key:
                return localized(scale.text) or asked(question)
        if question.key == key:
            return asked(question, of_study)
    return key


def _steps(scale: Scale) -> str:
    line = _ends(scale.lowest, scale.highest, localized(scale.low), localized(scale.high))
    if scale.is_slider:
        line += ", " + _("a slider")
    return line + (", " + _("or “cannot say”") if scale.cannot_say else "")


def _ends(lowest: int, highest: int, low: str, high: str) -> str:
    return f"{_end(lowest, low)} … {_end(highest, high)}"


def _end(number: int, words: str) -> str:
    return f"{number} ({words})" if words else str(number)


def texts_missing(question: Question, languages: Sequence[str]) -> dict[str, int]:
    """Return how many texts of a question each language lacks, of languages that lack any."""
    texts = [question.text] if question.text else []  # without any, the study's or the one that ships is asked
    if isinstance(question, Rate):
        # One scale alone may be asked by the question's text.
        texts += [scale.text for scale in question.scales if scale.text or len(question.scales) > 1]
        texts += [end for scale in question.scales for end in (scale.low, scale.high) if end]
    elif isinstance(question, Pick):
        texts += [option.text for option in question.options]
    elif isinstance(question, Confidence):
        texts += [end for end in (question.low, question.high) if end]
    counts = {code: sum(not text.get(code, "").strip() for text in texts) for code in languages}
    return {code: n for code, n in counts.items() if n}
