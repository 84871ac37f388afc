"""Cast ballots: `cast_ballot` stores the answer of a trial in one transaction.

An answer is identified by its submission key, so sending it again (double click, two tabs, lost reply, replay) changes
nothing. A changed answer replaces the ballot, and the old one is kept as a revision; of two answers the one given
later counts, whichever arrived first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from study.ballots import permission
from study.ballots.permission import check_may_answer
from study.ballots.receipts import ballot_digest
from study.design import LETTERS
from study.errors import NotAllowedNow, StudyError
from study.models import Ballot, BallotRevision, Participant, Stimulus, Study, Trial

# A browser that is offline may keep an answer this long; a longer age is cut, because the clock must be wrong.
MAX_AGE = timedelta(days=7)

# What an answer needs of each row. A study has fifty columns more, and reading them all takes half as long again.
_COLUMNS = (
    *permission.COLUMNS,
    "participant",
    "clip",
    "number",
    "repeat",
    "position_order",
    "participant__study",
    "participant__handle",
    "participant__number",
    "participant__token_hash",
    "participant__consented_at",
    "participant__answers",
    "participant__study__languages",
    "participant__study__questions_before",
    "participant__study__sound_check",
    "participant__study__allow_none_fits",
    "participant__study__ask_reason",
    "participant__study__ask_familiarity",
    "participant__study__second_choice_required",
    "clip__name",
)
# The part of a ballot that the participant gave.
_CHOICE_FIELDS = ("first_id", "second_id", "none_fits", "reason", "knows_piece")
_ANSWER_FIELDS = (*_CHOICE_FIELDS, "seconds", "listened_seconds")


class AnswerRefused(StudyError):
    """The answer cannot be a ballot; the message names what to correct."""


class _StatusChanged(Exception):
    """The participant's or the study's status changed between reading and writing: read again and retry."""


@dataclass(frozen=True)
class Answer:
    """A participant's answer to one trial: positions by letter, None for no choice."""

    key: UUID
    first: str | None
    second: str | None = None
    none_fits: bool = False
    reason: str = ""
    knows_piece: bool | None = None
    seconds: float | None = None
    listened_seconds: float | None = None
    age: timedelta = timedelta(0)  # how long ago it was given, by the browser's own clock


def load_trial(**lookup: Any) -> Trial | None:
    """Read a trial with what an answer needs of its participant, study and clip, in one query; None if not found."""
    trials = Trial.objects.select_related("participant__study", "clip").only(*_COLUMNS)
    try:
        return trials.get(**lookup)
    except Trial.DoesNotExist:
        return None


def cast_ballot(trial: Trial, answer: Answer, *, now: datetime | None = None) -> Ballot:
    """Store the answer of a trial, once for each submission key.

    Everything is read and checked before the transaction, which only writes, so that it is short. If the participant's
    or the study's status changes in between, the trial is read and the answer judged again.

    Returns:
        The ballot that now counts: this answer's, or that of an answer given later.

    Raises:
        AnswerRefused: the answer is incomplete, or names an image that the trial does not show.
        NotAllowedNow: the study is over, or the participant has finished or withdrawn.
    """
    current: Trial | None = trial
    while current is not None:
        try:
            return _cast(current, answer, now or timezone.now())
        except _StatusChanged:
            current = load_trial(pk=trial.pk)
    # A withdrawal has deleted the trial.
    raise NotAllowedNow(_("This study is over, so no answer can be taken any more."))


def _cast(trial: Trial, answer: Answer, now: datetime) -> Ballot:
    try:
        check_may_answer(trial.participant, now)
        fields = _validate(trial, answer)
    except (AnswerRefused, NotAllowedNow):
        stored = Ballot.objects.filter(trial=trial).first()
        if stored is not None and _is_replay(stored, answer.key):
            return stored
        raise
    answered_at = max(now - min(max(answer.age, timedelta(0)), MAX_AGE), trial.participant.created_at)
    ballot = Ballot(trial=trial, submission_key=answer.key, answered_at=answered_at, **fields)
    ballot.digest = digest_of(ballot, trial, _condition_keys(ballot))
    try:
        return _insert(ballot, now)
    except IntegrityError:  # the trial has a ballot already
        return _replace(ballot, now)


def _validate(trial: Trial, answer: Answer) -> dict[str, Any]:
    """Return the ballot's fields, or raise AnswerRefused."""
    study = trial.participant.study
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


def _stimulus_at(trial: Trial, letter: str | None) -> int | None:
    if letter is None:
        return None
    position = LETTERS.find(letter) if len(letter) == 1 else -1
    if not 0 <= position < len(trial.position_order):
        raise AnswerRefused(_("There is no image %(letter)s here.") % {"letter": letter})
    return trial.position_order[position]


def _one_line(text: str) -> str:
    """Remove line ends and unprintable characters: the text becomes a cell of a table."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _condition_keys(ballot: Ballot) -> dict[int, str]:
    """The condition keys of the ballot's stimuli, by stimulus id."""
    chosen = [pk for pk in (ballot.first_id, ballot.second_id) if pk is not None]
    return dict(Stimulus.objects.filter(pk__in=chosen).order_by().values_list("pk", "condition__key"))


def digest_of(ballot: Ballot, trial: Trial, keys: Mapping[int, str]) -> str:
    """Return the ballot's digest over its content as in the ballot table; `keys` are condition keys by stimulus id."""
    return ballot_digest(
        ballot.nonce,
        {
            "participant": trial.participant.code,
            "clip": trial.clip.name,
            "repeat": trial.repeat,
            "trial": trial.number,
            "first": keys[ballot.first_id] if ballot.first_id else "",
            "second": keys[ballot.second_id] if ballot.second_id else "",
            "none_fits": ballot.none_fits,
        },
    )


@transaction.atomic
def _insert(ballot: Ballot, now: datetime) -> Ballot:
    _note_presence(ballot.trial.participant, now)
    ballot.save(force_insert=True)
    return ballot


@transaction.atomic
def _replace(new: Ballot, now: datetime) -> Ballot:
    """Of the trial's ballot and a new answer, keep the one given later; the other becomes a revision."""
    _note_presence(new.trial.participant, now)
    ballot = Ballot.objects.get(trial=new.trial)
    if _is_replay(ballot, new.submission_key) and not _is_changed(ballot, new):
        return ballot
    if new.answered_at < ballot.answered_at:  # an older answer that arrived late
        _add_revision(ballot, new)
        return ballot
    _add_revision(ballot, ballot)
    for name in (*_ANSWER_FIELDS, "submission_key", "answered_at", "nonce", "digest"):
        setattr(ballot, name, getattr(new, name))
    ballot.save()
    return ballot


def _note_presence(participant: Participant, now: datetime) -> None:
    """Set `last_seen_at`, or raise _StatusChanged if the participant's or the study's status is not as it was read."""
    study = Study.objects.filter(pk=participant.study_id, status=participant.study.status)
    unchanged = Participant.objects.filter(pk=participant.pk, status=participant.status, study__in=study)
    if not unchanged.update(last_seen_at=now):
        raise _StatusChanged


def _add_revision(ballot: Ballot, answer: Ballot) -> None:
    """Keep an answer that does not count in the ballot's history."""
    BallotRevision.objects.create(
        ballot=ballot,
        content={name: getattr(answer, name) for name in _ANSWER_FIELDS},
        submission_key=answer.submission_key,
        answered_at=answer.answered_at,
    )


def _is_changed(ballot: Ballot, new: Ballot) -> bool:
    """Whether a plain form that the browser showed again, with the key it had, was sent with another choice."""
    is_same_form = ballot.submission_key == new.submission_key
    return is_same_form and any(getattr(ballot, name) != getattr(new, name) for name in _CHOICE_FIELDS)


def _is_replay(ballot: Ballot, key: UUID) -> bool:
    return ballot.submission_key == key or ballot.revisions.filter(submission_key=key).exists()
