"""Finishing the study: which trials are answered, and the receipt once all are."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from study.ballots.commitments import chain_commitment, new_receipt
from study.ballots.permission import check_may_answer
from study.errors import NotAllowedNow
from study.models import Participant
from study.participants.exclusion_rules import judge_finished


def answered_by_number(participant: Participant) -> dict[int, bool]:
    """The numbers of a participant's trials, in order, and whether each has an answer."""
    trials = participant.trials.order_by("number").values_list("number", "ballot__pk")
    return {number: ballot is not None for number, ballot in trials}


@transaction.atomic
def finish(participant: Participant, *, now: datetime | None = None) -> Participant:
    """Complete a participant who has answered every trial, and give the receipt; repeating it changes nothing.

    The receipt states the commitment over all ballots and answers, which the study's chain holds from now on.

    Raises:
        NotAllowedNow: trials are unanswered, the study is over, or the participant has withdrawn.
    """
    participant = Participant.objects.select_for_update(of=("self",)).select_related("study").get(pk=participant.pk)
    if participant.status == Participant.Status.COMPLETED:
        return participant
    now = now or timezone.now()
    check_may_answer(participant, now)
    unanswered = list(answered_by_number(participant).values()).count(False)
    if unanswered:
        raise NotAllowedNow(_("There are %(n)d answers left to give.") % {"n": unanswered})
    participant.status = Participant.Status.COMPLETED
    participant.completed_at = participant.last_seen_at = now
    participant.receipt, bound = new_receipt(participant)
    judge_finished(participant)
    participant.save(update_fields=["status", "completed_at", "last_seen_at", "receipt", "flags", "rule_exclusions"])
    chain_commitment(participant, bound)
    return participant
