"""Measures of how somebody answered, from plain records: flags and exclusion rules are thresholds of these.

What the server saw comes first, the browser's word second; what is not known never counts against anybody.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev
from typing import Any

from study.participants.position_patterns import least_likely_pattern

# What clocks and roundings may differ by.
TOLERANCE_SECONDS = 2.0
# A reason shorter than this says too little about how it was written.
LONG_TEXT = 30
# More characters per input than a keyboard gives, also with suggested words; faster than people type.
AT_ONCE = 15
FASTEST_TYPING = 15.0  # characters a second
SAME_TEXTS = 3
# With fewer ratings, one value may be what somebody thinks of few images.
FEWEST_RATINGS = 20


@dataclass(frozen=True)
class AnswerRecord:
    """One answered trial. Times by the server's clock are None if nothing was recorded or the clock was set back.

    Attributes:
        available: seconds between the first sending of the page and the last arrival of an answer: the most that the
            person can have spent on it.
        page_sent: whether the page had been sent before the answer came.
        images_missing: how many of its images were never sent.
        seconds, listened: what the browser says, over all answers to the trial.
        minimum: seconds to listen before an answer.
        typing: how the reason was typed (`Ballot.typing`).
        right: whether an attention trial was answered as it asked; None for others.
        own: whether a match control's 1st is an image of the clip heard; None for others.
        same: whether a hidden repeat got the same 1st as before; None for others.
        ratings: the ratings of a main trial, each as a part of its scale from 0 to 1.
    """

    kind: str
    images: int = 4
    first: int | None = None
    second: int | None = None
    recorded: bool = False
    available: float | None = None
    page_sent: bool = True
    sound_sent: bool = True
    images_missing: int = 0
    seconds: float | None = None
    listened: float | None = None
    minimum: float = 0.0
    reason: str = ""
    typing: Mapping[str, float] | None = None
    left_tab: bool = False
    untrusted: bool = False
    right: bool | None = None
    own: bool | None = None
    same: bool | None = None
    ratings: Sequence[float] = ()


@dataclass(frozen=True)
class PersonRecord:
    """What is known of one person: the answers in the order of the trials.

    Attributes:
        due: how many trials the person was given, without practice.
        span: seconds from the first page sent, or from enrolment, to the last answer, by the server's clock.
        shortest: the study's shortest plausible seconds for a trial.
        heard: the answer of the sound check, "" without one.
    """

    answers: Sequence[AnswerRecord]
    due: int
    span: float | None = None
    shortest: float = 0.0
    heard: str = ""


@dataclass(frozen=True)
class Measure:
    """One measure: `n` of `of`, the value that thresholds compare, and further numbers as evidence."""

    kind: str
    value: float
    n: int
    of: int
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The measure as it is stored with a flag."""
        return {"kind": self.kind, "n": self.n, "of": self.of, **self.evidence}


def measures_of(person: PersonRecord) -> dict[str, Measure]:
    """The measures that apply to this person, by kind."""
    found = [measure for take in _MEASURES if (measure := take(person)) is not None]
    return {measure.kind: measure for measure in found}


def _share(kind: str, verdicts: Iterable[bool | None], **evidence: Any) -> Measure | None:
    """The share of true verdicts among those that are known."""
    known = [verdict for verdict in verdicts if verdict is not None]
    return Measure(kind, sum(known) / len(known), sum(known), len(known), evidence) if known else None


def _at_least(measure: Measure | None, n: int) -> Measure | None:
    """The measure with at least `n`: what the whole visit's time proves, whatever single trials say."""
    if measure is None or n <= measure.n:
        return measure
    n = min(n, measure.of)
    return Measure(measure.kind, n / measure.of, n, measure.of, measure.evidence)


def _no_page(person: PersonRecord) -> Measure | None:
    return _share("no_page", (not answer.page_sent if answer.recorded else None for answer in person.answers))


def _no_images(person: PersonRecord) -> Measure | None:
    return _share("no_images", (answer.images_missing > 0 if answer.recorded else None for answer in person.answers))


def _claimed(answer: AnswerRecord) -> float | None:
    times = [time for time in (answer.seconds, answer.listened) if time is not None]
    return max(times, default=None)


def _impossible_time(person: PersonRecord) -> Measure | None:
    """Answers that claim more time than passed, or the share of all claimed time that cannot have been."""
    claims = [(claim, answer.available) for answer in person.answers if (claim := _claimed(answer)) is not None]
    verdicts = [None if most is None else claim > 1.05 * most + TOLERANCE_SECONDS for claim, most in claims]
    measure, total = _share("impossible_time", verdicts), sum(claim for claim, _most in claims)
    if measure is None or person.span is None or total <= 0:
        return measure
    excess = max(0.0, 1 - (person.span + TOLERANCE_SECONDS) / total)
    evidence = {"claimed": round(total), "passed": round(person.span)}
    return Measure(measure.kind, max(measure.value, excess), measure.n, measure.of, evidence)


def _too_fast(person: PersonRecord) -> Measure | None:
    def verdict(answer: AnswerRecord) -> bool | None:
        times = [time for time in (answer.available, answer.seconds) if time is not None]
        return min(times) < person.shortest if times else None

    measure = _share("too_fast", map(verdict, person.answers), seconds=person.shortest)
    if person.span is None or person.shortest <= 0:
        return measure
    # So many trials fit into the whole visit; the others were shorter.
    return _at_least(measure, _recorded(person) - int(person.span // person.shortest))


def _recorded(person: PersonRecord) -> int:
    return sum(answer.recorded for answer in person.answers)


def _not_listened(person: PersonRecord) -> Measure | None:
    def verdict(answer: AnswerRecord) -> bool | None:
        if answer.recorded and not answer.sound_sent:
            return True
        times = [time for time in (answer.available, answer.listened) if time is not None]
        return min(times) + 0.5 < answer.minimum if times else None

    silent = sum(answer.recorded and not answer.sound_sent for answer in person.answers)
    measure = _share("not_listened", map(verdict, person.answers), silent=silent)
    if person.span is None:
        return measure
    left, fitting = person.span + TOLERANCE_SECONDS, 0
    for minimum in sorted(answer.minimum for answer in person.answers if answer.recorded):
        left -= minimum
        fitting += left >= 0
    return _at_least(measure, _recorded(person) - fitting)


def _position_pattern(person: PersonRecord) -> Measure | None:
    main = [answer for answer in person.answers if answer.kind == "main" and answer.first is not None]
    choices = [(answer.first, answer.second) for answer in main if answer.first is not None]
    pattern = least_likely_pattern(choices, main[0].images) if main else None
    if pattern is None:
        return None
    evidence = {"odds": pattern.odds, "period": pattern.period, "both": pattern.both}
    return Measure("position_pattern", pattern.odds, pattern.matches, pattern.of, evidence)


def _script_like(person: PersonRecord) -> Measure | None:
    return _share("script_like", (answer.untrusted for answer in person.answers))


def _left_tab(person: PersonRecord) -> Measure | None:
    return _share("left_tab", (answer.left_tab for answer in person.answers))


def _reason_not_typed(person: PersonRecord) -> Measure | None:
    """Reasons that were pasted, came at once or faster than people type, or are the same text again and again."""
    written = [answer for answer in person.answers if answer.reason]
    counts = Counter(answer.reason.casefold() for answer in written if len(answer.reason) >= LONG_TEXT)
    found = {"pasted": 0, "at_once": 0, "too_quick": 0, "untyped": 0, "repeated": 0}
    pastes = most_at_once = fastest = 0.0
    suspicious = 0
    for answer in written:
        length, typing = len(answer.reason), answer.typing or {}
        long, inputs = length >= LONG_TEXT, typing.get("inputs", 0.0)
        at_once = length / inputs if inputs else 0.0
        seconds = typing.get("seconds", 0.0)
        speeds = [length / time for time in (seconds if inputs > 1 else None, answer.available) if time]
        signs = {
            "pasted": typing.get("pastes", 0) > 0,
            "at_once": long and (at_once >= AT_ONCE or typing.get("largest", 0) >= LONG_TEXT),
            "too_quick": long and max(speeds, default=0.0) > FASTEST_TYPING,
            # The page's script counts every input: a browser that ran it and wrote a long text has some.
            "untyped": long and answer.recorded and answer.seconds is not None and not inputs,
            "repeated": counts[answer.reason.casefold()] >= SAME_TEXTS,
        }
        suspicious += any(signs.values())
        for sign, shown in signs.items():
            found[sign] += shown
        pastes += typing.get("pastes", 0)
        most_at_once = max(most_at_once, at_once, typing.get("largest", 0))
        fastest = max(fastest, *speeds, 0.0) if long else fastest
    if not written:
        return None
    evidence = found | {"pastes": round(pastes), "characters": round(most_at_once), "speed": round(fastest, 1)}
    return Measure("reason_not_typed", suspicious / len(written), suspicious, len(written), evidence)


def _one_value(person: PersonRecord) -> Measure | None:
    """How many of all ratings are the most frequent one; mean and spread in percent of the scales as evidence."""
    ratings = [rating for answer in person.answers for rating in answer.ratings]
    if len(ratings) < FEWEST_RATINGS:
        return None
    most = Counter(ratings).most_common(1)[0][1]
    evidence = {"mean": round(100 * fmean(ratings)), "spread": round(100 * pstdev(ratings))}
    return Measure("one_value", most / len(ratings), most, len(ratings), evidence)


def _attention_failed(person: PersonRecord) -> Measure | None:
    return _share("attention_failed", (None if answer.right is None else not answer.right for answer in person.answers))


def _no_sound(person: PersonRecord) -> Measure | None:
    return _share("no_sound", [person.heard == "no"] if person.heard else [])


def _repeats_differ(person: PersonRecord) -> Measure | None:
    return _share("repeats_differ", (None if answer.same is None else not answer.same for answer in person.answers))


def _match_failed(person: PersonRecord) -> Measure | None:
    return _share("match_failed", (None if answer.own is None else not answer.own for answer in person.answers))


def _unanswered(person: PersonRecord) -> Measure | None:
    missing = max(0, person.due - len(person.answers))
    return Measure("unanswered", missing / person.due, missing, person.due) if person.due else None


_MEASURES: tuple[Callable[[PersonRecord], Measure | None], ...] = (
    _no_page,
    _no_images,
    _impossible_time,
    _too_fast,
    _not_listened,
    _position_pattern,
    _script_like,
    _left_tab,
    _reason_not_typed,
    _one_value,
    _attention_failed,
    _no_sound,
    _repeats_differ,
    _match_failed,
    _unanswered,
)
