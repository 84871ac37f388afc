"""The ballot table: one tidy row for each ballot, for the analysis and for exports.

While a study is sealed, the table shows participants but not conditions. A label for the same condition in every row
would let results be counted, and somebody who took part and remembers an image could decode it; the study's seed
reveals the condition at a position. So the labels are shuffled for each participant, and positions, orders and free
text are left out.
"""

import random
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from study.ballots.receipts import image_name
from study.coarse_times import hour_text, whole_seconds
from study.models import Ballot, LateAnswer, Participant, Stimulus, Study, Trial

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
_SEALED = dict.fromkeys(("position_first", "position_second", "order", "reason", "nonce", "digest"), "")


def counted_kind(study: Study) -> str:
    """The kind of participant that counts: simulated ones in a simulated study, else real ones."""
    return Participant.Kind.SIMULATED if study.simulated else Participant.Kind.REAL


def kinds_of(study: Study) -> tuple[str, ...]:
    """The kinds of participant that give the study's results."""
    return (counted_kind(study),)


def _labels_of(participant: Participant, labels: dict[int, str]) -> dict[int, str]:
    """The opaque labels by condition id, shuffled for this participant."""
    shuffled = sorted(labels.values())
    random.Random(participant.nonce).shuffle(shuffled)
    return dict(zip(sorted(labels), shuffled, strict=True))


def ballot_rows(
    study: Study,
    *,
    sealed: bool | None = None,
    kinds: Iterable[str] | None = None,
    trial_kinds: Iterable[str] = (Trial.Kind.MAIN,),
) -> list[dict[str, Any]]:
    """The study's ballots, by participant number and then by trial number.

    Args:
        sealed: whether to hide conditions behind labels that differ by participant; None hides them while the study
            is sealed.
        kinds: the kinds of participant to include; None includes those that give the results.
        trial_kinds: the kinds of trial to include; by default main trials, with their hidden repeats.

    Returns:
        Rows with the keys of `COLUMNS`. `first`, `second` and `order` (all conditions by position, joined by
        semicolons) are condition names, `position_first` and `position_second` count from 1; missing values are
        empty, times those of the hour. If sealed, positions, `order`, `reason`, `nonce` and `digest` are empty too;
        with the nonce, the few possible answers could be tried against the digest.
    """
    hide = study.is_sealed if sealed is None else sealed
    names = dict(study.conditions.values_list("pk", "sealed_label" if hide else "key"))
    images = Stimulus.objects.filter(clip__study=study).values_list("pk", "condition_id", "clip_id", "clip__number")
    image_of = {pk: (condition, clip, number) for pk, condition, clip, number in images}
    ballots = (
        Ballot.objects.filter(
            trial__participant__study=study,
            trial__participant__kind__in=tuple(kinds or kinds_of(study)),
            trial__kind__in=tuple(trial_kinds),
        )
        .exclude(trial__participant__status=Participant.Status.WITHDRAWN)
        .select_related("trial__participant", "trial__clip")
        .order_by("trial__participant__kind", "trial__participant__number", "trial__number")
    )
    if not hide:
        return [_row(ballot, names, image_of) for ballot in ballots]
    return [_row(ballot, _labels_of(ballot.trial.participant, names), image_of) | _SEALED for ballot in ballots]


def _row(ballot: Ballot, names: dict[int, str], image_of: dict[int, tuple[int, int, int]]) -> dict[str, Any]:
    trial, participant = ballot.trial, ballot.trial.participant
    order = trial.position_order

    def name(stimulus: int | None) -> str:
        if stimulus is None:
            return ""
        condition, clip, number = image_of[stimulus]
        return image_name(names[condition], None if clip == trial.clip_id else number)

    def position(stimulus: int | None) -> int | str:
        return order.index(stimulus) + 1 if stimulus in order else ""

    return {
        "participant": participant.code,
        "clip": trial.clip.name,
        "first": name(ballot.first_id),
        "second": name(ballot.second_id),
        "repeat": trial.repeat,
        "trial": trial.number,
        "position_first": position(ballot.first_id),
        "position_second": position(ballot.second_id),
        "excluded": int(participant.left_out),
        "none_fits": int(ballot.none_fits),
        "order": ";".join(name(stimulus) for stimulus in order),
        "answered_at": hour_text(ballot.answered_at),
        "seconds": whole_seconds(ballot.seconds),
        "listened_seconds": whole_seconds(ballot.listened_seconds),
        "reason": ballot.reason,
        "knows_piece": "" if ballot.knows_piece is None else int(ballot.knows_piece),
        "flags": ";".join(participant.flag_kinds),
        "nonce": ballot.nonce,
        "digest": ballot.digest,
    }


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


def late_answers(study: Study) -> QuerySet[LateAnswer]:
    """The answers of the people who give the results that arrived too late to count; without practice trials."""
    people = study.participants.filter(kind__in=kinds_of(study)).exclude(status=Participant.Status.WITHDRAWN)
    return LateAnswer.objects.filter(trial__participant__in=people).exclude(trial__kind=Trial.Kind.PRACTICE)


def late_rows(study: Study) -> list[dict[str, Any]]:
    """The late answers of an unsealed study, by participant number and then by trial: rows of `LATE_COLUMNS`.

    Not in order of arrival, which would tell more than the hours do.
    """
    names = dict(study.conditions.values_list("pk", "key"))
    conditions = Stimulus.objects.filter(clip__study=study).values_list("pk", "condition_id")
    name_of = {stimulus: names[condition] for stimulus, condition in conditions}
    return [
        {
            "participant": answer.trial.participant.code,
            "clip": answer.trial.clip.name,
            "first": name_of.get(answer.content["first_id"], ""),
            "second": name_of.get(answer.content["second_id"], ""),
            "repeat": answer.trial.repeat,
            "trial": answer.trial.number,
            "trial_kind": answer.trial.kind,
            "none_fits": int(answer.content["none_fits"]),
            "excluded": int(answer.trial.participant.left_out),
            "answered_at": hour_text(answer.answered_at),
            "received_at": hour_text(answer.received_at),
        }
        for answer in late_answers(study)
        .select_related("trial__participant", "trial__clip")
        .order_by("trial__participant__number", "trial__number", "answered_at")
    ]
