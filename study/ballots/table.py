"""The ballot table: one tidy row for each ballot, for the analysis and for exports.

While a study is sealed, the table shows participants but not conditions. A label for the same condition in every row
would let results be counted, and somebody who took part and remembers an image could decode it; the study's seed
reveals the condition at a position. So the labels are shuffled for each participant, and positions, orders and free
text are left out.

Of pairs the labels are shuffled for each pair: the seed tells which two conditions a trial shows, so labels that a
person's trials share would be decoded by which of them meet.

A study that asks more than the first and the second choice has one column more, `content`.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from study.ballots.receipts import image_name
from study.coarse_times import hour_text, whole_seconds
from study.instruments.content import Content, canonical_content, named_content
from study.instruments.of_study import instrument_of, is_classic, ranked_key
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
CONTENT = "content"
# A row of the table: its values in the order of `columns_of`.
Row = tuple[str | int, ...]


def columns_of(study: Study) -> tuple[str, ...]:
    """The columns of the study's table: those of every study, and `content` if the study has an instrument."""
    return COLUMNS if is_classic(study) else (*COLUMNS, CONTENT)


def counted_kind(study: Study) -> str:
    """The kind of participant that counts: simulated ones in a simulated study, else real ones."""
    return Participant.Kind.SIMULATED if study.simulated else Participant.Kind.REAL


def kinds_of(study: Study) -> tuple[str, ...]:
    """The kinds of participant whom the log binds; of these, the people of the main stage give the results."""
    return (counted_kind(study),)


def counted_people(study: Study, stage: str = StudyStage.MAIN) -> QuerySet[Participant]:
    """The people of the kind that counts in one stage; by default the main one, which gives the study's results."""
    return study.participants.filter(kind=counted_kind(study), stage=stage)


def _shuffled(labels: Mapping[int, str], lot: str) -> dict[int, str]:
    """The opaque labels by condition id, shuffled by a lot."""
    shuffled = sorted(labels.values())
    random.Random(lot).shuffle(shuffled)
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
        Rows with the keys of `columns_of`.
    """
    columns = columns_of(study)
    by_person = ballots_by_person(study, sealed=sealed, kinds=kinds, trial_kinds=trial_kinds)
    return [dict(zip(columns, row, strict=True)) for _person, rows in by_person for row in rows]


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
        sealed: whether to hide conditions behind labels that differ by participant, and by pair; None hides them while
            the study is sealed.
        kinds: the kinds of participant to include; None includes those that give the results.
        trial_kinds: the kinds of trial to include; by default main trials, with their hidden repeats.
        after: of each kind of participant, only those behind this number.
        stages: the stages whose people to include; by default the main one, which gives the results.

    Returns:
        Rows with the values of `columns_of`. `first`, `second` and `order` (all conditions by position, joined by
        semicolons) are condition names, `position_first` and `position_second` count from 1; missing values are
        empty, times those of the hour. `content` is JSON with condition names (study/instruments/content.py). If
        sealed, positions, `order`, `reason`, `nonce`, `digest` and answers in words are empty too; with the nonce,
        the few possible answers could be tried against the digest.

    Raises:
        InstrumentRefused: what is stored as the study's instrument is none.
    """
    hide = study.is_sealed if sealed is None else sealed
    stored = StoredBallots(study, sealed=hide)
    for person, found in stored.by_person(kinds=kinds, trial_kinds=trial_kinds, after=after, stages=stages):
        yield person, list(stored.rows(person, found))


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


class StoredBallots:
    """The ballots of a study as they are stored, and the names of its clips and images.

    What only somebody with the database can point a trial to, clips and images of another study or none at all, has no
    name: `verify` reads the table too, and names such ballots.
    """

    def __init__(self, study: Study, *, sealed: bool) -> None:
        """Read the names of clips and images; `sealed`: conditions are labels, shuffled for each person.

        Raises:
            InstrumentRefused: what is stored as the study's instrument is none.
        """
        self.study, self.sealed, self.instrument = study, sealed, instrument_of(study)
        self.has_content = not is_classic(study)
        self.clips = dict(study.clips.values_list("pk", "name"))
        self._conditions = dict(study.conditions.values_list("pk", "sealed_label" if sealed else "key"))
        images = Stimulus.objects.filter(clip__study=study).values_list("pk", "condition_id", "clip_id", "clip__number")
        self._images = {pk: (condition, clip, number) for pk, condition, clip, number in images}
        self._ranked = choose.key if (choose := self.instrument.choose) is not None else ""
        self._words = {question.key for question in self.instrument.questions if question.kind == "text"}
        self._lot, self._labels = "", dict[int, str]()  # those shuffled last
        # Orders by their text: a study has some thousands of them, and each is in many rows.
        self._orders: dict[str, list[int]] = {}

    def by_person(
        self,
        *,
        kinds: Iterable[str] | None = None,
        trial_kinds: Iterable[str] = (Trial.Kind.MAIN,),
        after: int = -1,
        stages: Iterable[str] = (StudyStage.MAIN,),
    ) -> Iterator[tuple[Participant, list[tuple[Any, ...]]]]:
        """Each person who has ballots, by kind and number, with the values of `_OF_BALLOTS` by trial number.

        The last value is the content; a study without an instrument has none.
        """
        study = self.study
        columns = (*_OF_BALLOTS, CONTENT) if self.has_content else _OF_BALLOTS
        people = study.participants.filter(kind__in=tuple(kinds or kinds_of(study)), stage__in=tuple(stages))
        present = people.exclude(status=Participant.Status.WITHDRAWN).only(*_OF_PEOPLE)
        for batch in in_batches(present, after=after):
            ballots: dict[int, list[tuple[Any, ...]]] = {person.pk: [] for person in batch}
            stored = Ballot.objects.filter(trial__participant__in=list(ballots), trial__kind__in=tuple(trial_kinds))
            for participant, *values in stored.order_by("trial__number").values_list("trial__participant", *columns):
                ballots[participant].append(tuple(values))
            for person in batch:
                if found := ballots[person.pk]:
                    yield person, found

    def labels_of(self, person: Participant, order: Iterable[int]) -> Mapping[int, str]:
        """The names of the conditions by primary key, in a trial with these images.

        If sealed, they are labels shuffled for this person; of pairs, for this person and these two images.
        """
        if not self.sealed:
            return self._conditions
        lot = f"{person.nonce}{sorted(order)}" if self.instrument.pair is not None else person.nonce
        if lot != self._lot:
            self._lot, self._labels = lot, _shuffled(self._conditions, lot)
        return self._labels

    def name(self, stimulus: int | None, clip: int, labels: Mapping[int, str]) -> str:
        """The name of an image in a trial of this clip."""
        if stimulus is None or stimulus not in self._images:
            return ""
        condition, of_clip, clip_number = self._images[stimulus]
        return image_name(labels.get(condition, ""), None if of_clip == clip else clip_number)

    def rows(self, person: Participant, ballots: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
        """The rows of one person's ballots, given as `by_person` does."""
        code, excluded, flags = person.code, int(person.left_out), ";".join(person.flag_kinds)
        sealed = self.sealed
        for clip, repeat, number, order_text, first, second, none_fits, at, *rest in ballots:
            seconds, listened, reason, knows_piece, nonce, digest, *content = rest
            order = self.order(order_text)
            labels = self.labels_of(person, order)
            names = [self.name(stimulus, clip, labels) for stimulus in order]

            def position(stimulus: int | None, order: list[int] = order) -> int | str:
                return order.index(stimulus) + 1 if stimulus in order else ""

            yield (
                code,
                self.clips.get(clip, ""),
                self.name(first, clip, labels),
                self.name(second, clip, labels),
                repeat,
                number,
                "" if sealed else position(first),
                "" if sealed else position(second),
                excluded,
                int(none_fits),
                "" if sealed else ";".join(names),
                hour_text(at),
                whole_seconds(seconds),
                whole_seconds(listened),
                "" if sealed else reason,
                "" if knows_piece is None else int(knows_piece),
                flags,
                "" if sealed else nonce,
                "" if sealed else digest,
                *(canonical_content(self.named(given, dict(zip(order, names, strict=True)))) for given in content),
            )

    def named(self, content: Any, names: Mapping[int, str]) -> Content:
        """A ballot's content with these names of images; if sealed, without answers in words."""
        if not isinstance(content, Mapping):  # which only somebody with the database can store
            return {"": content}
        if self.sealed:
            content = {key: value for key, value in content.items() if key not in self._words}
        return named_content(content, names, self._ranked)

    def order(self, text: str) -> list[int]:
        """The stimuli by position, of an order as `by_person` gives it."""
        if text not in self._orders:
            if len(self._orders) > _MOST_ORDERS:
                self._orders.clear()
            order = json.loads(text)
            stimuli = order if isinstance(order, list) else []
            self._orders[text] = [stimulus if isinstance(stimulus, int) else 0 for stimulus in stimuli]
        return self._orders[text]


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


def late_columns_of(study: Study) -> tuple[str, ...]:
    """The columns of the study's table of late answers."""
    return LATE_COLUMNS if is_classic(study) else (*LATE_COLUMNS, CONTENT)


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
    """The late answers of an unsealed study, by participant number and then by trial: rows of `late_columns_of`.

    Not in order of arrival, which would tell more than the hours do.
    """
    names = dict(study.conditions.values_list("pk", "key"))
    conditions = Stimulus.objects.filter(clip__study=study).values_list("pk", "condition_id")
    name_of = {stimulus: names[condition] for stimulus, condition in conditions}
    ranked = "" if is_classic(study) else ranked_key(study)
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
                CONTENT: canonical_content(named_content(answer.content.get(CONTENT, {}), name_of, ranked)),
            }
