"""What a participant answered to one trial, and the check that makes a ballot's fields of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from study.design import LETTERS
from study.instruments.answers import AnswerRefused, Shown, content_of, further_ranks, one_line, pair_content
from study.instruments.content import Content
from study.instruments.of_study import instrument_of
from study.instruments.questions import Choose, Pair
from study.models import Study, Trial


@dataclass(frozen=True)
class Answer:
    """A participant's answer to one trial: positions by letter, None for no choice."""

    key: UUID
    first: str | None = None
    second: str | None = None
    none_fits: bool = False
    reason: str = ""
    typing: dict[str, float] | None = None  # see `Ballot.typing`
    knows_piece: bool | None = None
    seconds: float | None = None
    listened_seconds: float | None = None
    age: timedelta = timedelta(0)  # how long ago it was given, by the browser's own clock
    browser: str = ""  # the browser's random name for itself; empty if it has no script
    count: int | None = None  # how many answers the browser had given then, this one included
    further: tuple[str, ...] = ()  # the third choice and those after it
    tie: bool = False  # of a pair: both fit equally well
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # fields `q.…` of the form, without `q.`


def ballot_fields(trial: Trial, answer: Answer) -> dict[str, Any]:
    """Return the fields of the ballot that an answer gives, checked against the study's instrument.

    Raises:
        AnswerRefused: the answer is incomplete, or names an image that the trial does not show.
    """
    study = trial.participant.study
    instrument = instrument_of(study)
    first, second = _stimulus_at(trial, answer.first), _stimulus_at(trial, answer.second)
    further = [stimulus for letter in answer.further if (stimulus := _stimulus_at(trial, letter)) is not None]
    content: Content = {}
    if answer.none_fits:
        if not study.allow_none_fits or instrument.choose is None:
            raise AnswerRefused(_("In this study one image has to be chosen."))
        first, second, further = None, None, []
    elif instrument.choose is not None:
        further = _checked_choice(study, instrument.choose, first, second, further, trial.position_order)
        content = {instrument.choose.key: further} if further else {}
    elif instrument.pair is not None:
        content = _checked_pair(instrument.pair, first, second, further, tie=answer.tie)
    elif first or second or further or answer.tie:
        raise _other_page()
    if answer.tie and instrument.pair is None:
        raise _other_page()
    chosen = [stimulus for stimulus in (first, second, *further) if stimulus is not None]
    shown = Shown(dict(zip(LETTERS, trial.position_order, strict=False)), chosen)
    reason = one_line(answer.reason)[:300] if study.ask_reason else ""
    return {
        "first_id": first,
        "second_id": second,
        "none_fits": answer.none_fits,
        "content": content | content_of(instrument, answer.values, shown),
        "reason": reason,
        "typing": answer.typing if reason else None,
        "knows_piece": answer.knows_piece if study.ask_familiarity else None,
        "seconds": answer.seconds,
        "listened_seconds": answer.listened_seconds,
    }


def _checked_choice(
    study: Study, choose: Choose, first: int | None, second: int | None, further: list[int], images: list[int]
) -> list[int]:
    """Check the images chosen, and return those after the second."""
    if first is None:
        if choose.ranks == 1:
            raise AnswerRefused(_("Choose the image that fits best."))
        raise AnswerRefused(_("Choose the image that fits best as your 1st."))
    if first == second:
        raise AnswerRefused(_("The 2nd choice has to be another image than the 1st."))
    if second is None and choose.ranks > 1 and study.second_choice_required:
        raise AnswerRefused(_("Choose the image that fits second best as your 2nd."))
    if choose.ranks <= 2 and (further or (second is not None and choose.ranks == 1)):
        raise _other_page()
    return further_ranks(choose, first, second, further, images, required=study.second_choice_required)


def _checked_pair(pair: Pair, first: int | None, second: int | None, further: list[int], *, tie: bool) -> Content:
    """Check the choice between two images, and return what the ballot holds beside the winner."""
    if second is not None or further or (tie and first is not None):
        raise _other_page()
    if first is None and not tie:
        if pair.tie:
            raise AnswerRefused(_("Choose the image that fits better, or say that both fit equally well."))
        raise AnswerRefused(_("Choose the image that fits better."))
    return pair_content(pair, tie=tie)


def _other_page() -> AnswerRefused:
    return AnswerRefused(_("This page is no longer the one that the study shows. Load it again."))


def _stimulus_at(trial: Trial, letter: str | None) -> int | None:
    if letter is None:
        return None
    position = LETTERS.find(letter) if len(letter) == 1 else -1
    if not 0 <= position < len(trial.position_order):
        raise AnswerRefused(_("There is no image %(letter)s here.") % {"letter": letter})
    stimulus: int = trial.position_order[position]
    return stimulus
