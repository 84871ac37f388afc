"""How a simulated person answers the questions of an instrument, from the utilities of the images that a trial shows.

Pure functions of plain values: the caller draws tastes, and gives the numbers from 0 to below 1 that decide the rest.

- choose: Gumbel noise is added to each utility; the images are ranked by the sum (Plackett–Luce).
- pair: Bradley–Terry with ties (Davidson 1970): the chances of left, right and tie are as πₗ : πᵣ : ν √(πₗ πᵣ).
- rate: the middle of the scale, moved by the utility, the person's bias and noise; rounded and cut to the scale.
- pick, of images: softmax with the utility times 1 for the first category, down to −1 for the last.
- everything else depends on no image.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from study.design import LETTERS
from study.instruments.answers import CANNOT_SAY
from study.instruments.content import TIE
from study.instruments.questions import Choose, Confidence, Instrument, Pair, Pick, Rate, Scale, Text

Draw = Callable[[], float]  # gives a number from 0 to below 1
Fields = dict[str, str | list[str]]
# The utilities of the images of a trial, by position, as a question or scale sees them.
UtilitiesOf = Callable[[str], Sequence[float]]

GIVES_OPTIONAL = 0.3  # how often simulated people answer what they need not
TICKS_ANOTHER = 0.3  # how often they tick each category beside the first, where several can be picked
WORDS = ("It sounds like this.", "The colours fit.", "The mood is the same.")


@dataclass(frozen=True)
class Habits:
    """How all simulated people turn utilities into answers.

    `tie`: Davidson's ν; at 0.5 two images that are alike are a tie in one of five pairs. Of ratings, in shares of the
    scale's length: `per_logit`, how far a utility of 1 moves a rating; `noise`, the spread of a person's answers;
    `bias_sd`, how far people's means lie apart. `stretch_sd`: how far people differ in the part of the scale that they
    use, on the logarithm. `cannot_say`: the share of “cannot say” where a scale offers it.
    """

    tie: float = 0.5
    per_logit: float = 0.15
    noise: float = 0.15
    bias_sd: float = 0.08
    stretch_sd: float = 0.2
    cannot_say: float = 0.03


@dataclass(frozen=True)
class ScaleUse:
    """How one person uses scales: `bias` in shares of a scale's length, `stretch` times everything else."""

    bias: float = 0.0
    stretch: float = 1.0


def draw_scale_use(habits: Habits, draw: Draw) -> ScaleUse:
    """Draw how a person uses scales."""
    return ScaleUse(habits.bias_sd * normal(draw), math.exp(habits.stretch_sd * normal(draw)))


def answer_trial(
    instrument: Instrument, utilities_of: UtilitiesOf, use: ScaleUse, habits: Habits, draw: Draw
) -> Fields:
    """Return the fields of the form of one trial."""
    fields: Fields = {}
    chosen: list[int] = []  # places of the images chosen, in order
    for question in instrument.questions:
        match question:
            case Choose():
                chosen = ranked(utilities_of(question.key), draw)[: question.ranks]
                fields |= rank_fields(chosen)
            case Pair():
                fields["first"] = _winner(question, utilities_of(question.key), habits, draw)
            case Rate():
                for scale in question.scales:
                    fields |= _ratings(question, scale, utilities_of(scale.key), chosen, use, habits, draw)
            case Pick():
                fields |= _picks(question, utilities_of(question.key), draw)
            case Text():
                if question.required or draw() < GIVES_OPTIONAL:
                    fields[f"q.{question.key}"] = WORDS[int(draw() * len(WORDS))]
            case Confidence():
                position = 0.6 + use.bias + use.stretch * habits.noise * normal(draw)
                fields[f"q.{question.key}"] = str(_step(position, 1, question.steps))
    return fields


def answer_as_expected(instrument: Instrument, fields: Fields, expected: Mapping[str, Any]) -> Fields:
    """Return the fields with what an attention trial asks for: a choice, or one value for every image of a scale."""
    if "scale" in expected:
        start = f"q.{expected['scale']}"
        return fields | {
            name: str(expected["value"]) for name in fields if name == start or name.startswith(f"{start}.")
        }
    if instrument.choose is None:
        return fields | dict(expected)
    wanted = [LETTERS.index(letter) for letter in (expected.get("first"), expected.get("second")) if letter]
    given = [LETTERS.index(str(letter)) for name, letter in fields.items() if name in RANK_NAMES]
    order = [*wanted, *(place for place in given if place not in wanted)][: len(given)]
    return _for_chosen(instrument, fields, order)


def rank_fields(places: Sequence[int]) -> Fields:
    """Return the fields of images chosen in order, from their places."""
    return {name: LETTERS[place] for name, place in zip(RANK_NAMES, places, strict=False)}


def ranked(utilities: Sequence[float], draw: Draw) -> list[int]:
    """Return the places of the images in the order in which they are chosen."""
    noisy = [utility - math.log(-math.log(1 - (draw() or 0.5))) for utility in utilities]
    return sorted(range(len(noisy)), key=lambda place: -noisy[place])


def normal(draw: Draw) -> float:
    """Draw a standard normal number."""
    return _NORMAL.inv_cdf(draw() or 0.5)


_NORMAL = NormalDist()
RANK_NAMES = ("first", "second", *(f"rank{number}" for number in range(3, len(LETTERS) + 1)))


def _winner(pair: Pair, utilities: Sequence[float], habits: Habits, draw: Draw) -> str:
    """Return the letter of the image that is chosen of two, or `tie`."""
    left, right = (math.exp(utility) for utility in utilities)
    tie = habits.tie * math.sqrt(left * right) if pair.tie else 0.0
    place = draw() * (left + right + tie)
    if place < left:
        return LETTERS[0]
    return LETTERS[1] if place < left + right else TIE


def _ratings(
    question: Rate,
    scale: Scale,
    utilities: Sequence[float],
    chosen: Sequence[int],
    use: ScaleUse,
    habits: Habits,
    draw: Draw,
) -> Fields:
    if question.of == "music":
        return {f"q.{scale.key}": _rating(scale, 0.0, use, habits, draw)}
    places = range(len(utilities)) if question.of == "images" else sorted(chosen)
    return {f"q.{scale.key}.{LETTERS[place]}": _rating(scale, utilities[place], use, habits, draw) for place in places}


def _rating(scale: Scale, utility: float, use: ScaleUse, habits: Habits, draw: Draw) -> str:
    if scale.cannot_say and draw() < habits.cannot_say:
        return CANNOT_SAY
    position = 0.5 + use.bias + use.stretch * (habits.per_logit * utility + habits.noise * normal(draw))
    return str(_step(position, scale.lowest, scale.highest))


def _step(position: float, lowest: int, highest: int) -> int:
    """Return the step of a scale nearest to a position, from 0 at its low to 1 at its high end."""
    return min(highest, max(lowest, lowest + math.floor(position * (highest - lowest) + 0.5)))


def _picks(question: Pick, utilities: Sequence[float], draw: Draw) -> Fields:
    if question.of == "music":
        return _given(f"q.{question.key}", _picked(question, 0.0, draw))
    fields: Fields = {}
    for place, utility in enumerate(utilities):
        fields |= _given(f"q.{question.key}.{LETTERS[place]}", _picked(question, utility, draw))
    return fields


def _picked(question: Pick, utility: float, draw: Draw) -> list[str]:
    if not question.required and draw() >= GIVES_OPTIONAL:
        return []
    last = len(question.options) - 1
    one = ranked([utility * (1 - 2 * number / last) for number in range(last + 1)], draw)[0]
    return [
        option.key
        for number, option in enumerate(question.options)
        if number == one or (question.several and draw() < TICKS_ANOTHER)
    ]


def _given(name: str, values: list[str]) -> Fields:
    if not values:
        return {}
    return {name: values if len(values) > 1 else values[0]}


def _for_chosen(instrument: Instrument, fields: Fields, order: Sequence[int]) -> Fields:
    """Return the fields with other images chosen; those that were chosen first lend these their ratings."""
    before = [str(fields[name]) for name in RANK_NAMES if name in fields]
    after = [LETTERS[place] for place in order]
    changed = {name: value for name, value in fields.items() if name not in RANK_NAMES} | rank_fields(order)
    lent = dict(zip([x for x in before if x not in after], [x for x in after if x not in before], strict=False))
    for question in instrument.questions:
        if isinstance(question, Rate) and question.of == "chosen":
            for scale in question.scales:
                for old, new in lent.items():
                    changed[f"q.{scale.key}.{new}"] = changed.pop(f"q.{scale.key}.{old}")
    return changed
