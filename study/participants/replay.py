"""A person's way through the survey on one axis of time, from their events, what the server saw, and their answers.

Times are whole seconds since the person arrived: exact ones would lead to a recruiting platform's list, as in exports.

While a study is sealed, images have names of their own in each trial, α, β, …, in the order in which the person first
chose or enlarged them. Their positions would tell too much: consecutive people see each image once in each position, so
with the letters of many people one could count how much they agree. Ratings name no image then, as they mostly follow
the order of the page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from study.coarse_times import to_the_hour
from study.design import LETTERS
from study.instruments.of_study import instrument_of
from study.instruments.questions import Instrument
from study.models import Ballot, Event, Participant, Study, Trial
from study.participants.listening import survey_seconds
from study.participants.replay_answers import further_answers
from study.participants.replay_times import Placed, SentEvent, place

# So many rows are shown at most; a browser would draw more than this slowly, and nobody would read them.
MOST_MOMENTS = 1000
# Read at most; a visit stores half of that.
MOST_EVENTS = 20_000
# A time in which nothing happens is shortened from here on, to so many seconds.
LONG_GAP, SHORT_GAP = 60, 10
# An answer that arrives so much later than it was given was kept by a browser without a connection.
LATE_SECONDS = 5
NAMES_UNDER_THE_SEAL = "αβγδεζ"
_LANE_OF = {
    "play": "sound",
    "pause": "sound",
    "seek": "sound",
    "ended": "sound",
    "enlarge": "images",
    "choose": "answers",
    "undo": "answers",
    "rate": "answers",
    "hidden": "away",
    "visible": "away",
    "offline": "away",
    "online": "away",
}
_OF_AN_IMAGE = ("enlarge", "choose", "undo", "rate")
# Of many events these are left out last: the way makes no sense without them.
_MATTERS = frozenset({"shown", "hidden", "visible", "offline", "online"})


@dataclass(frozen=True)
class Moment:
    """One thing that happened.

    Attributes:
        at: whole seconds since arrival; `until`: the end of what lasts, else None.
        lane: "trial", "sound", "images", "answers", "away" or "server".
        kind: an event's kind, or what the server knows: "arrived", "consented", "page sent", "sound sent", "answer",
            "answer changed", "answer arrived", "late answer", "finished".
        image, second: names of images, "" for none; of an answer 1st and 2nd.
        is_pair: whether the image of an answer is the better one of two.
        further: of an answer, those to further questions, by question or scale.
        clip_from, clip_to: seconds of the sound, where they are known.
    """

    at: int
    lane: str
    kind: str
    trial: int | None = None
    until: int | None = None
    image: str = ""
    second: str = ""
    none_fits: bool = False
    is_pair: bool = False
    further: str = ""
    clip_from: float | None = None
    clip_to: float | None = None

    @property
    def images(self) -> str:
        """The names of its images, 1st and 2nd, with a space between."""
        return f"{self.image} {self.second}".strip()

    @property
    def is_answer(self) -> bool:
        return self.kind in ("answer", "answer changed", "late answer")


@dataclass(frozen=True)
class TrialOnTheWay:
    """A trial in numbers: seconds heard by the events, and as the answer that counts says; None if not known."""

    number: int
    kind: str
    at: int | None
    clip_seconds: float
    heard: float | None
    said_heard: float | None
    seconds: float | None
    answers: int
    repeat: bool


@dataclass(frozen=True)
class Replay:
    """The way of one person.

    Attributes:
        hour: of the arrival; None for whoever has withdrawn, and in a study that was brought in.
        end: the last second.
        gaps: (from, to) of times without anything that are shortened.
        events: how many are stored; `left_out`: how many moments are not shown.
        sealed: whether images have names of their own, and no letters.
    """

    hour: datetime | None = None
    end: int = 0
    moments: Sequence[Moment] = ()
    trials: Sequence[TrialOnTheWay] = ()
    gaps: Sequence[tuple[int, int]] = ()
    events: int = 0
    left_out: int = 0
    sealed: bool = True


def replay_of(person: Participant, study: Study) -> Replay:
    """Read a person's way in a fixed number of queries; nothing of somebody who has withdrawn.

    Nor of a study that was brought in: events did not come along, and of times the hours alone.
    """
    sealed = study.is_sealed
    if person.status == Participant.Status.WITHDRAWN or "brought_in" in study.plan:
        return Replay(sealed=sealed)
    trials = list(
        person.trials.select_related("clip", "ballot")
        .prefetch_related("ballot__revisions", "late_answers")
        .order_by("number")
    )
    numbers = {trial.pk: trial.number for trial in trials}
    rows = Event.objects.filter(participant=person).order_by("pk")[:MOST_EVENTS]
    sent = [
        SentEvent(numbers.get(trial_id), kind, data if isinstance(data, dict) else {}, _since(person, at))
        for trial_id, kind, data, at in rows.values_list("trial_id", "kind", "data", "at")
    ]
    answered = {trial.number: _since(person, trial.ballot.answered_at) for trial in trials if hasattr(trial, "ballot")}
    placed = place(sent, {trial.number: survey_seconds(trial.clip) for trial in trials}, answered)
    names = _names(trials, placed, sealed=sealed)
    instrument = instrument_of(study)
    answers = {trial.number: list(_answers(trial, person, names[trial.number], instrument)) for trial in trials}
    known = [*_of_server(person, trials), *(moment for rows in answers.values() for moment in rows)]
    happened = [_of_event(event, names) for event in placed]
    # Within a second: what the server sent, what was done with it, the answer.
    moments = sorted([*known, *happened], key=lambda moment: (moment.at, moment.lane != "server", moment.is_answer))
    shown = _thinned(moments, MOST_MOMENTS)
    return Replay(
        hour=to_the_hour(person.created_at),
        end=max((moment.until or moment.at for moment in moments), default=0),
        moments=shown,
        trials=_in_numbers(trials, placed, moments, answers),
        gaps=tuple(_gaps(moments)),
        events=len(sent),
        left_out=len(moments) - len(shown),
        sealed=sealed,
    )


def _since(person: Participant, at: datetime) -> float:
    """Seconds since arrival; 0 if the server's clock was set back meanwhile."""
    return max(0.0, (at - person.created_at).total_seconds())


def _second(person: Participant, at: datetime) -> int:
    return round(_since(person, at))


def _of_event(event: Placed, names: Mapping[int, "_Names"]) -> Moment:
    named = names.get(event.trial or 0)
    letter = event.data.get("image") if named and named.tells(event.kind) else None
    return Moment(
        at=round(event.at),
        lane=_LANE_OF.get(event.kind, "trial"),
        kind=event.kind,
        trial=event.trial,
        until=None if event.until is None else round(event.until),
        image=named.of_letter(letter) if named and letter else "",
        clip_from=event.clip_from,
        clip_to=event.clip_to,
    )


@dataclass
class _Names:
    """Names of a trial's images: letters of their positions or, under the seal, in the order of their use."""

    order: Sequence[int]
    sealed: bool
    used: dict[int, str] = field(default_factory=dict)

    def tells(self, kind: str) -> bool:
        """Whether the image of an event is named; of ratings, which follow the positions, not under the seal."""
        return kind in _OF_AN_IMAGE and not (self.sealed and kind == "rate")

    def of_position(self, position: int) -> str:
        if not 0 <= position < len(self.order):
            return ""
        if not self.sealed:
            return LETTERS[position]
        if position not in self.used:
            self.used[position] = NAMES_UNDER_THE_SEAL[len(self.used)]
        return self.used[position]

    def of_letter(self, letter: object) -> str:
        """The name for what a browser said, which may be anything."""
        return self.of_position(LETTERS.find(letter)) if isinstance(letter, str) and len(letter) == 1 else ""

    def of_stimulus(self, stimulus: int | None) -> str:
        return self.of_position(self.order.index(stimulus)) if stimulus in self.order else ""


def _names(trials: Iterable[Trial], placed: Iterable[Placed], *, sealed: bool) -> dict[int, _Names]:
    names = {trial.number: _Names(trial.position_order, sealed) for trial in trials}
    for event in placed:  # first what was touched, in time: an answer is made of it
        if event.trial in names and names[event.trial].tells(event.kind):
            names[event.trial].of_letter(event.data.get("image"))
    return names


def _of_server(person: Participant, trials: Iterable[Trial]) -> Iterator[Moment]:
    """What the server itself noted."""
    yield Moment(0, "server", "arrived")
    if person.consented_at is not None:
        yield Moment(_second(person, person.consented_at), "server", "consented")
    for trial in trials:
        if trial.page_sent_at is not None:
            yield Moment(_second(person, trial.page_sent_at), "server", "page sent", trial.number)
        if trial.sound_sent_at is not None:
            yield Moment(_second(person, trial.sound_sent_at), "server", "sound sent", trial.number)
    if person.completed_at is not None:
        yield Moment(_second(person, person.completed_at), "server", "finished")


def _answers(trial: Trial, person: Participant, names: _Names, instrument: Instrument) -> Iterator[Moment]:
    """Each answer to a trial once, by the time at which it was given."""
    ballot: Ballot | None = getattr(trial, "ballot", None)
    if ballot is not None:
        given = [(revision.answered_at, revision.content) for revision in ballot.revisions.all()]
        given.append((ballot.answered_at, vars(ballot)))
        for place_, (at, content) in enumerate(sorted(given, key=lambda row: row[0])):
            yield _answer(person, trial, names, instrument, "answer changed" if place_ else "answer", at, content)
        if (ballot.received_at - ballot.answered_at).total_seconds() > LATE_SECONDS:
            yield Moment(_second(person, ballot.received_at), "server", "answer arrived", trial.number)
    for late in trial.late_answers.all():
        yield _answer(person, trial, names, instrument, "late answer", late.answered_at, late.content)


def _answer(
    person: Participant,
    trial: Trial,
    names: _Names,
    instrument: Instrument,
    kind: str,
    at: datetime,
    content: Mapping[str, Any],
) -> Moment:
    return Moment(
        at=_second(person, at),
        lane="answers",
        kind=kind,
        trial=trial.number,
        image=names.of_stimulus(content.get("first_id")),
        second=names.of_stimulus(content.get("second_id")),
        none_fits=bool(content.get("none_fits")),
        is_pair=instrument.pair is not None,
        further=further_answers(instrument, content.get("content") or {}, names.of_stimulus, sealed=names.sealed),
    )


def _in_numbers(
    trials: Iterable[Trial],
    placed: Iterable[Placed],
    moments: Iterable[Moment],
    answers: Mapping[int, Sequence[Moment]],
) -> list[TrialOnTheWay]:
    heard: dict[int, float] = {}
    for event in placed:
        if event.trial is not None:
            heard[event.trial] = heard.get(event.trial, 0.0) + event.heard
    # Pages are sent ahead, so what the server sent tells nothing of a trial that was shown or answered.
    first: dict[int, int] = {}
    for moment in sorted(moments, key=lambda moment: moment.lane == "server"):
        if moment.trial is not None:
            first.setdefault(moment.trial, moment.at)
    return [_trial_in_numbers(trial, heard, first, len(answers[trial.number])) for trial in trials]


def _trial_in_numbers(
    trial: Trial, heard: Mapping[int, float], first: Mapping[int, int], answers: int
) -> TrialOnTheWay:
    ballot: Ballot | None = getattr(trial, "ballot", None)
    return TrialOnTheWay(
        number=trial.number,
        kind=str(trial.get_kind_display()),
        at=first.get(trial.number),
        clip_seconds=survey_seconds(trial.clip),
        heard=heard.get(trial.number),
        said_heard=ballot.listened_seconds if ballot else None,
        seconds=ballot.seconds if ballot else None,
        answers=answers,
        repeat=bool(trial.repeat),
    )


def _gaps(moments: Sequence[Moment]) -> Iterator[tuple[int, int]]:
    """Times of more than `LONG_GAP` seconds in which nothing happened and no sound played."""
    last = 0
    for moment in moments:
        if moment.at - last > LONG_GAP:
            yield last, moment.at
        last = max(last, (moment.until or moment.at) if moment.lane == "sound" else moment.at)


def _thinned(moments: Sequence[Moment], most: int) -> list[Moment]:
    """At most so many moments: of frequent ones, evenly chosen; answers and what the server saw are left out last."""
    if len(moments) <= most:
        return list(moments)
    weighty: list[int] = []
    others: list[int] = []
    for at, moment in enumerate(moments):
        matters = moment.lane == "server" or moment.is_answer or moment.kind in _MATTERS
        (weighty if matters else others).append(at)
    kept = {*_evenly(weighty, most), *_evenly(others, max(0, most - len(weighty)))}
    return [moment for at, moment in enumerate(moments) if at in kept]


def _evenly(places: Sequence[int], most: int) -> list[int]:
    if len(places) <= most:
        return list(places)
    return [places[index * len(places) // most] for index in range(most)]


def shortened(replay: Replay) -> int:
    """How many seconds the shortened gaps take off the axis."""
    return sum(end - start - SHORT_GAP for start, end in replay.gaps)
