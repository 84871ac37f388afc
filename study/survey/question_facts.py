"""Collect what a trial's page shows of an instrument's questions, each with what was given."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from study import texts
from study.instruments.answers import CANNOT_SAY
from study.instruments.content import TIE
from study.instruments.questions import (
    Choose,
    Confidence,
    Instrument,
    Pair,
    Pick,
    Question,
    Rate,
    Scale,
    Text,
    localized,
)
from study.models import Ballot, Study
from study.survey.page_facts import GroupFacts, InstrumentFacts, PlaceFacts, QuestionFacts, RowFacts, StepFacts

Given = Mapping[str, Sequence[str]]  # what the form sent, or would send, by field name

# The fields of the places, as the classic form names the first two.
PLACES = ("first", "second", "rank3", "rank4", "rank5", "rank6")
PLACE_TEXTS = (
    gettext_noop("1st"),
    gettext_noop("2nd"),
    gettext_noop("3rd"),
    gettext_noop("4th"),
    gettext_noop("5th"),
    gettext_noop("6th"),
)
_IS_PLACE = (
    gettext_noop("Image %(letter)s is my 1st"),
    gettext_noop("Image %(letter)s is my 2nd"),
    gettext_noop("Image %(letter)s is my 3rd"),
    gettext_noop("Image %(letter)s is my 4th"),
    gettext_noop("Image %(letter)s is my 5th"),
    gettext_noop("Image %(letter)s is my 6th"),
)
_MISSING = (
    gettext_noop("Choose your 1st."),
    gettext_noop("Now choose your 2nd."),
    gettext_noop("Now choose your 3rd."),
    gettext_noop("Now choose your 4th."),
    gettext_noop("Now choose your 5th."),
    gettext_noop("Now choose your 6th."),
)


def instrument_facts(study: Study, instrument: Instrument, letters: Sequence[str], given: Given) -> InstrumentFacts:
    """Collect what the page asks; `given`: the answer as the form sends it, empty if there is none."""
    choice = instrument.choose or instrument.pair
    questions = [question for question in instrument.questions if question is not choice]
    start = next((at for at, question in enumerate(instrument.questions) if _is_of_images(question)), None)
    before = [] if start is None else list(instrument.questions[:start])
    lead = leading(instrument)
    facts = [_question(question, letters, given, titled=question is not lead) for question in questions]
    places = _places(choice, letters)
    return InstrumentFacts(
        choice=choice.kind if choice else "",
        hint=_hint(choice, len(letters), needs_all=study.second_choice_required),
        places=places,
        required=len(places) if study.second_choice_required else min(1, len(places)),
        tie=_tie(choice, given),
        before=tuple(facts[: len(before)]),
        after=tuple(facts[len(before) :]),
        alone=any(question.alone for question in facts),
        chosen="".join(letter for name in PLACES for letter in given.get(name, ()) if letter in letters),
    )


def leading(instrument: Instrument) -> Question:
    """Return the question whose text is the page's heading: the choice, else the first about images, else the first."""
    about_images = [question for question in instrument.questions if _is_of_images(question)]
    return instrument.choose or instrument.pair or next(iter(about_images), instrument.questions[0])


def heading(study: Study, question: Question) -> str:
    """Return the text of a question, the participants' own or the one that ships."""
    if text := localized(question.text):
        return text
    match question:
        case Choose():
            return texts.question(study)
        case Pair():
            return _("Which image fits this music better?")
    return _shipped_title(question)


def image_places(facts: InstrumentFacts, letter: str, given: Given) -> tuple[PlaceFacts, ...]:
    """Return the places that an image can be given, and whether it has them."""
    if facts.choice == "pair":
        label = _("Image %(letter)s fits better") % {"letter": letter}
        return (PlaceFacts("first", facts.places[0].text, label, checked=letter in given.get("first", ())),)
    return tuple(
        PlaceFacts(
            place.name,
            place.text,
            _(_IS_PLACE[at]) % {"letter": letter}
            if len(facts.places) > 1
            else _("Image %(letter)s is my choice") % {"letter": letter},
            checked=letter in given.get(place.name, ()),
        )
        for at, place in enumerate(facts.places)
    )


def given_fields(instrument: Instrument, ballot: Ballot, order: Sequence[int], letters: Sequence[str]) -> Given:
    """Return a stored answer as the form would send it."""
    letter_of = dict(zip(order, letters, strict=False))
    content = ballot.content
    chosen = [ballot.first_id, ballot.second_id]
    if instrument.choose is not None:
        chosen += content.get(instrument.choose.key, [])
    given = {name: [letter_of[image]] for name, image in zip(PLACES, chosen, strict=False) if image in letter_of}
    if instrument.pair is not None and content.get(instrument.pair.key) == TIE:
        given["first"] = [TIE]
    choice = instrument.choose or instrument.pair
    for key, value in content.items():
        if choice is not None and key == choice.key:
            continue
        if isinstance(value, dict):
            given |= {f"q.{key}.{letter_of[int(at)]}": _sent(one) for at, one in value.items() if int(at) in letter_of}
        else:
            given[f"q.{key}"] = _sent(value)
    return given


def _sent(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return [CANNOT_SAY if value is None else str(value)]


def _is_of_images(question: Question) -> bool:
    return isinstance(question, Choose | Pair) or (isinstance(question, Rate | Pick) and question.of != "music")


def _hint(choice: Choose | Pair | None, images: int, *, needs_all: bool) -> str:
    if isinstance(choice, Pair):
        return _("Tap the one that fits better.")
    if choice is None:
        return ""
    ranks = min(choice.ranks, images)
    if ranks == 1:
        return _("Tap the one that fits best.")
    if not needs_all:
        return _("Tap your first choice, then, if you like, others in order: up to %(n)d.") % {"n": ranks}
    if ranks == images:
        return _("Tap the images in order, the best one first.")
    if ranks == 2:
        return _("Tap your first choice, then your second.")
    return _("Tap %(n)d images in order, the best one first.") % {"n": ranks}


def _places(choice: Choose | Pair | None, letters: Sequence[str]) -> tuple[PlaceFacts, ...]:
    if choice is None:
        return ()
    if isinstance(choice, Pair):
        either = _("Choose the image that fits better, or say that both fit equally well.")
        missing = either if choice.tie else _("Choose the image that fits better.")
        return (PlaceFacts("first", _("Better"), missing=missing),)
    ranks = min(choice.ranks, len(letters))
    if ranks == 1:
        return (PlaceFacts("first", _("Best"), missing=_("Choose the image that fits best.")),)
    return tuple(
        PlaceFacts(name, _(text), missing=_(missing))
        for name, text, missing in list(zip(PLACES, PLACE_TEXTS, _MISSING, strict=True))[:ranks]
    )


def _tie(choice: Choose | Pair | None, given: Given) -> PlaceFacts | None:
    if not isinstance(choice, Pair) or not choice.tie:
        return None
    return PlaceFacts("first", _("Both fit equally well"), checked=TIE in given.get("first", ()))


def _shipped_title(question: Question) -> str:
    match question:
        case Rate(of="music"):
            return _("How is the music?")
        case Rate(of="chosen"):
            return _("Rate the images you chose")
        case Rate():
            return _("Rate each image")
        case Pick(of="music"):
            return _("What fits the music?")
        case Pick():
            return _("What fits each image?")
        case Confidence():
            return _("How sure are you?")
    return _("Why? One line is enough.")


def _question(question: Question, letters: Sequence[str], given: Given, *, titled: bool) -> QuestionFacts:
    title = localized(question.text) or _shipped_title(question)
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
    return localized(scale.text) or localized(question.text) or _shipped_title(question)


def _legend(letter: str, title: str, ends: str = "") -> str:
    named = _("Image %(letter)s: %(question)s") % {"letter": letter, "question": title} if letter else title
    return f"{named} {ends}".strip()


def _missing(letter: str, title: str) -> str:
    """Return the words with which the server, too, asks for the answer."""
    if letter:
        return _("Image %(letter)s has no answer yet to “%(question)s”.") % {"letter": letter, "question": title}
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
