"""Cast ballots: `cast_ballot` stores the answer of a trial in one transaction.

An answer is identified by its submission key, so sending it again (double click, two tabs, lost reply, replay) changes
nothing. A changed answer replaces the ballot, and the old one is kept as a revision; of two answers the one given
later counts, whichever arrived first. Of one browser's answers that is decided by the browser's own count, which no
clock can change, and of two browsers' by time.

An answer given in time that arrives when answers are no longer taken is kept beside the ballots, as a `LateAnswer`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from study.ballots import permission
from study.ballots.answers import Answer, ballot_fields
from study.ballots.clip_answers import count_answer
from study.ballots.permission import answers_ended_at, check_may_answer
from study.ballots.receipts import ballot_digest, image_name
from study.errors import NotAllowedNow
from study.instruments.answers import AnswerRefused
from study.instruments.content import canonical_content, named_content
from study.instruments.of_study import ranked_key
from study.models import Ballot, BallotRevision, LateAnswer, Participant, Stimulus, Study, Trial

# A browser that is offline may keep an answer this long; a longer age is cut, because the clock must be wrong.
MAX_AGE = timedelta(days=7)
# Nobody changes one answer so often by hand; each change is a row that is kept.
MAX_CHANGES = 100

# What an answer needs of each row. A study has fifty columns more, and reading them all takes half as long again.
_COLUMNS = (
    *permission.COLUMNS,
    "participant",
    "clip",
    "number",
    "kind",
    "repeat",
    "position_order",
    "participant__study",
    "participant__handle",
    "participant__number",
    "participant__token_hash",
    "participant__consented_at",
    "participant__stage",
    "participant__answers",
    "participant__study__simulated",
    "participant__study__languages",
    "participant__study__questions_before",
    "participant__study__sound_check",
    "participant__study__headphone_check",
    "participant__study__allow_none_fits",
    "participant__study__ask_reason",
    "participant__study__ask_familiarity",
    "participant__study__second_choice_required",
    "participant__study__instrument",
    "clip__name",
)
# The part of a ballot that the participant gave.
_CHOICE_FIELDS = ("first_id", "second_id", "none_fits", "content", "reason", "knows_piece")
_ANSWER_FIELDS = (*_CHOICE_FIELDS, "typing", "seconds", "listened_seconds")
_ORIGIN_FIELDS = ("submission_key", "browser", "browser_count", "answered_at")


class _StatusChanged(Exception):
    """The participant's or the study's status changed between reading and writing: read again and retry."""


def load_trial(**lookup: Any) -> Trial | None:
    """Read a trial with what an answer needs of its participant, study and clip, in one query; None if not found."""
    trials = Trial.objects.select_related("participant__study", "clip").only(*_COLUMNS)
    try:
        return trials.get(**lookup)
    except Trial.DoesNotExist:
        return None


def cast_ballot(trial: Trial, answer: Answer, *, now: datetime | None = None) -> Ballot | LateAnswer:
    """Store the answer of a trial, once for each submission key.

    Everything is read and checked before the transaction, which only writes, so that it is short. If the participant's
    or the study's status changes in between, the trial is read and the answer judged again.

    Returns:
        The ballot that now counts: this answer's, or that of an answer given later. A `LateAnswer` if it was given
        before answers ended and has arrived only now.

    Raises:
        AnswerRefused: the answer is incomplete, or names an image that the trial does not show.
        NotAllowedNow: it was given after the study was over, or after the participant had finished or withdrawn.
    """
    current: Trial | None = trial
    while current is not None:
        try:
            return _cast(current, answer, now or timezone.now())
        except _StatusChanged:
            current = load_trial(pk=trial.pk)
    # A withdrawal has deleted the trial.
    raise NotAllowedNow(_("This study is over, so no answer can be taken any more."))


def _cast(trial: Trial, answer: Answer, now: datetime) -> Ballot | LateAnswer:
    try:
        check_may_answer(trial.participant, now)
        fields = ballot_fields(trial, answer)
    except (AnswerRefused, NotAllowedNow) as refusal:
        stored = Ballot.objects.filter(trial=trial).first()
        if stored is not None and _is_replay(stored, answer.key):
            return stored
        if isinstance(refusal, NotAllowedNow) and (late := _keep_late(trial, answer, now)) is not None:
            return late
        raise
    ballot = Ballot(
        trial=trial,
        submission_key=answer.key,
        browser=answer.browser,
        browser_count=answer.count if answer.browser else None,
        answered_at=_time_of(trial, answer, now),
        received_at=now,
        **fields,
    )
    ballot.digest = digest_of(ballot, trial, _condition_keys(trial))
    try:
        return _insert(ballot, now)
    except IntegrityError:  # the trial has a ballot already
        return _replace(ballot, answer, now)


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an answer as histories keep them: without `content` if the study asks no more questions."""
    return {name: value for name, value in fields.items() if name != "content" or value}


def _time_of(trial: Trial, answer: Answer, now: datetime) -> datetime:
    """When the answer was given: not before the participant came, and at most `MAX_AGE` ago."""
    return max(now - min(max(answer.age, timedelta(0)), MAX_AGE), trial.participant.created_at)


def _keep_late(trial: Trial, answer: Answer, now: datetime) -> LateAnswer | None:
    """Keep an answer that was given before answers ended; None if it was given afterwards or cannot be a ballot."""
    ended, given = answers_ended_at(trial.participant), now - max(answer.age, timedelta(0))
    if ended is None or given > ended:
        return None
    try:
        content = _without_empty(ballot_fields(trial, answer))
    except AnswerRefused:
        return None
    fields = {"content": content, "answered_at": max(given, trial.participant.created_at), "received_at": now}
    with transaction.atomic():
        _note_presence(trial.participant, now)
        return LateAnswer.objects.get_or_create(trial=trial, submission_key=answer.key, defaults=fields)[0]


def _condition_keys(trial: Trial) -> dict[int, str]:
    """The trial's images as digests name them (`image_name`), by stimulus id."""
    shown = Stimulus.objects.filter(pk__in=trial.position_order).order_by()
    rows = shown.values_list("pk", "condition__key", "clip_id", "clip__number")
    return {pk: image_name(key, None if clip == trial.clip_id else number) for pk, key, clip, number in rows}


def digest_of(ballot: Ballot, trial: Trial, keys: Mapping[int, str], *, version: int | None = None) -> str:
    """Return the ballot's digest over its content as in the ballot table; `keys` names the images by stimulus id."""
    content = named_content(ballot.content, keys, ranked_key(trial.participant.study)) if ballot.content else {}
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
            "order": ";".join(keys.get(stimulus, "") for stimulus in trial.position_order),
            "reason": ballot.reason,
            "knows_piece": ballot.knows_piece,
            "content": canonical_content(content),
        },
        version=version or (3 if content else 2),
    )


@transaction.atomic
def _insert(ballot: Ballot, now: datetime) -> Ballot:
    kind, at = ballot.trial.kind, ballot.answered_at
    counted: dict[str, Any] = {"changes": F("changes") + 1}
    if kind != Trial.Kind.PRACTICE:
        counted["answered"] = F("answered") + 1
    if kind == Trial.Kind.MAIN:
        counted |= {"main_answered": F("main_answered") + 1, "last_answer_at": _later("last_answer_at", at)}
    _note_presence(ballot.trial.participant, now, **counted)
    count_answer(ballot.trial)
    ballot.save(force_insert=True)
    return ballot


@transaction.atomic
def _replace(new: Ballot, answer: Answer, now: datetime) -> Ballot:
    """Of the trial's ballot and a new answer, keep the one given later; the other becomes a revision."""
    _note_presence(new.trial.participant, now, changes=F("changes") + 1)
    ballot = Ballot.objects.get(trial=new.trial)
    revisions = list(ballot.revisions.all())
    is_replay = new.submission_key in (ballot.submission_key, *(revision.submission_key for revision in revisions))
    if is_replay and not _is_changed(ballot, new):
        return ballot
    if len(revisions) >= MAX_CHANGES:
        raise AnswerRefused(_("This answer has been changed too often. The one that is stored stays."))
    # A server whose clock was set back: it is later than when the trial's last answer arrived.
    arrivals = [ballot.received_at, *(revision.replaced_at for revision in revisions)]
    new.received_at = max(now, *arrivals)
    new.answered_at = _time_of(new.trial, answer, new.received_at)
    if not _is_later(new, ballot, revisions):
        _add_revision(ballot, new)
        return ballot
    _add_revision(ballot, ballot, replaced_at=new.received_at)
    new.typing = _typed_so_far(ballot, new)
    for name in (*_ANSWER_FIELDS, *_ORIGIN_FIELDS, "received_at", "nonce", "digest"):
        setattr(ballot, name, getattr(new, name))
    ballot.save()
    if new.trial.kind == Trial.Kind.MAIN:
        person = Participant.objects.filter(pk=new.trial.participant_id)
        person.update(last_answer_at=_later("last_answer_at", new.answered_at))
    return ballot


def _later(column: str, at: datetime) -> Greatest:
    """The later of a time that may be missing and this one."""
    return Greatest(Coalesce(column, Value(at)), Value(at))


def _is_later(new: Ballot, ballot: Ballot, revisions: Sequence[BallotRevision]) -> bool:
    """Whether the new answer was given after the ballot: by its browser's own count, else by the time."""
    if new.browser_count is not None:
        rows: list[Ballot | BallotRevision] = [ballot, *revisions]
        counts = {row: row.browser_count for row in rows if row.browser == new.browser and row.browser_count}
        if any(count > new.browser_count for count in counts.values()):
            return False  # its browser has given a later one, be that the ballot or replaced by another browser's
        if counts.get(ballot, new.browser_count) < new.browser_count:
            return True
    return new.answered_at >= ballot.answered_at


def _typed_so_far(old: Ballot, new: Ballot) -> dict[str, float] | None:
    """How a changed answer's reason was typed, together with the reason that the page showed and it was made from."""
    if not new.reason or old.typing is None:
        return new.typing
    before, now = old.typing, new.typing or {}
    return {name: before.get(name, 0) + now.get(name, 0) for name in before} | {
        "largest": max(before.get("largest", 0), now.get("largest", 0))
    }


def _note_presence(participant: Participant, now: datetime, **counted: Any) -> None:
    """Set `last_seen_at` and what is counted of the participant.

    Raises:
        _StatusChanged: the participant's or the study's status is not as it was read.
    """
    study = Study.objects.filter(pk=participant.study_id, status=participant.study.status)
    unchanged = Participant.objects.filter(pk=participant.pk, status=participant.status, study__in=study)
    if not unchanged.update(last_seen_at=now, judged_at=None, **counted):
        raise _StatusChanged


def _add_revision(ballot: Ballot, answer: Ballot, *, replaced_at: datetime | None = None) -> None:
    """Keep an answer that does not count in the ballot's history, since `replaced_at` or since it arrived."""
    BallotRevision.objects.create(
        ballot=ballot,
        content=_without_empty({name: getattr(answer, name) for name in _ANSWER_FIELDS}),
        replaced_at=replaced_at or answer.received_at,
        **{name: getattr(answer, name) for name in _ORIGIN_FIELDS},
    )


def _is_changed(ballot: Ballot, new: Ballot) -> bool:
    """Whether a plain form that the browser showed again, with the key it had, was sent with another choice."""
    is_same_form = ballot.submission_key == new.submission_key
    return is_same_form and any(getattr(ballot, name) != getattr(new, name) for name in _CHOICE_FIELDS)


def _is_replay(ballot: Ballot, key: UUID) -> bool:
    return ballot.submission_key == key or ballot.revisions.filter(submission_key=key).exists()
