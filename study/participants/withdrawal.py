"""Withdrawal: everything of the participant is erased. Only the number is kept, so that it is not used again.

What is kept apart from participants (ids of a platform, reports of problems) is found by the participant's token alone:
on their own pages, not by the receipt.
"""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from study.ballots.clip_answers import uncount_answers
from study.ballots.commitments import digests_of
from study.ballots.receipts import (
    OLD_RECEIPT_LETTERS,
    binds,
    commitment_of,
    normal_receipt,
    secret_of,
    states,
)
from study.ballots.table import kinds_of
from study.errors import StudyError
from study.jobs import files
from study.models import Event, InviteLink, Participant, ProblemReport, Study
from study.models.log import erase_entries_of, record
from study.opaque_tokens import new_token
from study.participants.tokens import reporter_digest, token_hash
from study.participants.visits import erase_visit

WITHDREW = "participant withdrew"


class ReceiptUnknown(StudyError):
    """No participant has this receipt."""


def participants_with_receipt(receipt: str) -> list[Participant]:
    """The participants with this receipt: one, and one more for each copy of the study that was brought in here.

    Raises:
        ReceiptUnknown: no participant has it.
    """
    code = normal_receipt(receipt)
    found: list[Participant] = []
    if len(code.replace("-", "")) >= OLD_RECEIPT_LETTERS:
        found = [*Participant.objects.filter(receipt=code), *_brought_in(code)]
    if not found:
        raise ReceiptUnknown(_("There is no such receipt. Please check it letter by letter."))
    return found


def _brought_in(code: str) -> Iterator[Participant]:
    """Yield the participants of studies that were brought in, by the receipt that their first server gave.

    Only the public half of it is stored; that the other half is right shows in the commitment.
    """
    if not binds(code):
        return
    for person in Participant.objects.filter(receipt=code[len(code) // 2 + 1 :]):
        digests = digests_of(Participant.objects.filter(pk=person.pk))[person.pk]
        if states(code, commitment_of(secret_of(code), person.code, digests)):
            yield person


@transaction.atomic
def withdraw_with_receipt(receipt: str) -> Study:
    """Withdraw the participants with this receipt, in every study here that has their answers; return one of these.

    Raises:
        ReceiptUnknown: no participant has it.
    """
    found = participants_with_receipt(receipt)
    for participant in found:
        withdraw(participant)
    return found[0].study


@transaction.atomic
def withdraw(participant: Participant, *, token: str = "") -> None:
    """Erase all that is stored of a participant; repeating it changes nothing.

    Ballots and revisions, late answers, answers, events, flags, receipt, language, times, the join to the link and a
    personal link itself, why they were left out (in the log too), and, by the token, platform ids and problem reports.
    Stored analyses that had these answers are stale from then on, and files prepared for download are erased.

    Args:
        token: the participant's, if it is known: without it, what is kept apart from them cannot be found.
    """
    study = Study.objects.select_for_update().get(pk=participant.study_id)
    participant = (
        Participant.objects.select_for_update(of=("self",)).select_related("invite_link").get(pk=participant.pk)
    )
    if participant.status == Participant.Status.WITHDRAWN:
        return
    if token:
        erase_visit(participant, token)
        ProblemReport.objects.filter(study=study, reporter=reporter_digest(token)).delete()
    uncount_answers(participant)
    participant.trials.all().delete()  # and with them ballots, revisions, late answers and events
    Event.objects.filter(participant=participant).delete()
    _leave_link(participant)
    participant.status = Participant.Status.WITHDRAWN
    participant.slot = participant.consented_at = participant.consent_version = participant.completed_at = None
    # No time may be empty here; that of the study says nothing of the person.
    participant.created_at = participant.last_seen_at = study.created_at
    participant.answered = participant.main_answered = 0
    participant.last_answer_at = participant.judged_at = None
    participant.answers, participant.flags, participant.rule_exclusions = {}, [], []
    participant.excluded = False
    participant.receipt = participant.nonce = participant.exclusion_reason = participant.support_digest = ""
    participant.language = participant.settings_digest = ""
    participant.token_hash = token_hash(new_token())  # the old link becomes unknown
    participant.save()
    if participant.kind in kinds_of(study):
        Study.objects.filter(pk=study.pk).update(erasures=F("erasures") + 1)
    files.erase_results(study)
    erase_entries_of(participant)
    record(study, WITHDREW, participant=participant.code)


def _leave_link(participant: Participant) -> None:
    """Part the participant from the link by which they entered; a personal link names one person, so it goes.

    Those of an audit stay joined: it deletes its pilots by its links.
    """
    link = participant.invite_link
    if link is None or link.audit_id is not None:
        return
    participant.invite_link = None
    if link.cap == 1:
        link.delete()
    else:
        InviteLink.objects.filter(pk=link.pk).update(withdrawn=F("withdrawn") + 1)
