"""Flags for unusual answering, and a participant's agreement with themselves and with others.

Flags draw attention only. Who is left out is decided by the plan's rules (`exclusion_rules`) or by hand.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from study.models import Ballot, BallotRevision, Event, Participant, Stimulus, Study, Trial
from study.participants.asked_of_design import asked_of_design
from study.participants.attention import is_right
from study.participants.listening import listening_minimum
from study.participants.measures import AnswerRecord, Measure, PersonRecord, measures_of
from study.participants.position_patterns import RARE
from study.participants.server_record import images_missing

_Shown = tuple[int, int]  # a clip, and which of a person's pairs of it

# From which value of a measure a participant is flagged, in the order of display. Measures that are not here give no
# flag: a rule of the plan may still use them.
FLAG_FROM: Mapping[str, float] = {
    "no_page": 1 / 3,
    "no_images": 1 / 3,
    "impossible_time": 1 / 4,
    "too_fast": 1 / 3,
    "not_listened": 1 / 3,
    "position_pattern": RARE,
    "script_like": 1e-9,  # a single one
    "left_tab": 0.501,  # more than half
    "reason_not_typed": 1 / 2,
    "one_value": 0.9,
    "attention_failed": 1e-9,
    "no_sound": 1,
}


def flags_from(measures: Mapping[str, Measure]) -> list[dict[str, Any]]:
    """The flags of a person with these measures, each with its evidence, in the order of `FLAG_FROM`."""
    return [
        measures[kind].as_json()
        for kind, least in FLAG_FROM.items()
        if kind in measures and measures[kind].value >= least
    ]


def read_measures(study: Study, people: QuerySet[Participant]) -> dict[int, dict[str, Measure]]:
    """The measures of these participants of the study by primary key, in a fixed number of queries."""
    judged = Trial.objects.exclude(kind=Trial.Kind.PRACTICE)
    answered = (
        judged.filter(ballot__isnull=False)
        .select_related("ballot", "clip")
        .defer("clip__imported_tags", "clip__outline", "clip__file_outline")
        .order_by("number")
    )
    rows = list(
        people.annotate(due=Count("trials", filter=~Q(trials__kind=Trial.Kind.PRACTICE)))
        .only("pk", "study", "created_at", "answers")
        .prefetch_related(Prefetch("trials", answered, to_attr="answered_trials"))
    )
    events = Event.objects.filter(participant__in=people, trial__isnull=False)
    facts = _Facts(
        study,
        {person.pk: list(person.answered_trials) for person in rows},
        set(events.filter(kind="hidden").values_list("trial", flat=True)),
        set(events.filter(kind="choose", data__trusted=False).values_list("trial", flat=True)),
        _revisions(people),
    )
    return {person.pk: measures_of(facts.person(person, due=person.due)) for person in rows}


def _revisions(people: QuerySet[Participant]) -> dict[int, list[BallotRevision]]:
    found: dict[int, list[BallotRevision]] = defaultdict(list)
    rows = BallotRevision.objects.filter(ballot__trial__participant__in=people)
    for revision in rows.only("ballot", "content", "replaced_at"):
        found[revision.ballot_id].append(revision)
    return found


def _chooses(study: Study) -> bool:
    """Whether an image is chosen in each trial."""
    return asked_of_design(study, study.conditions.count()).can_match if study.instrument else True


def _scales(study: Study) -> Mapping[str, tuple[int, int]]:
    """The ends of each scale on which people rate, by its key."""
    if not study.instrument:
        return {}
    # Imported here: it loads pydantic, and every command imports this module.
    from study.instruments.of_study import instrument_of

    return {scale.key: (scale.lowest, scale.highest) for _question, scale in instrument_of(study).scales()}


class _Facts:
    """The rows from which the records of several people of one study are made."""

    def __init__(
        self,
        study: Study,
        trials: Mapping[int, list[Trial]],
        left: set[int | None],
        untrusted: set[int | None],
        revisions: Mapping[int, list[BallotRevision]],
    ) -> None:
        self.study, self.trials, self.left, self.untrusted = study, trials, left, untrusted
        self.revisions = revisions
        matches = [trial for row in trials.values() for trial in row if trial.kind == Trial.Kind.MATCH]
        shown = {trial.ballot.first_id for trial in matches if trial.ballot.first_id is not None}
        self.chooses, self.scales = _chooses(study), _scales(study)
        self.clip_of = dict(Stimulus.objects.filter(pk__in=shown).values_list("pk", "clip")) if shown else {}

    def person(self, participant: Participant, *, due: int) -> PersonRecord:
        trials = self.trials[participant.pk]
        firsts = {_shown_of(trial): trial.ballot.first_id for trial in trials if _is_first_showing(trial)}
        sent = [trial.page_sent_at for trial in trials if trial.images_sent is not None]
        span = None
        if sent:
            last = max(self._last_arrival(trial) for trial in trials if trial.images_sent is not None)
            known = [at for at in sent if at is not None]
            # Time before enrolment belongs to nobody: without pages that were sent, it begins there.
            span = _seconds(min(known) if len(known) == len(sent) else participant.created_at, last)
        return PersonRecord(
            [self._answer(trial, participant, firsts) for trial in trials],
            due=due,
            span=span,
            shortest=float(self.study.minimum_seconds),
            heard=str((participant.answers.get("sound") or {}).get("heard") or ""),
        )

    def _last_arrival(self, trial: Trial) -> datetime:
        replaced = [revision.replaced_at for revision in self.revisions.get(trial.ballot.pk, ())]
        return max([trial.ballot.received_at, *replaced])

    def _answer(self, trial: Trial, participant: Participant, firsts: Mapping[_Shown, int | None]) -> AnswerRecord:
        ballot, missing = trial.ballot, images_missing(trial)
        contents = [revision.content for revision in self.revisions.get(ballot.pk, ())]
        page_sent = trial.page_sent_at is not None and trial.page_sent_at <= ballot.received_at
        begun = trial.page_sent_at if page_sent and trial.page_sent_at else participant.created_at
        first, second = _position(trial, ballot.first_id), _position(trial, ballot.second_id)
        return AnswerRecord(
            kind=trial.kind,
            images=len(trial.position_order),
            first=first,
            second=second,
            recorded=missing is not None,
            available=None if missing is None else _seconds(begun, self._last_arrival(trial)),
            page_sent=page_sent,
            sound_sent=trial.sound_sent_at is not None,
            images_missing=missing or 0,
            seconds=_total([ballot.seconds, *(content.get("seconds") for content in contents)]),
            listened=_total([ballot.listened_seconds, *(content.get("listened_seconds") for content in contents)]),
            minimum=listening_minimum(trial, self.study),
            reason=ballot.reason,
            typing=ballot.typing,
            left_tab=trial.pk in self.left,
            untrusted=trial.pk in self.untrusted,
            right=is_right(trial),
            own=self._is_own(trial),
            same=self._is_same(trial, firsts),
            ratings=self._ratings(trial),
        )

    def _is_same(self, trial: Trial, firsts: Mapping[_Shown, int | None]) -> bool | None:
        if not self.chooses or not trial.repeat or _shown_of(trial) not in firsts:
            return None
        return firsts[_shown_of(trial)] == trial.ballot.first_id

    def _ratings(self, trial: Trial) -> Sequence[float]:
        """Return the ratings of a main trial as parts of their scales, from 0 to 1; "cannot say" is none."""
        if trial.kind != Trial.Kind.MAIN:
            return ()
        return tuple(
            (value - lowest) / (highest - lowest)
            for key, (lowest, highest) in self.scales.items()
            for value in _values(trial.ballot.content.get(key))
        )

    def _is_own(self, trial: Trial) -> bool | None:
        if trial.kind != Trial.Kind.MATCH or trial.ballot.first_id is None:
            return None
        return self.clip_of.get(trial.ballot.first_id) == trial.clip_id


def _is_first_showing(trial: Trial) -> bool:
    return trial.kind == Trial.Kind.MAIN and trial.repeat == 0


def _seconds(begin: datetime, end: datetime) -> float | None:
    """Seconds between two times of the server; None if its clock was set back in between."""
    seconds = (end - begin).total_seconds()
    return seconds if seconds >= 0 else None


def _total(values: list[float | None]) -> float | None:
    """The sum of what the browser measured over all answers to a trial: each counts from showing the page again."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _position(trial: Trial, stimulus: int | None) -> int | None:
    return trial.position_order.index(stimulus) if stimulus in trial.position_order else None


def _shown_of(trial: Trial) -> _Shown:
    return trial.clip_id, trial.part


def _values(given: Any) -> list[float]:
    """The ratings on one scale: of each image, or of the music."""
    values = given.values() if isinstance(given, Mapping) else [given]
    return [value for value in values if value is not None]


def agreement_with_oneself(participant: Participant) -> tuple[int, int]:
    """(trials with the same 1st choice both times, trials shown twice); (0, 0) if no image is chosen."""
    if not _chooses(participant.study):
        return 0, 0
    given: dict[_Shown, list[int | None]] = {}
    rows = Ballot.objects.filter(trial__participant=participant, trial__kind=Trial.Kind.MAIN)
    for clip, part, first in rows.order_by("trial__repeat").values_list("trial__clip", "trial__part", "first"):
        given.setdefault((clip, part), []).append(first)
    twice = [firsts for firsts in given.values() if len(firsts) == 2]
    return sum(firsts[0] == firsts[1] for firsts in twice), len(twice)


def agreement_with_others(participant: Participant) -> tuple[int, int]:
    """(trials for which the 1st choice was the most frequent one, trials judged); of pairs, among the same pairs."""
    rows = Ballot.objects.filter(
        trial__participant__study=participant.study,
        trial__participant__kind=participant.kind,
        trial__participant__stage=participant.stage,
        trial__kind=Trial.Kind.MAIN,
        trial__repeat=0,
        first__isnull=False,
    )
    pairs = bool(participant.study.instrument)  # or all images of a clip, which are one set for everybody
    counts: dict[Any, Counter] = defaultdict(Counter)
    for shown, first in _shown_and_first(rows, pairs=pairs):
        counts[shown][first] += 1
    own = _shown_and_first(rows.filter(trial__participant=participant), pairs=pairs)
    judged = [(first, counts[shown]) for shown, first in own]
    return sum(count[first] == max(count.values()) for first, count in judged), len(judged)


def _shown_and_first(ballots: QuerySet[Ballot], *, pairs: bool) -> list[tuple[Any, int]]:
    """What each trial showed, as its clip or the set of its images, and the 1st choice."""
    if not pairs:
        return list(ballots.values_list("trial__clip", "first"))
    return [(frozenset(images), first) for images, first in ballots.values_list("trial__position_order", "first")]


def never_measured(study: Study) -> set[str]:
    """The kinds of measures that the questions of the study's trials give nothing for."""
    if not study.instrument:
        return {"one_value"}
    asked = asked_of_design(study, study.conditions.count())
    kinds = set() if asked.can_match else {"position_pattern", "repeats_differ", "match_failed"}
    if not asked.can_test_attention:
        kinds.add("attention_failed")
    return kinds if _scales(study) else kinds | {"one_value"}
