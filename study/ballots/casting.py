"""Casting ballots: a verb in one transaction.

However often a submission arrives (double click, two tabs, lost reply, replay), it is one ballot: its key says
so. A changed answer replaces the ballot and keeps what it said; of two answers, the one given later holds,
whichever arrived first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from study.ballots.kept_statements import KeptInsert, KeptRead, KeptUpdate, Parts
from study.ballots.receipts import ballot_digest
from study.design import LETTERS
from study.errors import NotAllowedNow, StudyError
from study.models import Ballot, BallotRevision, Clip, Participant, Stimulus, Study, Trial

# A browser may keep an answer for so long while it is offline; older clocks are not believed.
OLDEST = timedelta(days=7)


# What casting a ballot needs of a trial, its person, study and clip: the study alone has fifty columns more.
OF_AN_ANSWER: dict[type[Model], tuple[str, tuple[str, ...]]] = {
    Trial: (
        "",
        (
            "id",
            "participant_id",
            "clip_id",
            "number",
            "kind",
            "repeat",
            "position_order",
            "expected",
            "media_key",
        ),
    ),
    Participant: (
        "participant__",
        (
            "id",
            "study_id",
            "handle",
            "number",
            "kind",
            "token_hash",
            "status",
            "created_at",
            "consented_at",
            "answers",
        ),
    ),
    Study: (
        "participant__study__",
        (
            "id",
            "status",
            "closed_at",
            "grace_minutes",
            "languages",
            "allow_none_fits",
            "ask_reason",
            "ask_familiarity",
            "second_choice_required",
        ),
    ),
    Clip: ("clip__", ("id", "name")),
}
_PARTS = Parts(OF_AN_ANSWER)
_NEXT_WAITING = (
    Trial.objects.filter(participant=OuterRef("participant"), number__gt=OuterRef("number"), ballot__isnull=True)
    .order_by("number")
    .values("number")[:1]
)


def _key_at(place: int | None) -> Subquery | Value:
    """The key of the condition that stands at a place of the trial."""
    if place is None:
        return Value("")
    there = Cast(OuterRef(f"position_order__{place}"), BigIntegerField())
    return Subquery(Stimulus.objects.filter(pk=there).values("condition__key")[:1])


def _with_all(trials: QuerySet[Trial], places: "Places") -> QuerySet:
    keys = [_key_at(place) for place in places]
    return trials.order_by().values_list(*_PARTS.columns, Subquery(_NEXT_WAITING), *keys)[:1]


# The places of the 1st and the 2nd choice.
Places = tuple[int | None, int | None]
NOWHERE: Places = (None, None)


# On the way of every answer, so their texts are kept: one for each two places that can be chosen.
@cache
def _trial_by_id(places: Places) -> KeptRead:
    return KeptRead(lambda id: _with_all(Trial.objects.filter(pk=id), places), id=int)


@cache
def _trial_by_handle(places: Places) -> KeptRead:
    return KeptRead(
        lambda handle, number: _with_all(Trial.objects.filter(participant__handle=handle, number=number), places),
        handle=str,
        number=int,
    )


_note_presence = KeptUpdate(
    lambda id, status, study_status, now: (
        Participant.objects.filter(pk=id, status=status, study__status=study_status),
        {"last_seen_at": now},
    ),
    id=int,
    status=str,
    study_status=str,
    now=datetime,
)
_put_in = KeptInsert(Ballot, where=_note_presence)


class AnswerRefused(StudyError):
    """The answer cannot be a ballot; the message says what to mend."""


@dataclass(frozen=True)
class Answer:
    """What a person says in one trial: positions by letter, None for no choice."""

    key: UUID
    first: str | None
    second: str | None = None
    none_fits: bool = False
    reason: str = ""
    knows_piece: bool | None = None
    seconds: float | None = None
    listened_seconds: float | None = None
    age: timedelta = timedelta(0)  # how long ago it was given, by the browser's own clock


def takes_answers(study: Study, participant: Participant, now: datetime | None = None) -> bool:
    """Whether a person who is inside may still answer."""
    now = now or timezone.now()
    if study.status in Study.TAKES_ANSWERS:
        return True
    if study.status == Study.Status.DRAFT:
        return participant.kind == Participant.Kind.PILOT
    ends = study.results_open_at
    return ends is not None and now < ends and study.closed_at is not None and participant.created_at <= study.closed_at


def _place(letter: str | None) -> int | None:
    """The place that a letter stands for, None where it is none."""
    return LETTERS.index(letter) if letter and len(letter) == 1 and letter in LETTERS else None


def _stimulus_at(trial: Trial, letter: str | None) -> int | None:
    if letter is None:
        return None
    place = _place(letter)
    if place is None or place >= len(trial.position_order):
        raise AnswerRefused(_("There is no image %(letter)s here.") % {"letter": letter})
    return trial.position_order[place]


def _checked(study: Study, trial: Trial, answer: Answer) -> dict[str, Any]:
    """The ballot's fields, or AnswerRefused."""
    first, second = _stimulus_at(trial, answer.first), _stimulus_at(trial, answer.second)
    if answer.none_fits:
        if not study.allow_none_fits:
            raise AnswerRefused(_("In this study one image has to be chosen."))
        first = second = None
    elif first is None:
        raise AnswerRefused(_("Choose the image that fits best as your 1st."))
    elif first == second:
        raise AnswerRefused(_("The 2nd choice has to be another image than the 1st."))
    elif second is None and study.second_choice_required:
        raise AnswerRefused(_("Choose the image that fits second best as your 2nd."))
    return {
        "first_id": first,
        "second_id": second,
        "none_fits": answer.none_fits,
        "reason": _one_line(answer.reason)[:300] if study.ask_reason else "",
        "knows_piece": answer.knows_piece if study.ask_familiarity else None,
        "seconds": answer.seconds,
        "listened_seconds": answer.listened_seconds,
    }


def _one_line(text: str) -> str:
    """What a person wrote, without line ends and signs that no keyboard types: it becomes a cell of a table."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def _content(ballot: Ballot) -> dict[str, Any]:
    names = ("first_id", "second_id", "none_fits", "reason", "knows_piece", "seconds", "listened_seconds")
    return {name: getattr(ballot, name) for name in names}


def digest_of(ballot: Ballot, trial: Trial, keys: Mapping[int | None, str]) -> str:
    """The ballot's digest, over what the ballot table will say of it; `keys` gives a stimulus's condition key."""
    return ballot_digest(
        ballot.nonce,
        {
            "participant": trial.participant.code,
            "clip": trial.clip.name,
            "repeat": trial.repeat,
            "trial": trial.number,
            "first": keys.get(ballot.first_id, ""),
            "second": keys.get(ballot.second_id, ""),
            "none_fits": ballot.none_fits,
        },
    )


def trial_to_answer(answer: Answer | None, *, handle: str | None = None, number: int = 0, pk: int = 0) -> Trial | None:
    """A trial, by its person's handle and its number or by its id, with what casting its ballot needs of the person,
    the study, the clip and the conditions chosen, and where to go on afterwards, in one read."""
    places = NOWHERE if answer is None else (_place(answer.first), _place(answer.second))
    by_id = handle is None
    rows = _trial_by_id(places)(id=pk) if by_id else _trial_by_handle(places)(handle=handle, number=number)
    if not rows:
        return None
    trial, participant, study, clip, next_waiting, *keys = _PARTS.objects(rows[0])
    participant.study, trial.participant, trial.clip = study, participant, clip
    trial.next_waiting = next_waiting
    # None stands for no choice and for a place that this trial does not have.
    trial.chosen_keys = {
        None if place is None or place >= len(trial.position_order) else trial.position_order[place]: key or ""
        for place, key in zip(places, keys, strict=True)
    }
    return trial


def cast_ballot(trial: Trial, answer: Answer, *, now: datetime | None = None) -> Ballot:
    """Stores the answer of a trial, once for each submission key.

    Everything is read and checked before the transaction, which then only writes, so that many people can vote at
    once: it notes that the person is still there, where person and study still are what they were, and puts the
    ballot in. Nearly every answer is a trial's first; only one that is not looks further.

    Returns:
        The ballot that holds now: this answer's, or a later one's.

    Raises:
        AnswerRefused: the answer is incomplete or names no image of the trial.
        NotAllowedNow: the study is over, or the person has finished or withdrawn.
    """
    now = now or timezone.now()
    known = trial_to_answer(answer, pk=trial.pk)
    if known is None:
        raise NotAllowedNow(_("This study is over, so no answer can be taken any more."))
    trial.participant = known.participant
    return cast_known(known, answer, now=now)


def cast_known(trial: Trial, answer: Answer, *, now: datetime | None = None) -> Ballot:
    """`cast_ballot` for a trial that `trial_to_answer` has just read for this answer."""
    known: Trial | None = trial
    while known is not None:
        try:
            return _cast(known, answer, now or timezone.now())
        except _Moved:  # paused or closed, finished or withdrawn in between: look again, and judge by what is now
            known = trial_to_answer(answer, pk=trial.pk)
    raise NotAllowedNow(_("This study is over, so no answer can be taken any more."))


class _Moved(Exception):
    """Person or study are no longer what they were when they were read."""


def _cast(trial: Trial, answer: Answer, now: datetime) -> Ballot:
    try:
        fields = _checked_now(trial, answer, now)
    except (AnswerRefused, NotAllowedNow):
        ballot = Ballot.objects.filter(trial=trial).first()
        if ballot is not None and _is_replay(ballot, answer.key):
            return ballot
        raise
    age = min(max(answer.age, timedelta(0)), OLDEST)
    answered_at = max(now - age, trial.participant.created_at)
    new = Ballot(trial=trial, submission_key=answer.key, answered_at=answered_at, **fields)
    new.digest = digest_of(new, trial, trial.chosen_keys)
    try:
        is_in = _put_in(new, **_presence(trial.participant, now))
    except IntegrityError:  # the trial has a ballot already: the same answer again, or a changed one
        return _changed(trial, answer, fields, answered_at, now)
    if not is_in:
        raise _Moved
    return new


def _presence(participant: Participant, now: datetime) -> dict[str, Any]:
    """For `_note_presence`: person and study as they were read."""
    return {
        "id": participant.pk,
        "status": participant.status,
        "study_status": participant.study.status,
        "now": now,
    }


def _checked_now(trial: Trial, answer: Answer, now: datetime) -> dict[str, Any]:
    """The ballot's fields, where the person and the study still take answers."""
    participant = trial.participant
    if participant.status != Participant.Status.STARTED:
        raise NotAllowedNow(_("You have finished this study, so answers can no longer change."))
    if not takes_answers(participant.study, participant, now):
        raise NotAllowedNow(_("This study is over, so no answer can be taken any more."))
    return _checked(participant.study, trial, answer)


@transaction.atomic
def _changed(trial: Trial, answer: Answer, fields: dict[str, Any], answered_at: datetime, now: datetime) -> Ballot:
    """Another answer to a trial that has a ballot: of the two, the one given later holds."""
    if not _note_presence(**_presence(trial.participant, now)):
        raise _Moved
    ballot = Ballot.objects.get(trial=trial)
    if _is_replay(ballot, answer.key):
        return ballot
    if answered_at < ballot.answered_at:  # an older answer that was held up on the way
        BallotRevision.objects.create(ballot=ballot, content=fields, submission_key=answer.key, answered_at=answered_at)
        return ballot
    BallotRevision.objects.create(
        ballot=ballot,
        content=_content(ballot),
        submission_key=ballot.submission_key,
        answered_at=ballot.answered_at,
    )
    for name, value in fields.items():
        setattr(ballot, name, value)
    ballot.submission_key, ballot.answered_at = answer.key, answered_at
    ballot.digest = digest_of(ballot, trial, trial.chosen_keys)
    ballot.save()
    return ballot


def _is_replay(ballot: Ballot, key: UUID) -> bool:
    return ballot.submission_key == key or ballot.revisions.filter(submission_key=key).exists()


def unanswered(participant: Participant) -> list[int]:
    """The numbers of the trials that wait for an answer, in order."""
    waiting = participant.trials.filter(ballot__isnull=True).order_by("number")
    return list(waiting.values_list("number", flat=True))
