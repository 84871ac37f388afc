"""Collect what a trial's page shows of an instrument's questions, each with what was given."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from study import texts
from study.instruments.answers import CANNOT_SAY
from study.instruments.content import TIE
from study.instruments.of_study import instrument_of, is_classic
from study.instruments.questions import Choose, Instrument, Pair, Pick, Question, Rate
from study.instruments.words import asked
from study.models import Ballot, Study
from study.survey.page_facts import InstrumentFacts, PlaceFacts
from study.survey.row_facts import Given, question_facts

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
    facts = [question_facts(question, letters, given, titled=question is not lead) for question in questions]
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
    return asked(question, texts.question(study))


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


def compares_choices(study: Study) -> bool:
    """Whether people choose among images, so that their choices can be compared with those of others."""
    instrument = instrument_of(study)
    return instrument.choose is not None or instrument.pair is not None


def ways_to_answer(study: Study) -> dict[str, str]:
    """Return how answers are given by hand and by keys; empty for studies without an instrument of their own."""
    if is_classic(study):
        return {}
    instrument = instrument_of(study)
    has_rows = any(not isinstance(question, Choose | Pair) for question in instrument.questions)
    if instrument.pair is not None:
        keys = _("With a keyboard: ← and → choose, 0 says that both fit equally well, Space plays, Enter goes on.")
        if not instrument.pair.tie:
            keys = _("With a keyboard: ← and → choose, Space plays, Enter goes on.")
    elif instrument.choose is None:
        keys = _("With a keyboard: digits answer, ↑ and ↓ lead to other answers, Space plays, Enter goes on.")
    elif has_rows:
        keys = _("With a keyboard: letters choose images, digits answer, Space plays, Enter goes on.")
    else:
        keys = _("With a keyboard: letters choose, Space plays, Enter goes on.")
    tap = _("Tap your answers; another tap changes them.")
    if instrument.choose is not None and not has_rows:
        tap = _("Tap the images in the order of your choice; tap again to undo.")
    return {"tap": tap, "keys": keys}


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
