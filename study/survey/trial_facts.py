"""Collect what the trial page and the review show (`page_facts`) from the rows of one participant."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from study import texts
from study.design import LETTERS
from study.instruments.of_study import instrument_of, is_classic
from study.instruments.questions import Instrument, localized
from study.models import Ballot, Participant, Trial
from study.opaque_tokens import new_submission_key
from study.participants.listening import listening_minimum, survey_seconds
from study.survey.given_facts import asked_answer
from study.survey.page_facts import (
    AnswerFacts,
    AskedFacts,
    ChosenFacts,
    ImageFacts,
    InstrumentFacts,
    NumberFacts,
    PageFacts,
    PersonFacts,
    PositionFacts,
    ReviewFacts,
    TrialFacts,
    WaveFacts,
)
from study.survey.question_facts import given_fields, heading, image_places, instrument_facts, leading
from study.survey.responses import shared_context
from study.survey.row_facts import Given
from study.survey_images.versions import ShownAs, shown_as

FLAT_OUTLINE = [0.35] * 60
MAX_SEGMENTS = 24
# How large an image is on the page, by the number of images: (condition on the screen, per cent of its width, per cent
# of its height), as static/css/survey/trial.css lays them out. Somewhat too much costs bytes, too little sharpness.
_PAGE_SHARES = {
    1: (("min-aspect-ratio: 4/3", 70, 90), ("", 95, 60)),  # of questions that are asked one image at a time
    2: (("min-aspect-ratio: 3/4", 46, 80), ("", 95, 42)),
    3: (("", 47, 45),),
    4: (("", 47, 45),),
    5: (("min-aspect-ratio: 4/3", 30, 45), ("", 47, 29)),
    6: (("min-aspect-ratio: 4/3", 30, 45), ("", 47, 29)),
}
# On screens with so many dots per pixel of the page, nobody sees that an image has fewer.
_DENSE = ((3.2, 0.65), (2.5, 0.8), (0, 1))


def image_sizes(images: int) -> str:
    """The attribute `sizes` of each image of a trial, by which the browser chooses among the widths in `srcset`."""
    sizes = []
    for dots, factor in _DENSE:
        for condition, width, height in _PAGE_SHARES[images]:
            conditions = [condition, f"min-resolution: {dots}dppx" if dots else ""]
            asked = " and ".join(f"({part})" for part in conditions if part)
            sizes.append(f"{asked} min({width * factor:g}vw, {height * factor:g}vh)".strip())
    return ", ".join(sizes)


def page_facts(request: HttpRequest, participant: Participant) -> PageFacts:
    """What the page shows around its content."""
    shared = shared_context(request, participant)
    return PageFacts(
        participant=PersonFacts(participant.handle),
        is_pilot=shared["is_pilot"],
        languages=tuple(shared["languages"]),
        language_url=shared["language_url"],
        own_link=shared["own_link"],
        path=shared["path"],
        csrf_token=get_token(request),
    )


def trial_facts(
    trial: Trial, answered: dict[int, bool], *, chosen: Mapping[str, Any] | None = None, error: str = ""
) -> TrialFacts:
    """Collect what the page of one trial shows.

    Args:
        answered: all trials of the participant by number, and whether each has an answer.
        chosen: a refused answer as it was sent; None shows the stored answer, if there is one.
        error: why the answer was refused.
    """
    ballot = getattr(trial, "ballot", None)
    if chosen is None:
        chosen = _stored_choice(trial, ballot)
    study = trial.participant.study
    instrument = None if is_classic(study) else instrument_of(study)
    asked: InstrumentFacts | None = None
    given: Given = {}
    if instrument is not None:
        letters = LETTERS[: len(trial.position_order)]
        given = dict(chosen.lists()) if isinstance(chosen, QueryDict) else _given(trial, ballot, instrument)
        asked = instrument_facts(study, instrument, letters, given)
    judged = [is_answered for number, is_answered in answered.items() if number]  # without the practice trial
    return TrialFacts(
        trial=NumberFacts(trial.number, trial.kind),
        study=AskedFacts(
            study.second_choice_required,
            study.allow_none_fits and (instrument is None or instrument.choose is not None),
            study.ask_familiarity,
            study.ask_reason,
        ),
        question=_question(trial, instrument),
        minimum=listening_minimum(trial),
        duration=survey_seconds(trial.clip),
        wave=_wave(trial.clip.outline),
        positions=_positions(trial, chosen, asked, given),
        image_sizes=image_sizes(1 if asked is not None and asked.alone else len(trial.position_order)),
        audio=reverse("survey_audio", args=[trial.participant.handle, trial.media_key]),
        chosen=ChosenFacts(
            second=str(chosen.get("second") or ""),
            none_fits=bool(chosen.get("none_fits")),
            knows_piece=str(chosen.get("knows_piece") or ""),
            reason=str(chosen.get("reason") or ""),
        ),
        error=error,
        key=str(new_submission_key()),
        has_answer=ballot is not None,
        place=_place(trial.number, len(judged), instrument),
        answered=sum(judged),
        segments=_segments(trial.number, len(judged)),
        page_label=f"trial {trial.number}",
        back=trial_url(trial, trial.number - 1, answered),
        ahead=trial_url(trial, trial.number + 1, answered),
        asked=asked,
    )


def review_facts(participant: Participant) -> ReviewFacts:
    """Collect the answers of a participant who has answered every trial."""
    shown = shown_as(participant.study)
    trials = participant.trials.exclude(number=0).select_related("ballot").order_by("number")
    return ReviewFacts(tuple(_answer_of(participant, trial, shown) for trial in trials))


def trial_url(trial: Trial, number: int, answered: dict[int, bool]) -> str:
    """The address of the participant's trial of this number, empty if there is none."""
    return reverse("survey_trial", args=[trial.participant.handle, number]) if number in answered else ""


def _question(trial: Trial, instrument: Instrument | None) -> str:
    if trial.expected:
        return _attention(trial.expected, instrument)
    study = trial.participant.study
    return texts.question(study) if instrument is None else heading(study, leading(instrument))


def _place(number: int, total: int, instrument: Instrument | None) -> str:
    """Where the participant is; a piece of music comes with several pairs, so pairs are counted."""
    if not number:
        return _("A try first")
    of_pairs = instrument is not None and instrument.pair is not None
    text = _("Pair %(n)s of %(total)s") if of_pairs else _("%(n)s of %(total)s")
    return text % {"n": number, "total": total}


def _attention(expected: Mapping[str, Any], instrument: Instrument | None) -> str:
    """What an attention trial asks to answer, whatever the music is like."""
    if "scale" in expected:
        if instrument is not None and len(rated := [(one, of) for of, one in instrument.scales()]) > 1:
            names = {scale.key: localized(scale.text) or localized(question.text) for scale, question in rated}
            name = names.get(expected["scale"]) or expected["scale"]
            return _("This time, give every image %(value)s for “%(question)s”.") % {**expected, "question": name}
        return _("This time, give every image %(value)s.") % expected
    if "second" in expected:
        return _("This time, choose image %(first)s as your 1st and image %(second)s as your 2nd.") % expected
    return _("This time, choose image %(first)s.") % expected


def _addresses(handle: str, media_key: str) -> str:
    """The beginning of the addresses of a trial's images, up to the letter."""
    return reverse("survey_image", args=[handle, media_key, "A"])[:-1]


def _positions(
    trial: Trial, chosen: Mapping[str, Any], asked: InstrumentFacts | None, given: Given
) -> tuple[PositionFacts, ...]:
    """The texts and state of each image; built here because translating in the template takes much longer."""
    before = _addresses(trial.participant.handle, trial.media_key)
    shown = shown_as(trial.participant.study)
    widths = shown.page_widths if shown and len(shown.widths) > 1 else ()
    full = f"?w={shown.width}" if shown and len(shown.widths) > 1 else ""
    texts_of_image = {
        "label": _("Image %(letter)s"),
        "enlarge": _("Enlarge image %(letter)s"),
        "is_first": _("Image %(letter)s is my 1st"),
        "is_second": _("Image %(letter)s is my 2nd"),
    }
    return tuple(
        PositionFacts(
            letter=letter,
            url=before + letter,
            srcset=", ".join(f"{before}{letter}?w={width} {width}w" for width in widths),
            full_url=before + letter + full,
            first=chosen.get("first") == letter,
            second=chosen.get("second") == letter,
            places=image_places(asked, letter, given) if asked else (),
            **{name: text % {"letter": letter} for name, text in texts_of_image.items()},
        )
        for letter in LETTERS[: len(trial.position_order)]
    )


def _given(trial: Trial, ballot: Ballot | None, instrument: Instrument) -> Given:
    return given_fields(instrument, ballot, trial.position_order, LETTERS) if ballot else {}


def _stored_choice(trial: Trial, ballot: Ballot | None) -> dict[str, str]:
    """The stored answer as the form would send it."""
    if ballot is None:
        return {}
    letters = dict(zip(trial.position_order, LETTERS, strict=False))
    return {
        "first": letters.get(ballot.first_id, ""),
        "second": letters.get(ballot.second_id, ""),
        "none_fits": "on" if ballot.none_fits else "",
        "reason": ballot.reason,
        "knows_piece": {True: "yes", False: "no", None: ""}[ballot.knows_piece],
    }


def _answer_of(participant: Participant, trial: Trial, shown: ShownAs | None) -> AnswerFacts:
    before = _addresses(participant.handle, trial.media_key)
    smallest = f"?w={shown.widths[0]}" if shown else ""
    letters = dict(zip(trial.position_order, LETTERS, strict=False))

    def image_of(stimulus_id: int | None) -> ImageFacts | None:
        if (letter := letters.get(stimulus_id)) is None:
            return None
        return ImageFacts(letter, _("Image %(letter)s") % {"letter": letter}, before + letter + smallest)

    study, ballot = participant.study, trial.ballot
    asked = None
    if not is_classic(study):
        asked = asked_answer(study, instrument_of(study), ballot, trial.position_order, image_of)
    return AnswerFacts(
        number=trial.number,
        none_fits=ballot.none_fits,
        first=image_of(ballot.first_id),
        second=image_of(ballot.second_id),
        change_url=reverse("survey_trial", args=[participant.handle, trial.number]),
        asked=asked,
    )


def _wave(outline: list[float]) -> WaveFacts:
    """The outline of the sound as SVG bars, 100 high and 5 wide; built here because a template loop takes longer."""
    heights = [max(0.06, min(1.0, float(value))) for value in outline or FLAT_OUTLINE]
    bars = [
        f'<rect x="{5 * index + 1}" y="{50 - 46 * height:.1f}" width="3" height="{92 * height:.1f}" rx="1.5"/>'
        for index, height in enumerate(heights)
    ]
    return WaveFacts(5 * len(bars), mark_safe("".join(bars)))  # noqa: S308 (numbers only)


def _segments(number: int, total: int) -> str:
    """The progress bar: one segment for each trial, at most `MAX_SEGMENTS`."""
    shown = min(total, MAX_SEGMENTS)
    current = number * shown / max(total, 1)
    marks = (
        ' class="done"' if index < current - 1 - 1e-9 else ' class="now"' if index < current else ""
        for index in range(shown)
    )
    return mark_safe("".join(f"<i{mark}></i>" for mark in marks))  # noqa: S308 (constant text only)
