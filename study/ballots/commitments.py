"""Commitments: what binds a person's ballots and answers from the moment they finish, written to the study's chain.

Everybody whose kind gives the study's results is bound: on finishing, and those who stopped when answers have ended.
Pilots and the pilots of audits get a receipt of the same form, which no chain holds.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from study.ballots.receipts import answers_digest, commitment_of, covered_digest, receipt_for, secret_of
from study.ballots.table import counted_kind, in_batches
from study.models import Ballot, LogEntry, Participant, Study, Trial
from study.models.log import lock_chain, record
from study.opaque_tokens import new_receipt_secret

FINISHED = "participant finished"
ENDED = "answers ended"


@dataclass(frozen=True)
class Commitment:
    """A commitment as the chain holds it."""

    commitment: str  # hex
    entry: int  # the number of the entry
    finished: bool  # False: the person stopped, and was bound when answers ended
    covered: str = ""  # one digest of all that it covers; empty in entries that have none
    from_upgrade: bool = False  # made from ballots of an earlier version, on the day of the upgrade


def digests_of(people: QuerySet[Participant], *, leave_out: Iterable[str] = ()) -> dict[int, list[str]]:
    """All digests that each person's commitment covers, by primary key: of every ballot, and of the answers.

    `leave_out`: kinds of trial whose ballots are not wanted.
    """
    found = {pk: [answers_digest(nonce, said)] for pk, nonce, said in people.values_list("pk", "nonce", "answers")}
    ballots = Ballot.objects.filter(trial__participant__in=people).exclude(trial__kind__in=tuple(leave_out)).order_by()
    for pk, digest in ballots.values_list("trial__participant", "digest"):
        found[pk].append(digest)
    return found


def other_digests(study: Study, kinds: Iterable[str]) -> dict[str, list[str]]:
    """The digests that commitments cover and the ballot table does not hold, sorted, by the code of the participant."""
    people = study.participants.filter(kind__in=tuple(kinds)).exclude(status=Participant.Status.WITHDRAWN)
    found: dict[str, list[str]] = {}
    for batch in in_batches(people.only("study", "kind", "number")):
        digests = digests_of(people.filter(pk__in=[person.pk for person in batch]), leave_out=(Trial.Kind.MAIN,))
        # Who withdrew in between has no digests left.
        found |= {person.code: sorted(digests[person.pk]) for person in batch if person.pk in digests}
    return found


def secret_for(participant: Participant) -> str:
    """The secret of the participant's commitment: of their receipt, or their nonce if they have none."""
    return secret_of(participant.receipt) if participant.receipt else participant.nonce


def new_receipt(participant: Participant) -> tuple[str, dict[str, str]]:
    """A receipt over the participant's ballots and answers as they are now, and what the chain binds by it.

    Returns:
        The receipt; the commitment that it states, and `covered_digest`, by which anybody can check an export.
    """
    secret = new_receipt_secret()
    digests = digests_of(Participant.objects.filter(pk=participant.pk))[participant.pk]
    commitment = commitment_of(secret, participant.code, digests)
    bound = {"commitment": commitment, "digest": covered_digest(participant.code, digests)}
    return receipt_for(secret, commitment), bound


def chain_commitment(participant: Participant, bound: dict[str, str]) -> None:
    """Write what binds somebody who finishes to the study's chain, and which rules of the plan leave them out.

    Call it last in the transaction.
    """
    if participant.kind == counted_kind(participant.study):
        code, commitment, digest = participant.code, bound["commitment"], bound["digest"]
        rules = [row["kind"] for row in participant.rule_exclusions]
        record(participant.study, FINISHED, participant=code, commitment=commitment, digest=digest, rules=rules)


def bind_unfinished(study: Study) -> None:
    """Once answers have ended, fix a commitment of everybody who answered and did not finish; later calls do nothing.

    Whoever reads results calls it first.
    """
    if study.is_sealed or study.log.filter(action=ENDED).exists():
        return
    answered = Ballot.objects.filter(trial__participant=OuterRef("pk"))
    people = study.participants.filter(
        Exists(answered),
        kind=counted_kind(study),
        status__in=(Participant.Status.STARTED, Participant.Status.SCREENED_OUT),
    )
    with transaction.atomic():
        # An answer that is being stored holds its participant's row until it is there. The chain is locked last.
        held = {row.pk: row for row in people.select_for_update(of=("self",)).order_by("pk")}
        lock_chain(study)
        if study.log.filter(action=ENDED).exists():
            return
        digests = digests_of(Participant.objects.filter(pk__in=held)) if held else {}
        fixed = {row.code: commitment_of(secret_for(row), row.code, digests[pk]) for pk, row in held.items()}
        record(study, ENDED, people=len(fixed), commitments=fixed)


def fixed_commitments(entries: Iterable[LogEntry]) -> dict[str, list[Commitment]]:
    """The commitments in these entries of a study's chain, by the code of the participant; each should have one."""
    found: dict[str, list[Commitment]] = defaultdict(list)
    for entry in entries:
        if entry.action == FINISHED and not entry.erased:
            upgraded = entry.data.get("since") == "upgrade"
            code, commitment = str(entry.data.get("participant")), str(entry.data.get("commitment"))
            covered = str(entry.data.get("digest") or "")
            found[code].append(Commitment(commitment, entry.number, True, covered, upgraded))
        elif entry.action == ENDED:
            commitments = entry.data.get("commitments")
            for code, commitment in commitments.items() if isinstance(commitments, dict) else ():
                found[code].append(Commitment(str(commitment), entry.number, False))
    return dict(found)
