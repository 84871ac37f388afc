"""The ballot table: one tidy row a ballot, for the analysis and for exports.

While a study is sealed the table serves to count and to look at people, not at conditions. Labels that stood for
the same condition in every row could be counted, and read by whoever took part once and remembers a picture; and
the study's seed tells what stood at a position. So each person's labels are drawn anew, and positions, orders and
what people wrote are left out.
"""

import random
from collections.abc import Iterable
from typing import Any

from study.ballots.receipts import receipt_commitment
from study.models import Ballot, Participant, Stimulus, Study, Trial

# The first nine are the public columns that `analyze` reads; the rest help to judge and to verify.
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


def kinds_of(study: Study) -> tuple[str, ...]:
    """Whose ballots make up a study's results: real people, or simulated ones in a simulated study."""
    return (Participant.Kind.SIMULATED,) if study.simulated else (Participant.Kind.REAL,)


def _labels_of(participant: Participant, labels: dict[int, str]) -> dict[int, str]:
    """The study's opaque labels, dealt to the conditions (by id) for this person alone."""
    dealt = sorted(labels.values())
    random.Random(participant.nonce).shuffle(dealt)
    return dict(zip(sorted(labels), dealt, strict=True))


def ballot_rows(
    study: Study,
    *,
    sealed: bool | None = None,
    kinds: Iterable[str] | None = None,
    trial_kinds: Iterable[str] = (Trial.Kind.MAIN,),
) -> list[dict[str, Any]]:
    """The study's ballots, people in order of their numbers and trials in the order they met them.

    Args:
        sealed: whether conditions stand under opaque labels, each person's their own; None asks the study.
        kinds: whose ballots; None is the people whose answers the study is about.
        trial_kinds: which trials; main ones (with their hidden repeats) unless told.

    Returns:
        Rows with the keys of `COLUMNS`. `first`, `second` and `order` (all conditions by position, joined by
        semicolons) are condition names, `position_first` and `position_second` count from 1; what is not
        there is empty. While sealed, so are positions, `order` and `reason`; and `nonce` and `digest`, which could
        be opened with it.
    """
    hide = study.is_sealed if sealed is None else sealed
    names = dict(study.conditions.values_list("pk", "sealed_label" if hide else "key"))
    condition_of = dict(Stimulus.objects.filter(clip__study=study).values_list("pk", "condition_id"))
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
        return [_row(ballot, names, condition_of) for ballot in ballots]
    return [_row(ballot, _labels_of(ballot.trial.participant, names), condition_of) | _SEALED for ballot in ballots]


def _row(ballot: Ballot, names: dict[int, str], condition_of: dict[int, int]) -> dict[str, Any]:
    trial, participant = ballot.trial, ballot.trial.participant
    order = trial.position_order

    def name(stimulus: int | None) -> str:
        return names[condition_of[stimulus]] if stimulus is not None else ""

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
        "excluded": int(participant.excluded),
        "none_fits": int(ballot.none_fits),
        "order": ";".join(name(stimulus) for stimulus in order),
        "answered_at": ballot.answered_at.isoformat(timespec="seconds"),
        "seconds": "" if ballot.seconds is None else round(ballot.seconds, 1),
        "listened_seconds": "" if ballot.listened_seconds is None else round(ballot.listened_seconds, 1),
        "reason": ballot.reason,
        "knows_piece": "" if ballot.knows_piece is None else int(ballot.knows_piece),
        "flags": ";".join(participant.flags),
        "nonce": ballot.nonce,
        "digest": ballot.digest,
    }


def commitments(study: Study, *, kinds: Iterable[str] | None = None) -> dict[str, str]:
    """What an export says of each person's receipt, by participant code; only people who finished have one."""
    people = study.participants.filter(
        kind__in=tuple(kinds or kinds_of(study)), status=Participant.Status.COMPLETED
    ).exclude(receipt="")
    digests: dict[int, list[str]] = {}
    rows = Ballot.objects.filter(trial__participant__in=people, trial__kind=Trial.Kind.MAIN)
    for participant, digest in rows.values_list("trial__participant", "digest"):
        digests.setdefault(participant, []).append(digest)
    return {
        person.code: receipt_commitment(person.receipt, digests.get(person.pk, ()))
        for person in people.order_by("number")
    }
