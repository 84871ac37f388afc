"""The ballot table: one tidy row for each ballot, for the analysis and for exports.

While a study is sealed, the table shows participants but not conditions. A label for the same condition in every row
would let results be counted, and somebody who took part and remembers an image could decode it; the study's seed
reveals the condition at a position. So the labels are shuffled for each participant, and positions, orders and free
text are left out.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from study.ballots.receipts import image_name
from study.coarse_times import hour_text, whole_seconds
from study.models import Ballot, LateAnswer, Participant, Stimulus, Study, StudyStage, Trial

# `analyze` reads the first nine columns; the others describe and verify the ballot.
COLUMNS = (
    "participant",
    "clip",
    "first",
    "second",
    "repeat",
    "trial",
    "position_first",
    "position_second",
    "excluded",
    "none_fits",
    "order",
    "answered_at",
    "seconds",
    "listened_seconds",
    "reason",
    "knows_piece",
    "flags",
    "nonce",
    "digest",
)
# A row of the table: its values in the order of `COLUMNS`.
Row = tuple[str | int, ...]


def counted_kind(study: Study) -> str:
    """The kind of participant that counts: simulated ones in a simulated study, else real ones."""
    return Participant.Kind.SIMULATED if study.simulated else Participant.Kind.REAL


def kinds_of(study: Study) -> tuple[str, ...]:
    """The kinds of participant whom the log binds; of these, the people of the main stage give the results."""
    return (counted_kind(study),)


def counted_people(study: Study, stage: str = StudyStage.MAIN) -> QuerySet[Participant]:
    """The people of the kind that counts in one stage; by default the main one, which gives the study's results."""
    return study.participants.filter(kind=counted_kind(study), stage=stage)


def _labels_of(participant: Participant, labels: Mapping[int, str]) -> dict[int, str]:
    """The opaque labels by condition id, shuffled for this participant."""
    shuffled = sorted(labels.values())
    random.Random(participant.nonce).shuffle(shuffled)
    return dict(zip(sorted(labels), shuffled, strict=True))


def in_batches(people: QuerySet[Participant], size: int = 500, *, after: int = -1) -> Iterator[list[Participant]]:
    """These people by kind and number, `size` at a time, of each kind those behind the number `after`.

    The memory that a table takes does not grow with the study.

    Each batch is a query of its own, so that nothing is held in the database between them. People of whom only some
    columns are wanted need `study` among them: Django compares it for each person whom a study's relation gives, and
    would ask the database for it one by one.
    """
    for kind in sorted(Participant.Kind.values):
        of_kind, last = people.filter(kind=kind).order_by("number"), after
        while batch := list(of_kind.filter(number__gt=last)[:size]):
            yield batch
            last = batch[-1].number


def ballot_rows(
    study: Study,
    *,
    sealed: bool | None = None,
    kinds: Iterable[str] | None = None,
    trial_kinds: Iterable[str] = (Trial.Kind.MAIN,),
) -> list[dict[str, Any]]:
    """The study's ballots, by participant number and then by trial number, as `ballots_by_person` reads them.

    Returns:
        Rows with the keys of `COLUMNS`.
    """
    by_person = ballots_by_person(study, sealed=sealed, kinds=kinds, trial_kinds=trial_kinds)
    return [dict(zip(COLUMNS, row, strict=True)) for _person, rows in by_person for row in rows]


def ballots_by_person(
    study: Study,
    *,
    sealed: bool | None = None,
    kinds: Iterable[str] | None = None,
    trial_kinds: Iterable[str] = (Trial.Kind.MAIN,),
    after: int = -1,
    stages: Iterable[str] = (StudyStage.MAIN,),
) -> Iterator[tuple[Participant, list[Row]]]:
    """Each person who has ballots, by kind and number, with the rows of their ballots by trial number.

    Args:
        sealed: whether to hide conditions behind labels that differ by participant; None hides them while the study
            is sealed.
        kinds: the kinds of participant to include; None includes those that give the results.
        trial_kinds: the kinds of trial to include; by default main trials, with their hidden repeats.
        after: of each kind of participant, only those behind this number.
        stages: the stages whose people to include; by default the main one, which gives the results.

    Returns:
        Rows with the values of `COLUMNS`. `first`, `second` and `order` (all conditions by position, joined by
        semicolons) are condition names, `position_first` and `position_second` count from 1; missing values are
        empty, times those of the hour. If sealed, positions, `order`, `reason`, `nonce` and `digest` are empty too;
        with the nonce, the few possible answers could be tried against the digest.
    """
    hide = study.is_sealed if sealed is None else sealed
    names = dict(study.conditions.values_list("pk", "sealed_label" if hide else "key"))
    images = Stimulus.objects.filter(clip__study=study).values_list("pk", "condition_id", "clip_id", "clip__number")
    shown = _Shown(
        dict(study.clips.values_list("pk", "name")),
        {pk: (condition, clip, number) for pk, condition, clip, number in images},
    )
    people = study.participants.filter(kind__in=tuple(kinds or kinds_of(study)), stage__in=tuple(stages))
    present = people.exclude(status=Participant.Status.WITHDRAWN).only(*_OF_PEOPLE)
    for batch in in_batches(present, after=after):
        ballots: dict[int, list[tuple[Any, ...]]] = {person.pk: [] for person in batch}
        stored = Ballot.objects.filter(trial__participant__in=list(ballots), trial__kind__in=tuple(trial_kinds))
        for participant, *values in stored.order_by("trial__number").values_list("trial__participant", *_OF_BALLOTS):
            ballots[participant].append(tuple(values))
        for person in batch:
            if found := ballots[person.pk]:
                labels = _labels_of(person, names) if hide else names
                yield person, list(shown.rows(person, found, labels, sealed=hide))


_OF_PEOPLE = ("study", "kind", "number", "status", "nonce", "answers", "flags", "excluded", "rule_exclusions")
_OF_BALLOTS = (
    "trial__clip",
    "trial__repeat",
    "trial__number",
    Cast("trial__position_order", TextField()),
    "first",
    "second",
    "none_fits",
    "answered_at",
    "seconds",
    "listened_seconds",
    "reason",
    "knows_piece",
    "nonce",
    "digest",
)


@dataclass(frozen=True)
class _Shown:
    """What a study shows: the names of its clips, and each image's condition, clip and clip number, by primary key.

    What only somebody with the database can point a trial to, clips and images of another study or none at all, has no
    name: `verify` reads the table too, and names such ballots.
    """

    clips: Mapping[int, str]
    images: Mapping[int, tuple[int, int, int]]
    # Orders by their text: a study has some thousands of them, and each is in many rows.
    orders: dict[str, list[int]] = field(default_factory=dict)

    def rows(
        self, person: Participant, ballots: Iterable[tuple[Any, ...]], names: Mapping[int, str], *, sealed: bool
    ) -> Iterator[Row]:
        """The rows of one person's ballots, given as the values of `_OF_BALLOTS`; `names`: of the conditions."""
        code, excluded, flags = person.code, int(person.left_out), ";".join(person.flag_kinds)
        images = self.images
        for clip, repeat, number, order_text, first, second, none_fits, at, *rest in ballots:
            seconds, listened, reason, knows_piece, nonce, digest = rest
            order = self._order(order_text)

            def name(stimulus: int | None, clip: int = clip) -> str:
                if stimulus is None or stimulus not in images:
                    return ""
                condition, of_clip, clip_number = images[stimulus]
                return image_name(names.get(condition, ""), None if of_clip == clip else clip_number)

            def position(stimulus: int | None, order: list[int] = order) -> int | str:
                return order.index(stimulus) + 1 if stimulus in order else ""

            yield (
                code,
                self.clips.get(clip, ""),
                name(first),
                name(second),
                repeat,
                number,
                "" if sealed else position(first),
                "" if sealed else position(second),
                excluded,
                int(none_fits),
                "" if sealed else ";".join(map(name, order)),
                hour_text(at),
                whole_seconds(seconds),
                whole_seconds(listened),
                "" if sealed else reason,
                "" if knows_piece is None else int(knows_piece),
                flags,
                "" if sealed else nonce,
                "" if sealed else digest,
            )

    def _order(self, text: str) -> list[int]:
        """The stimuli by position."""
        if text not in self.orders:
            if len(self.orders) > _MOST_ORDERS:
                self.orders.clear()
            order = json.loads(text)
            stimuli = order if isinstance(order, list) else []
            self.orders[text] = [stimulus if isinstance(stimulus, int) else 0 for stimulus in stimuli]
        return self.orders[text]


_MOST_ORDERS = 50_000


LATE_COLUMNS = (
    "participant",
    "clip",
    "first",
    "second",
    "repeat",
    "trial",
    "trial_kind",
    "none_fits",
    "excluded",
    "answered_at",
    "received_at",
)


def late_answers(study: Study, *stages: str) -> QuerySet[LateAnswer]:
    """The answers that arrived too late to count, of people of these stages or of all; without practice trials."""
    people = study.participants.filter(kind__in=kinds_of(study)).exclude(status=Participant.Status.WITHDRAWN)
    if stages:
        people = people.filter(stage__in=stages)
    # Of the few late answers each is looked up, not each trial of all people.
    return LateAnswer.objects.filter(Exists(people.filter(pk=OuterRef("trial__participant")))).exclude(
        trial__kind=Trial.Kind.PRACTICE
    )


def late_rows(study: Study) -> Iterator[dict[str, Any]]:
    """The late answers of an unsealed study, by participant number and then by trial: rows of `LATE_COLUMNS`.

    Not in order of arrival, which would tell more than the hours do.
    """
    names = dict(study.conditions.values_list("pk", "key"))
    conditions = Stimulus.objects.filter(clip__study=study).values_list("pk", "condition_id")
    name_of = {stimulus: names[condition] for stimulus, condition in conditions}
    late = late_answers(study)
    people = study.participants.filter(pk__in=late.values("trial__participant")).only(*_OF_PEOPLE)
    for batch in in_batches(people):
        person_of = {person.pk: person for person in batch}
        answers = late.filter(trial__participant__in=list(person_of)).select_related("trial__clip")
        for answer in answers.order_by("trial__participant__number", "trial__number", "answered_at"):
            trial, person = answer.trial, person_of[answer.trial.participant_id]
            yield {
                "participant": person.code,
                "clip": trial.clip.name,
                "first": name_of.get(answer.content["first_id"], ""),
                "second": name_of.get(answer.content["second_id"], ""),
                "repeat": trial.repeat,
                "trial": trial.number,
                "trial_kind": trial.kind,
                "none_fits": int(answer.content["none_fits"]),
                "excluded": int(person.left_out),
                "answered_at": hour_text(answer.answered_at),
                "received_at": hour_text(answer.received_at),
            }
