"""Closed studies with an instrument, whose people like images from redefined tags better."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import numpy as np

from study.ballots.casting import Answer, cast_ballot
from study.instruments.answers import CANNOT_SAY
from study.instruments.of_study import instrument_of
from study.instruments.questions import Choose, Confidence, Instrument, Pair, Pick, Rate, Scale, Text
from study.models import Participant, Stimulus, Study, Trial
from study.participants.completion import finish
from study.participants.enrolment import enrol
from tests.analysis.answered_studies import close, record_opening
from tests.factories import make_open_study

EFFECT = 1.2  # of redefined tags, in standard deviations of a person's answer


def instrument_study(instrument: Mapping[str, Any], *, people: int = 6, clips: int = 6, **fields: Any) -> Study:
    """A closed study whose results are not sealed."""
    study = make_open_study(clips=clips, instrument=dict(instrument), **fields)
    record_opening(study)
    rng = np.random.default_rng(7)
    for _ in range(people):
        answer_trials(enrol(study)[0], rng)
    return close(study)


def answer_trials(person: Participant, rng: np.random.Generator) -> Participant:
    """Answer all trials of a person by tastes that are drawn, and finish."""
    instrument = instrument_of(person.study)
    levels = dict(Stimulus.objects.filter(clip__study=person.study).values_list("pk", "condition__number"))
    person.trials.update(images_sent=None)  # no server has seen these people
    for trial in person.trials.order_by("number"):
        liking = [EFFECT * (levels[image] <= 2) + float(rng.normal()) for image in trial.position_order]
        cast_ballot(trial, answer_of(instrument, trial, liking, rng))
    finish(person)
    return person


def answer_of(instrument: Instrument, trial: Trial, liking: Sequence[float], rng: np.random.Generator) -> Answer:
    """The answer of somebody who likes the images so much, in standard deviations."""
    letters = "ABCDEF"[: len(trial.position_order)]
    ranked = sorted(letters, key=lambda letter: -liking[letters.index(letter)])
    values: dict[str, tuple[str, ...]] = {}
    chosen: list[str] = []
    tie = False
    for question in instrument.questions:
        match question:
            case Choose():
                chosen = ranked[: question.ranks]
            case Pair():
                tie = question.tie and abs(liking[0] - liking[1]) < 0.4
                chosen = [] if tie else ranked[:1]
            case Rate(of="music"):
                values |= {scale.key: (_number(scale, float(rng.normal())),) for scale in question.scales}
            case Rate():
                rated = letters if question.of == "images" else chosen
                values |= {
                    f"{scale.key}.{letter}": (_rating(scale, liking[letters.index(letter)], rng),)
                    for scale in question.scales
                    for letter in rated
                }
            case Pick():
                keys = [option.key for option in question.options]
                places = letters if question.of == "images" else [""]
                values |= {
                    f"{question.key}.{letter}" if letter else question.key: (keys[int(rng.integers(len(keys)))],)
                    for letter in places
                }
            case Text():
                values[question.key] = ("warm colours",)
            case Confidence():
                values[question.key] = (str(int(rng.integers(1, question.steps + 1))),)
    return Answer(
        uuid4(),
        chosen[0] if chosen else None,
        chosen[1] if len(chosen) > 1 else None,
        further=tuple(chosen[2:]),
        tie=tie,
        values=values,
    )


def _rating(scale: Scale, liking: float, rng: np.random.Generator) -> str:
    if scale.cannot_say and rng.random() < 0.1:
        return CANNOT_SAY
    return _number(scale, liking - EFFECT / 2 + 0.5 * float(rng.normal()))


def _number(scale: Scale, deviations: float) -> str:
    middle, step = (scale.lowest + scale.highest) / 2, (scale.highest - scale.lowest) / 5
    return str(int(np.clip(np.rint(middle + step * deviations), scale.lowest, scale.highest)))
